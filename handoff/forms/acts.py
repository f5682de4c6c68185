"""A form per act: what a person says, read, and handed to the one function that does it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from handoff import brief, deals, lifecycle, notices, routing, standing
from handoff.forms.desk import Reassign, Recycle, Return, Snooze, TopUp, Unreachable, Wake
from handoff.forms.saying import CURRENCIES, ActForm, day_field, queue_field, reason_field, rep_field, words_field
from handoff.models import Deal
from leads.models import Lead
from personas.choices import DealStep


class Offer(ActForm):
    act, title, button = "offer", gettext_lazy("Hand to sales"), gettext_lazy("Hand over")
    hint = gettext_lazy("Opens a hand-off with its brief; sales answers within the promised time.")
    done = gettext_lazy("%(lead)s is offered to sales.")
    note = words_field(gettext_lazy("Why now"), hint=gettext_lazy("The rep reads this first."))
    to = rep_field(gettext_lazy("To a rep"))
    queue = queue_field(gettext_lazy("Or to a queue"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.is_bound:
            return
        found = routing.trial(routing.Facts.of(self.lead))
        to = self.fields["to"]
        assert isinstance(to, forms.ModelChoiceField)
        to.empty_label = _("By the rules: %(who)s") % {"who": found.rep or found.queue}
        to.help_text = notices.sentences(_("By the rules it is so because: %(why)s") % {"why": found.why})

    def known(self) -> dict[str, Any]:
        """Why now, as the last touch tells it, until somebody says it better."""
        return {"note": brief.why_now(self.lead)}

    def perform(self, **words: Any) -> Any:
        return lifecycle.offer(self.lead, actor=self.actor, **words)


class Expand(Offer):
    act, title = "expand", gettext_lazy("Offer again: expansion or renewal")


class ClaimEarly(ActForm):
    act, title, button = "claim_early", gettext_lazy("Claim early"), gettext_lazy("Claim")
    hint = gettext_lazy("Takes a lead that marketing is still nurturing; marketing is told why.")
    done = gettext_lazy("%(lead)s is yours.")
    note = words_field(gettext_lazy("Why now"), required=True)

    def perform(self, **words: Any) -> Any:
        return lifecycle.claim_early(self.lead, actor=self.actor, **words)


class Claim(ActForm):
    act, title, button = "claim", gettext_lazy("Claim"), gettext_lazy("Claim")
    done = gettext_lazy("%(lead)s is yours.")

    def perform(self, **words: Any) -> Any:
        return lifecycle.claim(standing.open_handoff(self.lead), actor=self.actor)


class Accept(ActForm):
    act, title, button = "accept", gettext_lazy("Accept"), gettext_lazy("Accept")
    done = gettext_lazy("%(lead)s is accepted: the clock waits for your first call.")
    next_action = forms.CharField(
        label=gettext_lazy("Next action"), required=False, max_length=120, widget=forms.HiddenInput
    )

    def perform(self, **words: Any) -> Any:
        return lifecycle.accept(self.lead, actor=self.actor, **words)


class Qualify(ActForm):
    act, title, button = "qualify", gettext_lazy("Qualified"), gettext_lazy("Qualify")
    done = gettext_lazy("%(lead)s is qualified.")

    @property
    def said(self) -> str:
        if self.result.awaits_a_name:
            kept = _("Your name is kept: %(lead)s is qualified once %(team)s says so, too.")
            return kept % {"lead": self.lead, "team": standing.awaited(self.actor)}
        return super().said

    def perform(self, **words: Any) -> Any:
        return lifecycle.qualify(self.lead, actor=self.actor, **words)


class Withdraw(ActForm):
    act, title, button = "withdraw", gettext_lazy("Take the offer back"), gettext_lazy("Withdraw")
    done = gettext_lazy("The offer of %(lead)s is withdrawn.")
    reason = reason_field("withdraw")
    verdict = words_field(gettext_lazy("Note"))

    def perform(self, **words: Any) -> Any:
        return lifecycle.withdraw(self.lead, actor=self.actor, **words)


class Disqualify(ActForm):
    act, title, button = "disqualify", gettext_lazy("Disqualify"), gettext_lazy("Disqualify")
    done = gettext_lazy("%(lead)s is in %(stage)s.")
    reason = reason_field("disqualify")
    verdict = words_field(gettext_lazy("Note"))

    def perform(self, **words: Any) -> Any:
        return lifecycle.disqualify(self.lead, actor=self.actor, **words)


class Churn(ActForm):
    act, title, button = "churn", gettext_lazy("Customer left"), gettext_lazy("Record")
    done = gettext_lazy("%(lead)s is back in nurture, to be won back.")
    reason = reason_field("churn")
    verdict = words_field(gettext_lazy("Note"))

    def perform(self, **words: Any) -> Any:
        return lifecycle.churn(self.lead, actor=self.actor, **words)


class Requalify(ActForm):
    act, title, button = "requalify", gettext_lazy("Needs more qualifying"), gettext_lazy("Back to the middle")
    hint = gettext_lazy("The deal stays open; the hand-off stands at accepted.")
    done = gettext_lazy("%(lead)s is back in the middle.")
    note = words_field(gettext_lazy("What is missing"))

    def perform(self, **words: Any) -> Any:
        return lifecycle.requalify(self.lead, actor=self.actor, **words)


class Reopen(ActForm):
    act, title, button = "reopen", gettext_lazy("Bring back"), gettext_lazy("Bring back")
    done = gettext_lazy("%(lead)s is back in nurture.")
    note = words_field(gettext_lazy("Note"))
    consent = forms.BooleanField(label=gettext_lazy("They gave new consent to be contacted"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.lead.do_not_contact:
            del self.fields["consent"]

    def perform(self, **words: Any) -> Any:
        return lifecycle.reopen(self.lead, actor=self.actor, **words)


class OpenDeal(ActForm):
    act, title, button = "open_deal", gettext_lazy("Open a deal"), gettext_lazy("Open deal")
    hint = gettext_lazy("The lead enters BOFU; the hand-off ends as qualified.")
    done = gettext_lazy("The deal for %(lead)s is open.")
    name = forms.CharField(label=gettext_lazy("Name"), max_length=200, required=False)
    amount = forms.DecimalField(
        label=gettext_lazy("Amount"), min_value=0, max_digits=12, decimal_places=2, required=False
    )
    currency = forms.ChoiceField(label=gettext_lazy("Currency"), choices=CURRENCIES)
    close_on = day_field(gettext_lazy("Expected close"))

    def known(self) -> dict[str, Any]:
        deal = self.lead.deals.open().first()
        if deal:
            return {"name": deal.name, "amount": deal.amount, "currency": deal.currency, "close_on": deal.close_on}
        return {"name": str(self.lead.company or self.lead), "amount": self.lead.value, "currency": self.lead.currency}

    def clean_close_on(self) -> Any:
        day = self.cleaned_data["close_on"]
        if day and day < timezone.localdate():
            raise ValidationError(_("This day is past. Everything else was kept; choose a later one."))
        return day

    @classmethod
    def check(cls, lead: Lead) -> None:
        if handoff := lead.handoffs.open().select_related("agreement").first():
            deals.check_named(handoff)

    def perform(self, **words: Any) -> Any:
        return deals.open_deal(self.lead, actor=self.actor, **words)


class DealAct(ActForm):
    """An act on the lead's open deal; where there are several, on the one named."""

    deal = forms.ModelChoiceField(queryset=Deal.objects.none(), widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["deal"].queryset = self.lead.deals.all()  # type: ignore[attr-defined]

    def named(self) -> Deal | None:
        """The open deal that the form was asked for."""
        return next((deal for deal in self.lead.deals.open() if str(deal.pk) == str(self.initial.get("deal"))), None)

    def chosen(self, deal: Deal | None) -> Deal:
        found = deal or self.lead.deals.open().order_by("pk").first()
        if found is None:
            raise ValidationError(standing.happened_since(self.lead))
        return found


class Advance(DealAct):
    act, title, button = "advance", gettext_lazy("Move the deal"), gettext_lazy("Move")
    done = gettext_lazy("The deal of %(lead)s moved on.")
    step = forms.ChoiceField(label=gettext_lazy("Step"), choices=DealStep.choices)

    def perform(self, *, deal: Deal | None = None, **words: Any) -> Any:
        return deals.advance(self.chosen(deal), actor=self.actor, **words)


class Win(DealAct):
    act, title, button = "win", gettext_lazy("Deal won"), gettext_lazy("Won")
    done = gettext_lazy("%(lead)s is a customer.")
    amount = forms.DecimalField(
        label=gettext_lazy("Amount"), min_value=0, max_digits=12, decimal_places=2, required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        deal = None if self.is_bound else self.named() or self.lead.deals.open().order_by("pk").first()
        if deal:
            self.initial["amount"] = deal.amount

    def perform(self, *, deal: Deal | None = None, **words: Any) -> Any:
        return deals.win(self.chosen(deal), actor=self.actor, **words)


class Lose(DealAct):
    act, title, button = "lose", gettext_lazy("Deal lost"), gettext_lazy("Lost")
    done = gettext_lazy("The deal is lost; %(lead)s is in %(stage)s.")
    reason = reason_field("lose")
    competitor = forms.CharField(label=gettext_lazy("Competitor"), max_length=120, required=False)
    look_again_on = day_field(gettext_lazy("Look again on"), hint=gettext_lazy("Empty: the reason's usual distance."))
    note = words_field(gettext_lazy("Note"))

    def perform(self, *, deal: Deal | None = None, **words: Any) -> Any:
        return deals.lose(self.chosen(deal), actor=self.actor, **words)


ACTS: dict[str, type[ActForm]] = {
    form.act: form
    for form in (
        Offer, Expand, ClaimEarly, Claim, Accept, Return, Reassign, Snooze, Wake, TopUp, Qualify, Recycle, Unreachable,
        Withdraw, OpenDeal, Requalify,
        Advance, Win, Lose, Disqualify, Churn, Reopen,
    )
}  # fmt: skip
