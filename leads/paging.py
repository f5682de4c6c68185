"""Pages of a list by the key of the row beside them: as quick on page 900 as on page 1."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Any, NamedTuple

from django.db.models import F, Q
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan

from leads.filters import CAP, LeadFilter, Row
from leads.models import Lead
from leads.models.lead import LeadQuerySet

PAGE = 50
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: sort -> (columns, highest first). Indexes: the primary key, score_highest, score_warmest, lead_due.
ORDERS: dict[str, tuple[tuple[str, ...], bool]] = {
    "newest": (("pk",), True),
    "score": (("score__total", "score__lead_id"), True),
    "interest": (("score__heat", "score__lead_id"), True),
    "due": (("next_action_at", "pk"), False),
}


class Page(NamedTuple):
    """One page of a table, with the cursors of those beside it."""

    rows: list[Row]
    before: str
    after: str


def counted(chosen: LeadFilter, leads: LeadQuerySet, *, first: bool) -> tuple[LeadQuerySet, int]:
    """The leads to page through and how many there are, up to the cap.

    A search costs more than all else on its page, so it is done once: the keys it finds stand for it from there on.
    """
    if "q" not in chosen.on:
        return leads, leads.order_by()[: CAP + 1].count()
    keys = list(leads.order_by("-pk").values_list("pk", flat=True)[: CAP + 1])
    if first and chosen.sort == "newest":
        leads = Lead.objects.filter(pk__in=keys[: PAGE + 1])
    elif len(keys) <= CAP:
        leads = Lead.objects.filter(pk__in=keys)
    return leads, len(keys)


def page_of(chosen: LeadFilter, leads: LeadQuerySet, *, before: str = "", after: str = "", size: int = PAGE) -> Page:
    """The page after, or before, the row that a cursor names; a cursor that cannot be read is the first page."""
    columns, descending = ORDERS[chosen.sort]
    after_key, before_key = read_cursor(chosen.sort, after), read_cursor(chosen.sort, before)
    back = before_key is not None and after_key is None
    downwards = descending != back
    if key := before_key if back else after_key:
        leads = leads.filter(beyond(columns, key, downwards=downwards))
    signs = [f"-{column}" if downwards else column for column in columns]
    rows = chosen.rows(leads.order_by(*signs)[: size + 1])
    more, rows = len(rows) > size, rows[:size]
    if back:
        rows.reverse()
    has_before, has_after = (more, True) if back else (key is not None, more)
    return Page(
        rows,
        before=write_cursor(chosen.sort, rows[0]) if rows and has_before else "",
        after=write_cursor(chosen.sort, rows[-1]) if rows and has_after else "",
    )


def beyond(columns: Iterable[str], key: tuple[Any, ...], *, downwards: bool) -> Q:
    """Rows after a key, compared as a row so that an index over the columns serves it."""
    if len(key) == 1:
        return Q(**{f"{next(iter(columns))}__{'lt' if downwards else 'gt'}": key[0]})
    return Q((TupleLessThan if downwards else TupleGreaterThan)(Tuple(*map(F, columns)), key))


def write_cursor(sort: str, row: Row) -> str:
    if sort == "score":
        return f"{row.score}.{row.pk}"
    if sort == "interest" and row.heat is not None:
        return f"{row.heat!r}_{row.pk}"  # no sign in it means anything to an address
    if sort == "due" and row.next_action_at:
        return f"{(row.next_action_at - EPOCH) // timedelta(microseconds=1)}.{row.pk}"
    return str(row.pk)


def read_cursor(sort: str, text: str) -> tuple[Any, ...] | None:
    try:
        if not text or len(text) > 60:
            return None
        if sort == "newest":
            return (bounded(text),)
        if sort == "interest":
            heat, _bar, pk = text.rpartition("_")
            return (finite(heat), bounded(pk))
        first, _dot, pk = text.rpartition(".")
        if sort == "score":
            return (bounded(first, most=100), bounded(pk))
        return (EPOCH + timedelta(microseconds=int(first)), bounded(pk))
    except (ValueError, OverflowError):
        return None


def finite(text: str) -> float:
    """A number that can be compared."""
    number = float(text)
    if not isfinite(number):
        raise ValueError(text)
    return number


def bounded(text: str, *, most: int = 2**63 - 1) -> int:
    """A whole number that its column holds."""
    number = int(text)
    if not 0 <= number <= most:
        raise ValueError(text)
    return number
