"""What the clocks of promises set off: reminders, breaches, word to the managers, and other hands. Each once."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from datetime import datetime
from functools import cache
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import BigIntegerField, Case, DateTimeField, F, OuterRef, Q, Subquery, Value, When
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy

from accounts.choices import Team
from accounts.models import User
from handoff import lifecycle, notices, routing
from handoff.calendar import Calendar
from handoff.models import Agreement, Handoff, Promise, Queue
from leads import clock
from leads.models import Lead

log = logging.getLogger(__name__)

Event, Kind = Promise.Event, Promise.Kind
#: What is told, by what was promised.
SOON = {
    Kind.ANSWER: gettext_lazy("%(lead)s waits for an answer, promised by %(when)s."),
    Kind.ATTEMPT: gettext_lazy("%(lead)s waits for a first call, promised by %(when)s."),
    Kind.CONTACT: gettext_lazy("%(lead)s has not been spoken with; promised by %(when)s."),
}
OVER = {
    Kind.ANSWER: gettext_lazy("%(lead)s waits for an answer longer than promised."),
    Kind.ATTEMPT: gettext_lazy("%(lead)s waits for a first attempt longer than promised."),
    Kind.CONTACT: gettext_lazy("%(lead)s waits for a first talk longer than promised."),
}
HEARD = {
    Kind.ANSWER: gettext_lazy("%(lead)s still waits for an answer, promised by %(when)s; %(who)s has it."),
    Kind.ATTEMPT: gettext_lazy(
        "%(lead)s is accepted and never touched, a call was promised by %(when)s; %(who)s has it."
    ),
    Kind.CONTACT: gettext_lazy("%(lead)s has still not been spoken with, promised by %(when)s; %(who)s has it."),
}
WORDS = {Event.REMIND: SOON, Event.BREACH: OVER, Event.ESCALATE: HEARD}
TOLD_AS = {Event.REMIND: "remind", Event.BREACH: "over", Event.ESCALATE: "escalate"}
#: Business minutes until it is tried again where nobody was free.
TRY_AGAIN = 60


@transaction.atomic
def sweep(limit: int = 1000, *, leads: Collection[int] | None = None) -> int:
    """Set off what has come due (on these leads, if named); return on how many promises.

    Any number of sweeps may run at once. Each event is marked in the transaction that writes its notices, and what
    is marked is never looked at again, so that a clock that is set back tells nobody twice. A sweep that comes late
    leaves out reminders of what is over. Locks promises and nothing else: acts lock their lead first.
    """
    now = clock.now()
    rows = take(now, limit=limit, leads=leads)
    if rows:
        _mark([row.pk for row in rows], now)
        _tell(rows, now)
    return len(rows)


class Found(NamedTuple):
    """What a sweep needs to know of a promise, as it stood before it was marked."""

    pk: int
    handoff_id: int
    kind: str
    due_at: datetime
    breached_at: datetime | None
    escalate_at: datetime | None


def take(now: datetime, *, limit: int, leads: Collection[int] | None = None) -> list[Found]:
    """What a sweep finds and, until its transaction ends, has in hand; others go by it."""
    due = Promise.objects.due(now).exclude(next_event=Event.REASSIGN)
    if leads is not None:
        due = due.filter(handoff__lead__in=leads)
    found = due.select_for_update(skip_locked=True, of=("self",), no_key=True).values_list(*Found._fields)
    return [Found(*row) for row in found[:limit]]


def _mark(pks: list[int], now: datetime) -> None:
    """One statement for all: what is over by now, and what its clock waits for next."""
    owner = Handoff.objects.filter(pk=OuterRef("handoff")).values("owner")[:1]
    over, moment = Q(due_at__lte=now), DateTimeField()
    heard = over & Q(escalate_at__lte=now)
    Promise.objects.filter(pk__in=pks).update(
        reminded_at=Case(When(over, then=F("reminded_at")), default=Value(now, moment)),
        breached_at=Case(When(over & Q(breached_at=None), then=Value(now, moment)), default=F("breached_at")),
        outcome=Case(When(over, then=Value(Promise.Outcome.BROKEN)), default=Value("")),
        owner=Case(
            When(over & Q(owner=None), then=Subquery(owner)), default=F("owner"), output_field=BigIntegerField()
        ),
        escalated_at=Case(When(heard, then=Value(now, moment)), default=F("escalated_at")),
        next_event=Case(
            When(~over, then=Value(Event.BREACH)),
            When(escalate_at__gt=now, then=Value(Event.ESCALATE)),
            When(reassign_at__isnull=False, then=Value(Event.REASSIGN)),
            default=Value(""),
        ),
        next_at=Case(
            When(~over, then=F("due_at")),
            When(escalate_at__gt=now, then=F("escalate_at")),
            default=F("reassign_at"),
        ),
    )


def _events(row: Found, now: datetime) -> Iterator[Promise.Event]:
    """What a promise sets off now."""
    if row.due_at > now:
        yield Event.REMIND
        return
    if row.breached_at is None:
        yield Event.BREACH
    if row.escalate_at and row.escalate_at <= now:
        yield Event.ESCALATE


def _tell(rows: list[Found], now: datetime) -> None:
    offers = Handoff.objects.select_related("lead").only(
        "owner", "queue", "agreement", "lead__name", "lead__email", "lead__phone"
    )
    handoffs = offers.in_bulk([row.handoff_id for row in rows])
    # People, queues and agreements are few, and each is read once.
    owners = User.objects.in_bulk({each.owner_id for each in handoffs.values() if each.owner_id})
    queues = Queue.objects.in_bulk({each.queue_id for each in handoffs.values() if each.queue_id})
    zones = {
        pk: each.zone
        for pk, each in Agreement.objects.in_bulk({each.agreement_id for each in handoffs.values()}).items()
    }
    unowned = {each.queue_id: each for each in handoffs.values() if each.owner_id is None}
    claiming = {queue: routing.audience(each) for queue, each in unowned.items()}
    managers = list(User.objects.on(Team.MANAGEMENT))
    said_at = cache(lambda moment: date_format(moment, "D j M H:i"))  # many are due at the same minute
    tellings = []
    for row in rows:
        handoff = handoffs[row.handoff_id]
        owner = owners.get(handoff.owner_id or 0)
        whose = [owner] if owner else claiming[handoff.queue_id]
        due = said_at(row.due_at.astimezone(zones[handoff.agreement_id]))
        words = {"lead": handoff.lead, "when": due, "who": owner or queues.get(handoff.queue_id or 0)}
        for event in _events(row, now):
            tellings.append(
                notices.Telling(
                    kind=f"promise:{TOLD_AS[event]}",
                    to=managers if event == Event.ESCALATE else whose,
                    text=str(WORDS[event][Kind(row.kind)]) % words,
                    event=f"promise:{row.pk}:{event}",
                    lead=handoff.lead,
                )
            )
    notices.write_many(tellings)


def pass_on(limit: int = 200, *, leads: Collection[int] | None = None) -> int:
    """Give to other hands what has waited too long even after the managers heard; return how many hand-offs went.

    Each in a transaction of its own, its lead locked first, as acts do it. Where nobody is free it is tried again
    after an hour of business time; beyond the agreed number of times it stays where it is.
    """
    now = clock.now()
    due = Promise.objects.due(now).filter(next_event=Event.REASSIGN)
    if leads is not None:
        due = due.filter(handoff__lead__in=leads)
    return sum(_pass_on(pk, lead, now) for pk, lead in list(due.values_list("pk", "handoff__lead")[:limit]))


@transaction.atomic
def _pass_on(pk: int, lead_pk: int, now: datetime) -> bool:
    lead = Lead.objects.lock(lead_pk)
    still = Promise.objects.due(now).filter(pk=pk, next_event=Event.REASSIGN).select_related("handoff__agreement")
    row = still.select_for_update(of=("self",), no_key=True).first()
    if row is None:  # meanwhile somebody acted, or another sweep was faster
        return False
    handoff = row.handoff
    if handoff.reassigned >= handoff.agreement.reassign_most:
        Promise.objects.filter(pk=pk).update(next_event="", next_at=None)
        return False
    try:
        with transaction.atomic():
            lifecycle.reassign(lead, actor=None, by_clock=True)
            Promise.objects.filter(pk=pk).update(reassigned_at=now)
    except ValidationError as refused:
        log.info("hand-off %d stays where it is for now: %s", handoff.pk, "; ".join(refused.messages))
        later = Calendar.of(handoff.agreement).due(now, TRY_AGAIN)
        Promise.objects.filter(pk=pk).update(next_at=later)
        return False
    return True
