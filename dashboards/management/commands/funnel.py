"""The funnel of all time on a terminal, or as JSON for a machine: the figures of the page."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from dashboards.figures import days
from dashboards.funnel import Funnel
from dashboards.period import Period
from dashboards.selection import Selection
from dashboards.steps import step_label


class Command(BaseCommand):
    help = "Prints the funnel of all time: visits by stage and lane, leads and customers by source, time to win."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="leads, customers, median_days_to_win and sources")

    def handle(self, *args: Any, **options: Any) -> None:
        figures = Funnel(Selection(Period()))
        self.stdout.write(json.dumps(summary(figures), ensure_ascii=False) if options["json"] else table(figures))


def summary(figures: Funnel) -> dict[str, Any]:
    """Customers are leads with a won deal; their sum over the sources is the whole."""
    sources = {source.slug: {"leads": source.leads.count, "won": source.won.count} for source in figures.sources}
    median = figures.wins.median_days
    return {
        "leads": sum(source["leads"] for source in sources.values()),
        "customers": sum(source["won"] for source in sources.values()),
        "median_days_to_win": None if median is None else float(median),
        "sources": sources,
    }


def table(figures: Funnel) -> str:
    total, lines = summary(figures), []
    lines.append(f"{'':24} {'visits':>9} {'leads':>9} {'moved on':>9} {'median days':>12}")
    for step in figures.steps:
        moved, median = step.conversion.percent, days(step.median)
        lines.append(
            f"{step_label(step.key):24} {step.visits.count:9,} {step.leads.count:9,} "
            f"{'-' if moved is None else f'{moved}%':>9} {'-' if median is None else median:>12}"
        )
    lines.append(f"\n{'':24} {'leads':>9} {'MQL':>9} {'SAL':>9} {'SQL':>9} {'won':>9} {'of leads':>9}")
    for source in figures.sources:
        counts = (source.leads, source.mql, source.sal, source.sql, source.won)
        numbers = " ".join(f"{number.count:9,}" for number in counts)
        lines.append(f"{source.name[:24]:24} {numbers} {f'{source.conversion.percent}%':>9}")
    median = total["median_days_to_win"]
    took = "" if median is None else f", first contact to won: {median} days (median)"
    lines.append(f"\n{total['leads']:,} leads, {total['customers']:,} customers{took}")
    return "\n".join(lines)
