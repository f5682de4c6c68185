"""Setting up an inbound webhook: what its events tell, and what its words mean here."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from leads import inbound, signed
from leads.inbound import mapping
from leads.models import WebhookSource


class SecretField(forms.CharField):
    """The sender's own secret, where the sender makes it."""

    def __init__(self) -> None:
        super().__init__(
            label=gettext_lazy("Secret of the sender"),
            required=False,
            max_length=120,
            widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
            help_text=gettext_lazy("Left empty, one is made here. Fill it in where the sender makes its own: whsec_…"),
        )

    def clean(self, value: Any) -> str:
        said: str = super().clean(value)
        if said and not signed.is_secret(said):
            raise ValidationError(_("A secret begins with whsec_ and goes on with 24 to 64 bytes in base64."))
        return said


class SetUpSource(forms.Form):
    """An inbound webhook: new, or one that is there."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=60,
        help_text=gettext_lazy("Such as: shop, event platform."),
        error_messages={"required": gettext_lazy("Give it a name.")},
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("What its events tell"), choices=WebhookSource.Kind, widget=forms.RadioSelect
    )
    secret = SecretField()
    mapping = forms.CharField(
        label=gettext_lazy("What its words mean here"),
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "class": "in"}),
        help_text=gettext_lazy(
            "One “field: path” a line, as in “email: data.customer.email” or “company.name: data.firm”; "
            "“source: =shop” is the same for every event. Left empty, the body is a lead as the API takes it."
        ),
    )

    def __init__(self, data: Any = None, *, actor: User, source: WebhookSource | None = None) -> None:
        self.actor, self.source = actor, source
        known: dict[str, Any] = {"kind": WebhookSource.Kind.LEAD}
        if source:
            known = {"name": source.name, "kind": source.kind, "mapping": mapping.write(source.mapping)}
        super().__init__(data, initial=known)
        if source:
            del self.fields["secret"]

    def clean_mapping(self) -> dict[str, str]:
        return mapping.read(self.cleaned_data["mapping"])

    def attempt(self) -> bool:
        if not self.is_valid():
            return False
        try:
            if self.source:
                inbound.change(self.source, **self.cleaned_data)
            else:
                self.source = inbound.add(actor=self.actor, **self.cleaned_data)
        except ValidationError as error:
            self.add_error(None, error)
            return False
        return True


class RenewSecret(forms.Form):
    """Another secret for a webhook that is there."""

    secret = SecretField()
