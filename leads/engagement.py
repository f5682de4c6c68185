"""What leads do: how often, since when, and how much of it is left, as it fades at several speeds."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection

#: Namespaces of activities that are the lead's own interest, or somebody's talk with it.
TOUCHES = ("web", "form", "event", "email", "call", "meeting", "message")
#: Days in which a touch comes to be worth half.
HALF_LIVES = (7, 30, 90)
#: The half-life of whatever names one that is not kept, and of the order by interest.
HEADLINE = 30
#: One rule moves a score by at most so much, whatever is stored.
MOST = 1_000


class Touches(NamedTuple):
    """What a lead had done of one kind up to a moment: how often, when, and sums of 2^(-age / half-life)."""

    number: int
    first: datetime
    last: datetime
    week: float
    month: float
    quarter: float

    def worth(self, half_life: int | None) -> float:
        """So many fresh touches count as much; None: they never fade."""
        return {7: self.week, 30: self.month, 90: self.quarter, None: float(self.number)}[half_life]


class Rule(NamedTuple):
    """One agreed rule of engagement, with what nobody could count with put right.

    `each` touch is worth `points`, fading with its half-life (days; None: never), at most `cap` together; `count`
    gives them once there were at least `value` touches; `idle` once the last is at least `value` days ago.
    """

    label: str
    kind: str
    op: str
    points: int
    cap: int
    half_life: int | None
    value: float

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Rule:
        half_life = data.get("half_life", HEADLINE)
        return cls(
            label=str(data.get("label", "")),
            kind=str(data.get("kind", "")),
            op=str(data.get("op", "each")),
            points=whole(data.get("points")),
            cap=round(_bounded(data.get("cap"), 0, MOST, MOST)),
            half_life=half_life if half_life is None or half_life in HALF_LIVES else HEADLINE,
            value=_bounded(data.get("value"), 1, 100_000, 1),
        )

    def held(self, worth: int) -> int:
        """What counts of so many points: a cap holds on both sides of nothing."""
        return max(-self.cap, min(self.cap, worth))


def whole(points: Any) -> int:
    """Whole points within bounds that can be counted with, whatever is stored."""
    return round(_bounded(points, -MOST, MOST, 0))


def _bounded(value: Any, least: float, most: float, otherwise: float) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return otherwise
    return otherwise if math.isnan(number) else max(least, min(most, number))


def rules(points: Mapping[str, Any]) -> list[Rule]:
    """The rules of engagement in a scorecard's points."""
    return [Rule.read(data) for data in points["engagement"]]


def kinds(rules: Iterable[Rule]) -> list[str]:
    """The kinds of activity that rules name."""
    return sorted({rule.kind for rule in rules if rule.kind})


def touched(leads: Collection[int], kinds: Collection[str], *, at: datetime) -> dict[int, dict[str, Touches]]:
    """What these leads had done of these kinds up to a moment, by lead and kind."""
    found: dict[int, dict[str, Touches]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT lead_id, kind, count(*), min(at), max(at),
                   sum(power(2, -least(age / 7, 1000))), sum(power(2, -least(age / 30, 1000))),
                   sum(power(2, -least(age / 90, 1000)))
              FROM (SELECT lead_id, kind, at, date_part('epoch', %s::timestamptz - at) / 86400 AS age
                      FROM leads_activity WHERE lead_id = ANY(%s) AND kind = ANY(%s) AND at <= %s) AS done
             GROUP BY lead_id, kind
            """,
            [at, list(leads), list(kinds), at],
        )
        for lead, kind, *done in cursor.fetchall():
            found.setdefault(lead, {})[kind] = Touches(*done)
    return found


def idle_for(touches: Mapping[str, Touches], rule: Rule, among: Iterable[str], *, at: datetime) -> datetime | None:
    """The last touch that an `idle` rule is about, if it is long enough ago; who never did any is not idle."""
    last = max((touches[kind].last for kind in ([rule.kind] if rule.kind else among) if kind in touches), default=None)
    return last if last and at - last >= timedelta(days=rule.value) else None
