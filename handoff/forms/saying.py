"""What the forms of a lead have in common: one person says something, and it is done or told why not."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy

from accounts.choices import Team
from accounts.models import User
from handoff import standing
from handoff.models import Queue, Reason
from leads.forms import moment_field
from leads.models import Lead
from personas.choices import Stage

__all__ = ["CURRENCIES", "ActForm", "SaidForm", "Saying", "day_field", "moment_field", "reason_field", "words_field"]

CURRENCIES = [(code, code) for code in ("EUR", "USD", "GBP", "CHF", "BRL", "SEK", "PLN", "CZK")]


class Saying(forms.Form):
    """What one person says, on a lead or on none. Subclasses hand it to the one function that does it, in `perform`."""

    title: Any = ""
    button: Any = ""
    hint: Any = ""
    #: Where the form says what a step says of a value that the form calls otherwise.
    PLACES: dict[str, str] = {}

    def __init__(self, data: Any = None, *, actor: User, initial: dict[str, Any] | None = None) -> None:
        self.actor = actor
        self.result: Any = None  # what the step gave back, once it is done
        super().__init__(data, initial=initial)

    def perform(self, **words: Any) -> Any:
        raise NotImplementedError

    def attempt(self) -> bool:
        """Do it if the words are right; whatever refuses it becomes an error of the form."""
        if not self.is_valid():
            return False
        try:
            self.result = self.perform(**self.cleaned_data)
        except ValidationError as error:
            self._refused(error)
            return False
        return True

    def _refused(self, error: ValidationError) -> None:
        for name, errors in error.error_dict.items() if hasattr(error, "error_dict") else [(None, [error])]:
            place = self.PLACES.get(name, name) if name else None
            self.add_error(place if place in self.fields else None, errors)


class SaidForm(Saying):
    """What one person says on one lead."""

    def __init__(self, data: Any = None, *, lead: Lead, actor: User, initial: dict[str, Any] | None = None) -> None:
        self.lead = lead
        super().__init__(data, actor=actor, initial=initial)

    def attempt(self) -> bool:
        """Do it, and see the lead as it is then."""
        if done := super().attempt():
            self.lead.refresh_from_db()
        return done


class ActForm(SaidForm):
    """One act on one lead by one person. Subclasses name the act and say it in `perform`."""

    act = ""
    done: Any = ""  # what the toast says; %(lead)s is filled in

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, lead: Lead, actor: User, initial: dict[str, Any] | None = None) -> None:
        self.lead, self.actor = lead, actor
        known = {**self.known(), **(initial or {})}
        initial = {**known, "seen": known.get("seen") or standing.of(lead)}
        super().__init__(data, lead=lead, actor=actor, initial=initial)

    @classmethod
    def check(cls, lead: Lead) -> None:
        """Raise ValidationError where the act would be refused whatever the form says: before anybody fills it in."""

    def known(self) -> dict[str, Any]:
        """What the form can fill in by itself."""
        return {}

    @property
    def said(self) -> str:
        return str(self.done) % {"lead": self.lead, "stage": Stage(self.lead.stage).label}

    @property
    def asks(self) -> bool:
        """Whether a person must fill in something, or one click does it."""
        return any(not field.field.widget.is_hidden for field in self)


def reason_field(act: str) -> forms.ModelChoiceField[Reason]:
    return forms.ModelChoiceField(
        queryset=Reason.objects.offered_for(act),
        widget=forms.RadioSelect,
        empty_label=None,
        label=gettext_lazy("Because"),
        error_messages={"required": gettext_lazy("Choose a reason. Everything else was kept.")},
    )


def rep_field(label: Any) -> forms.ModelChoiceField[User]:
    reps = User.objects.on(Team.SALES)
    return forms.ModelChoiceField(
        queryset=reps, required=False, label=label, empty_label=gettext_lazy("Whom the rules say")
    )


def queue_field(label: Any) -> forms.ModelChoiceField[Queue]:
    return forms.ModelChoiceField(
        queryset=Queue.objects.active(), required=False, label=label, empty_label=gettext_lazy("No queue in particular")
    )


def words_field(label: Any, *, required: bool = False, hint: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label, required=required, max_length=2_000, widget=forms.Textarea(attrs={"rows": 3}), help_text=hint
    )


def day_field(label: Any, *, hint: Any = "") -> forms.DateField:
    return forms.DateField(label=label, required=False, widget=forms.DateInput(attrs={"type": "date"}), help_text=hint)
