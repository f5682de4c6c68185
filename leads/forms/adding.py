"""The forms by which a person adds a lead: all that is known, or one line."""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from leads import capture, identity
from leads.forms.fields import CURRENCIES, by_field, country_field, moment_field, text_field, typed
from leads.models import Lead, Source
from leads.models.lead import LeadQuerySet


class Adding(forms.Form):
    """Somebody is added by hand. The words are kept as they came, and read by the same door as every other way in."""

    token = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    #: The field under which errors stand that belong to none of this form's.
    ELSEWHERE: str | None = None

    def __init__(self, data: Any = None, *, actor: User) -> None:
        self.actor = actor
        self.done: capture.Processed | None = None
        #: What was typed, as every door of capture takes it: `clean` fills it in.
        self.payload: dict[str, Any] = {}
        super().__init__(data, initial={"token": secrets.token_urlsafe(16)})

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
                self.add_error(name if name in self.fields else self.ELSEWHERE, messages)
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


class AddLead(Adding):
    """One lead by hand, with all that is known of it."""

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

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if said.get("next_action_at") and not said.get("next_action"):
            self.add_error("next_action", _("Say what is to be done then."))
        if not self.errors and not (said.get("email") or said.get("phone")):
            self.add_error("email", _("A lead needs an e-mail or a phone."))
        self.payload = self._payload()
        return said

    def _payload(self) -> dict[str, Any]:
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


class QuickAdd(Adding):
    """Somebody in one line, as one would say it: `Lena Fehr, lena@fehr.example, +43 1 234 567, Brauhaus Fehr`."""

    ELSEWHERE = "line"
    line = forms.CharField(
        label=gettext_lazy("Who is it?"),
        max_length=600,
        widget=typed(
            "text",
            autofocus=True,
            placeholder=gettext_lazy("Name, e-mail, phone, company"),
            **{
                "hx-get": reverse_lazy("leads:alike"),
                "hx-trigger": "input changed delay:250ms",
                "hx-target": "#alike",
                "hx-swap": "innerHTML",
            },
        ),
        help_text=gettext_lazy("In one line, in any order. An e-mail or a phone is enough."),
    )

    def clean_line(self) -> str:
        line: str = self.cleaned_data["line"]
        self.payload = identity.read_line(line)
        return line

    @property
    def understood(self) -> list[tuple[Any, str]]:
        """What the line says, field by field in words; nothing where it cannot be read."""
        said = self.payload if self.is_valid() else {}
        return [(label, _plain(said[name])) for name, label in UNDERSTOOD.items() if name in said]

    def alike(self, leads: LeadQuerySet) -> list[identity.Alike]:
        """Who of these may be meant."""
        return identity.alike(self.payload, leads) if self.is_valid() else []


#: The parts of a line, as they are told back.
UNDERSTOOD = {
    "name": gettext_lazy("Name"),
    "email": gettext_lazy("E-mail"),
    "phone": gettext_lazy("Phone"),
    "company": gettext_lazy("Company"),
}


def _plain(value: Any) -> str:
    return str(value["name"] if isinstance(value, dict) else value)
