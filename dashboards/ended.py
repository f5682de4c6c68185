"""The leads behind a number of Is it true?: of one tenth, of one month, or the newest, with what was said before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from accounts.models import User
from dashboards.foretold import Row
from dashboards.period import Monthly
from dashboards.truth import Truth
from leads.models import Lead
from leads.paging import bounded

PAGE = 50


class Line(NamedTuple):
    """One lead that ended, and what was said of it before."""

    lead: Lead
    row: Row


@dataclass
class Ended:
    """The leads that a number counts, the last to end first: of a month or of a tenth, and of those who was won."""

    rows: list[Row]
    title: str
    query: str
    viewer: User

    @classmethod
    def read(cls, asked: Mapping[str, str], figures: Truth) -> Ended:
        """Read what an address asks for; what it cannot say counts nobody."""
        foretold = figures.foretold
        if "taught" in asked:
            return cls._of_verdicts(figures, asked["taught"], asked.get("fact", ""))
        if "newest" in asked:
            rows, title, query = figures.newest, _("The newest outcomes"), "newest=1"
        elif "tenth" in asked:
            number = number_of(asked["tenth"])
            rows, title, query = foretold.tenth(number), _("Tenth %(n)d by chance") % {"n": number}, f"tenth={number}"
        else:
            month = month_of(asked.get("month", ""))
            rows = [row for row in foretold.rows if row.month == month]
            title = _("Ended in %(month)s") % {"month": Monthly(month).name} if month else _("Ended")
            query = f"month={month:%Y-%m}" if month else "month="
        if asked.get("waited") == "1":
            rows, query = [row for row in rows if row.waited], f"{query}&waited=1"
            title = _("%(what)s, still open") % {"what": title}
        if asked.get("won") == "1":
            rows, query = [row for row in rows if row.won], f"{query}&won=1"
            title = _("%(what)s, won") % {"what": title}
        return cls(sorted(rows, key=lambda row: (row.at, row.lead), reverse=True), title, query, figures.viewer)

    @classmethod
    def _of_verdicts(cls, figures: Truth, side: str, fact: str) -> Ended:
        """The offers that came back as not what was agreed on, or were accepted; those that share a fact."""
        became = {"returned": _("returned"), "accepted": _("accepted")}.get(side, "")
        rows = [
            Row(one.lead, one.at, one.at.date().replace(day=1), False,
                {"chance": one.chance} if one.chance is not None else {}, became=became)
            for one in figures.taught.behind(side, fact)
        ]  # fmt: skip
        title = {"returned": _("Not what was agreed on"), "accepted": _("Accepted offers")}.get(side, _("Ended"))
        if fact:
            title = f"{title}: {figures.taught.words_of(fact)}"
        query = urlencode({"taught": side, **({"fact": fact} if fact else {})})
        return cls(sorted(rows, key=lambda row: (row.at, row.lead), reverse=True), title, query, figures.viewer)

    def page(self, after: str) -> tuple[list[Line], str]:
        """The lines behind the lead that a cursor names, and the cursor of the next page."""
        places = {row.lead: place for place, row in enumerate(self.rows, 1)}
        begin = places.get(number_of(after), 0)
        rows = self.rows[begin : begin + PAGE]
        return list(self._lines(rows)), str(rows[-1].lead) if len(self.rows) > begin + PAGE else ""

    def _lines(self, rows: list[Row]) -> Iterator[Line]:
        found = Lead.objects.visible_to(self.viewer).select_related("company", "source")
        leads = {lead.pk: lead for lead in found.filter(pk__in=[row.lead for row in rows])}
        return (Line(leads[row.lead], row) for row in rows if row.lead in leads)

    def cells(self) -> Iterator[list[Any]]:
        """All of them as rows of a file."""
        yield [_("Lead"), _("Number"), _("Company"), _("Source"), _("Ended (UTC)"), _("Won"), _("Chance, %"),
               _("By points, %")]  # fmt: skip
        for begin in range(0, len(self.rows), PAGE * 10):
            for lead, row in self._lines(self.rows[begin : begin + PAGE * 10]):
                yield [str(lead), lead.pk, str(lead.company or ""), str(lead.source or ""),
                       f"{row.at.astimezone(UTC):%Y-%m-%d %H:%M:%S}", row.became or (_("yes") if row.won else _("no")),
                       *(_percent(row.said.get(by)) for by in ("chance", "points"))]  # fmt: skip


def _percent(share: float | None) -> float | str:
    return "" if share is None else round(100 * share, 2)


def number_of(text: str) -> int:
    try:
        return bounded(text)
    except ValueError:
        return 0


def month_of(text: str) -> date | None:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        return None
