"""Who could get a lead at one moment: who is here, who works at this hour, who holds enough."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from django.db.models import Q, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.choices import Team
from accounts.models import Absence, User, WorkingHours
from handoff.calendar import Calendar
from handoff.models import Agreement, Handoff, Member


@dataclass
class Presence:
    """What is known of the reps of sales at one moment, read once for all of them, and only when asked."""

    at: datetime

    @cached_property
    def reps(self) -> dict[int, User]:
        """The active reps of sales, by name."""
        return {rep.pk: rep for rep in User.objects.on(Team.SALES)}

    @cached_property
    def absences(self) -> dict[int, Absence]:
        """Who is away today, by their own time zone."""
        around = [(self.at + timedelta(days=days)).date() for days in (-1, 1)]
        found = Absence.objects.filter(Q(ends_on=None) | Q(ends_on__gte=around[0]), begins_on__lte=around[1])
        return {one.person_id: one for one in found.select_related("person") if away_on(one, self.at)}

    @cached_property
    def hours(self) -> dict[int, list[WorkingHours]]:
        kept: dict[int, list[WorkingHours]] = {}
        for one in WorkingHours.objects.filter(person__in=self.reps):
            kept.setdefault(one.person_id, []).append(one)
        return kept

    @cached_property
    def calendar(self) -> Calendar:
        return Calendar.of(Agreement.objects.in_force())

    @cached_property
    def held(self) -> dict[int, int]:
        """How many open hand-offs each rep with a limit holds, counted no further than the limit."""
        limited = [(rep.pk, rep.capacity) for rep in self.reps.values() if rep.capacity]
        return counted({rep: (Handoff.objects.open().filter(owner=rep), most) for rep, most in limited})

    def works(self, rep: User) -> bool:
        """Whether this hour is one of the rep's: their own hours where they have entered some, else the agreement's."""
        own = self.hours.get(rep.pk)
        if own is None:
            return _open(self.calendar, self.at)
        agreed, days = self.calendar, frozenset(day.weekday for day in own)
        hours = tuple((day.weekday, day.opens, day.closes) for day in own)
        return _open(Calendar(rep.zone, agreed.opens, agreed.closes, days, agreed.country, agreed.off, hours), self.at)

    def why_not(self, rep: User, *, known: bool = False) -> str:
        """Why a rep gets nothing now, in words; empty where they may. Who knows the lead may hold more than others."""
        if rep.pk not in self.reps:
            return _("is not an active rep of sales")
        if absence := self.absences.get(rep.pk):
            return away_until(absence)
        if not known and rep.capacity and self.held.get(rep.pk, 0) >= rep.capacity:
            return _("holds %(n)d, as many as agreed") % {"n": rep.capacity}
        return ""

    def full(self, members: Iterable[Member]) -> set[int]:
        """Whoever holds as many of a queue's hand-offs as the queue allows them."""
        limited = {one.rep_id: one for one in members if one.capacity}
        holding = counted(
            {
                rep: (Handoff.objects.open().filter(owner=rep, queue=one.queue_id), one.capacity or 0)
                for rep, one in limited.items()
            }
        )
        return {rep for rep, one in limited.items() if holding.get(rep, 0) >= (one.capacity or 0)}


def away_on(absence: Absence, at: datetime) -> bool:
    today = at.astimezone(absence.person.zone).date()
    return absence.begins_on <= today and (absence.ends_on is None or today <= absence.ends_on)


def away_until(absence: Absence) -> str:
    """'away until 3 Dec'"""
    if absence.ends_on is None:
        return _("away until further notice")
    return _("away until %(day)s") % {"day": date_format(absence.ends_on, "j M")}


def counted(asked: dict[int, tuple[QuerySet[Handoff], int]]) -> dict[int, int]:
    """How many rows each question finds, each counted up to its limit, in one query."""
    parts = [rows.order_by().values_list("owner", flat=True)[:most] for rows, most in asked.values()]
    if not parts:
        return {}
    if len(parts) == 1:
        return dict(Counter(parts[0]))
    return dict(Counter(parts[0].union(*parts[1:], all=True)))


def _open(calendar: Calendar, at: datetime) -> bool:
    return calendar.minutes(at, at + timedelta(minutes=1)) > 0
