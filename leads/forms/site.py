"""Naming a website whose visits count, and what its pages are called."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy

from leads.models import TrackedSite
from leads.tracker import sites


class SiteForm(forms.Form):
    """A website: new, or one that is there."""

    host = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=300,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "inputmode": "url"}),
        help_text=gettext_lazy("Such as www.example.com. Another name of the same site is a site of its own."),
        error_messages={"required": gettext_lazy("Say which site it is.")},
    )
    pages = forms.CharField(
        label=gettext_lazy("Pages that tell more than a page"),
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "class": "in"}),
        help_text=gettext_lazy(
            "One “/path: name” a line, as in “/prices: pricing”: whoever looks there or below has web:pricing on "
            "their timeline, and the points that you agreed for it. The longest path counts."
        ),
    )

    def __init__(self, data: Any = None, *, site: TrackedSite | None = None) -> None:
        self.site = site
        super().__init__(data, initial={"host": site.host, "pages": sites.write_rules(site.rules)} if site else None)

    def clean_host(self) -> str:
        return sites.read_host(self.cleaned_data["host"])

    def clean_pages(self) -> list[list[str]]:
        return sites.read_rules(self.cleaned_data["pages"])

    def attempt(self) -> bool:
        if not self.is_valid():
            return False
        try:
            self.site = sites.save(self.site, host=self.cleaned_data["host"], rules=self.cleaned_data["pages"])
        except ValidationError as error:
            self.add_error("host", error)
            return False
        return True
