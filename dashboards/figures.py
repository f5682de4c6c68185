"""What a funnel is made of: counts that know what they count, and rows of them. Plain data, no database."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from django.urls import reverse
from django.utils.translation import gettext as _

from dashboards.names import CLASSES, Name
from dashboards.period import Monthly
from dashboards.selection import Selection
from dashboards.steps import USUALLY, Fate, step_label


@dataclass(frozen=True)
class Number:
    """A count, and the selection of exactly what it counts."""

    count: int
    selection: Selection

    @property
    def href(self) -> str:
        return reverse("dashboards:visits") + self.selection.query


@dataclass(frozen=True)
class Part(Number):
    """A piece of a step's visits: by fate, or by how they began."""

    words: str
    fate: Fate | None = None


@dataclass(frozen=True)
class Because(Number):
    """Visits that ended for one reason: what became of them, and the kind of reason (the class of a return)."""

    words: str
    became: str
    kind: str
    kind_words: str

    @property
    def step_words(self) -> str:
        return step_label(self.selection.step)


#: Below so many a percentage alone would say more than is known.
FEW = 20


class Share(NamedTuple):
    """A part of a whole, in percent to one decimal; None of nothing."""

    part: int
    whole: int

    @property
    def percent(self) -> Decimal | None:
        return tenth(Decimal(100 * self.part) / self.whole) if self.whole else None

    @property
    def on_few(self) -> str:
        """The base, '3 of 3', where it is small."""
        few = 0 < self.whole < FEW
        return _("%(part)d of %(whole)d") % {"part": self.part, "whole": self.whole} if few else ""


@dataclass(frozen=True)
class Step:
    """One row of the funnel: the visits to a stage or lane, and what became of them."""

    key: str
    visits: Number
    leads: Number
    moved: Number
    median: timedelta | None
    fates: list[Part]
    came: list[Part]
    because: list[Because]

    @property
    def conversion(self) -> Share:
        return Share(self.moved.count, self.visits.count)

    @property
    def skips(self) -> list[Part]:
        return [part for part in self.fates if part.fate and part.fate.skip]

    @property
    def returns(self) -> list[Part]:
        """Returns by class, the most frequent first."""
        counts = Counter[str]()
        for part in self.because:
            if part.kind in CLASSES:
                counts[part.kind] += part.count
        chosen = self.visits.selection.but(fate="returned")
        return [Part(n, chosen.but(because=name), words=str(CLASSES[name])) for name, n in counts.most_common()]

    @property
    def came_otherwise(self) -> list[Part]:
        """Visits that began in another way than is usual for the step."""
        return [part for part in self.came if part.selection.came not in USUALLY[self.key]]


@dataclass(frozen=True)
class Amount(Number):
    """Money in one currency, and the deals that it adds up."""

    total: Decimal
    currency: str


@dataclass(frozen=True)
class Wins:
    """Deals won in the period, the new customers among their leads, and how long those took."""

    deals: Number
    amounts: list[Amount]
    customers: Number
    median: timedelta | None

    @property
    def unpriced(self) -> Number:
        priced = sum(amount.count for amount in self.amounts)
        return Number(self.deals.count - priced, self.deals.selection.but(currency="none"))

    @property
    def median_days(self) -> Decimal | None:
        return days(self.median)


@dataclass
class Source:
    """Where leads first seen in the period came from, and how far they have come since."""

    slug: str
    name: str
    leads: Number
    mql: Number
    sal: Number
    sql: Number
    won: Number
    amounts: list[Amount] = field(default_factory=list)

    @property
    def conversion(self) -> Share:
        return Share(self.won.count, self.leads.count)


@dataclass(frozen=True)
class Month(Monthly):
    """The hand-offs offered in a month, and how far those have come since."""

    offered: Number
    accepted: Number
    qualified: Number

    @property
    def acceptance(self) -> Share:
        return Share(self.accepted.count, self.offered.count)


class Filter(NamedTuple):
    """A list to choose from, what is chosen of it, and the address without it."""

    name: str
    label: str
    on: str
    options: list[Name]
    without: str


def tenth(number: Decimal) -> Decimal:
    return number.quantize(Decimal("0.1"), ROUND_HALF_UP)


def days(span: timedelta | None) -> Decimal | None:
    """A length of time in days, to one decimal."""
    return None if span is None else tenth(Decimal(str(span / timedelta(days=1))))
