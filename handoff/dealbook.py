"""The deals page: which deals it lists, in which order and from where on, and what they are worth together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.db.models import Count, F, FilteredRelation, IntegerField, Q, QuerySet, Sum, Value
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.choices import Team
from accounts.models import User
from handoff.models import Deal
from handoff.models.deal import DealQuerySet
from leads.filters import Option
from leads.paging import EPOCH, bounded
from personas.choices import DealStep, Stage

PAGE = 50
#: Numbers that stand in a menu for those of a row: no row has them.
LEAD, DEAL = 9_223_372_036_854_775_806, 9_223_372_036_854_775_807
TABS = {
    Deal.Status.OPEN.value: gettext_lazy("Open"),
    Deal.Status.WON.value: gettext_lazy("Won"),
    Deal.Status.LOST.value: gettext_lazy("Lost"),
}
COLUMNS = (
    "pk", "name", "company__name", "amount", "currency", "close_on", "owner", "step", "step_since", "status",
    "closed_at", "reason__label", "competitor", "main__lead", "main__lead__name", "main__lead__email",
    "main__lead__stage",
)  # fmt: skip


@dataclass(slots=True)
class Row:
    """What one line shows of a deal."""

    pk: int
    name: str
    company: str | None
    amount: Decimal | None
    currency: str
    close_on: date | None
    owner_id: int | None
    step: str
    step_since: datetime
    status: str
    closed_at: datetime | None
    reason: str | None
    competitor: str
    lead: int | None
    lead_name: str | None
    lead_email: str | None
    lead_stage: str | None
    book: Dealbook

    @property
    def who(self) -> str:
        return self.lead_name or self.lead_email or _("Lead %(pk)s") % {"pk": self.lead}

    @property
    def owner(self) -> dict[str, str] | None:
        return self.book.people.get(self.owner_id) if self.owner_id else None

    @property
    def menu(self) -> SafeString:
        """What may be done with it: the menu of its step, with the numbers of this row."""
        menu = self.book.menus.get(self.step if self.goes_on else "", "")
        return SafeString(menu.replace(str(LEAD), str(self.lead)).replace(str(DEAL), str(self.pk)))

    @property
    def goes_on(self) -> bool:
        """Whether it may be moved, won or lost: not while its lead is being qualified again."""
        return self.status == Deal.Status.OPEN and self.lead_stage == Stage.BOFU


class Group(NamedTuple):
    """Deals of one step, or of the whole tab: how many, and what they are worth by currency, the largest first."""

    step: str
    label: str
    number: int
    sums: list[tuple[Decimal, str]]


class Page(NamedTuple):
    """One page of deals, found by the key of the row before it."""

    rows: list[Row]
    after: str


@dataclass
class Dealbook:
    """Filters of the deals page, read from its address; an unknown value matches nothing rather than everything."""

    said: Mapping[str, str]
    user: User
    now: datetime = field(default_factory=timezone.now)
    menus: Mapping[str, str] = field(default_factory=dict)  # HTML by step

    def __post_init__(self) -> None:
        self.status = self.said.get("status", "") if self.said.get("status") in TABS else Deal.Status.OPEN.value
        names = ("owner", "step") if self.is_open else ("owner",)
        read = {name: str(self.said.get(name, "")).replace("\0", "").strip()[:150] for name in names}
        self.on = {name: value for name, value in read.items() if value}

    @property
    def is_open(self) -> bool:
        return self.status == Deal.Status.OPEN

    # What there is to choose from

    @cached_property
    def _everybody(self) -> list[User]:
        return list(User.objects.order_by("name", "pk").only("name", "username", "team", "is_active"))

    @cached_property
    def people(self) -> dict[int, dict[str, str]]:
        return {person.pk: {"name": person.name, "team": person.team} for person in self._everybody}

    @property
    def owners(self) -> list[Option]:
        chosen = self.on.get("owner", "")
        reps = [p for p in self._everybody if p.is_active and p.team != Team.MARKETING]
        named = [("me", _("Me")), ("nobody", _("Unowned")), *((rep.username, rep.name) for rep in reps)]
        if chosen and chosen not in dict(named):
            named.append((chosen, next((p.name for p in self._everybody if p.username == chosen), chosen)))
        return [Option(value, label, value == chosen) for value, label in named]

    @property
    def steps(self) -> list[Option]:
        return [Option(value, label, value == self.on.get("step")) for value, label in DealStep.choices]

    # What they let through

    @cached_property
    def deals(self) -> DealQuerySet:
        deals = Deal.objects.visible_to(self.user).filter(status=self.status)
        if self.is_open:
            deals = deals.open()  # the condition of the index
        if "owner" in self.on:
            deals = deals.filter(owner=self._owner(self.on["owner"]))
        return deals.filter(step=self.on["step"]) if "step" in self.on else deals

    def _owner(self, said_as: str) -> int | None:
        if said_as in ("me", "nobody"):
            return self.user.pk if said_as == "me" else None
        return next((person.pk for person in self._everybody if person.username == said_as), 0)

    @cached_property
    def groups(self) -> list[Group]:
        """By step while open, as a whole once closed; one query."""
        by = ["step", "currency"] if self.is_open else ["currency"]
        counted: dict[str, list[tuple[int, Decimal, str]]] = {}
        for line in self.deals.order_by().values(*by).annotate(number=Count("pk"), worth=Sum("amount")):
            found = (line["number"], line["worth"] or Decimal(0), line["currency"])
            counted.setdefault(line.get("step", ""), []).append(found)
        steps = [(value, str(label)) for value, label in DealStep.choices] if self.is_open else [("", "")]
        return [self._group(step, label, counted.get(step, [])) for step, label in steps]

    def _group(self, step: str, label: str, lines: list[tuple[int, Decimal, str]]) -> Group:
        sums = sorted(((worth, currency) for _n, worth, currency in lines if worth), reverse=True)
        return Group(step, label, sum(number for number, _worth, _currency in lines), sums)

    @property
    def total(self) -> Group:
        lines: dict[str, tuple[int, Decimal, str]] = {}
        for group in self.groups:
            for worth, currency in group.sums:
                lines[currency] = (0, lines.get(currency, (0, Decimal(0), ""))[1] + worth, currency)
        group = self._group("", "", list(lines.values()))
        return group._replace(number=sum(group.number for group in self.groups))

    # A page

    def page(self, after: str = "") -> Page:
        """Open deals by step, then by expected close, the undated last; closed ones newest first. One query."""
        listed = self._open(after) if self.is_open else self._closed(after)
        rows = [Row(*(*values[: len(COLUMNS)], self)) for values in listed[: PAGE + 1]]
        more, rows = len(rows) > PAGE, rows[:PAGE]
        return Page(rows, self._cursor(rows[-1]) if more else "")

    def _open(self, after: str) -> Any:
        pieces = [piece[: PAGE + 1] for piece in self._pieces(_read_open(after))]
        return pieces[0].union(*pieces[1:], all=True).order_by("place", "close_on", "pk")

    def _pieces(self, key: tuple[int, date | None, int] | None) -> Iterator[QuerySet[Any, Any]]:
        """Each step's deals with a day, then those without: each piece is one range of the index deal_open."""
        for place, (step, dated) in enumerate((step, dated) for step in DealStep.values for dated in (True, False)):
            piece = self.deals.filter(step=step, close_on__isnull=not dated)
            if key and place < key[0]:
                continue
            if key and place == key[0]:
                beyond = TupleGreaterThan(Tuple(F("close_on"), F("pk")), key[1:]) if dated else Q(pk__gt=key[2])
                piece = piece.filter(beyond)
            place_of = Value(place, IntegerField())
            yield _shown(piece).annotate(place=place_of).order_by("close_on", "pk").values_list(*COLUMNS, "place")

    def _closed(self, after: str) -> Any:
        deals = self.deals
        if key := _read_closed(after):
            deals = deals.filter(TupleLessThan(Tuple(F("closed_at"), F("pk")), key))
        return _shown(deals).order_by("-closed_at", "-pk").values_list(*COLUMNS)

    def _cursor(self, row: Row) -> str:
        if not self.is_open and row.closed_at:
            return f"{(row.closed_at - EPOCH) // timedelta(microseconds=1)}.{row.pk}"
        place = 2 * DealStep.values.index(row.step) + (row.close_on is None)
        return f"{place}.{row.close_on or ''}.{row.pk}"

    # What a page writes

    def address(self, *without: str, **other: str) -> str:
        """The query string of these filters, less or with some, and never with a page's cursor."""
        status = {} if self.is_open else {"status": self.status}
        kept = {n: v for n, v in {**status, **self.on, **other}.items() if n not in without and v}
        return f"?{urlencode(kept)}" if kept else "?"

    @property
    def tabs(self) -> list[dict[str, Any]]:
        """Open, won, lost: each keeps whose deals are looked at."""
        return [
            {
                "label": label,
                "query": self.address("step", status="" if status == Deal.Status.OPEN else status),
                "on": status == self.status,
            }
            for status, label in TABS.items()
        ]

    @property
    def without(self) -> dict[str, str]:
        return {name: self.address(name) for name in self.on}

    @property
    def page_query(self) -> str:
        address = self.address()
        return address if address == "?" else f"{address}&"


def _shown(deals: QuerySet[Deal]) -> QuerySet[Deal]:
    return deals.annotate(main=FilteredRelation("roles", condition=Q(roles__primary=True)))


def _read_open(text: str) -> tuple[int, date | None, int] | None:
    try:
        place, day, pk = text[:60].split(".")
        dated = bounded(place, most=2 * len(DealStep.values) - 1) % 2 == 0
        close_on = parse_date(day) if dated else None
        return None if dated and close_on is None else (int(place), close_on, bounded(pk))
    except ValueError:
        return None


def _read_closed(text: str) -> tuple[datetime, int] | None:
    try:
        moment, pk = text[:60].split(".")
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(moment)), bounded(pk)
    except (ValueError, OverflowError):
        return None
