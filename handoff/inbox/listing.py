"""The inbox's tabs: which hand-offs they hold, in which order, and what a line says of each.

A rep comes here all day, and the fifty lines of a page are mostly the same statement: it is composed once a person and
tab, and answered by plain rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from itertools import groupby
from typing import Any, NamedTuple

from django.db.models import CharField, Q, Value
from django.db.models.query import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.choices import Team
from accounts.models import User
from handoff import sla
from handoff.inbox.lying import Lying
from handoff.models import Agreement, Handoff, Reason
from handoff.models.handoff import HandoffQuerySet
from leads import prepared
from leads.composed import Composed
from leads.models.scoring import grade

PAGE = 50
#: Counting stops here: beyond it a tab says "99+".
CAP = 99
#: How far back the last returns reach.
RETURNED_WITHIN = timedelta(days=30)
TABS = {
    "open": gettext_lazy("Open"),
    "claimed": gettext_lazy("Claimed"),
    "snoozed": gettext_lazy("Put off"),
    "returned": gettext_lazy("Returned"),
}
GROUPS = {
    "over": gettext_lazy("Over its time"),
    "hour": gettext_lazy("Due within the hour"),
    "today": gettext_lazy("Due today"),
    "later": gettext_lazy("Later"),
    "none": gettext_lazy("No clock runs"),
    "returned": gettext_lazy("Returned in the last 30 days"),
}
#: What stands in a composed statement for the moment at which it is asked.
NOW = datetime(9000, 1, 1, tzinfo=UTC)
#: What is read for a line, in the order of `Line`.
COLUMNS = (
    "pk", "lead_id", "origin", "end", "note", "verdict", "value", "owner_id", "due_at", "ended_at", "snoozed_until",
    "promise", "imported", "agreement_id", "owner__name", "owner__username", "reason__label", "reason__return_class",
    "lead__name", "lead__email", "lead__phone", "lead__job_title", "lead__company__name", "lead__score__total",
)  # fmt: skip


class Because(NamedTuple):
    """The reason of a return, in the names of `Reason`."""

    label: str
    return_class: str

    def get_return_class_display(self) -> str:
        return str(Reason.ReturnClass(self.return_class).label) if self.return_class else ""


@dataclass(slots=True)
class Line(Lying):
    """What a line of the list shows of a hand-off, in the names of `Handoff`."""

    pk: int
    lead_id: int
    origin: str
    end: str
    note: str
    verdict: str
    value: Decimal
    owner_id: int | None
    due_at: datetime | None
    ended_at: datetime | None
    snoozed_until: datetime | None
    promise: str
    imported: bool
    agreement_id: int
    owner_name: str | None
    owner_username: str | None
    because: str | None
    return_class: str | None
    named: str
    email: str
    phone: str
    job_title: str
    company: str | None
    score: int | None
    user: User
    now: datetime
    calendar: sla.Calendar
    today: date  # where the agreement's calendar is
    left: float | None  # business minutes of the promise that runs

    @property
    def handoff(self) -> Line:
        return self

    @property
    def name(self) -> str:
        return self.named or self.email or self.phone or _("Lead %(pk)s") % {"pk": self.lead_id}

    @property
    def who(self) -> str:
        return ", ".join(part for part in (self.job_title, self.company) if part)

    @property
    def grade(self) -> str:
        return grade(self.score or 0)

    @property
    def is_open(self) -> bool:
        return self.ended_at is None

    @property
    def untouched(self) -> bool:
        return self.promise == "attempt"

    @property
    def owner(self) -> User | None:
        return User(name=self.owner_name or "", username=self.owner_username or "") if self.owner_id else None

    @property
    def reason(self) -> Because | None:
        return Because(self.because, self.return_class or "") if self.because else None

    def get_end_display(self) -> str:
        return str(Handoff.End(self.end).label) if self.end else ""

    @property
    def left_for(self) -> timedelta | None:
        return None if self.left is None else self.calendar.span(self.left)

    @property
    def group(self) -> str:
        if self.ended_at:
            return "returned"
        if self.left is None or self.due_at is None:
            return "none"
        if self.left <= 60:
            return "over" if self.left < 0 else "hour"
        return "today" if self.due_at.astimezone(self.calendar.zone).date() <= self.today else "later"


class Page(NamedTuple):
    """One page of a tab, and the cursor of the next one (empty at the end)."""

    lines: list[Line]
    next: str

    @property
    def groups(self) -> list[tuple[Any, list[Line]]]:
        return [(GROUPS[name], list(lines)) for name, lines in groupby(self.lines, lambda line: line.group)]

    def beside(self, pk: int | None) -> tuple[Line | None, Line | None]:
        """The lines before and after one; where it is not listed, the first comes after it."""
        keys = [line.pk for line in self.lines]
        if pk not in keys:
            return None, self.lines[0] if self.lines else None
        at = keys.index(pk)
        return self.lines[at - 1] if at else None, self.lines[at + 1] if at + 1 < len(keys) else None


def listed(user: User, tab: str, now: datetime) -> HandoffQuerySet:
    """The hand-offs of a tab, in its order."""
    handoffs = Handoff.objects.visible_to(user)
    sales = user.team == Team.SALES
    if tab == "claimed":
        mine = Q(owner=user) if sales else Q(owner__isnull=False)
        found = handoffs.open().filter(mine).order_by("due_at", "-value", "id")
        return found.awake(now) if sales else found
    if tab == "snoozed":
        mine = Q(owner=user) if sales else Q()
        return handoffs.open().filter(mine, snoozed_until__gt=now).order_by("due_at", "-value", "id")
    if tab == "returned":
        mine = Q(ended_by=user) if sales else Q()
        recent = Q(end=Handoff.End.RETURNED, ended_at__gt=now - RETURNED_WITHIN)
        return handoffs.filter(mine & recent).order_by("-ended_at", "-id")
    return handoffs.waiting_for(user, now=now)


def counts(user: User, now: datetime) -> dict[str, int]:
    """How many hand-offs each tab holds, up to `CAP` + 1, in one query."""
    found = _answers(_counting(user.pk, user.team), now)
    return dict.fromkeys(TABS, 0) | Counter(tab for (tab,) in found)


def page(user: User, tab: str, *, after: str = "", now: datetime | None = None) -> Page:
    """One page of a tab: the hand-offs after the one that a cursor names; a broken cursor is the beginning."""
    now, beyond = now or timezone.now(), _beyond(tab, after)
    if beyond:
        statement = _said(_rows(listed(user, tab, NOW).filter(beyond), PAGE + 1))
    else:
        statement = _first(user.pk, user.team, tab, PAGE + 1)
    found = _lines(_answers(statement, now), user, now)
    return Page(found[:PAGE], _cursor(tab, found[PAGE - 1]) if len(found) > PAGE else "")


@lru_cache(maxsize=4096)
def _first(pk: int, team: str, tab: str, most: int) -> tuple[str, tuple[Any, ...]]:
    """The statement of the first page of a tab."""
    return _said(_rows(listed(User(pk=pk, team=team), tab, NOW), most))


@lru_cache(maxsize=1024)
def _counting(pk: int, team: str) -> tuple[str, tuple[Any, ...]]:
    user = User(pk=pk, team=team)
    named = {tab: listed(user, tab, NOW).order_by().values_list(Value(tab, CharField())) for tab in TABS}
    parts = [rows[: CAP + 1] for rows in named.values()]
    return _said(parts[0].union(*parts[1:], all=True))


def _rows(handoffs: HandoffQuerySet, most: int) -> QuerySet[Any, Any]:
    """So many of these, the first of them chosen before anything is joined to them."""
    first = handoffs.values("pk")[:most]
    return Handoff.objects.filter(pk__in=first).order_by(*handoffs.query.order_by).values_list(*COLUMNS)


def _said(rows: QuerySet[Any, Any]) -> tuple[str, tuple[Any, ...]]:
    statement, params = rows.query.sql_with_params()
    return statement, tuple(params)


def _answers(statement: tuple[str, tuple[Any, ...]], now: datetime) -> list[tuple[Any, ...]]:
    moments = {NOW: now, NOW - RETURNED_WITHIN: now - RETURNED_WITHIN}
    sql, params = statement
    return prepared.rows(sql, [moments.get(param, param) if isinstance(param, datetime) else param for param in params])


_agreement = Composed(lambda pk: Agreement.objects.filter(pk=pk))


def _lines(rows: Iterable[tuple[Any, ...]], user: User, now: datetime) -> list[Line]:
    rows, place = list(rows), COLUMNS.index("agreement_id")
    calendars = {pk: sla.Calendar.of(_agreement(pk)[0]) for pk in {row[place] for row in rows}}
    days = {pk: now.astimezone(calendar.zone).date() for pk, calendar in calendars.items()}
    found = [Line(*(*row, user, now, calendars[row[place]], days[row[place]], None)) for row in rows]
    for line in found:
        if line.due_at and line.is_open and not line.imported:
            line.left = sla.minutes_left(line.calendar, line.due_at, now)
    return found


def _cursor(tab: str, line: Line) -> str:
    moment = line.ended_at if tab == "returned" else line.due_at
    stamp = moment.astimezone(UTC).isoformat() if moment else ""
    return f"{stamp}_{line.value}_{line.pk}"


def _beyond(tab: str, cursor: str) -> Q:
    """What comes after a cursor in the order of its tab."""
    try:
        stamp, worth, number = cursor.split("_")
        at = datetime.fromisoformat(stamp) if stamp else None
        value, pk = Decimal(worth), int(number)
        if (at and at.tzinfo is None) or not value.is_finite() or abs(value) > 10**12 or not 0 <= pk < 2**63:
            return Q()
    except (ValueError, InvalidOperation):
        return Q()
    if tab == "returned":
        return Q(ended_at__lte=at) & (Q(ended_at__lt=at) | Q(pk__lt=pk)) if at else Q()
    same = Q(due_at=at) & (Q(value__lt=value) | Q(value=value, pk__gt=pk))
    return same | Q(due_at__gt=at) | Q(due_at=None) if at else same
