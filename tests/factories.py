"""Plain makers of what tests begin with. Whatever a lead is, it became by the acts a person would do."""

from __future__ import annotations

import itertools
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from handoff import agreement, deals, lifecycle, sla
from handoff.models import Agreement, Deal, Handoff, Queue, Reason
from leads import capture, pipeline
from leads.models import Lead
from personas.choices import Stage

_numbers = itertools.count(1)


def make_user(username: str = "", team: str = "marketing", **fields: Any) -> User:
    username = username or f"person{next(_numbers)}"
    existing = User.objects.filter(username=username).first()
    if existing:
        return existing
    named = {"name": username.capitalize(), "email": f"{username}@example.com", **fields}
    return User.objects.create_user(username, password=None, team=team, **named)


def make_lead(stage: str = Stage.TOFU, *, actor: User | None = None, rep: User | None = None, **payload: Any) -> Lead:
    """A lead that has gone the usual way to `stage`."""
    number = next(_numbers)
    payload = {
        "name": f"Lead {number}",
        "email": f"lead{number}@firm{number}.example",
        "company": {"name": f"Firm {number}"},
        "source": "organic_search",
        **payload,
    }
    submission = capture.accept(payload, way="hand", actor=actor or make_user("mia"))
    lead = capture.process([submission])[0].lead
    assert lead is not None
    if stage == Stage.TOFU:
        return _fresh(lead)
    if stage == Stage.OUT:
        lifecycle.disqualify(lead, actor=make_user("mia"), reason=make_reason("disqualify"))
        return _fresh(lead)
    rep = rep or make_user("sam", team="sales")
    lifecycle.offer(lead, actor=make_user("mia"), note="Asked about prices")
    if stage == Stage.MOFU:
        return _fresh(lead)
    lifecycle.accept(lead, actor=rep)
    lifecycle.qualify(lead, actor=rep)
    deal = deals.open_deal(lead, actor=rep, name=f"Deal {number}")
    if stage == Stage.CUSTOMER:
        deals.win(deal, actor=rep)
    return _fresh(lead)


def make_leads(count: int, **payload: Any) -> list[Lead]:
    """So many leads in TOFU, brought in at once."""
    people = [
        {"name": f"Many {(n := next(_numbers))}", "email": f"many{n}@many.example", **payload} for _ in range(count)
    ]
    done = capture.process([capture.accept(person, way="hand") for person in people])
    return [one.lead for one in done if one.lead]


def make_handoff(lane: str = "mql", *, rep: User | None = None, **payload: Any) -> Handoff:
    """An open hand-off that stands at `lane`."""
    lead = make_lead(Stage.MOFU, **payload)
    rep = rep or make_user("sam", team="sales")
    if lane in ("sal", "sql"):
        lifecycle.accept(lead, actor=rep)
    if lane == "sql":
        lifecycle.qualify(lead, actor=rep)
    return lead.handoffs.open().get()


@transaction.atomic
def make_handoffs(count: int, **payload: Any) -> list[Handoff]:
    """So many offers that nobody has claimed, brought in at once."""
    at, terms = timezone.now(), Agreement.objects.in_force()
    leads, mia, queue = make_leads(count, **payload), make_user("mia"), Queue.default()
    pipeline.move_many(dict.fromkeys(leads, at), Stage.MOFU, act="offer", actor=mia)
    said = {"agreement": terms, "origin": "marketing", "offered_by": mia, "offered_at": at, "queue": queue}
    made = Handoff.objects.bulk_create([Handoff(lead=lead, **said) for lead in leads])
    sla.promise_many(made, "answer", at=at)
    return made


def make_deal(**payload: Any) -> Deal:
    return make_lead(Stage.BOFU, **payload).deals.get()


def make_draft(*, by: User | None = None, **terms: Any) -> Agreement:
    """A draft of the next version that differs in these terms."""
    return agreement.begin(actor=by or make_user("mia"), **terms)


def make_agreement(**terms: Any) -> Agreement:
    """The next version, signed by both teams."""
    mia, sam = make_user("mia"), make_user("sam", team="sales")
    draft = make_draft(by=mia, **terms)
    agreement.sign(draft, actor=mia, team="marketing", seen=draft.edit)
    return agreement.sign(draft, actor=sam, team="sales", seen=draft.edit)


def make_reason(act: str, code: str = "") -> Reason:
    reasons = Reason.objects.filter(act=act)
    return reasons.get(code=code) if code else reasons.order_by("position")[0]


def _fresh(lead: Lead) -> Lead:
    return Lead.objects.get(pk=lead.pk)
