"""The forms by which a person adds a lead and edits its record."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import Q
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.choices import Team
from accounts.models import User
from leads import capture, clock, editing, identity, rights
from leads.models import Campaign, Identity, Lead, Source
from personas.choices import Stage
from personas.models import Persona

CURRENCIES = ("EUR", "USD", "GBP", "CHF", "BRL", "SEK", "PLN", "CZK")
#: So many of a lead's own fields are offered for editing; files may bring a thousand.
CUSTOM = 60


def moment_field(label: Any, **more: Any) -> forms.DateTimeField:
    """A moment in the person's own time zone, to the minute."""
    picker = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(label=label, required=False, widget=picker, **more)


def text_field(label: Any, *, limit: int = 200, **more: Any) -> forms.CharField:
    return forms.CharField(label=label, required=False, max_length=limit, **more)


def typed(kind: str, /, **more: Any) -> forms.TextInput:
    return forms.TextInput(attrs={"type": kind, "autocomplete": "off", **more})


def country_field() -> forms.ChoiceField:
    return forms.ChoiceField(
        label=gettext_lazy("Country"),
        required=False,
        choices=lambda: [("", _("Unknown")), *identity.countries()],
        error_messages={"invalid_choice": gettext_lazy("Expected a country of two letters such as AT.")},
    )


class AddLead(forms.Form):
    """One lead by hand. The words are kept as they came, and read by the same door as every other way in."""

    token = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    name = text_field(gettext_lazy("Name"), widget=typed("text", autofocus=True))
    email = text_field(
        gettext_lazy("E-mail"),
        limit=320,
        widget=typed("email", **{"hx-get": reverse_lazy("leads:known"), "hx-trigger": "change", "hx-target": "#known"}),
    )
    phone = text_field(
        gettext_lazy("Phone"), limit=60, widget=typed("tel"), help_text=gettext_lazy("With + and country code")
    )
    company = text_field(gettext_lazy("Company"))
    job_title = text_field(gettext_lazy("Job title"), limit=120)
    source = forms.ModelChoiceField(
        Source.objects.all(),
        label=gettext_lazy("Source"),
        required=False,
        to_field_name="slug",
        empty_label=gettext_lazy("Unknown"),
    )
    note = text_field(
        gettext_lazy("Note"),
        limit=5_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Stands on the timeline, for both teams."),
    )
    country = country_field()
    industry = text_field(gettext_lazy("Industry of the company"), limit=80)
    size = text_field(gettext_lazy("Staff of the company"), limit=12, widget=typed("text", inputmode="numeric"))
    value = text_field(gettext_lazy("Expected value"), limit=20, widget=typed("text", inputmode="decimal"))
    currency = forms.ChoiceField(
        label=gettext_lazy("Currency"), required=False, choices=[(code, code) for code in CURRENCIES]
    )
    campaign = text_field(gettext_lazy("Campaign"), limit=120)
    preferred_contact = text_field(
        gettext_lazy("Preferred channel and time"), limit=80, help_text=gettext_lazy("Such as: phone, 9-12 h")
    )
    next_action = text_field(gettext_lazy("Next action"), limit=120)
    next_action_at = moment_field(gettext_lazy("Due"))

    #: What one needs for most leads; the rest is folded away.
    FIRST = ("name", "email", "phone", "company", "job_title", "source")

    def __init__(self, data: Any = None, *, actor: User) -> None:
        self.actor = actor
        self.done: capture.Processed | None = None
        super().__init__(data, initial={"token": secrets.token_urlsafe(16)})

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if said.get("next_action_at") and not said.get("next_action"):
            self.add_error("next_action", _("Say what is to be done then."))
        if not self.errors and not (said.get("email") or said.get("phone")):
            self.add_error("email", _("A lead needs an e-mail or a phone."))
        return said

    @property
    def payload(self) -> dict[str, Any]:
        """What was typed, as every door of capture takes it."""
        said = {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}
        company: dict[str, Any] = {part: said.pop(part) for part in ("industry", "size") if part in said}
        if "company" in said:
            company["name"] = said.pop("company")
        note, _token = said.pop("note", ""), said.pop("token", "")
        return {
            **said,
            **({"company": company} if company else {}),
            **({"source": said["source"].slug} if "source" in said else {}),
            **({"activity": {"text": note}} if note else {}),
        }

    def attempt(self) -> bool:
        """Add the lead; whatever refuses it becomes an error of the field it is about."""
        if not self.is_valid():
            return False
        words = hashlib.sha256(json.dumps(self.payload, default=str, sort_keys=True).encode()).hexdigest()[:16]
        try:
            # The same form twice is one lead; other words in it are another submission.
            key = f"hand:{self.actor.pk}:{self.cleaned_data['token']}:{words}"
            self.done = capture.take(self.payload, actor=self.actor, key=key)
        except ValidationError as error:
            for name, messages in by_field(error).items():
                self.add_error(name if name in self.fields else None, messages)
            return False
        return True

    @property
    def lead(self) -> Lead:
        assert self.done is not None
        assert self.done.lead is not None
        return self.done.lead

    @property
    def said(self) -> str:
        """What became of it, in a sentence."""
        assert self.done is not None
        if self.done.created:
            return _("%(lead)s is added.") % {"lead": self.lead}
        if self.done.changed:
            return _("%(lead)s was here already; what was empty is filled.") % {"lead": self.lead}
        return _("%(lead)s is here already.") % {"lead": self.lead}

    @property
    def first(self) -> list[forms.BoundField]:
        return [self[name] for name in self.FIRST]

    @property
    def further(self) -> list[forms.BoundField]:
        return [field for field in self.visible_fields() if field.name not in (*self.FIRST, "note")]

    @property
    def unfolded(self) -> bool:
        """Whether something is wrong among the fields that are folded away."""
        return any(field.errors for field in self.further)


def by_field(error: ValidationError) -> dict[str, list[str]]:
    return error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}


def colleagues(*teams: str, now: int | None) -> Any:
    """Who may be chosen as an owner: the team, the managers, and whoever it is now."""
    return User.objects.filter(Q(is_active=True, team__in=[*teams, Team.MANAGEMENT]) | Q(pk=now)).order_by("name", "pk")


class EditLead(forms.Form):
    """A lead's record, field by field as this person may edit it.

    Every field carries what it was when the form was drawn, so that only what this person changed is changed, and
    what a colleague changed meanwhile is shown.
    """

    version = forms.IntegerField(widget=forms.HiddenInput)
    name = text_field(gettext_lazy("Name"))
    email = text_field(gettext_lazy("E-mail"), limit=254, widget=typed("email"))
    phone = text_field(gettext_lazy("Phone"), limit=60, widget=typed("tel"))
    job_title = text_field(gettext_lazy("Job title"), limit=120)
    company = text_field(gettext_lazy("Company"))
    country = country_field()
    marketer = forms.ModelChoiceField(
        User.objects.none(), label=gettext_lazy("Marketer"), required=False, empty_label=gettext_lazy("Unowned")
    )
    rep = forms.ModelChoiceField(
        User.objects.none(), label=gettext_lazy("Sales rep"), required=False, empty_label=gettext_lazy("None yet")
    )
    next_action = text_field(gettext_lazy("Next action"), limit=120)
    next_action_at = moment_field(gettext_lazy("Due"))
    look_again_on = forms.DateField(
        label=gettext_lazy("Look again on"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    preferred_contact = text_field(gettext_lazy("Preferred channel and time"), limit=80)
    source = forms.ModelChoiceField(
        Source.objects.all(), label=gettext_lazy("Source"), required=False, empty_label=gettext_lazy("Unknown")
    )
    campaign = forms.ModelChoiceField(
        Campaign.objects.all(), label=gettext_lazy("Campaign"), required=False, empty_label=gettext_lazy("None")
    )
    persona = forms.ModelChoiceField(Persona.objects.none(), label=gettext_lazy("Persona"), required=False)
    value = forms.DecimalField(
        label=gettext_lazy("Expected value"), required=False, min_value=0, max_digits=12, decimal_places=2
    )
    currency = forms.ChoiceField(label=gettext_lazy("Currency"))

    PARTS = (
        (gettext_lazy("Who it is"), ("name", "email", "phone", "job_title", "company", "country")),
        (
            gettext_lazy("Whose it is, and what comes next"),
            ("marketer", "rep", "next_action", "next_action_at", "look_again_on", "preferred_contact"),
        ),
        (gettext_lazy("Where from, and what for"), ("source", "campaign", "persona", "value", "currency")),
    )

    def __init__(self, data: Any = None, *, lead: Lead, actor: User) -> None:
        self.lead, self.actor = lead, actor
        self.notes: dict[str, str] = {}
        super().__init__(data, initial=self._known())
        owners = {"marketer": Team.MARKETING, "rep": Team.SALES}
        for name, team in owners.items():
            self.fields[name].queryset = colleagues(team, now=getattr(lead, f"{name}_id"))  # type: ignore[attr-defined]
        persona: Any = self.fields["persona"]
        persona.queryset = Persona.objects.filter(Q(retired_at=None) | Q(pk=lead.persona_id))
        persona.empty_label = _("Leave it to the rules")
        if lead.persona and not lead.persona_chosen:
            persona.empty_label = _("Leave it to the rules (now: %(name)s)") % {"name": lead.persona}
        here = lead.country
        if here and here not in dict(identity.countries()):
            self.fields["country"].choices = [("", _("Unknown")), (here, here), *identity.countries()]  # type: ignore[attr-defined]
        codes = dict.fromkeys((lead.currency, *CURRENCIES))
        self.fields["currency"].choices = [(code, code) for code in codes]  # type: ignore[attr-defined]
        for number, (key, value) in enumerate(self._custom()):
            widget = typed("text", id=f"id_custom_{number}")
            self.fields[f"custom.{key}"] = text_field(key, limit=2_000, initial=str(value), widget=widget)
        for name, field in self.fields.items():
            if name != "version":
                field.show_hidden_initial = True
                self._close(name, field)

    def _known(self) -> dict[str, Any]:
        lead = self.lead
        due = lead.next_action_at
        return {
            **{name: getattr(lead, name) for name in editing.FIELDS if name != "custom"},
            "version": lead.version,
            "company": lead.company.name if lead.company else "",
            "persona": lead.persona if lead.persona_chosen else None,
            "next_action_at": due.replace(second=0, microsecond=0) if due else None,
        }

    def _custom(self) -> list[tuple[str, Any]]:
        """The lead's own fields that are words or numbers; what has an inside is left as it is."""
        plain = [(key, value) for key, value in self.lead.custom.items() if not isinstance(value, dict | list)]
        return plain[:CUSTOM]

    def _close(self, name: str, field: forms.Field) -> None:
        """Show what this person may not edit, and who may."""
        column = "custom" if name.startswith("custom.") else name
        if not rights.may_edit(self.actor, column, self.lead):
            field.disabled = True
            self.notes[name] = rights.who_edits(column, self.lead)
        elif name == "rep" and self.lead.stage == Stage.MOFU:
            field.disabled = True
            self.notes[name] = str(editing.REP_BY_HANDOFF)

    def clean_email(self) -> str:
        email = self.cleaned_data["email"]
        return identity.normalise_email(email) if email and "email" in self.changed_data else email

    def clean_look_again_on(self) -> Any:
        day = self.cleaned_data["look_again_on"]
        if day and "look_again_on" in self.changed_data and day <= clock.today():
            raise ValidationError(_("This day is past. Everything else was kept; choose a later one."))
        return day

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if "phone" in self.changed_data and said.get("phone"):
            try:
                said["phone"] = identity.normalise_phone(said["phone"], said.get("country") or "")
            except ValidationError as error:
                self.add_error("phone", error)
        if said.get("next_action_at") and not said.get("next_action") and "next_action" not in self.errors:
            self.add_error("next_action", _("Say what is to be done then."))
        if {"email", "phone"} & set(self.changed_data) and not self.errors and not self._reachable(said):
            self.add_error("email", _("A lead needs an e-mail or a phone."))
        return said

    def _reachable(self, said: dict[str, Any]) -> bool:
        external = self.lead.identities.filter(kind=Identity.Kind.EXTERNAL)
        return bool(said.get("email") or said.get("phone") or external.exists())

    @property
    def changes(self) -> dict[str, Any]:
        """What this person changed, as `editing.edit` takes it."""
        changed = {name: self.cleaned_data[name] for name in self.changed_data if name != "version"}
        own = {name.removeprefix("custom."): changed.pop(name) for name in list(changed) if name.startswith("custom.")}
        if own:
            kept = {key: value for key, value in self.lead.custom.items() if own.get(key) != ""}
            changed["custom"] = {**kept, **{key: value for key, value in own.items() if value}}
        return changed

    def attempt(self) -> bool:
        """Save what this person changed; a colleague's change in between is shown beside their words."""
        if not self.is_valid():
            return False
        try:
            editing.edit(self.lead, actor=self.actor, changes=self.changes, version=self.cleaned_data["version"])
        except ValidationError as error:
            for name, messages in by_field(error).items():
                self.add_error(name if name in self.fields else None, messages)
            self._show_theirs()
            return False
        return True

    def _show_theirs(self) -> None:
        """Draw the form anew: what a colleague changed where nothing was typed, and beside what was typed."""
        fresh = type(self)(
            lead=Lead.objects.select_related("company", "persona").get(pk=self.lead.pk), actor=self.actor
        )
        data, mine = dict(self.data.items()), set(self.changed_data) - {"version"}
        for name in self.fields:
            if name not in fresh.fields:
                continue
            theirs = as_typed(fresh[name])
            if name not in mine:
                data[name] = theirs
            elif theirs != self.data.get(f"initial-{name}", ""):
                self.notes[name] = _("Now: %(value)s. Saving again puts yours in its place.") % {
                    "value": shown(fresh[name]) or _("empty")
                }
            data[f"initial-{name}"] = theirs
        self.data = data

    @property
    def parts(self) -> Iterator[tuple[Any, list[tuple[forms.BoundField, str]]]]:
        """The form in its parts: each field, and what is to be said of it."""
        for title, names in self.PARTS:
            yield title, [(self[name], self.notes.get(name, "")) for name in names]
        own = [name for name in self.fields if name.startswith("custom.")]
        if own:
            yield _("Further fields"), [(self[name], self.notes.get(name, "")) for name in own]


def as_typed(field: forms.BoundField) -> str:
    """A field's initial value as its form posts it."""
    value = field.field.widget.format_value(field.field.prepare_value(field.initial))
    if isinstance(value, list):
        value = value[0] if value else ""
    return "" if value is None else str(value)


def shown(field: forms.BoundField) -> str:
    """A field's initial value as a person reads it."""
    value = field.initial
    if isinstance(field.field, forms.DateTimeField) and value:
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M}"
    return "" if value is None else str(value)
