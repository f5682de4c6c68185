"""What the two teams promised each other and how it was kept: sales by the ledger of promises, marketing by its offers.

Every figure carries the selection it counts. The number of queries does not depend on the data.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from statistics import median
from typing import Any, NamedTuple

from django.db.models import Case, Count, DecimalField, Func, IntegerField, Q, Sum, Value, When
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import Cast, Coalesce, TruncMonth, TruncWeek
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.choices import Team
from dashboards.figures import Filter, Number, Share
from dashboards.names import Names
from dashboards.period import Period
from dashboards.selection import Selection
from handoff.models import Agreement, Promise
from handoff.sla import Calendar

#: What may become of a promise.
STATES: dict[str, Any] = {
    "kept": gettext_lazy("Kept"),
    "broken": gettext_lazy("Later than promised"),
    "running": gettext_lazy("Still running"),
    "moot": gettext_lazy("Needless"),
}
#: The time that promises took is counted of so many, the newest; business time is no matter for the database.
TIMED = 50_000
#: Facts of a lead whose completeness marketing promises, and the columns that hold them.
FACTS = {
    "name": ["name"],
    "email": ["email"],
    "phone": ["phone"],
    "job_title": ["job_title"],
    "company": ["company__name"],
    "industry": ["company__industry"],
    "size": ["company__size"],
    "country": ["country", "company__country"],
}
MONTHS = 120


@dataclass(frozen=True)
class Row:
    """Some promises of sales, and how they were kept: of one kind, of a week, or of a person."""

    key: str
    name: str
    selection: Selection
    counts: Counter[str]
    minutes: float | None = None

    @property
    def given(self) -> Number:
        return Number(self.counts.total(), self.selection)

    def __getattr__(self, name: str) -> Number:
        if name not in STATES:
            raise AttributeError(name)
        return Number(self.counts[name], self.selection.but(kept=name))

    @property
    def keeping(self) -> Share:
        """Of those that have been decided: what still runs is neither kept nor broken."""
        return Share(self.counts["kept"], self.counts["kept"] + self.counts["broken"])


class Against(NamedTuple):
    """What was done against what was agreed: None where nothing was; `open` while the month still runs."""

    done: Decimal
    agreed: Decimal | None
    open: bool

    @property
    def left(self) -> Decimal:
        return max(Decimal(0), (self.agreed or Decimal(0)) - self.done)

    @property
    def kept(self) -> bool:
        return self.agreed is not None and self.done >= self.agreed

    @property
    def share(self) -> int:
        return min(100, int(100 * self.done / self.agreed)) if self.agreed else 0


@dataclass
class Handed:
    """What marketing handed over: in a month, or one marketer in all of them."""

    key: str
    name: str
    leads: Number
    agreement: Agreement | None = None
    open: bool = False
    worth: dict[str, Decimal] = field(default_factory=dict)
    known: int = 0

    @property
    def completeness(self) -> Decimal | None:
        """Percent of the facts known."""
        asked = self.leads.count * len(FACTS)
        return (Decimal(100 * self.known) / asked).quantize(Decimal("0.1")) if asked else None

    @property
    def amounts(self) -> list[tuple[Decimal, str]]:
        return sorted(((total, currency) for currency, total in self.worth.items() if total), reverse=True)

    @property
    def leads_agreed(self) -> Against:
        return self._against(Decimal(self.leads.count), "leads_a_month")

    @property
    def value_agreed(self) -> Against:
        return self._against(self.worth.get(Agreement.CURRENCY, Decimal(0)), "value_a_month")

    @property
    def completeness_agreed(self) -> Against:
        return self._against(self.completeness or Decimal(0), "completeness")

    def _against(self, done: Decimal, term: str) -> Against:
        agreed = getattr(self.agreement, term, None)
        return Against(done, None if agreed is None else Decimal(agreed), self.open)


class Promises:
    """The figures of one period; each is asked of the database once, when first used."""

    def __init__(self, chosen: Selection, *, kind: str = "", now: datetime | None = None) -> None:
        self.chosen, self.now = chosen.promised, now or timezone.now()
        self.kind = kind if kind in Promise.Kind.values else str(Promise.Kind.ANSWER)
        self.names, self.zone = Names(), timezone.get_default_timezone()

    # Sales

    @cached_property
    def kinds(self) -> list[Row]:
        """Every promise that sales gives, in the order in which they are given."""
        found = self._grouped(lambda kind, _week, _whose: kind)
        return [
            Row(str(kind), str(kind.label), self.chosen.but(promise=str(kind)), *found[str(kind)])
            for kind in Promise.Kind
        ]

    @cached_property
    def weeks(self) -> list[Row]:
        """One kind of promise by the week in which it was given, the newest first."""
        found = self._grouped(lambda kind, week, _whose: week if kind == self.kind else None)
        return [
            Row(f"{week:%G-W%V}", date_format(week, "j M Y"), self._of_kind.but(period=self._in(week)), *found[week])
            for week in sorted((week for week in found if week), reverse=True)
        ]

    @cached_property
    def people(self) -> list[Row]:
        """One kind of promise by whose it is, by name; what nobody has claimed stands last."""
        found = self._grouped(lambda kind, _week, whose: str(whose or "none") if kind == self.kind else "")
        rows = [
            Row(key, _("Unowned") if key == "none" else self.names.label("person", key), self._of_kind.but(rep=key),
                *numbers)
            for key, numbers in found.items() if key
        ]  # fmt: skip
        return sorted(rows, key=lambda row: (row.key == "none", row.name.lower()))

    def _grouped(self, key: Callable[[str, date, int | None], Any]) -> dict[Any, tuple[Counter[str], float | None]]:
        """By a key made of kind, week and whose: the promises by state, and the median minutes of those done."""
        counts: dict[Any, Counter[str]] = defaultdict(Counter)
        took: dict[Any, list[float]] = defaultdict(list)
        for (kind, week, whose, state), n in self._counts.items():
            counts[key(kind, week, whose)][state] += n
        for kind, week, whose, minutes in self._took:
            took[key(kind, week, whose)].append(minutes)
        known = {found: (numbers, median(took[found]) if took[found] else None) for found, numbers in counts.items()}
        return defaultdict(lambda: (Counter[str](), None), known)

    @cached_property
    def _counts(self) -> dict[tuple[str, date, int | None, str], int]:
        """How many promises by kind, week, whose and state: every count of sales' tables."""
        by = ("kind", "week", "whose", "state")
        rows = self.chosen.promises().order_by().annotate(week=TruncWeek("started_at", tzinfo=self.zone)).values(*by)
        counted = rows.annotate(n=Count("pk")).values_list(*by, "n")
        return {(kind, week.date(), whose, state): n for kind, week, whose, state, n in counted}

    @cached_property
    def _took(self) -> list[tuple[str, date, int | None, float]]:
        """The business minutes that each promise took which is done, in time or late: kind, week, whose, minutes."""
        done = self.chosen.promises().filter(settled_at__isnull=False, state__in=["kept", "broken"])
        rows = done.order_by("-started_at").values_list(
            "kind", "whose", "handoff__agreement", "started_at", "settled_at"
        )[:TIMED]
        calendars = {pk: Calendar.of(agreement) for pk, agreement in self._agreements.items()}
        return [
            (kind, self._monday(started), whose, calendars[agreement].minutes(started, settled))
            for kind, whose, agreement, started, settled in rows
        ]

    @property
    def _of_kind(self) -> Selection:
        return self.chosen.but(promise=self.kind)

    @property
    def finding(self) -> str:
        """One sentence on sales."""
        words = _("%(what)s: %(kept)d of %(n)d in time")
        told = [
            words % {"what": row.name, "kept": row.keeping.part, "n": row.keeping.whole}
            for row in self.kinds
            if row.keeping.whole
        ]
        return f"{'; '.join(told)}." if told else _("No promise of these days has been decided yet.")

    # Marketing

    @cached_property
    def months(self) -> list[Handed]:
        """What marketing handed over in each month that the period touches, counted whole; the newest first."""
        found: dict[date, Handed] = {}
        for month in self._months:
            last = _next_month(month) - timedelta(days=1)
            leads = Number(0, self._handed.but(period=Period(month, last)))
            running = last >= self.now.astimezone(self.zone).date()
            found[month] = Handed(f"{month:%Y-%m}", date_format(month, "M Y"), leads, self._agreed(last), running)
        for month, _whose, *numbers in self._offers:
            if month in found:
                _add(found[month], *numbers)
        return list(reversed(found.values()))

    @cached_property
    def marketers(self) -> list[Handed]:
        """What each marketer handed over in those months; nobody's is what the line offers of leads without one."""
        found: dict[int | None, Handed] = {}
        for _month, whose, *numbers in self._offers:
            if whose not in found:
                name = self.names.label("person", str(whose)) if whose else _("Unowned")
                leads = Number(0, self._handed.but(marketer=str(whose or "none")))
                found[whose] = Handed(str(whose or "none"), name, leads)
            _add(found[whose], *numbers)
        return sorted(found.values(), key=lambda row: (row.key == "none", row.name.lower()))

    @cached_property
    def whole_months(self) -> Period:
        """The period, widened to whole months."""
        period = self.chosen.period
        first = period.first.replace(day=1) if period.first else None
        return Period(first, period.last and _next_month(period.last) - timedelta(days=1), period.problem)

    @property
    def _handed(self) -> Selection:
        chosen = self.chosen
        return Selection(
            self.whole_months, chosen.viewer, source=chosen.source, persona=chosen.persona, what="offers", came="handed"
        )

    @cached_property
    def _offers(self) -> list[tuple[Any, ...]]:
        """By month, whose and currency: how many offers, their value, and how many facts are known of their leads."""
        today: Any = sum((_is_known(*columns) for columns in FACTS.values()), start=Value(0))
        then = KnownThen(KeyTransform("known", "brief"), facts=list(FACTS))
        known = Case(When(brief__has_key="known", then=then), default=today, output_field=IntegerField())
        rows = self._handed.rows().order_by().annotate(
            month=TruncMonth("moment", tzinfo=self.zone), whose=Coalesce("offered_by_id", "lead__marketer_id")
        )  # fmt: skip
        total = Cast(Sum("value"), DecimalField(max_digits=20, decimal_places=2))
        counted = rows.values("month", "whose", "lead__currency").annotate(n=Count("pk"), total=total, known=Sum(known))
        listed = counted.values_list("month", "whose", "lead__currency", "n", "total", "known")
        return [(moment.date().replace(day=1), *rest) for moment, *rest in listed]

    @cached_property
    def _months(self) -> list[date]:
        """From the first month to the last without a gap; of an open period those in which something was offered."""
        told = sorted({month for month, *_rest in self._offers})
        first = self.whole_months.first or (told[0] if told else None)
        today = self.now.astimezone(self.zone).date()
        last = min(self.whole_months.last or today, today)
        every: list[date] = []
        while first and first <= last and len(every) <= MONTHS:
            every.append(first)
            first = _next_month(first)
        return every if len(every) <= MONTHS else told

    @cached_property
    def _agreements(self) -> dict[int, Agreement]:
        return {agreement.pk: agreement for agreement in Agreement.objects.signed().order_by("in_force_since")}

    @cached_property
    def agreement(self) -> Agreement | None:
        """What is agreed now."""
        return next((one for one in self._agreements.values() if one.ended_at is None), None)

    def _agreed(self, last: date) -> Agreement | None:
        """What was in force on the last day of a month; None before the first agreement."""
        before = [one for one in self._agreements.values() if self._day(one.in_force_since) <= last]
        return before[-1] if before else None

    @property
    def finding_of_marketing(self) -> str:
        month = next((month for month in self.months if not month.open), None) or next(iter(self.months), None)
        if month is None:
            return ""
        said = {"month": month.name, "n": month.leads.count, "agreed": month.leads_agreed.agreed,
                "percent": month.completeness or 0}  # fmt: skip
        if said["agreed"] is None:
            return _("In %(month)s marketing handed over %(n)d leads, with %(percent)s%% of their facts known.") % said
        return _("In %(month)s marketing handed over %(n)d leads of %(agreed)d agreed, with %(percent)s%% of their "
                 "facts known.") % said  # fmt: skip

    # The page

    @property
    def is_empty(self) -> bool:
        return not self._counts and not self._offers

    @property
    def filters(self) -> list[Filter]:
        chosen, found = self.chosen, []
        asked = {"rep": ("person", _("Promised by"), str(Team.SALES)), "source": ("source", _("Source"), ""),
                 "persona": ("persona", _("Persona"), "")}  # fmt: skip
        for name, (kind, label, group) in asked.items():
            on = getattr(chosen, name)
            options = self.names.options(kind, on, group=group)
            found.append(Filter(name, label, on, options, f"?{self.address(**{name: ''})}"))
        return found

    def address(self, **said: str) -> str:
        kind = said.pop("kind", self.kind)
        asked = self.chosen.but(**said).address("what")
        return f"{asked}&kind={kind}" if kind != Promise.Kind.ANSWER else asked

    @property
    def choices(self) -> list[tuple[str, str, str, bool]]:
        """The segmented control: which promise the tables by week and by person tell."""
        return [
            (str(kind), str(kind.label), f"?{self.address(kind=str(kind))}", kind == self.kind) for kind in Promise.Kind
        ]

    @property
    def label(self) -> str:
        return str(Promise.Kind(self.kind).label)

    def _in(self, monday: date) -> Period:
        return self.chosen.period.within(monday, monday + timedelta(days=6))

    def _monday(self, moment: datetime) -> date:
        day = moment.astimezone(self.zone).date()
        return day - timedelta(days=day.weekday())

    def _day(self, moment: datetime | None) -> date:
        return moment.astimezone(self.zone).date() if moment else date.max


def _add(row: Handed, currency: str, n: int, total: Decimal | None, known: int | None) -> None:
    row.leads = Number(row.leads.count + n, row.leads.selection)
    row.worth[currency] = row.worth.get(currency, Decimal(0)) + (total or Decimal(0))
    row.known += known or 0


class KnownThen(Func):
    """How many facts a brief names as known when the lead was offered."""

    template = "(SELECT count(*) FROM jsonb_array_elements_text(%(expressions)s) fact WHERE fact IN (%(facts)s))"
    output_field = IntegerField()

    def __init__(self, brief: Any, *, facts: list[str]) -> None:
        super().__init__(brief, facts=", ".join(f"'{name}'" for name in facts))


def _is_known(*columns: str) -> Any:
    """1 where one of these columns of the lead says something."""
    said = Q()
    for name in (f"lead__{column}" for column in columns):
        empty = Q(**{f"{name}__isnull": True}) | (Q() if name.endswith("size") else Q(**{name: ""}))
        said |= ~empty
    return Case(When(said, then=Value(1)), default=Value(0), output_field=IntegerField())


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)
