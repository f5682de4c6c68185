"""Figures as a chart wants them (docs/interface.md, 'Charts'); the table beside it shows the same numbers."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from dashboards.foretold import RIVALS
from dashboards.funnel import Funnel
from dashboards.truth import Truth


def months(figures: Funnel) -> dict[str, Any]:
    """Hand-offs by month: offered, accepted, qualified, in the hues of who did it."""
    told = figures.months
    lines = [
        (_("Offered by marketing"), "mkt", [month.offered for month in told]),
        (_("Accepted by sales"), "sal", [month.accepted for month in told]),
        (_("Qualified by both"), "both", [month.qualified for month in told]),
    ]
    return {
        "kind": "line" if len(told) > 1 else "bar",
        "labels": [month.short for month in told],
        "series": [
            {
                "name": name,
                "own": own,
                "values": [number.count for number in numbers],
                "urls": [number.href for number in numbers],
            }
            for name, own, numbers in lines
        ],
    }


def calibration(figures: Truth) -> dict[str, Any]:
    """Ten equal groups from the least to the greatest chance: percent foretold, and percent won."""
    tenths = figures.by_tenth
    share = figures.measured[0].won / figures.measured[0].outcomes if tenths else 0.0
    lines = [
        (_("Foretold"), "both", [chance.predicted for chance, _points in tenths]),
        (_("Won"), "cus", [chance.seen for chance, _points in tenths]),
        (_("Won on average"), "out", [share] * len(tenths)),
    ]
    return {
        "kind": "line",
        "labels": [str(chance.number) for chance, _points in tenths],
        "series": [
            {"name": name, "own": own, "values": [round(100 * one, 1) for one in shares]} for name, own, shares in lines
        ],
    }


def rolling(figures: Truth, measure: str) -> dict[str, Any]:
    """A measure of three months rolling, by month: `auc` or `log_loss` of each rival."""
    told = figures.foretold.months
    lines = [(str(label), own, [getattr(one, measure)[name] for one in told]) for name, (label, own) in RIVALS.items()]
    return {
        "kind": "line",
        "digits": 3,
        "labels": [month.short for month in told],
        "series": [
            {"name": name, "own": own, "values": [None if one is None else round(one, 4) for one in values]}
            for name, own, values in lines
        ],
    }


def wins(figures: Truth) -> dict[str, Any]:
    """Wins foretold and seen, by the month in which leads ended."""
    told = figures.foretold.months
    lines = [
        (_("Foretold by chances"), "both", [round(month.expected["chance"], 1) for month in told]),
        (_("Foretold by points"), "mkt", [round(month.expected["points"], 1) for month in told]),
        (_("Won"), "cus", [month.won for month in told]),
    ]
    return {
        "kind": "line" if len(told) > 1 else "bar",
        "labels": [month.short for month in told],
        "series": [{"name": name, "own": own, "values": values} for name, own, values in lines],
    }
