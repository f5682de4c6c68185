"""What waits for the background worker, or for somebody to look at it: counted on My day, listed one by one here."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import Promise as Words
from django.utils.translation import gettext_lazy as _

from leads.models import Import, Signal, Submission
from leads.paging import bounded

PAGE = 50


class Line(NamedTuple):
    """One thing that waits: what it is, about whom, where that opens, since when, and what went wrong so far."""

    kind: Any
    about: str
    href: str
    since: datetime
    error: str


@dataclass(frozen=True)
class Kind:
    """What waits together: how it is called, its rows, oldest first, and one of them as a line."""

    label: Words
    rows: Callable[[], QuerySet[Any]]
    line: Callable[[Any], Line]


def _submission(row: Submission) -> Line:
    return Line(row.get_way_display(), row.about, "", row.received_at, row.error)


def _signal(row: Signal) -> Line:
    return Line(row.get_kind_display(), str(row.lead), row.lead.get_absolute_url(), row.recorded_at, row.error)


def _import(row: Import) -> Line:
    since = row.started_at or row.created_at
    return Line(row.get_state_display(), row.name, reverse("handoff:import_show", args=[row.pk]), since, row.error)


KINDS: dict[str, Kind] = {
    "submissions": Kind(
        _("Captured"), lambda: Submission.objects.filter(processed_at=None, error="").order_by("pk"), _submission
    ),
    "signals": Kind(_("Signals"), lambda: Signal.objects.due().select_related("lead"), _signal),
    "imports": Kind(_("Imports"), lambda: Import.objects.waiting(), _import),
}


def rows() -> dict[str, QuerySet[Any]]:
    """What is counted, by kind."""
    return {name: kind.rows() for name, kind in KINDS.items()}


def page(name: str, *, after: str = "") -> tuple[list[Line], str]:
    """One page of a kind, and the cursor of the next one ("" at the end); one that cannot be read is the beginning."""
    found = KINDS[name].rows()
    with suppress(ValueError):
        found = found.filter(pk__gt=bounded(after))
    listed = list(found[: PAGE + 1])
    following = str(listed[PAGE - 1].pk) if len(listed) > PAGE else ""
    return [KINDS[name].line(row) for row in listed[:PAGE]], following
