"""The board: who stands in which lane, how many there are and what they are worth, in a handful of queries."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import (
    BooleanField,
    CharField,
    DateField,
    DateTimeField,
    Exists,
    F,
    FilteredRelation,
    OuterRef,
    Q,
    Value,
)
from django.db.models.functions import Cast
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from handoff.models import DealLead, Handoff
from leads.filters import CAP, LeadFilter, Row, beyond, bounded
from leads.models import Lead
from leads.models.lead import LeadQuerySet
from personas.choices import DealStep, Stage
from personas.choices import Lane as Stand

CARDS = 12
MORE = 20
#: lane -> after so many days without any activity a card says that it is idle.
IDLE_DAYS = {
    "tofu": 30, "mql": 2, "sal": 5, "sql": 7, "discovery": 14, "proposal": 14, "negotiation": 10, "customer": 90,
}  # fmt: skip
STAGE_LANES = (Stage.TOFU.value, Stage.CUSTOMER.value, Stage.OUT.value)
#: The lanes that show cards, in the order of the journey.
LANES = (Stage.TOFU.value, *Stand.values, *DealStep.values, Stage.CUSTOMER.value)


class Place(NamedTuple):
    """Where one lead stands in one lane: what it is worth there, since when, and by what the lane is ordered."""

    lane: str
    lead: int
    holder: int  # the open hand-off or deal; 0 in a lane of a stage
    since: datetime | None
    amount: Decimal | None
    currency: str
    due_at: datetime | None
    close_on: date | None
    promise: str
    origin: str
    owner: int | None
    counts: bool  # a deal's amount counts once, with its primary lead


COLUMNS = tuple(f"at_{name}" for name in Place._fields)


def places(lane: str, leads: LeadQuerySet) -> LeadQuerySet:
    """The places of a lane, in its order: the most urgent offer, the earliest close, else the newest first.

    Indexes: lead_stage_newest, handoff_open, deal_open.
    """
    if lane in Stand.values:
        found = leads.annotate(stand=FilteredRelation("handoffs", condition=Q(handoffs__ended_at=None)))
        found = found.filter(stage=Stage.MOFU, stand__lane=lane).order_by("stand__due_at", "stand__id")
        since = {Stand.MQL: "stand__offered_at", Stand.SAL: "stand__accepted_at"}.get(
            Stand(lane), "stand__qualified_at"
        )
        facts = {
            "holder": F("stand__id"), "since": F(since), "amount": F("stand__value"), "currency": F("currency"),
            "due_at": F("stand__due_at"), "promise": F("stand__promise"), "origin": F("stand__origin"),
            "owner": F("stand__owner"),
        }  # fmt: skip
    elif lane in DealStep.values:
        role = {"deal_roles__deal__closed_at": None, "deal_roles__deal__step": lane}
        earlier = DealLead.objects.filter(
            lead=OuterRef("pk"), deal__closed_at=None, deal_id__lt=OuterRef("deal_roles__deal_id")
        )
        found = leads.filter(~Exists(earlier), stage=Stage.BOFU, **role)
        found = found.order_by("deal_roles__deal__close_on", "deal_roles__deal_id")
        facts = {
            "holder": F("deal_roles__deal_id"), "since": F("deal_roles__deal__step_since"),
            "amount": F("deal_roles__deal__amount"), "currency": F("deal_roles__deal__currency"),
            "close_on": F("deal_roles__deal__close_on"), "owner": F("rep"), "counts": F("deal_roles__primary"),
        }  # fmt: skip
    else:
        found = leads.filter(stage=lane).order_by("-pk")
        since = "customer_since" if lane == Stage.CUSTOMER else "stage_since"
        owner = F("marketer") if lane in (Stage.TOFU, Stage.OUT) else F("rep")
        facts = {"since": F(since), "amount": F("value"), "currency": F("currency"), "owner": owner}
    facts = {**EMPTY, "lane": Value(lane, CharField()), "lead": F("pk"), **facts}
    return found.annotate(**{f"at_{name}": fact for name, fact in facts.items()})


#: What a lane doesn't know is a NULL of the right type, for a union takes its types from its first part.
EMPTY: dict[str, Any] = {
    "holder": Value(0),
    "due_at": Cast(Value(None), DateTimeField()),
    "close_on": Cast(Value(None), DateField()),
    "promise": Value("", CharField()),
    "origin": Value("", CharField()),
    "counts": Value(True, BooleanField()),
}
TOTALS = """
SELECT lane, currency, count(*), sum(amount) FILTER (WHERE counts)
  FROM (%s) AS places (lane, currency, amount, counts) GROUP BY 1, 2 ORDER BY 4 DESC NULLS LAST
"""
PROMISES = {"answer": gettext_lazy("Answer"), "attempt": gettext_lazy("First call")}


@dataclass(slots=True)
class Card:
    """One lead in one lane, as it is drawn."""

    row: Row
    place: Place
    owner: dict[str, str] | None
    now: datetime

    @property
    def seen(self) -> str:
        """The standing this card was drawn for, as `standing.of` says it: an act on an older one is refused."""
        place = self.place
        return f"{self.row.stage}:{place.lane}:{place.holder}" if place.holder else self.row.stage

    @property
    def amount(self) -> Decimal | None:
        """The deal's amount; before there is one, what was expected."""
        return self.place.amount or self.row.value

    @property
    def promised(self) -> bool:
        """Whether a promise between the teams runs; it goes before what the owner plans."""
        return bool(self.place.promise)

    @property
    def doing(self) -> Any:
        return PROMISES.get(self.place.promise) or self.row.next_action

    @property
    def due_at(self) -> datetime | None:
        return self.place.due_at if self.place.promise else self.row.next_action_at

    @property
    def idle(self) -> int:
        """Days without activity where they are more than the lane allows; 0 while a day to look again is set."""
        row, limit = self.row, IDLE_DAYS.get(self.place.lane)
        if limit is None or (row.look_again_on and row.look_again_on > self.now.date()):
            return 0
        last = max(row.last_activity_at, self.place.since or row.stage_since)
        days = (self.now - last).days
        return days if days > limit else 0

    @property
    def tag(self) -> tuple[str, str] | None:
        """At most one: icon and words."""
        if self.place.origin == Handoff.Origin.HAND_RAISE:
            return "hand", _("Asked to talk")
        if self.place.origin == Handoff.Origin.EXPANSION:
            return "repeat", _("Expansion")
        if self.idle:
            return "hourglass", _("Idle %(days)d of %(limit)d d") % {
                "days": self.idle,
                "limit": IDLE_DAYS[self.place.lane],
            }
        return None


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


@dataclass
class Board:
    """Every lane by name."""

    lanes: dict[str, Lane]

    @property
    def total(self) -> Sum:
        return self._sum(*self.lanes)

    @property
    def mofu(self) -> Sum:
        return self._sum(*Stand.values)

    @property
    def bofu(self) -> Sum:
        return self._sum(*DealStep.values)

    @property
    def steps(self) -> list[tuple[Any, Lane]]:
        return [(step.label, self.lanes[step.value]) for step in DealStep]

    def _sum(self, *names: str) -> Sum:
        counts = {name: self.lanes[name].count for name in names}
        capped = any(count > CAP for name, count in counts.items() if name not in DealStep.values)
        number = sum(counts.values())
        return Sum(number, number - 1 if capped else None)


class Sum(NamedTuple):
    """A number of leads over several lanes, and where counting stopped (None: it is exact)."""

    number: int
    cap: int | None


def board(chosen: LeadFilter, leads: LeadQuerySet) -> Board:
    """First cards, counts and amounts of every lane, in three queries whatever the number of leads."""
    leads = chosen.apply(leads)
    first, *others = [places(lane, leads).values_list(*COLUMNS)[: CARDS + 1] for lane in LANES]
    found = [Place._make(values) for values in first.union(*others, all=True)]
    cards = _cards(chosen, found)
    lanes = {name: _lane(name, [card for card in cards if card.place.lane == name], CARDS) for name in (*LANES, "out")}
    for name, currency, count, amount in _totals(leads):
        lanes[name].count += count
        if name in DealStep.values and amount:
            lanes[name].amounts.append((amount, currency))
    return Board(lanes)


def more(chosen: LeadFilter, leads: LeadQuerySet, name: str, *, after: str, rest: int = 0) -> Lane:
    """The next cards of a lane after the key of the last one shown; `rest` is how many were said to follow."""
    leads = chosen.apply(leads)
    here = places(name, leads)
    if key := _read(name, after):
        here = here.filter(key)
    found = [Place._make(values) for values in here.values_list(*COLUMNS)[: MORE + 1]]
    lane = _lane(name, _cards(chosen, found), MORE)
    lane.count = rest
    return lane


def _cards(chosen: LeadFilter, found: list[Place]) -> list[Card]:
    rows = {row.pk: row for row in chosen.rows(Lead.objects.filter(pk__in={place.lead for place in found}))}
    here = [(rows[place.lead], place) for place in found if place.lead in rows]
    return [Card(row, place, chosen.people.get(place.owner or 0), chosen.now) for row, place in here]


def _lane(name: str, cards: list[Card], size: int) -> Lane:
    shown = cards[:size]
    return Lane(name, shown, after=_write(shown[-1].place) if len(cards) > size else "")


def _totals(leads: LeadQuerySet) -> list[tuple[str, str, int, Decimal | None]]:
    """Of each lane, by currency: how many leads, and what they are worth. Only deals are counted beyond CAP."""
    parts = []
    for name in (*LANES, Stage.OUT.value):
        part = places(name, leads).order_by().values_list("at_lane", "at_currency", "at_amount", "at_counts")
        parts.append(part if name in DealStep.values else part[: CAP + 1])
    sql, params = parts[0].union(*parts[1:], all=True).query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(TOTALS % sql, params)
        return cursor.fetchall()


def _write(place: Place) -> str:
    if place.lane in Stand.values:
        return f"{place.due_at.isoformat() if place.due_at else ''}.{place.holder}"
    if place.lane in DealStep.values:
        return f"{place.close_on or ''}.{place.holder}"
    return str(place.lead)


def _read(name: str, text: str) -> Q | None:
    """The condition for what comes after a cursor; one that cannot be read is the beginning."""
    try:
        if name in STAGE_LANES:
            return Q(pk__lt=bounded(text))
        first, _dot, holder = text.rpartition(".")
        if name in Stand.values:
            columns, value = ("stand__due_at", "stand__id"), parse_datetime(first) if first else None
        else:
            columns, value = ("deal_roles__deal__close_on", "deal_roles__deal_id"), parse_date(first) if first else None
        undated = Q(**{columns[0]: None})
        if first and value is None:
            return None
        if value is None:
            return undated & Q(**{f"{columns[1]}__gt": bounded(holder)})
        return beyond(columns, (value, bounded(holder)), downwards=False) | undated
    except ValueError:
        return None
