"""The lead table as a file: the same leads in the same order, a piece at a time, however many there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from typing import Any

from defusedcsv import csv

from leads.filters import LeadFilter, Row
from leads.models.lead import LeadQuerySet
from leads.paging import page_of

#: Rows read, and sent, at once.
PIECE = 1_000
#: What a line says; the names are those by which an import reads them.
COLUMNS = (
    "id", "name", "email", "phone", "job_title", "company", "stage", "lane", "stage_since", "owner", "source", "score",
    "grade", "value", "currency", "next_action", "next_action_at", "look_again_on", "last_activity_at",
)  # fmt: skip
#: Spreadsheets take a file for UTF-8 only when it begins so.
BOM = "\ufeff"


class Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def row_writer() -> Callable[[Iterable[Any]], str]:
    """What makes a line of CSV of a row; what a spreadsheet would take for a formula is defused."""
    write: Callable[[Iterable[Any]], str] = csv.writer(Echo()).writerow
    return write


def lines(chosen: LeadFilter, leads: LeadQuerySet) -> Iterator[str]:
    """CSV text, about a thousand leads a piece."""
    write = row_writer()
    yield BOM + write(COLUMNS)
    after = ""
    while True:
        page = page_of(chosen, leads, after=after, size=PIECE)
        yield "".join(write(line(row)) for row in page.rows)
        if not page.after:
            return
        after = page.after


def line(row: Row) -> list[Any]:
    owner = row.owner
    return [
        row.pk,
        row.named,
        row.email,
        row.phone,
        row.job_title,
        row.company,
        row.stage,
        row.lane,
        moment(row.stage_since),
        owner["username"] if owner else "",
        row.source_slug,
        row.score,
        row.grade,
        row.value,
        row.currency,
        row.next_action,
        moment(row.next_action_at),
        moment(row.look_again_on),
        moment(row.last_activity_at),
    ]


def moment(at: datetime | date | None) -> str:
    """A day, or a moment in UTC, as every other program reads it."""
    if isinstance(at, datetime):
        return at.astimezone(UTC).isoformat(timespec="seconds")
    return at.isoformat() if at else ""
