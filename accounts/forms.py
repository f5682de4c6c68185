"""What a person says of their own account."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy

from accounts import tokens
from accounts.models import ApiToken, User

DAYS = [(30, gettext_lazy("30 days")), (90, gettext_lazy("90 days")), (365, gettext_lazy("A year"))]


class NewToken(forms.Form):
    """A token that is still to be made, and once it is, its text."""

    name = forms.CharField(
        label=gettext_lazy("What it is for"),
        max_length=60,
        help_text=gettext_lazy("Such as: web form, data warehouse."),
    )
    days = forms.TypedChoiceField(label=gettext_lazy("Good for"), choices=DAYS, coerce=int, initial=90)

    def __init__(self, data: Any = None, *, person: User) -> None:
        self.person = person
        self.made: tuple[ApiToken, str] | None = None
        super().__init__(data)

    def attempt(self) -> bool:
        """Make it if the words are right."""
        if not self.is_valid():
            return False
        try:
            self.made = tokens.make(self.person, **self.cleaned_data)
        except ValidationError as error:
            self.add_error(None, error)
            return False
        return True
