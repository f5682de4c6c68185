"""Whose time a hand-off took: every moment from its cause to its end is booked once, to the system or to one team."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Max

from accounts.choices import Team
from handoff.calendar import Calendar
from handoff.models import Handoff, Reason, Task
from leads.models import Signal
from personas.choices import Lane

SYSTEM = "system"
#: In the order in which they are told.
SIDES = (SYSTEM, Team.SALES.value, Team.MARKETING.value)
#: What a lead has shown, by the origin of the hand-off that answers it.
CAUSES: dict[str, str] = {Handoff.Origin.LINE: Signal.Kind.MQL_LINE, Handoff.Origin.HAND_RAISE: Signal.Kind.HAND_RAISE}


class Segment(NamedTuple):
    """An unbroken time that is booked to one side, by what was waited for."""

    side: str
    step: str
    began: datetime
    ended: datetime


class Around(NamedTuple):
    """What lies around a hand-off: when the lead showed what led to it, and when its record was mended after it."""

    asked_at: datetime | None = None
    mended_at: datetime | None = None


@dataclass(frozen=True)
class Account:
    """The time of one hand-off: segments without gap or overlap, whose sums are exactly the time that has passed."""

    calendar: Calendar
    segments: list[Segment] = field(default_factory=list)

    @property
    def elapsed(self) -> timedelta:
        """What has passed on the clock from beginning to end, nights and weekends included."""
        return self.segments[-1].ended - self.segments[0].began if self.segments else timedelta()

    @property
    def worked(self) -> timedelta:
        """Business time from beginning to end."""
        if not self.segments:
            return timedelta()
        return self.calendar.worked(self.segments[0].began, self.segments[-1].ended)

    def worked_by(self, side: str) -> timedelta:
        mine = (each for each in self.segments if each.side == side)
        return sum((self.calendar.worked(each.began, each.ended) for each in mine), timedelta())

    def minutes(self) -> dict[str, int]:
        """Whole business minutes by side; rounded so that they add up to the whole minutes of all."""
        parts, passed, told = {}, timedelta(), 0
        for side in SIDES:
            passed += self.worked_by(side)
            whole = round(passed / timedelta(minutes=1))
            parts[side], told = whole - told, whole
        return parts


def booked(handoff: Handoff, *, now: datetime, around: Around = Around()) -> Account:  # noqa: B008
    """Book the time of a hand-off until it ended, or until `now`.

    The system's is what passes until a lead that has shown interest is offered; sales' what passes until it answers,
    calls, talks, qualifies and opens a deal; marketing's what passes until a record that was returned as incomplete
    is mended. Reads `handoff.agreement` and `handoff.reason`. History from a file took nobody's time.
    """
    account = Account(Calendar.of(handoff.agreement))
    if handoff.imported:
        return account
    at = min(around.asked_at or handoff.offered_at, handoff.offered_at)
    stop = max(handoff.ended_at or now, handoff.offered_at)

    def book(side: str, step: str, until: datetime) -> None:
        nonlocal at
        if until > at:
            account.segments.append(Segment(side, step, at, until))
            at = until

    book(SYSTEM, "offer", handoff.offered_at)
    for step, done_at in (
        ("answer", handoff.accepted_at),
        ("attempt", handoff.first_attempt_at if handoff.accepted_at else None),
        ("contact", handoff.first_contact_at if handoff.accepted_at else None),
        ("qualify", handoff.qualified_at),
    ):
        if done_at is not None:
            book(Team.SALES, step, min(done_at, stop))
    book(Team.SALES, _waits_for(handoff), stop)
    if handoff.ended_at and is_to_mend(handoff):
        book(Team.MARKETING, "mend", max(around.mended_at or now, stop))
    return account


def _waits_for(handoff: Handoff) -> str:
    """What is next on a hand-off, or was when it ended."""
    if handoff.lane == Lane.SQL:
        return "deal"
    if handoff.lane == Lane.MQL:
        return "answer"
    return "qualify" if handoff.first_contact_at else "contact" if handoff.first_attempt_at else "attempt"


def is_to_mend(handoff: Handoff) -> bool:
    """Whether sales gave it back because the record was incomplete or wrong: mending it is marketing's time."""
    reason = handoff.reason
    clerical = reason is not None and reason.return_class == Reason.ReturnClass.CLERICAL
    return handoff.end == Handoff.End.RETURNED and clerical


def accounts(handoffs: Iterable[Handoff], *, now: datetime) -> dict[int, Account]:
    """The accounts of many, in three queries at most; they share calendars."""
    handoffs = list(handoffs)
    around = _around(handoffs)
    return {each.pk: booked(each, now=now, around=around.get(each.pk, Around())) for each in handoffs}


def _around(handoffs: list[Handoff]) -> dict[int, Around]:
    caused = [each for each in handoffs if each.origin in CAUSES]
    mending = [each for each in handoffs if is_to_mend(each)]
    asked: dict[tuple[int, str], list[datetime]] = {}
    if caused:
        shown = Signal.objects.filter(lead__in={each.lead_id for each in caused}, kind__in=CAUSES.values())
        for lead, kind, at in shown.values_list("lead", "kind", "at"):
            asked.setdefault((lead, kind), []).append(at)
    done = dict(_mended(mending)) if mending else {}

    def caused_at(each: Handoff) -> datetime | None:
        moments = asked.get((each.lead_id, CAUSES.get(each.origin, "")), [])
        return max((at for at in moments if at <= each.offered_at), default=None)

    return {each.pk: Around(caused_at(each), done.get(each.pk)) for each in {*caused, *mending}}


def _mended(handoffs: list[Handoff]) -> Iterable[tuple[int, datetime]]:
    """When what was to be mended was: the task is done or dropped, or the lead was offered again meanwhile."""
    tasks = Task.objects.filter(handoff__in=handoffs).order_by().values("handoff")
    finished = {
        row["handoff"]: max(filter(None, (row["done"], row["dropped"])), default=None)
        for row in tasks.annotate(done=Max("done_at"), dropped=Max("dropped_at"))
    }
    leads = {each.lead_id for each in handoffs}
    offers: dict[int, list[datetime]] = {}
    for lead, at in Handoff.objects.filter(lead__in=leads).order_by("offered_at").values_list("lead", "offered_at"):
        offers.setdefault(lead, []).append(at)
    for each in handoffs:
        assert each.ended_at
        again = [at for at in offers.get(each.lead_id, []) if at >= each.ended_at and at != each.offered_at][:1]
        moments = [at for at in (finished.get(each.pk), *again) if at is not None]
        if moments:
            yield each.pk, min(moments)
