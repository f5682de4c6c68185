"""What leads do: how often, since when, and how much of it is left, as it fades at several speeds.

Interest is kept as forward decay: a row a lead and kind holds log2 of the sum of 2^(day / half-life). What is left of
it at any later moment is 2^(kept - day / half-life), so nothing that is kept ever goes stale, whatever the points are.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection, transaction
from django.db.models import OuterRef
from django.db.models.functions import JSONObject

from leads.models import Activity, Engagement

#: Namespaces of activities that are the lead's own interest, or somebody's talk with it.
TOUCHES = ("web", "form", "event", "email", "call", "meeting", "message")
#: Days in which a touch comes to be worth half.
HALF_LIVES = (7, 30, 90)
SUMS = ("week", "month", "quarter")
#: Days are counted from here. Never change it: all that is kept rests on it.
EPOCH = datetime(2025, 1, 1, tzinfo=UTC)
#: Within so much of the epoch, sums of 2^(days / 7) fit a float as they are.
PLAIN = timedelta(days=7_000)
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
    answered: datetime | None = None

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

    @property
    def is_each(self) -> bool:
        """Whether every touch counts, more or less; whatever is no other way of counting counts so."""
        return self.op not in ("count", "idle")

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


def is_touch(kind: str) -> bool:
    """Whether rows are kept for a kind of activity; what rules say of others is counted from the timeline."""
    return kind.partition(":")[0] in TOUCHES


def day(at: datetime) -> float:
    """Days since the epoch of what is kept."""
    return (at - EPOCH) / timedelta(days=1)


def record(activities: Iterable[Activity]) -> None:
    """Add touches of locked leads to what is kept of them; `recompute` gives the same from the timeline."""
    groups: dict[tuple[int, str], list[Activity]] = {}
    for activity in activities:
        if is_touch(activity.kind):
            groups.setdefault((activity.lead_id, activity.kind), []).append(activity)
    if groups:
        rows = [(lead, kind, *_summed(done)) for (lead, kind), done in sorted(groups.items())]
        with connection.cursor() as cursor:
            cursor.execute(_RECORD, [list(column) for column in zip(*rows, strict=True)])


def _summed(done: Sequence[Activity]) -> tuple[Any, ...]:
    moments = sorted(activity.at for activity in done)
    answered = min((activity.at for activity in done if activity.actor_id), default=None)
    newest = day(moments[-1])
    sums = [
        newest / half_life + math.log2(math.fsum(2 ** ((day(at) - newest) / half_life) for at in moments))
        for half_life in HALF_LIVES
    ]
    return len(moments), moments[0], moments[-1], answered, *sums


def _both(name: str) -> str:
    """log2(2^a + 2^b), which neither overflows nor forgets the greater one."""
    a, b = f"kept.{name}", f"excluded.{name}"
    return f"{name} = greatest({a}, {b}) + ln(1 + power(2, -least(abs({a} - {b}), 1000))) / ln(2::float8)"


_RECORD = f"""
INSERT INTO leads_engagement AS kept
       (lead_id, kind, number, first_at, last_at, answered_at, week, month, quarter)
SELECT * FROM unnest(%s::bigint[], %s::varchar[], %s::int[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[],
                     %s::float8[], %s::float8[], %s::float8[])
    ON CONFLICT (lead_id, kind) DO UPDATE SET
       number = kept.number + excluded.number, first_at = least(kept.first_at, excluded.first_at),
       last_at = greatest(kept.last_at, excluded.last_at),
       answered_at = least(kept.answered_at, excluded.answered_at),
       {_both("week")}, {_both("month")}, {_both("quarter")}
"""  # noqa: S608  # composed of our own words


def beside(lead: str) -> ArraySubquery:
    """What is kept of a lead, as a column beside another row that names it: `read` makes touches of it."""
    columns = ("kind", "number", "first_at", "last_at", "answered_at", *SUMS)
    kept = Engagement.objects.filter(lead=OuterRef(lead))
    return ArraySubquery(kept.values(row=JSONObject(**{name: name for name in columns})))


def read(rows: Iterable[Mapping[str, Any]], *, at: datetime) -> dict[str, Touches] | None:
    """Touches up to a moment, of what stood beside a lead; None where a row knows of a later touch."""
    found, today = {}, day(at)
    for row in rows:
        first, last, answered = (
            datetime.fromisoformat(row[name]) if row[name] else None for name in ("first_at", "last_at", "answered_at")
        )
        if first is None or last is None or last > at:
            return None
        found[row["kind"]] = Touches(row["number"], first, last, *_left(row, today), answered)
    return found


def _left(sums: Mapping[str, float], today: float) -> tuple[float, float, float]:
    return 2 ** (sums["week"] - today / 7), 2 ** (sums["month"] - today / 30), 2 ** (sums["quarter"] - today / 90)


def touched(leads: Collection[int], *, at: datetime, also: Iterable[str] = ()) -> dict[int, dict[str, Touches]]:
    """What these leads had done up to a moment, by lead and kind; of kinds that are no touches, those in `also`.

    A row that knows of a touch after that moment cannot answer for it: then the timeline is read, so that what is
    dated ahead counts for nothing until its day.
    """
    found: dict[int, dict[str, Touches]] = {}
    unkept = [(lead, kind) for kind in also if not is_touch(kind) for lead in leads]
    today = day(at)
    with connection.cursor() as cursor:
        cursor.execute(_KEPT, [list(leads)])
        for lead, kind, number, first, last, answered, *sums in cursor.fetchall():
            if last > at:
                unkept.append((lead, kind))
                continue
            left = _left(dict(zip(SUMS, sums, strict=True)), today)
            found.setdefault(lead, {})[kind] = Touches(number, first, last, *left, answered)
        if unkept:
            cursor.execute(_TOLD, [at, *map(list, zip(*unkept, strict=True)), at])
            for lead, kind, *done in cursor.fetchall():
                found.setdefault(lead, {})[kind] = Touches(*done)
    return found


_KEPT = """
SELECT lead_id, kind, number, first_at, last_at, answered_at, week, month, quarter
  FROM leads_engagement WHERE lead_id = ANY(%s)
"""
_TOLD = """
SELECT lead_id, kind, count(*), min(at), max(at), sum(power(2, -least(age / 7, 1000))),
       sum(power(2, -least(age / 30, 1000))), sum(power(2, -least(age / 90, 1000))),
       min(at) FILTER (WHERE actor_id IS NOT NULL)
  FROM (SELECT lead_id, kind, at, actor_id, date_part('epoch', %s::timestamptz - at) / 86400 AS age
          FROM unnest(%s::bigint[], %s::varchar[]) AS asked(lead_id, kind)
          JOIN leads_activity USING (lead_id, kind) WHERE at <= %s) AS done
 GROUP BY lead_id, kind
"""


@transaction.atomic
def recompute(leads: Collection[int] | None = None) -> None:
    """Make what is kept anew from the timeline: of these locked leads, or of all, while who records a touch waits."""
    said = {
        "leads": None if leads is None else list(leads),
        "touches": list(TOUCHES),
        "epoch": EPOCH.timestamp(),
        "early": EPOCH - PLAIN,
        "late": EPOCH + PLAIN,
    }
    with connection.cursor() as cursor:
        if leads is None:
            cursor.execute("LOCK TABLE leads_engagement IN EXCLUSIVE MODE")
        cursor.execute(_EMPTY, said)
        cursor.execute(_RECOUNT, said)
        cursor.execute(_FAR, said)


_EMPTY = "DELETE FROM leads_engagement WHERE %(leads)s::bigint[] IS NULL OR lead_id = ANY(%(leads)s)"
_RECOUNT = """
INSERT INTO leads_engagement (lead_id, kind, number, first_at, last_at, answered_at, week, month, quarter)
SELECT lead_id, kind, count(*), min(at), max(at), min(at) FILTER (WHERE actor_id IS NOT NULL),
       ln(sum(power(2, greatest(-1000, least(1000, day / 7))))) / ln(2::float8),
       ln(sum(power(2, greatest(-1000, least(1000, day / 30))))) / ln(2::float8),
       ln(sum(power(2, greatest(-1000, least(1000, day / 90))))) / ln(2::float8)
  FROM (SELECT lead_id, kind, actor_id, at, (date_part('epoch', at) - %(epoch)s) / 86400 AS day
          FROM leads_activity
         WHERE split_part(kind, ':', 1) = ANY(%(touches)s)
           AND (%(leads)s::bigint[] IS NULL OR lead_id = ANY(%(leads)s))) AS done
 GROUP BY lead_id, kind
"""
#: Sums that reach so far from the epoch that they leave a float are made again, each about its newest touch.
_FAR = """
WITH far AS (
    SELECT lead_id, kind, (date_part('epoch', last_at) - %(epoch)s) / 86400 AS newest
      FROM leads_engagement
     WHERE (first_at < %(early)s OR last_at > %(late)s)
       AND (%(leads)s::bigint[] IS NULL OR lead_id = ANY(%(leads)s))),
aged AS (
    SELECT lead_id, kind, newest, (date_part('epoch', at) - %(epoch)s) / 86400 - newest AS day
      FROM far JOIN leads_activity USING (lead_id, kind)),
sums AS (
    SELECT lead_id, kind,
           newest / 7 + ln(sum(power(2, greatest(-1000, day / 7)))) / ln(2::float8) AS week,
           newest / 30 + ln(sum(power(2, greatest(-1000, day / 30)))) / ln(2::float8) AS month,
           newest / 90 + ln(sum(power(2, greatest(-1000, day / 90)))) / ln(2::float8) AS quarter
      FROM aged GROUP BY lead_id, kind, newest)
UPDATE leads_engagement AS kept SET week = sums.week, month = sums.month, quarter = sums.quarter
  FROM sums WHERE sums.lead_id = kept.lead_id AND sums.kind = kept.kind
"""


def idle_for(touches: Mapping[str, Touches], rule: Rule, among: Iterable[str], *, at: datetime) -> datetime | None:
    """The last touch that an `idle` rule is about, if it is long enough ago; who never did any is not idle."""
    last = max((touches[kind].last for kind in ([rule.kind] if rule.kind else among) if kind in touches), default=None)
    return last if last and at - last >= timedelta(days=rule.value) else None
