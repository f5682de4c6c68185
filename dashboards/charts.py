"""Figures as a chart wants them (docs/interface.md, 'Charts'); the table beside it shows the same numbers."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from dashboards.funnel import Funnel


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
