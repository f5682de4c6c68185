"""The days that figures look at, read from an address and written back into one.

Days are the installation's, never a person's own: both teams and managers count the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

#: What the address calls a usual period -> its days, counted back from today, and its name.
PRESETS = {
    "30": (30, gettext_lazy("30 days")),
    "90": (90, gettext_lazy("90 days")),
    "365": (365, gettext_lazy("12 months")),
    "all": (0, gettext_lazy("All time")),
}
USUAL = "90"
#: Further away the calendars of databases and of people part; `period=all` has no such bounds.
EARLIEST, LATEST = date(1900, 1, 1), date(2199, 12, 31)


@dataclass(frozen=True)
class Monthly:
    """What is told of one month, by its first day."""

    first: date

    @property
    def name(self) -> str:
        return date_format(self.first, "M Y")

    @property
    def short(self) -> str:
        return date_format(self.first, "M y")


@dataclass(frozen=True)
class Period:
    """From a first day to a last one, both counted in; None is open. With a problem it holds nothing."""

    first: date | None = None
    last: date | None = None
    problem: str = ""

    def on(self, moment: str) -> Q:
        """The rows whose `moment` (the name of a column) lies in these days."""
        if self.problem:
            return Q(pk=0)
        found = Q()
        if self.first:
            found &= Q(**{f"{moment}__gte": midnight(self.first)})
        if self.last:
            found &= Q(**{f"{moment}__lt": midnight(self.last + timedelta(days=1))})
        return found

    @property
    def address(self) -> dict[str, str]:
        """These days as the address says them: as dates, so that a link opens the same days tomorrow."""
        days = {"from": self.first, "to": self.last}
        return {name: day.isoformat() for name, day in days.items() if day} or {"period": "all"}

    @property
    def words(self) -> str:
        """'1 Aug 2026 to 31 Oct 2026', 'since 1 Aug 2026', 'until 31 Oct 2026' or 'all time'."""
        if self.first == self.last:
            return day_words(self.first) if self.first else _("all time")
        first, last = (day_words(day) if day else "" for day in (self.first, self.last))
        if first and last:
            return _("%(first)s to %(last)s") % {"first": first, "last": last}
        return _("since %(first)s") % {"first": first} if first else _("until %(last)s") % {"last": last}

    def within(self, first: date, last: date) -> Period:
        """The part of these days that lies between two others."""
        return Period(max(first, self.first or first), min(last, self.last or last), self.problem)


class Choice(NamedTuple):
    """A usual period to choose, as the address calls it."""

    name: str
    label: Any
    chosen: bool


def presets(now: Period) -> list[Choice]:
    return [Choice(name, label, preset(name) == now) for name, (_days, label) in PRESETS.items()]


def read(said: Mapping[str, str], *, usual: str = USUAL) -> Period:
    """The days that an address asks for: `from` and `to`, else `period`, else the usual ones."""
    asked = {name: said.get(name, "").replace("\0", "").strip()[:20] for name in ("from", "to", "period")}
    if asked["from"] or asked["to"]:
        return between(asked["from"], asked["to"])
    if asked["period"] not in PRESETS and asked["period"]:
        return Period(problem=_("There is no period called %(name)s. Choose one above.") % {"name": asked["period"]})
    return preset(asked["period"] or usual)


def preset(name: str) -> Period:
    days, _label = PRESETS[name]
    today = timezone.now().astimezone(timezone.get_default_timezone()).date()
    return Period(today - timedelta(days=days - 1), today) if days else Period()


def between(first: str, last: str) -> Period:
    days: list[date | None] = []
    for text in (first, last):
        try:
            day = parse_date(text) if text else None
        except ValueError:
            day = None
        if text and (day is None or not EARLIEST <= day <= LATEST):
            said = {"text": text, "day": preset("30").last}
            return Period(
                problem=_("%(text)s is not a day that can be counted from. Expected one such as %(day)s.") % said
            )
        days.append(day)
    begins, ends = days
    if begins and ends and begins > ends:
        told = {"first": day_words(begins), "last": day_words(ends)}
        return Period(problem=_("This period begins on %(first)s and ends before it, on %(last)s.") % told)
    return Period(begins, ends)


def midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, timezone.get_default_timezone())


def day_words(day: date) -> str:
    return date_format(day, "j M Y")
