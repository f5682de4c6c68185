"""Rules and queues as management words them, and a lead to try them with."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.forms import said
from accounts.models import User
from handoff.models import Queue, RoutingRule
from handoff.routing import Facts, rules
from handoff.routing.rules import Place
from leads.models import Source
from personas.models import Persona


class Words(forms.CharField):
    """Several words in one line, a comma between them."""

    def __init__(self, *, each: int = 120, upper: bool = False, **options: Any) -> None:
        self.each, self.upper = each, upper
        super().__init__(required=False, max_length=600, **options)

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list | tuple) else value

    def clean(self, value: Any) -> list[str]:
        words = [word for each in super().clean(value).split(",") if (word := " ".join(each.split()))]
        for word in words:
            if self.upper and not (word.isascii() and word.isalpha() and len(word) == 2):
                raise ValidationError(
                    _("%(word)s is not the two letters of a country, such as AT. Everything else was kept."),
                    params={"word": word},
                )
            if len(word) > self.each:
                raise ValidationError(
                    _("Each has at most %(most)d letters. Everything else was kept."), params={"most": self.each}
                )
        return list(dict.fromkeys(word.upper() if self.upper else word for word in words))


def whole(label: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=0, max_value=2_000_000_000, required=False)


def money(label: Any) -> forms.DecimalField:
    return forms.DecimalField(label=label, min_value=0, max_digits=12, decimal_places=2, required=False)


def persona_choices() -> list[tuple[str, str]]:
    return [(str(pk), name) for pk, name in Persona.objects.order_by("name").values_list("pk", "name")]


def source_choices() -> list[tuple[str, str]]:
    return list(Source.objects.order_by("name").values_list("slug", "name"))


class Rule(forms.Form):
    """A rule: the conditions that are filled in must all hold; who gets the lead; and how."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    countries = Words(
        label=gettext_lazy("Countries"), upper=True, help_text=gettext_lazy("Two letters each, such as AT, DE, CH.")
    )
    places = Words(
        label=gettext_lazy("Cities or regions"),
        help_text=gettext_lazy("The company's city, or the further field named region."),
    )
    industries = Words(label=gettext_lazy("Industries"))
    size_from, size_to = whole(gettext_lazy("Staff, at least")), whole(gettext_lazy("Staff, at most"))
    value_from, value_to = money(gettext_lazy("Value, at least")), money(gettext_lazy("Value, at most"))
    sources = forms.MultipleChoiceField(
        label=gettext_lazy("Sources"), choices=source_choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    personas = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Personas"), choices=persona_choices, required=False, coerce=int,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    target = forms.ChoiceField(label=gettext_lazy("Goes to"))
    way = forms.ChoiceField(
        label=gettext_lazy("In a queue"),
        choices=[("", gettext_lazy("as the queue shares it")), *Queue.Way.choices],
        required=False,
    )
    only_in_hours = forms.BooleanField(
        label=gettext_lazy("Only to who works at this hour"),
        required=False,
        help_text=gettext_lazy("A queue in which nobody is at work keeps the lead to be claimed."),
    )

    def __init__(self, data: Any = None, *, rule: RoutingRule | None = None) -> None:
        self.rule = rule
        initial: dict[str, Any] = {}
        if rule:
            initial = {name: getattr(rule, name) for name in self.base_fields if hasattr(rule, name)}
            initial["target"] = f"rep:{rule.rep_id}" if rule.rep_id else f"queue:{rule.queue_id}"
        super().__init__(data, initial=initial)
        queues = [(f"queue:{queue.pk}", str(queue)) for queue in Queue.objects.active()]
        reps = [(f"rep:{rep.pk}", str(rep)) for rep in rules.reps()]
        target = self.fields["target"]
        assert isinstance(target, forms.ChoiceField)
        target.choices = [(_("Queues"), queues), (_("Reps"), reps)]

    def attempt(self) -> bool:
        def save() -> None:
            words = {**self.cleaned_data}
            kind, _colon, key = words.pop("target").partition(":")
            rep = User.objects.get(pk=key) if kind == "rep" else None
            queue = Queue.objects.get(pk=key) if kind == "queue" else None
            rules.save_rule(self.rule, rep=rep, queue=queue, **words)

        return said(self, save)


class QueueForm(forms.Form):
    """A queue: its name, how it is shared, and its reps, each with a weight and a limit of their own if wanted."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=60)
    way = forms.ChoiceField(label=gettext_lazy("How it is shared"), choices=Queue.Way.choices)

    def __init__(self, data: Any = None, *, queue: Queue | None = None) -> None:
        self.queue = queue
        here = {one.rep_id: one for one in queue.members.all()} if queue else {}
        initial: dict[str, Any] = {"way": Queue.Way.TURNS}
        if queue:
            initial = {"name": queue.name, "way": queue.way}
        self.reps = [] if queue and queue.everybody else rules.reps()
        for rep in self.reps:
            initial[f"in_{rep.pk}"] = rep.pk in here
            if rep.pk in here:
                initial |= {f"weight_{rep.pk}": here[rep.pk].weight, f"capacity_{rep.pk}": here[rep.pk].capacity}
        super().__init__(data, initial=initial)
        for rep in self.reps:
            self.fields[f"in_{rep.pk}"] = forms.BooleanField(label=str(rep), required=False)
            self.fields[f"weight_{rep.pk}"] = forms.IntegerField(
                label=_("Weight of %(rep)s") % {"rep": rep}, min_value=1, max_value=10, required=False
            )
            self.fields[f"capacity_{rep.pk}"] = forms.IntegerField(
                label=_("Limit of %(rep)s in this queue") % {"rep": rep}, min_value=1, max_value=10_000, required=False
            )

    @property
    def members(self) -> list[tuple[User, forms.BoundField, forms.BoundField, forms.BoundField]]:
        return [(rep, self[f"in_{rep.pk}"], self[f"weight_{rep.pk}"], self[f"capacity_{rep.pk}"]) for rep in self.reps]

    def attempt(self) -> bool:
        def save() -> None:
            words = self.cleaned_data
            members = {
                rep.pk: Place(words[f"weight_{rep.pk}"], words[f"capacity_{rep.pk}"])
                for rep in self.reps
                if words[f"in_{rep.pk}"]
            }
            rules.save_queue(self.queue, name=words["name"], way=words["way"], members=members)

        return said(self, save)


class TryFacts(forms.Form):
    """A lead that is only imagined: what rules ask of one."""

    country = forms.CharField(label=gettext_lazy("Country, in two letters such as AT"), max_length=2, required=False)
    place = forms.CharField(label=gettext_lazy("City or region"), max_length=120, required=False)
    industry = forms.CharField(label=gettext_lazy("Industry"), max_length=120, required=False)
    size = whole(gettext_lazy("Staff"))
    value = money(gettext_lazy("Value"))
    source = forms.ChoiceField(label=gettext_lazy("Source"), required=False)
    persona = forms.ChoiceField(label=gettext_lazy("Persona"), required=False)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        for name, choices in (("source", source_choices()), ("persona", persona_choices())):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [("", _("not known")), *choices]

    @property
    def facts(self) -> Facts:
        words = self.cleaned_data
        return Facts(
            country=words["country"].upper(),
            places=(words["place"],) if words["place"] else (),
            industry=words["industry"],
            size=words["size"],
            value=words["value"],
            source=words["source"],
            persona=int(words["persona"]) if words["persona"] else None,
        )
