"""Promises against the clock: business time by calendar, what is due, and what is over."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays as public_holidays
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.choices import Team
from accounts.models import User
from handoff import notices
from handoff.models import Agreement, Handoff
from leads import clock

HORIZON = 3660  # days; a promise that needs more is a mistake in the calendar


@lru_cache(maxsize=256)
def days_off(country: str, year: int) -> frozenset[date]:
    return frozenset(public_holidays.country_holidays(country, years=year)) if country else frozenset()


@dataclass(frozen=True)
class Calendar:
    """Working hours in one time zone. Arithmetic is done in UTC, so a change of the clocks costs nobody a minute."""

    zone: ZoneInfo
    opens: time
    closes: time
    weekdays: frozenset[int]
    country: str = ""

    @classmethod
    def of(cls, agreement: Agreement) -> Calendar:
        return cls(agreement.zone, agreement.opens, agreement.closes, frozenset(agreement.weekdays), agreement.holidays)

    def windows(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The working hours from `start` on, day by day, as UTC moments."""
        day = start.astimezone(self.zone).date()
        for _number in range(HORIZON):
            if day.weekday() in self.weekdays and day not in days_off(self.country, day.year):
                opens = datetime.combine(day, self.opens, self.zone).astimezone(UTC)
                closes = datetime.combine(day, self.closes, self.zone).astimezone(UTC)
                if closes > start:
                    yield max(opens, start.astimezone(UTC)), closes
            day += timedelta(days=1)

    def due(self, start: datetime, minutes: float) -> datetime:
        """The moment when `minutes` of business time have passed since `start`."""
        left = timedelta(minutes=minutes)
        for opens, closes in self.windows(start):
            if opens + left <= closes:
                return opens + left
            left -= closes - opens
        raise ValueError("this calendar never opens long enough")

    def minutes(self, start: datetime, end: datetime) -> float:
        """Business minutes from `start` to `end`; negative when `end` is earlier."""
        if end < start:
            return -self.minutes(end, start)
        total = timedelta()
        for opens, closes in self.windows(start):
            if opens >= end:
                break
            total += min(closes, end) - opens
        return total.total_seconds() / 60

    def span(self, minutes: float) -> timedelta:
        """Business time as people say it: from one working day on, a working day is a day."""
        day = (datetime.combine(date.min, self.closes) - datetime.combine(date.min, self.opens)).total_seconds() / 60
        return timedelta(days=minutes / day) if abs(minutes) >= day else timedelta(minutes=minutes)

    def __str__(self) -> str:
        names = [_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun")]
        days = sorted(self.weekdays)
        run = len(days) > 2 and days == list(range(days[0], days[-1] + 1))
        spoken = f"{names[days[0]]}-{names[days[-1]]}" if run else ", ".join(names[day] for day in days)
        return f"{spoken} {self.opens:%H:%M}-{self.closes:%H:%M} {self.zone.key}"


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
    def terms(self) -> str:
        """The promise as the agreement words it: '8 business hours'."""
        if self.promised % 60:
            return ngettext("%(n)d business minute", "%(n)d business minutes", self.promised) % {"n": self.promised}
        hours = self.promised // 60
        return ngettext("%(n)d business hour", "%(n)d business hours", hours) % {"n": hours}


def countdown(handoff: Handoff, now: datetime) -> Countdown | None:
    """The promise that runs on a hand-off, or how its answer was given; None where no clock ran (it came from a file).

    Reads `handoff.agreement`.
    """
    answered_at = handoff.accepted_at or handoff.ended_at
    kind = handoff.promise or "answer"
    started_at = handoff.accepted_at if kind == "attempt" else handoff.offered_at
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
    """Business minutes that the hand-off's agreement allows for a promise; a hand-raiser waits less."""
    agreed = handoff.agreement
    minutes = agreed.attempt_within if kind == "attempt" else agreed.accept_within
    raised = handoff.origin == Handoff.Origin.HAND_RAISE
    return min(minutes, agreed.hand_raise_within) if raised else minutes


def promise(handoff: Handoff, kind: str, *, at: datetime) -> None:
    """Start the clock of a promise ('answer' or 'attempt') on a hand-off that its caller saves."""
    handoff.promise, handoff.due_at = kind, Calendar.of(handoff.agreement).due(at, term(handoff, kind))
    handoff.reminded_at = handoff.breached_at = None


def settle(handoff: Handoff) -> None:
    """Stop the clock that runs. Whether it was kept in time is told by the hand-off's own moments."""
    handoff.promise, handoff.due_at = "", None


@transaction.atomic
def sweep(limit: int = 500, *, leads: Collection[int] | None = None) -> int:
    """Mark promises that ran out (of these leads, if named) and tell whose they were and the managers; once each.

    Any number of sweeps may run at once.
    """
    now = clock.now()
    running = Handoff.objects.open() if leads is None else Handoff.objects.open().filter(lead__in=leads)
    over = list(
        running.filter(due_at__lt=now, breached_at=None)
        .select_for_update(skip_locked=True, of=("self",), no_key=True)
        .select_related("lead", "owner")
        .order_by("due_at")[:limit]
    )
    Handoff.objects.filter(pk__in=[handoff.pk for handoff in over]).update(breached_at=now)
    managers = list(User.objects.on(Team.MANAGEMENT)) if over else []
    reps = list(User.objects.on(Team.SALES)) if any(handoff.owner is None for handoff in over) else []
    for handoff in over:
        notices.write(
            kind="promise:over",
            to=[*managers, *([handoff.owner] if handoff.owner else reps)],
            lead=handoff.lead,
            text=_waits(handoff),
            event=f"promise:{handoff.pk}:{handoff.promise}",
        )
    return len(over)


def _waits(handoff: Handoff) -> str:
    if handoff.promise == "attempt":
        return _("%(lead)s waits for a first attempt longer than promised.") % {"lead": handoff.lead}
    return _("%(lead)s waits for an answer longer than promised.") % {"lead": handoff.lead}
