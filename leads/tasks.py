"""The worker's part of leads, and the nudge that edges give it."""

from __future__ import annotations

from celery import current_app, shared_task
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from kombu.exceptions import OperationalError

from leads import pipeline

NUDGED = "nudged"
#: For so many seconds one nudge stands for all; the worker takes the mark away before it looks.
NUDGE_SECONDS = 5


def nudge() -> None:
    """After the commit, ask the worker to catch up now instead of at the next beat; a thousand nudges are one task."""
    transaction.on_commit(_nudge)


def _nudge() -> None:
    if cache.add(NUDGED, 1, timeout=NUDGE_SECONDS):
        try:
            current_app.send_task(settings.NUDGE_TASK)
        except (OperationalError, OSError):
            cache.delete(NUDGED)  # the broker is away: the rows wait, and the beat's sweep finds them


def heard() -> None:
    """The worker begins to look: from here on a new nudge is a new task."""
    cache.delete(NUDGED)


@shared_task
def rescore_outdated() -> int:
    return pipeline.rescore_outdated()
