"""A form per act: what a person says, read, and handed to the one function that does it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.choices import Team
from accounts.models import User
from handoff import conversation, deals, lifecycle, standing
from handoff.models import Deal, Reason
from leads import rights
from leads.forms import moment_field
from leads.models import Lead
from personas.choices import DealStep, Stage


class SaidForm(forms.Form):
    """What one person says on one lead. Subclasses hand it to the one function that does it, in `perform`."""

    def __init__(self, data: Any = None, *, lead: Lead, actor: User, initial: dict[str, Any] | None = None) -> None:
        self.lead, self.actor = lead, actor
        self.result: Any = None  # what the step gave back, once it is done
        super().__init__(data, initial=initial)

    def perform(self, **words: Any) -> Any:
        raise NotImplementedError

    def attempt(self) -> bool:
        """Do it if the words are right; whatever refuses it becomes an error of the form."""
        if not self.is_valid():
            return False
        try:
            self.result = self.perform(**self.cleaned_data)
        except ValidationError as error:
            known = hasattr(error, "error_dict") and set(error.error_dict) <= set(self.fields)
            self.add_error(None, error if known else ValidationError(error.messages))
            return False
        self.lead.refresh_from_db()
        return True


class ActForm(SaidForm):
    """One act on one lead by one person. Subclasses name the act and say it in `perform`."""

    act = ""
    title: Any = ""
    button: Any = ""
    hint: Any = ""
    done: Any = ""  # what the toast says; %(lead)s is filled in

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, lead: Lead, actor: User, initial: dict[str, Any] | None = None) -> None:
        self.lead, self.actor = lead, actor
        known = {**self.known(), **(initial or {})}
        initial = {**known, "seen": known.get("seen") or standing.of(lead)}
        super().__init__(data, lead=lead, actor=actor, initial=initial)

    def known(self) -> dict[str, Any]:
        """What the form can fill in by itself."""
        return {}

    @property
    def said(self) -> str:
        return str(self.done) % {"lead": self.lead, "stage": Stage(self.lead.stage).label}

    @property
    def asks(self) -> bool:
        """Whether a person must fill in something, or one click does it."""
        return any(not field.field.widget.is_hidden for field in self)


def reason_field(act: str) -> forms.ModelChoiceField[Reason]:
    return forms.ModelChoiceField(
        queryset=Reason.objects.offered_for(act),
        widget=forms.RadioSelect,
        empty_label=None,
        label=gettext_lazy("Because"),
        error_messages={"required": gettext_lazy("Choose a reason. Everything else was kept.")},
    )


def words_field(label: Any, *, required: bool = False, hint: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label, required=required, max_length=2_000, widget=forms.Textarea(attrs={"rows": 3}), help_text=hint
    )


def day_field(label: Any, *, hint: Any = "") -> forms.DateField:
    return forms.DateField(label=label, required=False, widget=forms.DateInput(attrs={"type": "date"}), help_text=hint)


class Offer(ActForm):
    act, title, button = "offer", gettext_lazy("Hand to sales"), gettext_lazy("Hand over")
    hint = gettext_lazy("Opens a hand-off with its brief; sales answers within the promised time.")
    done = gettext_lazy("%(lead)s is offered to sales.")
    note = words_field(gettext_lazy("Why now"), hint=gettext_lazy("The rep reads this first."))

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


#: What each class of return says of the offer.
RETURNS = {
    Reason.ReturnClass.PROCEDURAL: gettext_lazy("to the wrong place: it goes on to another rep"),
    Reason.ReturnClass.CLERICAL: gettext_lazy("missing or wrong: marketing mends it"),
    Reason.ReturnClass.DEFINITIONAL: gettext_lazy("not as agreed: back to nurture"),
}


class Return(ActForm):
    act, title, button = "return", gettext_lazy("Return to marketing"), gettext_lazy("Return")
    hint = gettext_lazy("Before contact. Procedural sends it on to another rep; the rest goes back to marketing.")
    done = gettext_lazy("%(lead)s is returned.")
    reason = reason_field("return")
    verdict = words_field(gettext_lazy("What would have made it right?"), hint=gettext_lazy("Marketing reads this."))
    to = forms.ModelChoiceField(
        queryset=User.objects.none(),
        required=False,
        label=gettext_lazy("The right rep"),
        empty_label=gettext_lazy("Any rep may claim it"),
        help_text=gettext_lazy("For procedural reasons."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = User.objects.on(Team.SALES).exclude(pk=self.actor.pk)
        self.fields["to"].queryset = others  # type: ignore[attr-defined]

    @property
    def classes(self) -> list[dict[str, Any]]:
        """The reasons by class, as they stand side by side."""
        reasons, chosen = list(self.fields["reason"].queryset), str(self["reason"].value() or "")  # type: ignore[attr-defined]
        return [
            {
                "name": name.value,
                "label": name.label,
                "hint": RETURNS[name],
                "reasons": [(reason, str(reason.pk) == chosen) for reason in reasons if reason.return_class == name],
            }
            for name in Reason.ReturnClass
        ]

    def perform(self, **words: Any) -> Any:
        return lifecycle.return_to_marketing(self.lead, actor=self.actor, **words)


class Qualify(ActForm):
    act, title, button = "qualify", gettext_lazy("Qualified"), gettext_lazy("Qualify")
    done = gettext_lazy("%(lead)s is qualified.")

    def perform(self, **words: Any) -> Any:
        return lifecycle.qualify(self.lead, actor=self.actor, **words)


class Recycle(ActForm):
    act, title, button = "recycle", gettext_lazy("Recycle to nurture"), gettext_lazy("Recycle")
    done = gettext_lazy("%(lead)s is back in nurture.")
    reason = reason_field("recycle")
    look_again_on = day_field(gettext_lazy("Look again on"), hint=gettext_lazy("Empty: the reason's usual distance."))
    verdict = words_field(gettext_lazy("Note"))

    def perform(self, **words: Any) -> Any:
        return lifecycle.recycle(self.lead, actor=self.actor, **words)


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


CURRENCIES = [(code, code) for code in ("EUR", "USD", "GBP", "CHF", "BRL", "SEK", "PLN", "CZK")]


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


class Comment(SaidForm):
    """Words on a lead that both teams read."""

    text = forms.CharField(required=False, strip=True)  # the step says what is wrong with it

    def perform(self, *, text: str = "", **_words: Any) -> Any:
        return conversation.comment(self.lead, actor=self.actor, text=text)


#: kind -> what the button says, and its icon: a touch is logged in one tap.
TOUCHES: dict[str, tuple[Any, str]] = {
    "call:no_answer": (gettext_lazy("No answer"), "phone-missed"),
    "call:left_message": (gettext_lazy("Left a message"), "phone-outgoing"),
    "call:spoke": (gettext_lazy("Spoke"), "phone-call"),
    "email:sent": (gettext_lazy("E-mailed"), "send"),
    "email:reply": (gettext_lazy("Got a reply"), "mail"),
    "meeting:met": (gettext_lazy("Met"), "handshake"),
    "note": (gettext_lazy("Note"), "pen-line"),
}


class Touch(SaidForm):
    """A touch that has just happened, or that is told later, and what is to be done next."""

    kind = forms.ChoiceField(choices=[(kind, words) for kind, (words, _icon) in TOUCHES.items()])
    text = forms.CharField(label=gettext_lazy("In words"), required=False, max_length=5_000)
    at = moment_field(gettext_lazy("When it happened"))
    next_action = forms.CharField(label=gettext_lazy("Next action"), required=False, max_length=120)
    next_action_at = moment_field(gettext_lazy("Due"))
    done = forms.BooleanField(required=False)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if said.get("kind") == "note" and not said.get("text"):
            self.add_error("text", _("Write a few words first: a note is its words."))
        if said.get("next_action_at") and not said.get("next_action"):
            self.add_error("next_action", _("Say what is to be done then."))
        return said

    @property
    def said(self) -> str:
        return _("Logged: %(what)s.") % {"what": TOUCHES[self.cleaned_data["kind"]][0]}

    def perform(self, *, next_action: str = "", next_action_at: Any = None, done: bool = False, **words: Any) -> Any:
        """An empty next action leaves the one that is planned, unless it is told to be done."""
        planned = next_action if next_action or done else None
        return lifecycle.log_touch(
            self.lead, actor=self.actor, next_action=planned, next_action_at=next_action_at, **words
        )


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


ACTS: dict[str, type[ActForm]] = {
    form.act: form
    for form in (
        Offer, Expand, ClaimEarly, Claim, Accept, Return, Qualify, Recycle, Withdraw, OpenDeal, Requalify,
        Advance, Win, Lose, Disqualify, Churn, Reopen,
    )
}  # fmt: skip

#: From lane to lane: the acts that lead there, in the order in which they are tried. A lane is a stage, a stand of the
#: hand-off, or a step of the deal.
MOVES: dict[str, dict[str, tuple[str, ...]]] = {
    "tofu": {"mql": ("offer", "claim_early"), "out": ("disqualify",)},
    "mql": {"sal": ("accept",), "tofu": ("return", "withdraw"), "out": ("disqualify",)},
    "sal": {"sql": ("qualify",), "discovery": ("open_deal",), "tofu": ("recycle",), "out": ("disqualify",)},
    "sql": {"discovery": ("open_deal",), "tofu": ("recycle",), "out": ("disqualify",)},
    **{
        step: {
            **{other: ("advance",) for other in DealStep.values if other != step},
            "customer": ("win",),
            "sal": ("requalify",),
            "tofu": ("lose",),
            "out": ("disqualify",),
        }
        for step in DealStep.values
    },
    "customer": {"mql": ("expand",), "tofu": ("churn",), "out": ("disqualify",)},
    "out": {"tofu": ("reopen",)},
}
STAGE_OF = {
    "tofu": Stage.TOFU, "mql": Stage.MOFU, "sal": Stage.MOFU, "sql": Stage.MOFU,
    **dict.fromkeys(DealStep.values, Stage.BOFU), "customer": Stage.CUSTOMER, "out": Stage.OUT,
}  # fmt: skip


class _At:
    """Something that stands in a stage: enough for `rights` to answer."""

    def __init__(self, stage: str) -> None:
        self.stage = stage


def moves_from(lane: str, actor: User) -> list[dict[str, Any]]:
    """Every move out of a lane: `to`, the act, its label, and `why` it is not open to this person (empty if it is).

    The same for every card of a lane, so a board works it out once a lane, not once a card.
    """
    here, moves = _At(STAGE_OF[lane]), []
    for to, acts in MOVES[lane].items():
        act = next((act for act in acts if rights.may(actor, act, here)), acts[0])
        why = "" if rights.may(actor, act, here) else rights.who_may(act, here)
        form = ACTS[act]
        moves.append({"to": to, "act": act, "label": form.title, "why": why, "asks": asks(form)})
    return moves


def asks(form: type[ActForm]) -> bool:
    """Whether this act needs a form to be filled in, or one click does it."""
    visible = [name for name, field in form.base_fields.items() if not field.widget.is_hidden]
    return bool(visible) and form is not Advance


def permitted(actor: User, act: str, lead: Lead) -> None:
    """Refuse an act: 403 by team, a ValidationError when the stage does not know it (the page is stale)."""
    if lead.stage not in rights.ACTS[act]:
        raise ValidationError(rights.who_may(act, lead))
    if not rights.may(actor, act, lead):
        raise PermissionDenied(rights.who_may(act, lead))
