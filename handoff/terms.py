"""Forms of the contract: its next version, and the reasons that acts are given for."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from holidays.registry import COUNTRIES

from accounts.forms import time_zones
from accounts.models import User
from handoff import agreement
from handoff.agreement import TERMS
from handoff.models import Agreement, Reason

WEEKDAYS = [
    (0, gettext_lazy("Monday")),
    (1, gettext_lazy("Tuesday")),
    (2, gettext_lazy("Wednesday")),
    (3, gettext_lazy("Thursday")),
    (4, gettext_lazy("Friday")),
    (5, gettext_lazy("Saturday")),
    (6, gettext_lazy("Sunday")),
]
LONGEST = 100 * 60  # business minutes


@lru_cache(maxsize=1)
def countries() -> list[tuple[str, str]]:
    """Countries whose holidays are known, by name."""
    known = {codes[1]: re.sub(r"(?<=[a-z])(?=[A-Z])", " ", codes[0]) for codes in COUNTRIES.values()}
    return sorted(known.items(), key=lambda country: country[1])


def clock_field(label: Any) -> forms.TimeField:
    return forms.TimeField(label=label, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))


class TermsForm(forms.Form):
    """The next version of the agreement, beginning from the one in force."""

    mql_line = forms.IntegerField(
        label=gettext_lazy("MQL line, points"),
        min_value=1,
        max_value=100,
        help_text=gettext_lazy("A lead in TOFU at or above it is offered to sales by itself."),
    )
    definition = forms.CharField(
        label=gettext_lazy("What an MQL is, in words"),
        max_length=2_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    accept_within = forms.IntegerField(
        label=gettext_lazy("Accept or return within, business minutes"), min_value=1, max_value=LONGEST
    )
    attempt_within = forms.IntegerField(
        label=gettext_lazy("First call within, business minutes"), min_value=1, max_value=LONGEST
    )
    hand_raise_within = forms.IntegerField(
        label=gettext_lazy("Answer a hand-raiser within, business minutes"), min_value=1, max_value=LONGEST
    )
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
    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, current: Agreement) -> None:
        said = {name: getattr(current, name) for name in (*TERMS, "mql_line")}
        super().__init__(data, initial={**said, "seen": current.version})
        for name, known in (("time_zone", dict(time_zones())), ("holidays", dict(countries()))):
            field, kept = self.fields[name], said[name]
            assert isinstance(field, forms.ChoiceField)
            if kept and kept not in known:
                field.choices = [(kept, kept), *field.choices]  # type: ignore[misc]

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if said.get("opens") and said.get("closes") and said["opens"] >= said["closes"]:
            self.add_error("closes", _("This is before the day opens. Everything else was kept; choose a later time."))
        return said

    def attempt(self, *, actor: User) -> Agreement | None:
        """Put it in force if the words are right and nobody was faster."""
        if not self.is_valid():
            return None
        try:
            return agreement.renew(actor=actor, **self.cleaned_data)
        except ValidationError as error:
            self.add_error(None, error)
            return None


class ReasonForm(forms.Form):
    """A reason of one act: how it is worded, and what follows from it."""

    label = forms.CharField(label=gettext_lazy("The reason, in a few words"), max_length=80)
    return_class = forms.ChoiceField(
        label=gettext_lazy("Class of return"),
        choices=Reason.ReturnClass.choices,
        widget=forms.RadioSelect,
        help_text=gettext_lazy(
            "Procedural: goes on to another rep. Clerical: marketing mends the record. "
            "Definitional: back to nurture, and scores learn from it."
        ),
    )
    final = forms.BooleanField(
        label=gettext_lazy("Cannot change with time: the lead goes to OUT, not back to nurture"), required=False
    )
    do_not_contact = forms.BooleanField(label=gettext_lazy("They asked not to be contacted"), required=False)
    look_again_days = forms.IntegerField(
        label=gettext_lazy("Look again after, days"),
        min_value=0,
        max_value=3_650,
        help_text=gettext_lazy("0: no date is set."),
    )
    retired = forms.BooleanField(
        label=gettext_lazy("Retired: no longer offered, kept where it was given"), required=False
    )

    def __init__(self, data: Any = None, *, act: str, reason: Reason | None = None) -> None:
        self.act, self.reason = act, reason
        names = [name for name in self.base_fields if reason is not None]
        super().__init__(data, initial={"look_again_days": 90} | {name: getattr(reason, name) for name in names})
        for name, acts in agreement.FOR_ACTS.items():
            if act not in acts:
                del self.fields[name]
        if reason is None:
            del self.fields["retired"]
        else:
            self.fields.pop("return_class", None)  # verdicts were given by it

    def attempt(self) -> bool:
        """Add or change the reason if the words are right; what refuses it becomes an error of the form."""
        if not self.is_valid():
            return False
        try:
            if self.reason is None:
                agreement.add_reason(self.act, **self.cleaned_data)
            else:
                agreement.change_reason(self.reason, **self.cleaned_data)
        except ValidationError as error:
            known = hasattr(error, "error_dict") and set(error.error_dict) <= set(self.fields)
            self.add_error(None, error if known else ValidationError(error.messages))
            return False
        return True
