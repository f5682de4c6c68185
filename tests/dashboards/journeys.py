"""Random journeys by the acts that people do, at moments of their own."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from unittest import mock

from handoff import deals, lifecycle
from handoff.models import Reason
from leads.models import Lead
from tests.factories import make_lead, make_user

BEGIN = datetime(2026, 1, 5, 8, tzinfo=UTC)
SOURCES = ["organic_search", "webinar", ""]
#: Where a lead stands -> what may be done there; "stay" ends the journey.
CHOICES = {
    "tofu": ["offer", "offer", "claim_early", "purchase", "disqualify", "stay"],
    "mql": ["accept", "accept", "return", "withdraw", "recycle", "purchase", "disqualify", "stay"],
    "sal": ["qualify", "qualify", "open_deal", "return", "recycle", "purchase", "disqualify", "stay"],
    "sql": ["open_deal", "open_deal", "recycle", "purchase", "disqualify", "stay"],
    "bofu": ["win", "win", "lose", "lose", "requalify", "purchase", "disqualify", "stay"],
    "customer": ["offer", "churn", "purchase", "disqualify", "stay"],
    "out": ["reopen", "purchase", "stay"],
}


def standing(lead: Lead) -> str:
    handoff = lead.handoffs.open().first()
    return handoff.lane if handoff else lead.stage


def act(name: str, lead: Lead, chance: random.Random, at: datetime) -> None:
    mia, sam = make_user("mia"), make_user("sam", team="sales")

    def reason(of: str) -> Reason:
        return chance.choice(list(Reason.objects.filter(act=of)))

    if name in ("return", "withdraw", "recycle", "disqualify", "churn"):
        if name == "disqualify" and standing(lead) in ("mql", "sal"):  # before contact it is a return
            lifecycle.log_touch(lead, actor=sam, kind="call:spoke")
        done = {"return": lifecycle.return_to_marketing}.get(name) or getattr(lifecycle, name)
        done(lead, actor=mia if name == "withdraw" else sam, reason=reason(name), verdict="So it is")
    elif name == "purchase":
        lifecycle.purchase(lead, at=at, fields={"amount": chance.choice([None, Decimal(chance.randint(1, 900))])})
    elif name == "open_deal":
        currency = chance.choice(["EUR", "EUR", "USD"])
        deals.open_deal(lead, actor=sam, amount=Decimal(chance.randint(1, 90)) * 1000, currency=currency)
    elif name in ("win", "lose"):
        deal = lead.deals.open().get()
        deals.win(deal, actor=sam) if name == "win" else deals.lose(deal, actor=sam, reason=reason("lose"))
    elif name == "reopen":
        lifecycle.reopen(lead, actor=mia, consent=True)
    elif name == "claim_early":
        lifecycle.claim_early(lead, actor=sam, note="Met at the fair")
    else:
        getattr(lifecycle, name)(lead, actor=mia if name == "offer" else sam)


def rate(lead: Lead, chance: random.Random) -> None:
    """Both teams say of some hand-offs what they think of them."""
    for handoff in lead.handoffs.order_by("pk"):
        for name, team in (("sam", "sales"), ("mia", "marketing")):
            lifecycle.rate(handoff, actor=make_user(name, team=team), good=chance.choice([True, True, False, None]))


def journey(seed: int, *, steps: int = 9) -> Lead:
    """One lead's way, the same for the same seed."""
    chance = random.Random(seed)
    at = BEGIN + timedelta(hours=chance.randint(0, 2400))
    with mock.patch("django.utils.timezone.now") as now:
        now.return_value = at
        lead = make_lead(source=chance.choice(SOURCES))
        for _step in range(steps):
            lead = Lead.objects.get(pk=lead.pk)
            name = chance.choice(CHOICES[standing(lead)])
            if name == "stay" or (name == "purchase" and lead.do_not_contact):
                break
            at += timedelta(minutes=chance.randint(10, 40_000))
            now.return_value = at
            act(name, lead, chance, at)
        rate(lead, chance)
    return Lead.objects.get(pk=lead.pk)


def a_full_house() -> list[Lead]:
    """Enough journeys that every step, fate and reason has something to tell."""
    return [journey(seed) for seed in range(30)]
