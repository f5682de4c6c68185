"""The tables of the funnel page as rows of cells, for files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.utils.translation import gettext as _

from dashboards.figures import days
from dashboards.funnel import Funnel
from dashboards.steps import step_label


def funnel(figures: Funnel) -> Iterator[list[Any]]:
    """One line a step and what became of its visits; the first of a step has its totals."""
    yield [_("Step"), _("Visits"), _("Leads"), _("Moved on"), _("Moved on, %"), _("Median days"), _("Became"),
           _("Number")]  # fmt: skip
    for step in figures.steps:
        totals: list[Any] = [
            step.visits.count, step.leads.count, step.moved.count, step.conversion.percent, days(step.median)
        ]  # fmt: skip
        parts = [[part.words, part.count] for part in step.fates]
        for part in parts or [["", ""]]:
            yield [step_label(step.key), *totals, *part]
            totals = [""] * len(totals)


def sources(figures: Funnel) -> Iterator[list[Any]]:
    yield [_("Source"), _("Name"), _("Leads"), _("MQL"), _("SAL"), _("SQL"), _("Won"), _("Won, %"), _("Value"),
           _("Currency")]  # fmt: skip
    for source in figures.sources:
        counts = [number.count for number in (source.leads, source.mql, source.sal, source.sql, source.won)]
        row: list[Any] = [source.slug, source.name, *counts, source.conversion.percent]
        amounts = [[amount.total, amount.currency] for amount in source.amounts]
        for amount in amounts or [["", ""]]:
            yield [*row, *amount]
            row = [source.slug, source.name, *[""] * (len(row) - 2)]


def months(figures: Funnel) -> Iterator[list[Any]]:
    yield [_("Month"), _("Offered"), _("Accepted"), _("Qualified"), _("Accepted, %")]
    for month in figures.months:
        counts = [month.offered.count, month.accepted.count, month.qualified.count]
        yield [f"{month.first:%Y-%m}", *counts, month.acceptance.percent]


def reasons(figures: Funnel) -> Iterator[list[Any]]:
    yield [_("Step"), _("Became"), _("Kind"), _("Because"), _("Visits")]
    for step in figures.steps:
        for part in step.because:
            yield [step_label(step.key), part.became, part.kind_words, part.words, part.count]


TABLES: dict[str, Callable[[Funnel], Iterator[list[Any]]]] = {
    "funnel": funnel,
    "sources": sources,
    "months": months,
    "reasons": reasons,
}
