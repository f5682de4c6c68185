"""Who is told outside of leads, hand-offs and deals: setting up an endpoint."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy

from accounts.models import User
from handoff import outgoing
from handoff.forms.notices import PostAddress
from handoff.models import Endpoint


class SetUpEndpoint(forms.Form):
    """An outbound webhook: new, or one that is there."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=60,
        help_text=gettext_lazy("Such as: data warehouse, billing."),
        error_messages={"required": gettext_lazy("Give it a name.")},
    )
    url = PostAddress(label=gettext_lazy("Address"))
    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("What it is told"),
        choices=list(outgoing.KINDS.items()),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one event.")},
    )

    def __init__(self, data: Any = None, *, actor: User, endpoint: Endpoint | None = None) -> None:
        self.actor, self.endpoint = actor, endpoint
        super().__init__(data, initial={"name": endpoint.name, "kinds": endpoint.kinds} if endpoint else {})
        if endpoint:
            self.fields["url"].required = False
            self.fields["url"].help_text = gettext_lazy("Left empty, it stays as it is.")

    def attempt(self) -> bool:
        if not self.is_valid():
            return False
        try:
            if self.endpoint:
                outgoing.change(self.endpoint, **self.cleaned_data)
            else:
                self.endpoint = outgoing.add(actor=self.actor, **self.cleaned_data)
        except ValidationError as error:
            self.add_error(None, error)
            return False
        return True
