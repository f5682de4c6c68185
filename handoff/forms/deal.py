"""The form that edits a deal."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from accounts.models import User
from handoff import deals
from handoff.forms.saying import CURRENCIES, SaidForm
from handoff.models import Deal
from leads.models import Lead


class EditDeal(SaidForm):
    """What is known of a deal: its name, its worth, and when it should close."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200, show_hidden_initial=True)
    amount = forms.DecimalField(
        label=gettext_lazy("Amount"),
        min_value=0,
        max_digits=12,
        decimal_places=2,
        required=False,
        show_hidden_initial=True,
    )
    currency = forms.ChoiceField(label=gettext_lazy("Currency"), choices=CURRENCIES, show_hidden_initial=True)
    close_on = forms.DateField(
        label=gettext_lazy("Expected close"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        show_hidden_initial=True,
    )

    def __init__(self, data: Any = None, *, deal: Deal, actor: User, lead: Lead) -> None:
        self.deal = deal
        super().__init__(data, lead=lead, actor=actor, initial={n: getattr(deal, n) for n in deals.EDITABLE})
        if deal.currency not in dict(CURRENCIES):
            self.fields["currency"].choices = [*CURRENCIES, (deal.currency, deal.currency)]  # type: ignore[attr-defined]

    def perform(self, **words: Any) -> Any:
        changes = {name: words[name] for name in self.changed_data}
        return deals.edit(self.deal, actor=self.actor, changes=changes, was=self.seen())

    def seen(self) -> dict[str, Any]:
        """What the person saw when the form was drawn: it came back with the form."""
        seen = {}
        for name in deals.EDITABLE:
            field, kept = self.fields[name], self.add_initial_prefix(name)
            seen[name] = field.to_python(self.data[kept]) if kept in self.data else self.initial[name]
        return seen
