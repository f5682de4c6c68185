"""Promises against the clock: given, kept, and what is left of them. What a clock sets off is `promises`' part."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.choices import Team
from handoff.calendar import Calendar
from handoff.models import Handoff, Promise
from leads import clock
from leads.identity import country

__all__ = ["Calendar", "Countdown", "countdown", "hasten", "promise", "promise_many", "settle", "term"]

Kind, Outcome, Event = Promise.Kind, Promise.Outcome, Promise.Event
#: Where a hand-off names the promise that runs out next.
COLUMNS = ("promise", "promise_since", "due_at")
#: What is promised at once: whoever accepts promises a first call and, a little later, a talk.
TOGETHER: dict[str, tuple[Promise.Kind, ...]] = {
    Kind.ANSWER: (Kind.ANSWER,),
    Kind.ATTEMPT: (Kind.ATTEMPT, Kind.CONTACT),
    Kind.CONTACT: (Kind.CONTACT,),
}
#: Who waits longer than promised may be given to somebody else; whoever has been called is left to their rep.
PASSED_ON = (Kind.ANSWER, Kind.ATTEMPT)
#: The verdicts that are an answer of sales to an offer.
ANSWERS = (Handoff.End.RETURNED, Handoff.End.RECYCLED, Handoff.End.DISQUALIFIED)


@dataclass(frozen=True)
class Countdown:
    """A promise as it stands at a moment: business minutes promised, used, and left (negative once it is over)."""

    promise: str
    promised: int
    used: float
    left: float
    due_at: datetime | None  # None once the clock has stopped
    calendar: Calendar

    @property
    def state(self) -> str:
        if self.due_at is None:
            return "kept" if self.kept else "over"
        return "over" if self.left < 0 else "today" if self.left < 60 else "soon"

    @property
    def kept(self) -> bool:
        """Whether a clock that has stopped did so in time."""
        return self.due_at is None and self.left >= 0

    @property
    def left_for(self) -> timedelta:
        return self.calendar.span(self.left)

    @property
    def country(self) -> str:
        """The country whose holidays are left out, by name."""
        return country(self.calendar.country)

    @property
    def terms(self) -> str:
        """The promise as the agreement words it: '8 business hours'."""
        if self.promised % 60 and self.promised > 60:
            said = {"h": self.promised // 60, "m": self.promised % 60}
            return _("%(h)s h %(m)s min of business time") % said
        if self.promised % 60:
            return ngettext("%(n)d business minute", "%(n)d business minutes", self.promised) % {"n": self.promised}
        hours = self.promised // 60
        return ngettext("%(n)d business hour", "%(n)d business hours", hours) % {"n": hours}

    @property
    def counted_on(self) -> str:
        """The working hours on which it is counted, as the reader's clocks show them."""
        return self.calendar.told(timezone.get_current_timezone(), self.due_at or timezone.now())

    @property
    def untouched(self) -> bool:
        """Whether the lead is accepted and nobody has tried to reach it."""
        return self.due_at is not None and self.promise == Kind.ATTEMPT

    @property
    def due_words(self) -> str:
        """What is promised by its due time."""
        return _("First call promised by") if self.promise == Kind.ATTEMPT else (
            _("First talk promised by") if self.promise == Kind.CONTACT else _("Answer promised by")
        )  # fmt: skip


def countdown(handoff: Handoff, now: datetime) -> Countdown | None:
    """The promise that runs on a hand-off, or how its answer was given; None where no clock ran (it came from a file).

    Reads `handoff.agreement`.
    """
    answered_at = handoff.accepted_at or handoff.ended_at
    kind = handoff.promise or Kind.ANSWER
    started_at = handoff.promise_since if handoff.promise else handoff.offered_at
    stopped_at = None if handoff.promise else answered_at
    if handoff.imported or started_at is None or (handoff.promise == "" and stopped_at is None):
        return None
    calendar, promised = Calendar.of(handoff.agreement), term(handoff, kind)
    used = calendar.minutes(started_at, stopped_at or now)
    left = minutes_left(calendar, handoff.due_at, now) if handoff.due_at else promised - used
    return Countdown(kind, promised, used, left, handoff.due_at, calendar)


def minutes_left(calendar: Calendar, due_at: datetime, now: datetime) -> float:
    """Business minutes until a promise is due; negative once it is over, also when none has passed since closing."""
    left = calendar.minutes(now, due_at)
    return min(left, -1) if due_at < now else left


def term(handoff: Handoff, kind: str) -> int:
    """Business minutes that the hand-off's agreement allows for a promise; who asked to talk is called sooner."""
    agreed = handoff.agreement
    if kind == Kind.CONTACT:
        return agreed.contact_within
    minutes = agreed.attempt_within if kind == Kind.ATTEMPT else agreed.accept_within
    raised = handoff.origin == Handoff.Origin.HAND_RAISE
    return min(minutes, agreed.hand_raise_within) if raised else minutes


def promise(handoff: Handoff, kind: str, *, at: datetime) -> None:
    """Start the clock of a promise on a hand-off, which is saved here if it is new, and by the caller if it is not.

    What ran before is settled. To promise an attempt is to promise a two-way contact as well; what has happened
    already is not promised. The same promise given again (to somebody else) begins anew.
    """
    if handoff._state.adding:
        handoff.save()
    running = _settle(handoff, at=at, anew=TOGETHER[kind])
    _show(handoff, running + Promise.objects.bulk_create(_given(handoff, kind, at=at)))


def promise_many(handoffs: Iterable[Handoff], kind: str, *, at: datetime) -> None:
    """The same for many that are new and saved, and on which nothing runs yet; their own columns are saved here."""
    given = {handoff: _given(handoff, kind, at=at) for handoff in handoffs}
    Promise.objects.bulk_create([each for rows in given.values() for each in rows])
    for handoff, rows in given.items():
        _show(handoff, rows)
    Handoff.objects.bulk_update(given, COLUMNS)


def hasten(handoff: Handoff, *, at: datetime) -> None:
    """Let the answer that is promised on a hand-off, which the caller saves, be due sooner if its terms now say so."""
    running = list(handoff.promises.running())
    for number, row in enumerate(running):
        fresh = _row(handoff, row.kind, at=at)
        if row.kind == Kind.ANSWER and row.breached_at is None and fresh.due_at < row.due_at:
            fresh.pk, fresh.reminded_at = row.pk, row.reminded_at
            if row.reminded_at:
                fresh.next_event, fresh.next_at = Event.BREACH, fresh.due_at
            fresh.save(force_update=True)
            running[number] = fresh
    _show(handoff, running)


def settle(handoff: Handoff, *, at: datetime | None = None) -> None:
    """Stop the clocks of what has happened to a hand-off, or of all once it has ended; its caller saves it.

    Whether a promise was kept is told by the hand-off's own moments, so that settling twice settles once.
    """
    if not handoff.imported:
        _show(handoff, _settle(handoff, at=at or clock.now()))


def _settle(handoff: Handoff, *, at: datetime, anew: tuple[Promise.Kind, ...] = ()) -> list[Promise]:
    """Settle what can be, and what is given anew; return what still runs."""
    running, settled = [], []
    for row in handoff.promises.running():
        done = _done_at(handoff, row.kind)
        stopped = done or handoff.ended_at or (at if row.kind in anew else None)
        if stopped is None:
            running.append(row)
            continue
        over = stopped > row.due_at
        row.outcome = Outcome.BROKEN if over else Outcome.KEPT if done else Outcome.MOOT
        row.owner_id = row.owner_id if over and row.owner_id else handoff.owner_id
        row.settled_at, row.next_event, row.next_at = stopped, "", None
        settled.append(row)
    if settled:
        Promise.objects.bulk_update(settled, ["outcome", "owner", "settled_at", "next_event", "next_at"])
    return running


def _done_at(handoff: Handoff, kind: str) -> datetime | None:
    """When the hand-off did what was promised, by its own moments."""
    if kind == Kind.ATTEMPT:
        return handoff.first_attempt_at
    if kind == Kind.CONTACT:
        return handoff.first_contact_at
    by_sales = handoff.ended_by is None or handoff.ended_by.team != Team.MARKETING
    return handoff.accepted_at or (handoff.ended_at if handoff.end in ANSWERS and by_sales else None)


def _given(handoff: Handoff, kind: str, *, at: datetime) -> list[Promise]:
    wanted = [each for each in TOGETHER[kind] if _done_at(handoff, each) is None or each == Kind.ANSWER]
    return [_row(handoff, each, at=at) for each in wanted]


def _row(handoff: Handoff, kind: str, *, at: datetime) -> Promise:
    """A promise with all that its clock will set off, in business time of its agreement."""
    agreed, calendar, minutes = handoff.agreement, Calendar.of(handoff.agreement), term(handoff, kind)
    early = min(agreed.remind_before, minutes // 2)  # a promise of an hour is reminded of after half of it
    heard = minutes + agreed.escalate_after
    passed_on = bool(agreed.reassign_after and agreed.reassign_most) and kind in PASSED_ON
    row = Promise(
        handoff=handoff,
        kind=kind,
        term=minutes,
        started_at=at,
        remind_at=calendar.due(at, minutes - early) if early else None,
        due_at=calendar.due(at, minutes),
        escalate_at=calendar.due(at, heard),
        reassign_at=calendar.due(at, heard + agreed.reassign_after) if passed_on else None,
    )
    row.next_event, row.next_at = (Event.REMIND, row.remind_at) if early else (Event.BREACH, row.due_at)
    return row


def _show(handoff: Handoff, running: list[Promise]) -> None:
    """Let a hand-off name the promise that runs out next."""
    first = min(running, key=lambda row: row.due_at, default=None)
    handoff.promise, handoff.promise_since, handoff.due_at = (
        (first.kind, first.started_at, first.due_at) if first else ("", None, None)
    )
