"""The tables of the pages of figures as rows of cells, for files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.utils.translation import gettext as _

from dashboards.figures import Amount, days
from dashboards.foretold import RIVALS
from dashboards.funnel import Funnel
from dashboards.promises import Handed, Promises
from dashboards.promises import Row as Kept
from dashboards.steps import step_label
from dashboards.truth import Truth
from dashboards.verdicts import BY, COLUMNS, Row, Verdicts


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


def _heads() -> list[str]:
    return [
        *(_("Offered"), _("Waiting"), _("Accepted"), _("Qualified"), _("Won"), _("Under way"), _("Deal lost")),
        *(_("Returned, procedural"), _("Returned, clerical"), _("Returned, definitional"), _("Recycled")),
        *(_("Disqualified"), _("Withdrawn"), _("Merged")),
        *(_("Lead rated"), _("Lead rated good"), _("Follow-up rated"), _("Follow-up rated good")),
        *(_("Accepted, %"), _("Qualified, %"), _("Won, %")),
        *(_("Lead good, % of rated"), _("Follow-up good, % of rated")),
    ]


def _numbers(row: Row) -> list[Any]:
    counts = [row.counts.get(name, 0) for name in COLUMNS]
    shares = (row.acceptance, row.qualification, row.winning, *(rating.share for rating in row.ratings))
    return [*counts, *(share.percent for share in shares)]


def _with_value(names: list[Any], row: Row) -> Iterator[list[Any]]:
    """A line a currency; the counts stand in the first."""
    numbers = _numbers(row)
    amounts: list[Amount | None] = [*row.amounts]
    for amount in amounts or [None]:
        yield [*names, *numbers, *([amount.total, amount.currency] if amount else ["", ""])]
        numbers = [""] * len(numbers)


def verdicts_by_week(figures: Verdicts) -> Iterator[list[Any]]:
    yield [_("Week"), _("From"), *_heads(), _("Value"), _("Currency")]
    for row in figures.weeks:
        first = row.selection.period.first
        yield from _with_value([row.key, first and first.isoformat()], row)


def verdicts_by(figures: Verdicts) -> Iterator[list[Any]]:
    yield [BY[figures.by], _("Name"), *_heads(), _("Value"), _("Currency")]
    for row in figures.groups:
        yield from _with_value([row.key, row.name], row)


def verdicts_weekly(figures: Verdicts) -> Iterator[list[Any]]:
    """Each week by source, campaign, persona or first touch."""
    yield [_("Week"), _("From"), BY[figures.by], _("Name"), *_heads()]
    for week, row in figures.weekly():
        first = week.selection.period.first
        yield [week.key, first and first.isoformat(), row.key, row.name, *_numbers(row)]


VERDICTS: dict[str, Callable[[Verdicts], Iterator[list[Any]]]] = {
    "weeks": verdicts_by_week,
    "groups": verdicts_by,
    "weekly": verdicts_weekly,
}


def _kept(first: str, rows: list[Kept]) -> Iterator[list[Any]]:
    yield [first, _("Name"), _("Given"), _("Kept"), _("Later than promised"), _("Still running"), _("Needless"),
           _("Kept, %"), _("Median business minutes")]  # fmt: skip
    for row in rows:
        counts = [number.count for number in (row.given, row.kept, row.broken, row.running, row.moot)]
        took = "" if row.minutes is None else round(row.minutes, 1)
        yield [row.key, row.name, *counts, row.keeping.percent, took]


def _handed(first: str, rows: list[Handed]) -> Iterator[list[Any]]:
    yield [first, _("Name"), _("Leads"), _("Leads agreed"), _("Facts known, %"), _("Agreed, %"), _("Expected value"),
           _("Currency"), _("Value agreed")]  # fmt: skip
    for row in rows:
        said: list[Any] = [row.leads.count, row.leads_agreed.agreed, row.completeness, row.completeness_agreed.agreed]
        amounts: list[tuple[Any, str]] = [*row.amounts]
        for total, currency in amounts or [("", "")]:
            yield [row.key, row.name, *said, total, currency, row.value_agreed.agreed]
            said = [""] * len(said)


PROMISES: dict[str, Callable[[Promises], Iterator[list[Any]]]] = {
    "kinds": lambda figures: _kept(_("Promise"), figures.kinds),
    "weeks": lambda figures: _kept(_("Week"), figures.weeks),
    "people": lambda figures: _kept(_("Person"), figures.people),
    "months": lambda figures: _handed(_("Month"), figures.months),
    "marketers": lambda figures: _handed(_("Person"), figures.marketers),
}


def _tenths(figures: Truth) -> Iterator[list[Any]]:
    yield [_("By"), _("Tenth"), _("Outcomes"), _("Foretold, %"), _("Won, %"), _("Lift")]
    for rival in figures.measured:
        for one in rival.tenths:
            lift = "" if one.lift is None else round(one.lift, 2)
            yield [rival.label, one.number, one.outcomes, round(100 * one.predicted, 2), round(100 * one.seen, 2), lift]


def _versions(figures: Truth) -> Iterator[list[Any]]:
    yield [_("Version"), _("Made"), _("State"), _("Outcomes"), _("Won"), _("By"), _("Outcomes examined"), _("AUC"),
           _("Log loss"), _("Calibration error"), _("Why")]  # fmt: skip
    for one in figures.versions:
        model = one.model
        said: list[Any] = [str(model), model.made_at.isoformat(timespec="minutes"), model.get_state_display(),
                           model.outcomes, model.wins]  # fmt: skip
        for name, found in one.figures.items():
            yield [
                *said,
                name,
                found["outcomes"],
                found["auc"],
                found["log_loss"],
                found["calibration_error"],
                model.why,
            ]
        if not one.figures:
            yield [*said, "", "", "", "", "", model.why]


def _months(figures: Truth) -> Iterator[list[Any]]:
    yield [_("Month"), _("By"), _("Outcomes"), _("Won"), _("Wins foretold"), _("Outcomes of three months"), _("AUC"),
           _("Log loss")]  # fmt: skip
    for month in figures.foretold.months:
        for name, (label, _own) in RIVALS.items():
            expected, auc, loss = month.expected[name], month.auc[name], month.log_loss[name]
            yield [f"{month.first:%Y-%m}", label, month.outcomes, month.won, expected, month.rolling, auc, loss]


def _drift(figures: Truth) -> Iterator[list[Any]]:
    yield [_("Feature"), _("PSI"), _("By chance alone"), _("Leads"), _("Drifts")]
    outcomes = [figures.drift_of_outcomes] if figures.drift_of_outcomes else []
    for one in [*outcomes, *figures.drift]:
        yield [one.label, round(one.psi, 4), round(one.luck, 4), one.leads, _("yes") if one.is_alarm else _("no")]


TRUTH: dict[str, Callable[[Truth], Iterator[list[Any]]]] = {
    "tenths": _tenths,
    "months": _months,
    "drift": _drift,
    "versions": _versions,
}
