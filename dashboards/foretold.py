"""What was said of leads before they ended, against how they ended: month by month and as a whole.

Nothing is said again by a later model: a chance stands here as it stood when somebody had to choose.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy

from dashboards.period import Monthly
from leads.learning.card import K, chance
from leads.learning.labels import Labels, said_before
from leads.learning.model import level_at
from leads.models import LearnedModel, Learning

#: The newest so many ended leads are looked at, and so many months told.
MOST, MONTHS = 20_000, 24
#: So many months roll: each is told with the two before it.
ROLLING = 3
#: What foretells, and whose hue it has in a chart.
RIVALS: dict[str, tuple[Any, str]] = {
    "chance": (gettext_lazy("Chance"), "both"),
    "points": (gettext_lazy("Points"), "mkt"),
    "constant": (gettext_lazy("Constant"), "out"),
}


@dataclass(frozen=True)
class Row:
    """One lead that ended, what each rival said of it before, when it ended, and the first of that month.

    The constant is the share won of all that ended before it.
    """

    lead: int
    at: datetime
    month: date
    won: bool
    said: dict[str, float]
    waited: bool = False
    became: str = ""


@dataclass(frozen=True)
class Month(Monthly):
    """The leads that ended in a month: wins and what was foretold; and the measures of three months rolling.

    Areas are None without a win and a loss, log losses None without an outcome.
    """

    outcomes: int
    won: int
    expected: dict[str, float]
    rolling: int
    auc: dict[str, float | None]
    log_loss: dict[str, float | None]


@dataclass
class Foretold:
    """The leads that ended and of which a chance was said before, oldest first."""

    rows: list[Row]

    @classmethod
    def of(cls, known: Labels, terms: Learning) -> Foretold:
        """Read what was said; before anything ended, the constant is the stated win rate."""
        earlier, found = known.found[:-MOST], known.found[-MOST:]
        said, zone = said_before(found), timezone.get_default_timezone()
        points = LearnedModel.objects.without_trees().filter(version=1).first()
        wins, ended, rows = sum(label.won for label in earlier), len(earlier), []
        for label in found:
            if label.lead in said:
                then = said[label.lead]
                constant = wins / ended if 0 < wins < ended else terms.win_rate
                level = level_at(points, then.at) if points else 0.0
                by_points = chance(level + K * then.points / 10)
                month = label.at.astimezone(zone).date().replace(day=1)
                rivals = {"chance": then.probability, "points": by_points, "constant": constant}
                rows.append(Row(label.lead, label.at, month, label.won, rivals, not label.newest))
            wins, ended = wins + label.won, ended + 1
        return cls(rows)

    def figures(self, name: str) -> dict[str, Any]:
        """All measures of one rival, as `maths.figures` says them."""
        from leads.learning import maths

        return maths.figures(*_columns(self.rows, name))

    def tenth(self, number: int, name: str = "chance") -> list[Row]:
        """The leads of one of the ten groups by what a rival said of them, the first of the least."""
        from leads.learning import maths

        groups = maths.grouped(_columns(self.rows, name)[1])
        return [self.rows[place] for place in groups[number - 1]] if 0 < number <= len(groups) else []

    @cached_property
    def months(self) -> list[Month]:
        """From the first month in which a lead ended to the last, the newest two years at most."""
        by_month: dict[date, list[Row]] = {}
        for row in self.rows:
            by_month.setdefault(row.month, []).append(row)
        told = []
        for first in _between(by_month)[-MONTHS:]:
            window = [row for month in _before(first) for row in by_month.get(month, [])]
            told.append(_month(first, by_month.get(first, []), window))
        return told


def _month(first: date, rows: Sequence[Row], window: Sequence[Row]) -> Month:
    from leads.learning import maths

    auc: dict[str, float | None] = {}
    loss: dict[str, float | None] = {}
    for name in RIVALS:
        won, chances = _columns(window, name)
        auc[name] = maths.auc(won, chances) if window else None
        loss[name] = maths.log_loss(won, chances) if window else None
    expected = {name: math.fsum(_said(rows, name)) for name in RIVALS}
    return Month(first, len(rows), sum(row.won for row in rows), expected, len(window), auc, loss)


def _columns(rows: Sequence[Row], name: str) -> tuple[Any, Any]:
    import numpy as np

    return np.array([row.won for row in rows], dtype=float), np.array(_said(rows, name), dtype=float)


def _said(rows: Sequence[Row], name: str) -> list[float]:
    """What a rival said of these leads; a constant says of all of them what it knew before the first."""
    return [(rows[0] if name == "constant" else row).said[name] for row in rows]


def _between(months: Iterable[date]) -> list[date]:
    """Every month from the first to the last."""
    ends = sorted(months)
    found = ends[:1]
    while found and found[-1] < ends[-1]:
        found.append(_shifted(found[-1], 1))
    return found


def _before(month: date) -> list[date]:
    """A month with those before it that roll with it, the oldest first."""
    return [_shifted(month, -back) for back in reversed(range(ROLLING))]


def _shifted(month: date, by: int) -> date:
    number = month.year * 12 + month.month - 1 + by
    return date(number // 12, number % 12 + 1, 1)
