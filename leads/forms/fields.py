"""What the forms of leads share: fields as a person types them, and errors by field."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads import identity

CURRENCIES = ("EUR", "USD", "GBP", "CHF", "BRL", "SEK", "PLN", "CZK")


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


def by_field(error: ValidationError) -> dict[str, list[str]]:
    return error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
