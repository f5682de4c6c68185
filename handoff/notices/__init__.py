"""Tell people what they need to know: written with the event, delivered after it, once by each way.

`write` leaves a row a person and event in the event's own transaction. From there the worker goes on, step by step,
each a queue of its own: a notice is planned (`sent_at`), its deliveries come due and become messages (`composed_at`),
and a message is sent (`sent_at`). In the product a notice shows as soon as it is committed.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from handoff.notices import addresses, composing, hooks, outside, planning, sending
from handoff.notices.writing import Telling, read, sentences, write, write_many

#: So long the words of sent messages are kept, to be looked at.
KEPT = timedelta(days=90)


def prepare() -> int:
    """Plan what is new and compose what is due: quick, and nobody outside is asked. Returns how much came due."""
    while planning.plan():
        pass
    composed = 0
    while number := composing.compose():
        composed += number
    return composed


def deliver() -> int:
    """Prepare, and send by every way out; what cannot be sent waits for the next sweep. Returns how many were sent."""
    prepare()
    sending.stop_the_doubtful()
    return sending.mails() + hooks.posts()


def hang_up(**_said: Any) -> None:
    """A process of the worker ends: let go of its connections to the outside."""
    outside.close()


def forget() -> int:
    """Let go of old messages."""
    return sending.forget(timezone.now() - KEPT)


__all__ = [
    "Telling", "addresses", "deliver", "forget", "hang_up", "prepare", "read", "sentences", "write", "write_many",
]  # fmt: skip
