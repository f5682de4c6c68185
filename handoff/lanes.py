"""The board: who stands in which lane, how many there are and what they are worth, in a handful of queries."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import connection
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from handoff import sla
from handoff.models import Agreement, Handoff, Promise
from leads import pulse
from leads.filters import CAP, LeadFilter
from leads.models.lead import LeadQuerySet
from leads.models.scoring import grade
from leads.paging import bounded
from personas.choices import DealStep, Stage
from personas.choices import Lane as Stand

CARDS = 10
MORE = 20
#: lane -> after so many days without any activity a card says that it is idle.
IDLE_DAYS = {
    "tofu": 30, "mql": 2, "sal": 5, "sql": 7, "discovery": 14, "proposal": 14, "negotiation": 10, "customer": 90,
}  # fmt: skip
#: The lanes that show cards, in the order of the journey.
LANES = (Stage.TOFU.value, *Stand.values, *DealStep.values, Stage.CUSTOMER.value)
ALL = (*LANES, Stage.OUT.value)
PROMISES = dict(Promise.Kind.choices)

# The board asks for the first cards of eight lanes that lie in three tables. As ORM unions that costs more to compile
# than to run, so the lanes are SQL, and only the filters are compiled: `mine` is inlined into every part.
MINE = ("id", "stage", "stage_since", "customer_since", "value", "currency", "marketer_id", "rep_id")
WITH = f"WITH mine ({', '.join(MINE)}) AS NOT MATERIALIZED (%s) "


#: What an agreement says of working hours.
HOURS = ("time_zone", "opens", "closes", "weekdays", "hours", "holidays", "days_off")


@lru_cache(maxsize=64)
def _calendar(agreed: str) -> sla.Calendar:
    """The working hours of an agreement that a card carries; a board's cards share a handful of them."""
    said = dict(zip(HOURS, json.loads(agreed), strict=True))
    for name in ("opens", "closes"):
        said[name] = time.fromisoformat(said[name])
    said["days_off"] = [date.fromisoformat(day) for day in said["days_off"]]
    return sla.Calendar.of(Agreement(**said))


class Kind(NamedTuple):
    """How the lanes of one kind are read: the place of each lead in them, and the order, by key, which has an index."""

    columns: str
    source: str
    order: tuple[str, ...]
    downwards: bool


OF_STAGE = Kind(  # index lead_stage_newest
    "lane.name, lead.id, 0::bigint, CASE lane.name WHEN 'customer' THEN lead.customer_since ELSE lead.stage_since END, "
    "lead.value, lead.currency, NULL::timestamptz, NULL::date, '', '', "
    "CASE lane.name WHEN 'customer' THEN lead.rep_id ELSE lead.marketer_id END, true, ''",
    "mine lead WHERE lead.stage = lane.name",
    ("lead.id",),
    True,
)
OF_STAND = Kind(  # index handoff_open: the most urgent first
    "lane.name, lead.id, open.id, "
    "CASE lane.name WHEN 'mql' THEN open.offered_at WHEN 'sal' THEN open.accepted_at ELSE open.qualified_at END, "
    "NULLIF(open.value, 0), lead.currency, "
    "open.due_at, NULL::date, open.promise, open.origin, open.owner_id, true, "
    f"json_build_array({', '.join(f'agreed.{name}' for name in HOURS)})::text",
    "mine lead JOIN handoff_handoff open ON open.lead_id = lead.id AND open.ended_at IS NULL "
    "JOIN handoff_agreement agreed ON agreed.id = open.agreement_id "
    "WHERE lead.stage = 'mofu' AND open.lane = lane.name",
    ("open.due_at", "open.id"),
    False,
)
# A lead with several open deals stands where its first one is.
OF_STEP = Kind(  # index deal_open: the earliest close first
    "lane.name, lead.id, deal.id, deal.step_since, deal.amount, deal.currency, "
    "NULL::timestamptz, deal.close_on, '', '', lead.rep_id, role.primary, ''",
    "mine lead JOIN handoff_deallead role ON role.lead_id = lead.id JOIN handoff_deal deal ON deal.id = role.deal_id "
    "WHERE lead.stage = 'bofu' AND deal.closed_at IS NULL AND deal.step = lane.name AND NOT EXISTS (SELECT "
    "FROM handoff_deallead other JOIN handoff_deal earlier ON earlier.id = other.deal_id "
    "WHERE other.lead_id = lead.id AND earlier.closed_at IS NULL AND earlier.id < deal.id)",
    ("deal.close_on", "deal.id"),
    False,
)
KINDS = {
    **dict.fromkeys((Stage.TOFU.value, Stage.CUSTOMER.value, Stage.OUT.value), OF_STAGE),
    **dict.fromkeys(Stand.values, OF_STAND),
    **dict.fromkeys(DealStep.values, OF_STEP),
}
PLACE = "lane, lead_id, holder, since, amount, currency, due_at, close_on, promise, origin, owner_id, counts, agreed"
DRAWN = f"""
SELECT place.*, lead.name, lead.email, lead.phone, lead.stage, lead.value, lead.next_action, lead.next_action_at,
       lead.last_activity_at, lead.look_again_on, company.name, score.total
  FROM (%s) AS place ({PLACE}) JOIN leads_lead lead ON lead.id = place.lead_id
  LEFT JOIN leads_company company ON company.id = lead.company_id
  LEFT JOIN leads_leadscore score ON score.lead_id = lead.id
"""  # noqa: S608
#: Lanes are counted up to a limit, but for the deals': those are counted, and added up, to the end, in one pass.
COUNTED = "SELECT '{lane}'::text, '', count(*), NULL::numeric FROM (SELECT FROM {source} LIMIT {limit}) AS counted"
ADDED_UP = """
SELECT first.step::text, first.currency, count(*), sum(first.amount) FILTER (WHERE first.primary)
  FROM mine lead JOIN (
       SELECT DISTINCT ON (role.lead_id) role.lead_id, role.primary, deal.step, deal.currency, deal.amount
         FROM handoff_deal deal JOIN handoff_deallead role ON role.deal_id = deal.id
        WHERE deal.closed_at IS NULL ORDER BY role.lead_id, deal.id) AS first ON first.lead_id = lead.id
 WHERE lead.stage = 'bofu' GROUP BY 1, 2
"""


def select(kind: Kind, lanes: Sequence[str], *, limit: int, key: str = "") -> str:
    """The first places of each of these lanes of one kind in their order, after `key` (a condition) if there is one.

    The lanes of a kind are one part of the statement, since planning it takes longer than answering it.
    """
    names = ", ".join(f"('{name}'::text)" for name in lanes)
    order = ", ".join(f"{column}{' DESC' if kind.downwards else ''}" for column in kind.order)
    first = f"SELECT {kind.columns} FROM {kind.source}{key} ORDER BY {order} LIMIT {limit}"  # noqa: S608
    return f"SELECT first.* FROM (VALUES {names}) AS lane (name) CROSS JOIN LATERAL ({first}) AS first"  # noqa: S608


@dataclass(slots=True)
class Card:
    """One lead in one lane, as it is drawn: the columns of DRAWN, in their order."""

    lane: str
    pk: int
    holder: int  # the open hand-off or deal; 0 in a lane of a stage
    since: datetime | None
    worth: Decimal | None
    currency: str
    promise_due: datetime | None
    close_on: date | None
    promise: str
    origin: str
    owner_id: int | None
    counts: bool  # a deal's amount counts once, with its primary lead
    agreed: str  # HOURS of a hand-off's agreement, as JSON
    named: str
    email: str
    phone: str
    stage: str
    value: Decimal | None
    planned: str
    planned_at: datetime | None
    last_activity_at: datetime
    look_again_on: date | None
    company: str | None
    score: int | None
    chosen: LeadFilter

    @property
    def name(self) -> str:
        return self.named or self.email or self.phone or _("Lead %(pk)s") % {"pk": self.pk}

    @property
    def seen(self) -> str:
        """The standing this card was drawn for, as `standing.of` says it: an act on an older one is refused."""
        return f"{self.stage}:{self.lane}:{self.holder}" if self.holder else self.stage

    @property
    def amount(self) -> Decimal | None:
        """The deal's amount; before there is one, what is expected."""
        return self.worth if self.worth is not None else self.value

    @property
    def next_action(self) -> Any:
        """What is to be done: a promise between the teams goes before what the owner plans."""
        return PROMISES.get(self.promise, self.planned)

    @property
    def next_action_at(self) -> datetime | None:
        return self.promise_due if self.promise else self.planned_at

    @property
    def left(self) -> timedelta | None:
        """Business time left of a promise, in the words of every other page."""
        if not (self.promise and self.promise_due):
            return None
        calendar = _calendar(self.agreed)
        return calendar.span(sla.minutes_left(calendar, self.promise_due, self.chosen.now))

    @property
    def grade(self) -> str:
        return grade(self.score or 0)

    @property
    def owner(self) -> dict[str, str] | None:
        return self.chosen.people.get(self.owner_id) if self.owner_id else None

    @property
    def idle(self) -> int:
        """Days without activity where they are more than the lane allows; 0 while a day to look again is to come."""
        if self.look_again_on and self.look_again_on > self.chosen.now.date():
            return 0
        last = max(self.last_activity_at, self.since) if self.since else self.last_activity_at
        days = (self.chosen.now - last).days
        return days if days > IDLE_DAYS[self.lane] else 0

    @property
    def tag(self) -> tuple[str, str] | None:
        """At most one: icon and words."""
        if self.origin == Handoff.Origin.HAND_RAISE:
            return "hand", _("Asked to talk")
        if self.origin == Handoff.Origin.EXPANSION:
            return "repeat", _("Expansion")
        if self.promise == Promise.Kind.ATTEMPT:
            return "phone-off", _("Never touched")
        if idle := self.idle:
            return _idle(idle, IDLE_DAYS[self.lane], get_language())
        return None


@lru_cache(maxsize=1024)
def _idle(days: int, limit: int, language: str | None) -> tuple[str, str]:
    return "hourglass", _("Idle %(days)d of %(limit)d d") % {"days": days, "limit": limit}


@dataclass
class Lane:
    """A lane with its first cards, how many it holds, and the key of the last card shown."""

    name: str
    cards: list[Card] = field(default_factory=list)
    count: int = 0
    amounts: list[tuple[Decimal, str]] = field(default_factory=list)  # by currency, the largest first
    after: str = ""

    @property
    def stage(self) -> str:
        """What the lead table calls this lane: it filters by stage or by stand, not by a deal's step."""
        return Stage.BOFU.value if self.name in DealStep.values else self.name

    @property
    def rest(self) -> int:
        """How many there are beyond the cards shown; 0 when that was not counted to the end."""
        return max(0, self.count - len(self.cards)) if self.count <= CAP else 0

    @property
    def next(self) -> int:
        """How many cards the next page brings."""
        return min(MORE, self.rest) if self.rest else MORE


class Sum(NamedTuple):
    """A number of leads over several lanes, and where counting stopped (None: it is exact)."""

    number: int
    cap: int | None


@dataclass
class Board:
    """Every lane by name."""

    lanes: dict[str, Lane]

    @property
    def total(self) -> Sum:
        return self._sum(ALL)

    @property
    def mofu(self) -> Sum:
        return self._sum(Stand.values)

    @property
    def bofu(self) -> Sum:
        return self._sum(DealStep.values)

    @property
    def steps(self) -> list[tuple[Any, Lane]]:
        return [(step.label, self.lanes[step.value]) for step in DealStep]

    def _sum(self, names: Sequence[str]) -> Sum:
        capped = any(self.lanes[name].count > CAP for name in names if name not in DealStep.values)
        number = sum(self.lanes[name].count for name in names)
        return Sum(number, number - 1 if capped else None)


def board(chosen: LeadFilter, leads: LeadQuerySet, *, moved: str = "") -> Board:
    """First cards, counts and amounts of every lane, in two queries whatever the number of leads.

    `moved` ("sal:12") names a lead that has just been put into a lane: its card comes first there, so that it stays
    in sight of who moved it even where the order of the lane would put it on a later page.
    """
    leads = chosen.apply(leads)
    into, _colon, pk = moved.partition(":")
    pinned = into in LANES and pk.isdecimal() and len(pk) < 19
    parts = [select(KINDS[into], [into], limit=1, key=f" AND lead.id = {pk}")] if pinned else []
    for kind in (OF_STAGE, OF_STAND, OF_STEP):
        parts.append(select(kind, [name for name in LANES if KINDS[name] is kind], limit=CARDS + 1))
    cards = _cards(chosen, leads, parts)
    kept = next((card for card in cards if pinned and card.lane == into and card.pk == int(pk)), None)
    if kept:
        cards.remove(kept)  # read twice where it is among the first cards of its lane too
    lanes = {name: _lane(name, [card for card in cards if card.lane == name], CARDS) for name in ALL}
    if kept:
        lane = lanes[into]
        lane.cards = [kept, *(other for other in lane.cards if other.pk != kept.pk)]
    for name, currency, count, amount in _totals(leads):
        lanes[name].count += count
        if amount:
            lanes[name].amounts.append((amount, currency))
    for lane in lanes.values():
        lane.amounts.sort(reverse=True)
    return Board(lanes)


#: The totals of all leads, which are the same for everybody.
_of_all: pulse.Kept[list[tuple[Any, ...]]] = pulse.Kept(pulse.LEADS, seconds=30)


def _totals(leads: LeadQuerySet) -> list[tuple[Any, ...]]:
    """Lane, currency, number and amount of each lane."""
    if leads.query.where:
        return _rows(leads, _counting(leads))
    return _of_all.read(lambda: _rows(leads, _counting(leads)))


def _counting(leads: LeadQuerySet) -> str:
    """How many are in each lane, as SQL.

    Where every lead is counted, an open hand-off is a lead in the middle (`lead_mofu_has_one_handoff`): the hand-offs
    alone are counted, by their index.
    """
    parts = [f"({ADDED_UP})"]
    for name in ALL:
        if name in DealStep.values:
            continue
        source = KINDS[name].source.replace("lane.name", f"'{name}'")
        if name in Stand.values and not leads.query.where:
            source = f"handoff_handoff WHERE ended_at IS NULL AND lane = '{name}'"
        parts.append(f"({COUNTED.format(lane=name, source=source, limit=CAP + 1)})")
    return " UNION ALL ".join(parts)


def more(chosen: LeadFilter, leads: LeadQuerySet, name: str, *, after: str, rest: int = 0) -> Lane:
    """The next cards of a lane after the key of the last one shown; `rest` is how many were said to follow."""
    key, params = _read(name, after)
    parts = [select(KINDS[name], [name], limit=MORE + 1, key=key)]
    lane = _lane(name, _cards(chosen, chosen.apply(leads), parts, params), MORE)
    lane.count = rest
    return lane


def _cards(chosen: LeadFilter, leads: LeadQuerySet, parts: list[str], params: Sequence[Any] = ()) -> list[Card]:
    return [Card(*(*row, chosen)) for row in _rows(leads, DRAWN % " UNION ALL ".join(parts), params)]


def _rows(leads: LeadQuerySet, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Run SQL that reads the lanes of these leads."""
    mine, given = leads.order_by().values_list(*MINE).query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(WITH % mine + sql, [*given, *params])
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def _lane(name: str, cards: list[Card], size: int) -> Lane:
    shown = sorted(cards, key=_key)[:size]
    return Lane(name, shown, after=_write(shown[-1]) if len(cards) > size else "")


def _key(card: Card) -> tuple[Any, ...]:
    """The order of a lane once more: joins don't keep it."""
    if KINDS[card.lane] is OF_STAGE:
        return (-card.pk,)
    dated = card.promise_due if card.lane in Stand.values else card.close_on
    return (dated is None, dated, card.holder)


def _write(card: Card) -> str:
    if card.lane in Stand.values:
        return f"{card.promise_due.isoformat() if card.promise_due else ''}.{card.holder}"
    if card.lane in DealStep.values:
        return f"{card.close_on or ''}.{card.holder}"
    return str(card.pk)


def _read(name: str, text: str) -> tuple[str, list[Any]]:
    """The condition for what comes after a cursor, and its values; one that cannot be read is the beginning."""
    kind = KINDS[name]
    try:
        if kind is OF_STAGE:
            return " AND lead.id < %s", [bounded(text)]
        first, _dot, last = text.rpartition(".")
        column, key = kind.order
        if not first:
            return f" AND {column} IS NULL AND {key} > %s", [bounded(last)]
        value = parse_datetime(first) if kind is OF_STAND else parse_date(first)
        later = f" AND (({column}, {key}) > (%s, %s) OR {column} IS NULL)"
        return (later, [value, bounded(last)]) if value else ("", [])
    except ValueError:
        return "", []
