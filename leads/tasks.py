"""The worker's part of leads, and the nudge that edges give it."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

from celery import current_app, shared_task
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from kombu.exceptions import OperationalError

from leads import learning, pipeline, tracker

NUDGED = "nudged"
#: For so many seconds one nudge stands for all; the worker takes the mark away before it looks.
NUDGE_SECONDS = 5
#: The worker waits so many seconds before it looks. What is committed within them is seen, so for as long the process
#: that has just nudged need not ask again: under load a batch grows, and Redis is left in peace.
GATHER_SECONDS = 0.05
_last = float("-inf")  # when this process last nudged


def nudge() -> None:
    """After the commit, ask the worker to catch up now instead of at the next beat; a thousand nudges are one task."""
    transaction.on_commit(_nudge)


def _nudge() -> None:
    global _last
    now = time.monotonic()
    if now - _last < GATHER_SECONDS:
        return
    _last = now
    if cache.add(NUDGED, 1, timeout=NUDGE_SECONDS):
        try:
            current_app.send_task(settings.NUDGE_TASK)
        except (OperationalError, OSError):
            cache.delete(NUDGED)  # the broker is away: the rows wait, and the beat's sweep finds them


def soon(task: Any) -> None:
    """After the commit, have the worker do this now; where the broker is away, the beat has it done in a minute."""
    transaction.on_commit(lambda: _send(task))


def _send(task: Any) -> None:
    with suppress(OperationalError, OSError):
        task.apply_async(expires=60)


def heard() -> None:
    """The worker begins to look: from here on a new nudge is a new task."""
    cache.delete(NUDGED)
    time.sleep(GATHER_SECONDS)


@shared_task
def rescore_outdated() -> int:
    return pipeline.rescore_outdated()


@shared_task
def forget_visitors() -> int:
    return tracker.forget()


@shared_task
def refresh_chances() -> int:
    return learning.refresh()


@shared_task
def learn() -> str:
    """Learn anew where there is enough to learn from; only one process does."""
    from leads.learning import training  # the mathematics weighs tens of megabytes: only who trains carries them

    return training.train().state if training.is_due() else ""


@shared_task
def train() -> str:
    """Learn now, because somebody asked for it; says 'busy' where another training is on its way."""
    from leads.learning import training

    state = training.train().state
    if state == "promoted":
        soon(refresh_chances)
    return state
