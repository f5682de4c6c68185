"""The shared funnel, read from the ledgers: visits by step, what became of them, sources, wins, hand-offs by month.

Every figure carries the selection it counts. All is set-based; the number of queries does not depend on the data.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import (
    Aggregate,
    CharField,
    Count,
    DecimalField,
    DurationField,
    ExpressionWrapper,
    F,
    Q,
    Sum,
    Value,
)
from django.db.models.functions import Cast, TruncMonth
from django.utils import timezone
from django.utils.translation import gettext as _

from dashboards.figures import Amount, Because, Filter, Month, Number, Part, Source, Step, Wins
from dashboards.names import CLASSES, Names
from dashboards.selection import Selection
from dashboards.steps import BACK, CAME, FATES, HERE, ON, OUT, STEPS, Fate, fate, keys
from handoff.models import Reason
from personas.choices import Lane

#: Months without an offer are told as well, unless a stray date makes the row of months absurdly long.
MONTHS = 120
#: How far a lead has come, as the table of sources tells it.
FAR = ("", "mql", "sal", "sql", "won")


class Median(Aggregate):
    """The median of a duration, as PostgreSQL interpolates it; NULL of nothing."""

    function = "percentile_cont"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()


def _lasted(begin: str, end: str) -> Any:
    return ExpressionWrapper(F(end) - F(begin), output_field=DurationField())


class Funnel:
    """The figures of one period and its shared filters; each is asked of the database once, when it is first used."""

    def __init__(self, chosen: Selection, *, now: datetime | None = None) -> None:
        self.chosen, self.now = chosen.shared, now or timezone.now()
        self.names = Names()

    # From visit to customer

    @cached_property
    def steps(self) -> list[Step]:
        groups = defaultdict(list)
        for step, *group in self._groups():
            groups[step].append(group)
        whole = {step: (leads, median) for step, leads, median in self._wholes()}
        return [self._step(step, groups[step], *whole.get(step, (0, None))) for step in STEPS]

    def _ledgers(self) -> Iterator[Any]:
        yield self.chosen.visits()
        for lane in Lane:
            yield self.chosen.handoffs(lane)

    def _groups(self) -> list[tuple[Any, ...]]:
        """How many visits, by step, fate, beginning and reason: every count of the page's first table."""
        by = ("at_step", "fate", "came", "because_act", "because_code")
        return _together(rows.values(*by).annotate(n=Count("pk")).values_list(*by, "n") for rows in self._ledgers())

    def _wholes(self) -> list[tuple[Any, ...]]:
        """Of each step: how many leads, and the median stay of the visits that moved on."""
        on = Q()
        for step in STEPS:
            on |= Q(at_step=step, fate__in=keys(step, ON))
        return _together(
            rows.values("at_step")
            .annotate(leads=Count("lead", distinct=True), median=Median(_lasted("moment", "gone"), filter=on))
            .values_list("at_step", "leads", "median")
            for rows in self._ledgers()
        )

    def _step(self, step: str, groups: list[list[Any]], leads: int, median: timedelta | None) -> Step:
        visits, fates, came, because = 0, Counter[str](), Counter[str](), Counter[tuple[str, str, str]]()
        for became, began, act, code, n in groups:
            visits += n
            fates[became] += n
            came[began] += n
            if code:
                because[became, act or "", code] += n
        here = self.chosen.but(step=str(step))
        order = [known.key for known in FATES[step]]
        known = [fate(step, key) for key in sorted(fates, key=lambda key: order.index(key) if key in order else 99)]
        parts = [Part(fates[f.key], here.but(fate=f.key), str(f.words), f) for f in sorted(known, key=_way)]
        return Step(
            key=str(step),
            visits=Number(visits, here),
            leads=Number(leads, here.but(what="visitors")),
            moved=Number(sum(part.count for part in parts if part.fate and part.fate.way == ON), here.but(fate=ON)),
            median=median,
            fates=parts,
            came=[Part(n, here.but(came=key), str(CAME.get(key, key))) for key, n in came.most_common()],
            because=[self._because(here, n, *key) for key, n in because.most_common()],
        )

    def _because(self, here: Selection, n: int, became: str, act: str, code: str) -> Because:
        reason = self.names.reason(act, code)
        kind = reason.group or act
        words = Reason.Act(kind).label if kind in Reason.Act.values else kind
        if kind in CLASSES:
            words = _("Returned, %(class)s") % {"class": str(CLASSES[kind]).lower()}
        chosen = here.but(fate=became, because=f"{act}:{code}")
        return Because(n, chosen, reason.label, str(fate(here.step, became).words), kind, str(words))

    @property
    def is_empty(self) -> bool:
        return not any(step.visits.count for step in self.steps) and not self.wins.deals.count

    @property
    def reasons(self) -> dict[str, dict[str, list[Because]]]:
        """Why visits ended without moving on: kind of reason, reason, and at which steps; the most frequent first."""
        kinds: dict[str, dict[str, list[Because]]] = defaultdict(lambda: defaultdict(list))
        for part in sorted((part for step in self.steps for part in step.because), key=lambda part: -part.count):
            kinds[part.kind_words][part.words].append(part)
        return {kind: dict(reasons) for kind, reasons in kinds.items()}

    @property
    def filters(self) -> list[Filter]:
        """The filters that both teams share; none is about a person."""
        said = {"source": (_("Source"), self.chosen.source), "persona": (_("Persona"), self.chosen.persona)}
        return [
            Filter(name, label, on, self.names.options(name, on), f"?{self.chosen.address(name)}")
            for name, (label, on) in said.items()
        ]

    # Wins and value

    @cached_property
    def wins(self) -> Wins:
        rows = self._money[""]
        deals = sum(n for _currency, n, _priced, _total in rows)
        amounts = self._amounts(self.chosen.but(what="wins"), rows)
        n, median = self._customers
        chosen = self.chosen
        return Wins(Number(deals, chosen.but(what="wins")), amounts, Number(n, chosen.but(what="customers")), median)

    @cached_property
    def _customers(self) -> tuple[int, timedelta | None]:
        found = self.chosen.customers().aggregate(n=Count("pk"), median=Median(_lasted("first_seen_at", "moment")))
        return found["n"], found["median"]

    @cached_property
    def _money(self) -> dict[str, list[tuple[str, int, int, Decimal]]]:
        """Deals by currency: won in the period under "", and under each source those of its leads, whenever won."""
        money: dict[str, list[tuple[str, int, int, Decimal]]] = defaultdict(list)
        total = Cast(Sum("amount"), DecimalField(max_digits=20, decimal_places=2))
        counted = {"n": Count("pk"), "priced": Count("amount"), "total": total}
        listed = ("of", "currency", *counted)
        won = self.chosen.wins().annotate(of=Value("", CharField())).values("of", "currency").annotate(**counted)
        value = self.chosen.value().annotate(of=F("roles__lead__source__slug")).values("of", "currency")
        value = value.annotate(**counted)
        for slug, *row in _together(part.values_list(*listed) for part in (won, value)):
            if row[1]:
                money["none" if slug is None else slug].append(tuple(row))
        return money

    def _amounts(self, chosen: Selection, rows: Iterable[tuple[str, int, int, Decimal]]) -> list[Amount]:
        priced = [row for row in rows if row[2]]
        return [
            Amount(n, chosen.but(currency=currency), total, currency)
            for currency, _deals, n, total in sorted(priced, key=lambda row: -row[3])
        ]

    # By source

    @cached_property
    def sources(self) -> list[Source]:
        """The sources that brought leads in the period, those with the most leads first."""
        found = by_source(self.chosen)
        for source in found:
            source.name = self.names.source(source.slug)
            source.amounts = self._amounts(self.chosen.but(what="value", source=source.slug), self._money[source.slug])
        return sorted(found, key=lambda source: (-source.leads.count, source.name.lower()))

    # Hand-offs by month

    @cached_property
    def months(self) -> list[Month]:
        """The hand-offs offered in each month of the period, and what became of those."""
        offers = self.chosen.handoffs(Lane.MQL)
        month = TruncMonth("moment", tzinfo=timezone.get_default_timezone())
        counted = {"n": Count("pk"), "yes": Count("accepted_at"), "sql": Count("qualified_at")}
        rows = offers.values(month=month).annotate(**counted).order_by("month").values_list("month", *counted)
        counts = {moment.date(): numbers for moment, *numbers in rows}
        return [self._month(first, *counts.get(first, (0, 0, 0))) for first in _months(list(counts))]

    def _month(self, first: date, offered: int, accepted: int, qualified: int) -> Month:
        last = _next_month(first) - timedelta(days=1)
        chosen = self.chosen.but(step=str(Lane.MQL), period=self.chosen.period.within(first, last))
        return Month(
            first,
            Number(offered, chosen),
            Number(accepted, chosen.but(reached=str(Lane.SAL))),
            Number(qualified, chosen.but(reached=str(Lane.SQL))),
        )

    @property
    def finding(self) -> str:
        """One sentence with two numbers above the chart."""
        told = [month for month in self.months if month.offered.count]
        if not told:
            return ""
        first, last = told[0], told[-1]
        said = {"then": _whole(first), "now": _whole(last), "first": first.name, "last": last.name}
        if first == last:
            return _("Of %(n)d hand-offs offered in %(first)s, sales has accepted %(then)s so far.") % {
                **said, "n": first.offered.count}  # fmt: skip
        return _("Of what was offered in %(first)s sales accepted %(then)s, in %(last)s %(now)s so far.") % said


def by_source(chosen: Selection) -> list[Source]:
    """Leads first seen in the period, by source, in no order: how many, and how many have come how far since."""
    here = chosen.but(what="leads")
    parts = (here.but(reached=name).rows().annotate(far=Value(name, CharField())) for name in FAR)
    counted = (part.values("source__slug", "far").annotate(n=Count("pk")) for part in parts)
    counts = {(slug, far): n for slug, far, n in _together(c.values_list("source__slug", "far", "n") for c in counted)}
    found = []
    for slug in [slug for slug, far in counts if not far]:
        of = here.but(source="none" if slug is None else slug)
        leads, mql, sal, sql, won = (Number(counts.get((slug, far), 0), of.but(reached=far)) for far in FAR)
        found.append(Source(of.source, of.source, leads, mql, sal, sql, won))
    return found


def _together(parts: Iterable[Any]) -> list[tuple[Any, ...]]:
    first, *others = (part.order_by() for part in parts)
    return list(first.union(*others, all=True))


def _way(known: Fate) -> int:
    return [ON, BACK, OUT, HERE].index(known.way)


def _next_month(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)


def _months(found: list[date]) -> list[date]:
    """From the first month to the last without a gap, unless that would be too many to read."""
    if not found:
        return []
    every = [found[0]]
    while every[-1] < found[-1] and len(every) <= MONTHS:
        every.append(_next_month(every[-1]))
    return every if len(every) <= MONTHS else found


def _whole(month: Month) -> str:
    share = month.acceptance
    percent = f"{round(100 * share.part / share.whole)}%"
    return f"{percent} ({share.on_few})" if share.on_few else percent
