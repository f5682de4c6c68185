"""What a manager says when somebody's work is handed over: what of it, and to whom."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.choices import Team
from accounts.models import User
from handoff import handover
from handoff.handover import IN_TURN, KINDS, RULES, Holding, Plan

LABELS = {
    "handoffs": gettext_lazy("Open hand-offs"),
    "deals": gettext_lazy("Open deals"),
    "leads": gettext_lazy("Other leads that name them"),
    "tasks": gettext_lazy("Tasks"),
}


class HandOver(forms.Form):
    """Somebody's work, or some of it, to one person, to the team in turn, or to whom the rules say."""

    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("What"), choices=list(LABELS.items()), widget=forms.CheckboxSelectMultiple
    )
    sales = forms.ChoiceField(label=gettext_lazy("What is sales' goes to"))
    marketing = forms.ChoiceField(label=gettext_lazy("What is marketing's goes to"))
    note = forms.CharField(
        label=gettext_lazy("Note"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Whoever gets it reads this, such as: away until 3 December."),
    )

    def __init__(self, data: Any = None, *, person: User) -> None:
        self.person, self.held = person, Holding.of(person)
        super().__init__(data, initial={"kinds": list(KINDS), "sales": RULES, "marketing": IN_TURN})
        for name, team in (("sales", Team.SALES), ("marketing", Team.MARKETING)):
            if not self._needed(name):
                del self.fields[name]
                continue
            people = [(str(one.pk), str(one)) for one in handover.receivers(person, team)]
            ways = [(RULES, _("Whom the rules say"))] if name == "sales" else []
            in_turn = [(IN_TURN, _("Everybody of %(team)s, in turn") % {"team": Team(team).label.lower()})]
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [*ways, *in_turn, *people] if people else ways or in_turn

    def _needed(self, name: str) -> bool:
        own = self.person.team == (Team.SALES if name == "sales" else Team.MARKETING)
        return own or bool(self.held.selling if name == "sales" else self.held.nurtured)

    @property
    def counted(self) -> list[tuple[Any, int]]:
        counts = self.held.counts
        return [(label, counts[kind]) for kind, label in LABELS.items()]

    def _said(self) -> dict[str, Any]:
        """Whom the form names: a person, or a way to find one."""
        named = {"kinds": self.cleaned_data["kinds"]}
        for name in ("sales", "marketing"):
            if value := self.cleaned_data.get(name):
                named[name] = User.objects.get(pk=int(value)) if value.isdecimal() else value
        return named

    def preview(self) -> Plan:
        """Who would get what, as things stand now; nothing is changed."""
        named = self._said()
        return handover.plan(Holding.of(self.person, named.pop("kinds")), **named)

    def attempt(self, *, actor: User) -> Plan | None:
        """Hand it over if the words are right; what refuses it becomes an error of the form."""
        try:
            return handover.hand_over(self.person, actor=actor, note=self.cleaned_data["note"], **self._said())
        except ValidationError as error:
            self.add_error(None, ValidationError(error.messages))
            return None
