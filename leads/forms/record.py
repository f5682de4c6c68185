"""The form by which a person edits a lead's record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.choices import Team
from accounts.models import User
from leads import clock, editing, identity, rights
from leads.forms.fields import CURRENCIES, by_field, country_field, moment_field, text_field, typed
from leads.models import Campaign, Identity, Lead, Source
from personas.choices import Stage
from personas.models import Persona

#: So many of a lead's own fields are offered for editing; files may bring a thousand.
CUSTOM = 60


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
