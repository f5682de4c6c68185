"""Business time: working hours in one time zone, holidays and days off, exact to the microsecond."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cached_property, lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import holidays as public_holidays
from django.utils.translation import gettext as _

from handoff.models import Agreement

HORIZON = 11  # years; a promise that needs more is a mistake in the calendar
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TICK, MINUTE = timedelta(microseconds=1), 60_000_000
MIDNIGHT = time(0)


@lru_cache(maxsize=1024)
def days_off(country: str, year: int) -> frozenset[date]:
    """The public holidays of a country ('AT') or of a part of one ('DE-BY')."""
    land, _dash, part = country.partition("-")
    return frozenset(public_holidays.country_holidays(land, subdiv=part or None, years=year)) if land else frozenset()


class Year(NamedTuple):
    """The working hours that begin in one year, as microseconds since 1970, and what was worked before each."""

    starts: int
    ends: int
    opens: list[int]
    closes: list[int]
    before: list[int]  # business microseconds of this year before each opening
    after: list[int]  # and until each closing

    @property
    def whole(self) -> int:
        return self.after[-1] if self.after else 0

    def worked(self, moment: int) -> int:
        """Business microseconds from the beginning of this year until a moment in it."""
        number = bisect_right(self.opens, moment) - 1
        return self.before[number] + min(moment, self.closes[number]) - self.opens[number] if number >= 0 else 0


@dataclass(frozen=True)
class Calendar:
    """Working hours in one time zone. Arithmetic is done in UTC, so a change of the clocks costs nobody a minute.

    A time that the clocks show twice counts when they show it first; one that they skip is the moment they are moved.
    Hours that close at 00:00 last until the end of the day.
    """

    zone: ZoneInfo
    opens: time
    closes: time
    weekdays: frozenset[int]
    country: str = ""
    off: frozenset[date] = frozenset()
    #: By weekday, where it has hours of its own.
    hours: tuple[tuple[int, time, time], ...] = ()
    _years: dict[int, Year] = field(default_factory=dict, init=False, compare=False, repr=False)

    @classmethod
    def of(cls, agreement: Agreement) -> Calendar:
        """The calendar of an agreement; the same one for the same terms, so that its years are counted once."""
        days, off = frozenset(agreement.weekdays), frozenset(agreement.days_off)
        hours = tuple(agreement.own_hours) if agreement.hours else ()
        return _known(agreement.zone, agreement.opens, agreement.closes, days, agreement.holidays, off, hours)

    def due(self, start: datetime, minutes: float) -> datetime:
        """The moment when `minutes` of business time have passed since `start`: the earliest, except that a promise
        of no time at all is due when work begins.

        Raises ValueError if the calendar does not open for so long within ten years.
        """
        moment = (start - EPOCH) // TICK
        year, number = self._at(moment, start.year)
        left = round(minutes * MINUTE)
        if left <= 0:
            return self._opening(moment, year, number)
        left += year.worked(moment)
        for _number in range(HORIZON):
            if left <= year.whole:
                place = bisect_left(year.after, left)
                return EPOCH + timedelta(microseconds=year.opens[place] + left - year.before[place])
            left -= year.whole
            number += 1
            year = self._year(number)
        raise ValueError("this calendar never opens long enough")

    def _opening(self, moment: int, year: Year, number: int) -> datetime:
        """The moment itself if it is in working hours, else the next opening."""
        for _number in range(HORIZON):
            place = bisect_right(year.closes, moment)
            if place < len(year.closes):
                return EPOCH + timedelta(microseconds=max(moment, year.opens[place]))
            number += 1
            year = self._year(number)
        raise ValueError("this calendar never opens")

    def worked(self, start: datetime, end: datetime) -> timedelta:
        """Business time from `start` to `end`, exactly; negative when `end` is earlier."""
        return timedelta(microseconds=self._worked(start, end))

    def minutes(self, start: datetime, end: datetime) -> float:
        """Business minutes from `start` to `end`; negative when `end` is earlier."""
        return self._worked(start, end) / MINUTE

    def _worked(self, start: datetime, end: datetime) -> int:
        if end < start:
            return -self._worked(end, start)
        began, ended = (start - EPOCH) // TICK, (end - EPOCH) // TICK
        first, number = self._at(began, start.year)
        last, newest = self._at(ended, end.year)
        between = sum(self._year(each).whole for each in range(number, newest))
        return between + last.worked(ended) - first.worked(began)

    def windows(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The working hours from `start` on, day by day, as UTC moments."""
        moment = (start - EPOCH) // TICK
        _year, number = self._at(moment, start.year)
        for each in range(number, number + HORIZON):
            year = self._year(each)
            for place in range(bisect_right(year.closes, moment), len(year.closes)):
                opens, closes = max(moment, year.opens[place]), year.closes[place]
                yield EPOCH + timedelta(microseconds=opens), EPOCH + timedelta(microseconds=closes)

    @cached_property
    def day(self) -> float:
        """Minutes of a working day; the mean, where weekdays have hours of their own."""
        own = {weekday: _length(opens, closes) for weekday, opens, closes in self.hours}
        usual = _length(self.opens, self.closes)
        return sum(own.get(weekday, usual) for weekday in self.weekdays) / len(self.weekdays)

    def span(self, minutes: float) -> timedelta:
        """Business time as people say it: from one working day on, a working day is a day."""
        day = self.day
        return timedelta(days=minutes / day) if abs(minutes) >= day else timedelta(minutes=minutes)

    def _at(self, moment: int, guess: int) -> tuple[Year, int]:
        """The year in which a moment lies, by the clocks of this calendar, and its number."""
        year = self._year(guess)
        if moment < year.starts:
            return self._year(guess - 1), guess - 1
        if moment >= year.ends:
            return self._year(guess + 1), guess + 1
        return year, guess

    def _year(self, number: int) -> Year:
        known = self._years.get(number)
        if known is None:
            known = self._years[number] = self._count(number)
        return known

    def _count(self, number: int) -> Year:
        own = {weekday: (opens, closes) for weekday, opens, closes in self.hours}
        free = days_off(self.country, number) | self.off
        year = Year(self._moment(date(number, 1, 1)), self._moment(date(number + 1, 1, 1)), [], [], [], [])
        worked, day, one = 0, date(number, 1, 1), timedelta(days=1)
        while day.year == number:
            if day.weekday() in self.weekdays and day not in free:
                opens, closes = own.get(day.weekday(), (self.opens, self.closes))
                ends = self._moment(day, closes) if closes != MIDNIGHT else self._moment(day + one)
                begins = self._moment(day, opens)
                if begins < ends:
                    year.opens.append(begins)
                    year.closes.append(ends)
                    year.before.append(worked)
                    worked += ends - begins
                    year.after.append(worked)
            day += one
        return year

    def _moment(self, day: date, at: time = MIDNIGHT) -> int:
        """When the clocks of this zone first show a time on a day, or are moved past it."""
        wall = datetime.combine(day, at)
        late = (wall.replace(tzinfo=self.zone) - EPOCH) // TICK
        early = (wall.replace(tzinfo=self.zone, fold=1) - EPOCH) // TICK
        if early >= late:
            return late
        while late - early > 1:  # the clocks skip it: they are moved in between
            middle = (late + early) // 2
            shown = (EPOCH + timedelta(microseconds=middle)).astimezone(self.zone).replace(tzinfo=None)
            early, late = (early, middle) if shown >= wall else (middle, late)
        return late

    def __str__(self) -> str:
        return f"{self._spoken(timedelta())} {self.zone.key}"

    def told(self, zone: tzinfo, at: datetime) -> str:
        """The hours as the clocks of a reader's zone show them on the day of `at`, with the name of that zone.

        Where they reach over the reader's midnight they stand as they were agreed, with both zones.
        """
        there = at.astimezone(zone)
        offset, own = there.utcoffset(), at.astimezone(self.zone).utcoffset()
        assert offset is not None
        assert own is not None
        moved = offset - own
        spans = [(self.opens, self.closes), *((opens, closes) for _day, opens, closes in self.hours)]
        if all(_within_a_day(opens, closes, moved) for opens, closes in spans):
            return f"{self._spoken(moved)} {there.tzname()}"
        return _("%(calendar)s; times are shown in %(zone)s") % {"calendar": self, "zone": there.tzname()}

    def _spoken(self, moved: timedelta) -> str:
        """Days and hours in words, on clocks that are ahead of the calendar's by so much."""
        names = [_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun")]
        days = sorted(self.weekdays - {day for day, _opens, _closes in self.hours})
        run = len(days) > 2 and days == list(range(days[0], days[-1] + 1))
        spoken = f"{names[days[0]]}-{names[days[-1]]}" if run else ", ".join(names[day] for day in days)
        usual = [f"{spoken} {_span(self.opens, self.closes, moved)}"] if days else []
        own = [f"{names[day]} {_span(opens, closes, moved)}" for day, opens, closes in self.hours]
        return ", ".join(usual + own)


@lru_cache(maxsize=256)
def _known(
    zone: ZoneInfo,
    opens: time,
    closes: time,
    weekdays: frozenset[int],
    country: str,
    off: frozenset[date],
    hours: tuple[tuple[int, time, time], ...],
) -> Calendar:
    return Calendar(zone, opens, closes, weekdays, country, off, hours)


def _span(opens: time, closes: time, moved: timedelta) -> str:
    """Hours on clocks that are ahead by so much: '09:00-17:30'."""
    told = [datetime.combine(date(2000, 1, 2), each) + moved for each in (opens, closes)]
    return f"{told[0]:%H:%M}-{told[1]:%H:%M}"


def _within_a_day(opens: time, closes: time, moved: timedelta) -> bool:
    """Whether hours lie within one day of clocks that are ahead by so much."""
    begins = datetime.combine(date(2000, 1, 2), opens) + moved
    ends = begins + timedelta(minutes=_length(opens, closes))
    return begins.day == 2 and ends <= datetime(2000, 1, 3)


def _length(opens: time, closes: time) -> float:
    """Minutes from an opening to its closing on the clock."""
    day = datetime.combine(date.min, closes) - datetime.combine(date.min, opens)
    return (day if day > timedelta() else day + timedelta(days=1)).total_seconds() / 60
