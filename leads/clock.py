"""What time it is for the pipeline: now, unless a history is being told as it happened (the sample company)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime

from django.utils import timezone

_told: ContextVar[datetime | None] = ContextVar("told", default=None)


def now() -> datetime:
    """The moment at which an act happens."""
    return _told.get() or timezone.now()


def today() -> date:
    """The day of `now` in the time zone that is active."""
    return timezone.localdate(now())


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Let every act inside happen at this moment."""
    token = _told.set(moment)
    try:
        yield
    finally:
        _told.reset(token)
