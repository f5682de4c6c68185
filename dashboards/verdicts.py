"""What became of what was offered to sales: by week of the offer, and by where it came from. Cohorts, read live.

Every figure carries the selection it counts. All is set-based; the number of queries does not depend on the data.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

from django.db.models import CharField, Count, DecimalField, F, Sum, Value
from django.db.models.functions import Cast, Coalesce, TruncWeek
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.choices import Team
from dashboards.figures import Amount, Filter, Number, Part, Share
from dashboards.names import Name, Names
from dashboards.selection import Selection, first_touch
from dashboards.steps import OFFER_FATES
from handoff.models import Reason
from personas.choices import Lane

#: What offers may be told by, beside their weeks.
BY: dict[str, Any] = {
    "source": gettext_lazy("Source"),
    "campaign": gettext_lazy("Campaign"),
    "persona": gettext_lazy("Persona"),
    "form": gettext_lazy("First touch"),
}
#: The columns of a table, each as the selection says it: how far offers came, what became of each, and how both teams
#: rated them.
COLUMNS: dict[str, dict[str, str]] = {
    "offered": {},
    "waiting": {"fate": "waiting"},
    "accepted": {"reached": str(Lane.SAL)},
    "qualified": {"reached": str(Lane.SQL)},
    "won": {"reached": "won"},
    "under_way": {"fate": "under_way"},
    "lost": {"fate": "lost"},
    **{str(kind): {"because": str(kind)} for kind in Reason.ReturnClass},
    "recycled": {"fate": "recycled"},
    "disqualified": {"fate": "disqualified"},
    "withdrawn": {"fate": "withdrawn"},
    "merged": {"fate": "merged"},
    **{f"{side}{said}": {"rated": f"{side}{said}"} for side in ("lead", "follow_up") for said in ("", "_good")},
}
#: Every offer is one of these: they add up to what was offered.
PARTS = (
    "waiting", "under_way", "won", "lost", "procedural", "clerical", "definitional", "recycled", "disqualified",
    "withdrawn", "merged",
)  # fmt: skip
LABELS: dict[str, Any] = {
    "offered": gettext_lazy("offered"),
    "waiting": gettext_lazy("waiting"),
    "accepted": gettext_lazy("accepted"),
    "qualified": gettext_lazy("qualified"),
    "won": gettext_lazy("won"),
    "under_way": gettext_lazy("under way"),
    "lost": gettext_lazy("deal lost"),
    "procedural": gettext_lazy("procedural"),
    "clerical": gettext_lazy("clerical"),
    "definitional": gettext_lazy("definitional"),
    "recycled": gettext_lazy("recycled"),
    "disqualified": gettext_lazy("disqualified"),
    "withdrawn": gettext_lazy("withdrawn"),
    "merged": gettext_lazy("merged"),
}
#: How far an offer came: told with its share of those offered.
FAR = ("accepted", "qualified", "won")
#: Where another kind of column begins.
APART = ("waiting", "under_way", "procedural", "recycled")
#: Weeks without an offer are told as well, unless a stray date makes the row of weeks absurdly long.
WEEKS = 520


class Cell(NamedTuple):
    """One number of a row, as a narrow screen names it; `apart` begins another kind of column."""

    name: str
    label: Any
    number: Number
    share: Share | None
    apart: bool


class Rating(NamedTuple):
    """How many were called good of how many that were rated."""

    name: str
    label: Any
    good: Number
    rated: Number

    @property
    def share(self) -> Share:
        return Share(self.good.count, self.rated.count)


@dataclass(frozen=True)
class Row:
    """Some offers and what became of them: those of a week, or those that came from one place."""

    key: str
    name: str
    selection: Selection
    counts: dict[str, int]
    amounts: list[Amount]

    def __getattr__(self, name: str) -> Number:
        if name not in COLUMNS:
            raise AttributeError(name)
        return Number(self.counts.get(name, 0), self.selection.but(**COLUMNS[name]))

    @property
    def cells(self) -> list[Cell]:
        return [
            Cell(name, label, getattr(self, name), self._share(name) if name in FAR else None, name in APART)
            for name, label in LABELS.items()
        ]

    @property
    def ratings(self) -> list[Rating]:
        """What sales said of the leads, and marketing of how they were followed up."""
        return [
            Rating("lead", _("leads rated good"), self.lead_good, self.lead),
            Rating("follow_up", _("follow-ups rated good"), self.follow_up_good, self.follow_up),
        ]

    @property
    def acceptance(self) -> Share:
        return self._share("accepted")

    @property
    def qualification(self) -> Share:
        return self._share("qualified")

    @property
    def winning(self) -> Share:
        return self._share("won")

    @property
    def returning(self) -> Share:
        return Share(self.returned.count, self.counts.get("offered", 0))

    @property
    def returned(self) -> Number:
        n = sum(self.counts.get(str(kind), 0) for kind in Reason.ReturnClass)
        return Number(n, self.selection.but(because=str(Reason.Act.RETURN)))

    def _share(self, name: str) -> Share:
        return Share(self.counts.get(name, 0), self.counts.get("offered", 0))


class Verdicts:
    """The figures of one period under the filters of offers; each is asked of the database once, when first used."""

    def __init__(self, chosen: Selection, *, by: str = "", now: datetime | None = None) -> None:
        self.chosen, self.by, self.now = chosen.offered, by if by in BY else "source", now or timezone.now()
        self.names = Names()

    @cached_property
    def weeks(self) -> list[Row]:
        """The weeks of the period, the newest first, and what became of what was offered in each."""
        zone = timezone.get_default_timezone()
        counts = self._counted(TruncWeek("moment", tzinfo=zone))
        money = self._money(TruncWeek("handoff__offered_at", tzinfo=zone))
        found = {moment.date(): numbers for moment, numbers in counts.items()}
        worth = {moment.date(): rows for moment, rows in money.items()}
        return [
            self._row(
                f"{monday:%G-W%V}", week_words(monday), self._in(monday), found.get(monday, {}), worth.get(monday)
            )
            for monday in reversed(_weeks(sorted(found)))
        ]

    @cached_property
    def groups(self) -> list[Row]:
        """Where the offers came from, the most first."""
        counts, money = self._counted(self._key("lead__")), self._money(self._key("handoff__lead__"))
        rows = [
            self._row(key, self.named(self.by, key), self.chosen.but(**{self.by: key}), numbers, money.get(key))
            for key, numbers in counts.items()
        ]
        return sorted(rows, key=lambda row: (-row.offered.count, row.name.lower()))

    def weekly(self) -> Iterable[tuple[Row, Row]]:
        """For a file: each week's offers by where they came from."""
        zone = timezone.get_default_timezone()
        rows = self._aggregated(week=TruncWeek("moment", tzinfo=zone), of=self._key("lead__"))
        for moment, key, *numbers in sorted(rows, key=lambda row: (row[0], row[1])):
            monday, counts = moment.date(), dict(zip(COLUMNS, numbers, strict=True))
            chosen = self._in(monday).but(**{self.by: key})
            week = self._row(f"{monday:%G-W%V}", week_words(monday), self._in(monday), {}, None)
            yield week, self._row(key, self.named(self.by, key), chosen, counts, None)

    @cached_property
    def whole(self) -> Row:
        """All of them: every offer belongs to one week."""
        counts: dict[str, int] = defaultdict(int)
        money: dict[str, list[Any]] = {}
        for row in self.weeks:
            for name, n in row.counts.items():
                counts[name] += n
            for amount in row.amounts:
                n, total = money.get(amount.currency, [0, 0])
                money[amount.currency] = [n + amount.count, total + amount.total]
        worth = [(currency, n, total) for currency, (n, total) in money.items()]
        return self._row("", _("All"), self.chosen, dict(counts), worth)

    @cached_property
    def fates(self) -> list[Part]:
        """What became of all of them: each is counted once."""
        counts = dict(self.chosen.offers().order_by().values_list("fate").annotate(n=Count("pk")))
        known = [fate for fate in OFFER_FATES if counts.get(fate.key)]
        return [Part(counts[fate.key], self.chosen.but(fate=fate.key), str(fate.words), fate) for fate in known]

    @property
    def is_empty(self) -> bool:
        return not self.whole.offered.count

    @property
    def finding(self) -> str:
        """One sentence above the weeks."""
        whole = self.whole
        said = {"n": whole.offered.count, "yes": whole.accepted.count, "back": whole.returned.count,
                "won": whole.won.count, "wait": whole.waiting.count}  # fmt: skip
        words = _("Of %(n)d offers sales accepted %(yes)d and returned %(back)d so far; %(won)d came to a won deal.")
        wait = _("%(wait)d wait for an answer.") if said["wait"] != 1 else _("%(wait)d waits for an answer.")
        return f"{words} {wait}" % said if said["wait"] else words % said

    @property
    def by_marketing(self) -> Number:
        """Those of the offers that marketing's promise counts, as Promises does."""
        chosen = self.chosen.but(came="handed")
        return Number(chosen.rows().count(), chosen)

    @property
    def finding_by(self) -> str:
        """One sentence above the table by source, campaign, persona or first touch."""
        if not self.groups:
            return ""
        first = self.groups[0]
        said = {"name": first.name, "n": first.offered.count, "all": self.whole.offered.count,
                "yes": first.accepted.count, "won": first.won.count}  # fmt: skip
        words = _(
            "%(name)s brought the most: %(n)d of %(all)d. Sales accepted %(yes)d of them; %(won)d came to a won deal."
        )
        return words % said

    @property
    def filters(self) -> list[Filter]:
        """What narrows both tables; whose offers they are is one of them."""
        chosen, found = self.chosen, []
        labels = {**BY, "marketer": _("Offered by")}
        for name, label in labels.items():
            on = getattr(chosen, name)
            if name == "form" and not on:
                continue  # too many to choose from: the table by first touch leads there
            without = f"?{self.address(**{name: ''})}"
            found.append(Filter(name, str(label), on, self._options(name, on), without))
        return found

    def _options(self, name: str, on: str) -> list[Name]:
        if name == "form":
            return [Name(name, on, self.names.form(on))]
        if name != "marketer":
            return self.names.options(name, on)
        viewer = self.chosen.viewer
        me = str(viewer.pk) if viewer else ""
        return [
            person._replace(label=_("%(name)s (you)") % {"name": person.label}) if person.key == me else person
            for person in self.names.options("person", on, group=str(Team.MARKETING))
        ]

    @property
    def label(self) -> str:
        return str(BY[self.by])

    def address(self, **said: str) -> str:
        """The page's own address with something else chosen."""
        chosen = self.chosen.but(**{name: text for name, text in said.items() if name != "by"})
        by = said.get("by", self.by)
        asked = chosen.address("what")
        return f"{asked}&by={by}" if by != "source" else asked

    @property
    def choices(self) -> list[tuple[str, Any, str, bool]]:
        """The segmented control: what the second table may be told by."""
        return [(name, label, f"?{self.address(by=name)}", name == self.by) for name, label in BY.items()]

    def only(self, row: Row) -> str:
        """The page of one row of the second table alone: its weeks."""
        return self.address(**{self.by: row.key})

    def named(self, kind: str, key: str) -> str:
        if kind == "form":
            return self.names.form(key)
        return self.names.source(key) if kind == "source" else _none_of(kind) if key == "none" else (
            self.names.label(kind, key)
        )  # fmt: skip

    def _in(self, monday: date) -> Selection:
        return self.chosen.but(period=self.chosen.period.within(monday, monday + timedelta(days=6)))

    def _key(self, lead: str) -> Any:
        if self.by == "form":
            return first_touch(lead)
        text = F(f"{lead}source__slug") if self.by == "source" else Cast(f"{lead}{self.by}_id", CharField())
        return Coalesce(text, Value("none"), output_field=CharField())

    def _counted(self, of: Any) -> dict[Any, dict[str, int]]:
        return {key: dict(zip(COLUMNS, numbers, strict=True)) for key, *numbers in self._aggregated(of=of)}

    def _aggregated(self, **groups: Any) -> Any:
        counted = {f"n_{name}": Count("pk", filter=self.chosen.but(**said).of_offers() or None)
                   for name, said in COLUMNS.items()}  # fmt: skip
        rows = self.chosen.offers().order_by().annotate(**groups).values(*groups).annotate(**counted)
        return rows.values_list(*groups, *counted)

    def _money(self, of: Any) -> dict[Any, list[tuple[str, int, Any]]]:
        """Won deals with an amount, by group and currency."""
        total = Cast(Sum("amount"), DecimalField(max_digits=20, decimal_places=2))
        rows = self.chosen.worth().order_by().filter(amount__isnull=False).annotate(of=of).values("of", "currency")
        money = defaultdict(list)
        for key, currency, n, sum_of in rows.annotate(n=Count("pk"), total=total).values_list(
            "of", "currency", "n", "total"
        ):
            money[key].append((currency, n, sum_of))
        return money

    def _row(
        self, key: str, name: str, chosen: Selection, counts: dict[str, int], money: list[tuple[str, int, Any]] | None
    ) -> Row:
        worth = chosen.but(what="worth")
        amounts = [
            Amount(n, worth.but(currency=currency), total, currency)
            for currency, n, total in sorted(money or [], key=lambda row: -row[2])
        ]
        return Row(key, name, chosen, counts, amounts)


def _none_of(kind: str) -> str:
    return {"campaign": _("No campaign"), "persona": _("No persona")}.get(kind, _("None"))


def week_words(monday: date) -> str:
    """'23 Nov 2026': a week is called by its Monday."""
    return date_format(monday, "j M Y")


def _weeks(found: list[date]) -> list[date]:
    """From the first week to the last without a gap, unless that would be too many to read."""
    if not found:
        return []
    every = [found[0]]
    while every[-1] < found[-1] and len(every) <= WEEKS:
        every.append(every[-1] + timedelta(days=7))
    return every if len(every) <= WEEKS else found
