"""The form of the contract's draft, and the fields that it is made of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts.choices import WEEKDAYS
from accounts.forms import ENDS, time_zones
from accounts.models import User
from handoff import agreement
from handoff.models import Agreement
from handoff.wording import Change, changes, length, persona_names, read_length
from leads.definition import ACTIONS, FACTS
from leads.identity import countries

LONGEST = 400 * 60  # business minutes
DATES = ("%Y-%m-%d", "%d.%m.%Y", "%d %b %Y", "%d %B %Y")


def clock_field(label: Any, **options: Any) -> forms.TimeField:
    return forms.TimeField(label=label, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"), **options)


class LengthField(forms.CharField):
    """A length of business time, said in hours and minutes and kept in minutes."""

    def __init__(self, *, least: int = 1, **options: Any) -> None:
        self.least = least
        super().__init__(max_length=20, **options)

    def prepare_value(self, value: Any) -> Any:
        if value == 0 and not self.required:
            return ""  # such as never
        return length(value) if isinstance(value, int) else value

    def clean(self, value: Any) -> int:
        text = super().clean(value)
        minutes = read_length(text) if text else 0
        if not self.least <= minutes <= LONGEST:
            raise ValidationError(
                _("Choose between %(least)s and %(most)s.") % {"least": length(self.least), "most": length(LONGEST)}
            )
        return minutes


class DatesField(forms.CharField):
    """Days, one a line or between commas."""

    widget = forms.Textarea(attrs={"rows": 3, "placeholder": "2026-12-24"})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(day.isoformat() for day in value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[date]:
        said = [day.strip() for day in re.split(r"[\n,;]", super().clean(value)) if day.strip()]
        return sorted({self._read(day) for day in said})

    def _read(self, text: str) -> date:
        for form in DATES:
            try:
                return datetime.strptime(text, form).date()  # a day, in no zone
            except ValueError:
                continue
        raise ValidationError(_("%(day)s is not a day. Write it such as 2026-12-24.") % {"day": text})


def ticks(label: Any, *, help_text: Any = "", **options: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label, help_text=help_text, required=False, widget=forms.CheckboxSelectMultiple, **options
    )


class Term(forms.BoundField):
    """A field of the draft, which knows what somebody else made of it while it was filled in."""

    @property
    def theirs(self) -> Theirs | None:
        form = self.form
        assert isinstance(form, DraftForm)
        return form.theirs.get(self.name)


@dataclass
class Theirs:
    """A change that somebody else saved meanwhile, in words; `mine` where this person had written something else."""

    change: Change
    who: User | None
    mine: bool


class DraftForm(forms.Form):
    """The terms of the draft, as people say them. Which edit of it was shown is kept, so a stale form is told.

    Where there is no draft, it shows what is in force, and the first change that is saved begins one.
    """

    bound_field_class = Term
    mql_line = forms.IntegerField(
        label=gettext_lazy("MQL line, points of 100"),
        min_value=1,
        max_value=100,
        help_text=gettext_lazy("A lead in TOFU at or above it is offered to sales by itself."),
    )
    required_facts = ticks(
        gettext_lazy("Facts that an MQL has"),
        choices=list(FACTS.items()),
        help_text=gettext_lazy("Whoever lacks one of them does not cross the line; their page says which it is."),
    )
    personas = ticks(
        gettext_lazy("Personas that an MQL is one of"), help_text=gettext_lazy("None ticked: any persona, or none.")
    )
    high_intent = ticks(
        gettext_lazy("Actions that skip the line"),
        choices=list(ACTIONS.items()),
        help_text=gettext_lazy(
            "Whoever has all the facts and does one of these is offered, whatever the points, for 30 days. "
            "Who asks to talk is offered at once in any case."
        ),
    )
    definition = forms.CharField(
        label=gettext_lazy("What an MQL is, in words"),
        max_length=2_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    leads_a_month = forms.IntegerField(
        label=gettext_lazy("Leads offered a month"), min_value=1, max_value=1_000_000, required=False
    )
    value_a_month = forms.DecimalField(
        label=gettext_lazy("Their expected value a month"), min_value=1, max_digits=14, decimal_places=2, required=False
    )
    completeness = forms.IntegerField(
        label=gettext_lazy("Facts known when offered, percent"),
        min_value=1,
        max_value=100,
        required=False,
        help_text=gettext_lazy("Of name, e-mail, phone, job title, company, industry, staff and country."),
    )
    accept_within = LengthField(label=gettext_lazy("Accept or return within"))
    hand_raise_within = LengthField(label=gettext_lazy("Answer who asked to talk within"))
    attempt_within = LengthField(label=gettext_lazy("First attempt after accepting within"))
    contact_within = LengthField(label=gettext_lazy("Two-way contact after accepting within"))
    attempts = forms.IntegerField(
        label=gettext_lazy("Attempts before a lead is unreachable"), min_value=1, max_value=50
    )
    attempts_days = forms.IntegerField(
        label=gettext_lazy("Spread over so many business days"), min_value=1, max_value=250
    )
    both_qualify = forms.BooleanField(
        label=gettext_lazy("A lead is qualified only when somebody of each team says so"), required=False
    )
    remind_before = LengthField(label=gettext_lazy("Remind before a promise ends"), least=0)
    escalate_after = LengthField(label=gettext_lazy("Tell managers after it ended"), least=0)
    reassign_after = LengthField(
        label=gettext_lazy("Then give it to another rep after"),
        least=0,
        required=False,
        help_text=gettext_lazy("Empty: never."),
    )
    reassign_most = forms.IntegerField(label=gettext_lazy("Give it on at most, times"), min_value=0, max_value=20)
    weekdays = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Working days"), choices=WEEKDAYS, coerce=int, widget=forms.CheckboxSelectMultiple
    )
    opens = clock_field(pgettext_lazy("business hours", "From"))
    closes = clock_field(pgettext_lazy("business hours", "To"))
    time_zone = forms.ChoiceField(label=gettext_lazy("Time zone"), choices=time_zones)
    holidays = forms.ChoiceField(
        label=gettext_lazy("Without the holidays of"),
        choices=lambda: [("", gettext_lazy("No country")), *countries()],
        required=False,
    )
    days_off = DatesField(
        label=gettext_lazy("Days off of our own"),
        max_length=4_000,
        required=False,
        help_text=gettext_lazy("One a line, such as 2026-12-24."),
    )
    why = forms.CharField(
        label=gettext_lazy("Why it changes"),
        max_length=2_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Who signs reads it."),
    )
    version = forms.IntegerField(widget=forms.HiddenInput)
    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, draft: Agreement, mine: Mapping[str, Any] | None = None) -> None:
        self.draft, self.is_stale = draft, False
        self.refused: list[str] = []
        self.theirs: dict[str, Theirs] = {}
        version, seen = agreement.stands(draft)
        said = {**agreement.said(draft), "why": draft.why if draft.is_draft else "", **(mine or {})}
        super().__init__(data, initial={**said, "version": version, "seen": seen})
        for day, label in WEEKDAYS:
            for name, end, said_then in zip(ENDS, ENDS.values(), said["hours"].get(str(day), ("", "")), strict=True):
                self.fields[f"{name}_{day}"] = clock_field(end % {"day": label}, required=False, initial=said_then)
                self.fields[f"{name}_{day}"].widget.attrs["class"] = "in auto"
        self._offer("personas", [(str(pk), name) for pk, name in self._personas(said["personas"]).items()])
        for name, known in (("time_zone", dict(time_zones())), ("holidays", dict(countries()))):
            kept = said[name]
            if kept and kept not in known:
                self._offer(name, [(kept, kept), *known.items()])

    def _personas(self, kept: list[int]) -> dict[int, str]:
        """Those in use, and those that the draft names already."""
        return {pk: name for pk, (name, retired) in persona_names().items() if not retired or pk in kept}

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def calendar_days(self) -> tuple[str, list[date]]:
        """The country and the days off as far as they can be read, for the page that shows what they mean."""
        country = str(self["holidays"].value() or "")
        if not self.is_bound:
            return country, self.draft.days_off
        self.is_valid()
        return country if country in dict(countries()) else "", self.cleaned_data.get("days_off", [])

    def clean_value_a_month(self) -> Decimal | None:
        value: Decimal | None = self.cleaned_data["value_a_month"]
        return value if value is None else value.quantize(Decimal("0.01"))

    def clean_personas(self) -> list[int]:
        return sorted(int(pk) for pk in self.cleaned_data["personas"])

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if said.get("opens") and said.get("closes") and said["opens"] >= said["closes"]:
            self.add_error("closes", _("This is before the day opens. Everything else was kept; choose a later time."))
        own = {day: tuple(said.pop(f"{name}_{day}", None) for name in ENDS) for day, _label in WEEKDAYS}
        usual, working = (said.get("opens"), said.get("closes")), said.get("weekdays", ())
        said["hours"] = {
            str(day): [f"{end:%H:%M}" for end in ends]
            for day, ends in own.items()
            if self._are_hours(day, ends, works=day in working) and ends != usual
        }
        return said

    def _are_hours(self, day: int, ends: tuple[Any, ...], *, works: bool) -> bool:
        """Whether a working day says from when until when; half of it, or the wrong way round, is told."""
        opens, closes = ends
        if any(ends) and not works and "weekdays" not in self.errors:
            words = _("%(day)s is no working day. Tick it above, or leave its hours empty.")
            self.add_error(f"opens_{day}", words % {"day": dict(WEEKDAYS)[day]})
            return False
        if bool(opens) != bool(closes) and not {f"{name}_{day}" for name in ENDS} & set(self.errors):
            self.add_error(
                f"{'closes' if opens else 'opens'}_{day}", _("Say from when until when, or leave both empty.")
            )
        if opens and closes and opens >= closes:
            self.add_error(f"closes_{day}", _("%(day)s ends before it begins.") % {"day": dict(WEEKDAYS)[day]})
        return bool(opens and closes)

    @property
    def days(self) -> list[tuple[Any, forms.BoundField, forms.BoundField]]:
        """Each weekday with the fields of its own hours."""
        return [(label, self[f"opens_{day}"], self[f"closes_{day}"]) for day, label in WEEKDAYS]

    @property
    def has_own_hours(self) -> bool:
        return "hours" in self.theirs or any(
            field.value() or field.errors for _label, *ends in self.days for field in ends
        )

    def attempt(self, *, actor: User) -> Agreement | None:
        """Change the draft if the words are right and nobody changed it meanwhile."""
        if not self.is_valid():
            return None
        try:
            return agreement.change(actor=actor, **self.cleaned_data)
        except ValidationError as error:
            self.is_stale = getattr(error, "code", "") == "stale"
            self.add_error(None, error)
            return None

    def anew(self) -> DraftForm:
        """The form over what stands now: what only others changed is as they left it, what this person wrote is theirs.

        Both are told at the field, and the next save goes over what was shown.
        """
        said, now = self.cleaned_data, agreement.coming()
        shown = Agreement.objects.select_related("scorecard").filter(version=said.pop("version")).first() or now
        found = agreement.meanwhile(shown, said.pop("seen"), now)
        mine = {name: value for name, value in said.items() if not self._untouched(value, found.get(name))}
        form, personas = DraftForm(draft=now, mine=mine), persona_names()
        for name, change in found.items():
            for told in changes({name: (change.old, change.new)}, personas):
                differs = name in mine and agreement.plain(mine[name]) != change.new
                place = name if name in {*form.fields, "hours"} else told.label  # of the points, each rule is told
                form.theirs[place] = Theirs(told, change.who, differs)
        form.refused = [str(said) for said in self.non_field_errors()]
        return form

    @staticmethod
    def _untouched(value: Any, change: agreement.Meanwhile | None) -> bool:
        return change is not None and agreement.plain(value) == change.old

    @property
    def unplaced(self) -> list[Change]:
        """What others changed that has no field here."""
        return [theirs.change for name, theirs in self.theirs.items() if name not in {*self.fields, "hours"}]
