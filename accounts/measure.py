"""How much one person, or one program, may do within a time: more than anybody needs, and less than a runaway would."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any, NamedTuple

from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import time_format
from django.utils.translation import gettext_lazy

from accounts.models import User

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
#: After Redis has failed it is not asked for so long, in seconds: nobody waits for it again and again.
REST_SECONDS = 5
_rests_until = 0.0


class Measure(NamedTuple):
    """How much of something within a time, how it is called, and the sentence for whoever wants more."""

    most: int
    within: timedelta
    called: Any
    sentence: Any
    lot: int = 1  # so many are drawn at once: what is done by the thousand asks Redis once a lot


SAID = gettext_lazy(
    "%(most)d %(called)s within an hour are as many as one person may send. Yours is still here; "
    "send it after %(time)s."
)
DONE = gettext_lazy("%(most)d %(called)s are as many as may be. Nothing was done; go on after %(time)s.")
#: What is counted.
MOST: dict[str, Measure] = {
    "comment": Measure(300, HOUR, gettext_lazy("comments"), SAID),
    "file": Measure(300, HOUR, gettext_lazy("files"), SAID),
    "email": Measure(100, HOUR, gettext_lazy("e-mails"), SAID),
    "trial": Measure(30, HOUR, gettext_lazy("test messages an hour"), DONE),
    "webhook": Measure(6_000, MINUTE, gettext_lazy("webhooks a minute"), DONE, lot=50),
    "capture": Measure(60_000, MINUTE, gettext_lazy("captured leads a minute"), DONE, lot=100),
    "reading": Measure(60_000, MINUTE, gettext_lazy("readings a minute"), DONE, lot=100),
    "writing": Measure(30_000, MINUTE, gettext_lazy("changes a minute"), DONE, lot=100),
}


class Lots:
    """What this process has drawn of measures and not spent yet."""

    def __init__(self) -> None:
        self.left: dict[tuple[str, int], int] = {}
        self.lock = threading.Lock()

    def take(self, key: tuple[str, int], number: int) -> bool:
        """Whether so many were left, which are spent now."""
        with self.lock:
            left = self.left.get(key, 0) - number
            if left >= 0:
                self.left[key] = left
            return left >= 0

    def keep(self, key: tuple[str, int], number: int) -> None:
        """Keep what was drawn and is not spent at once; of a time that is over nothing is needed."""
        with self.lock:
            if len(self.left) >= 1_000:
                self.left.clear()
            self.left[key] = self.left.get(key, 0) + number


_lots = Lots()


class Spent(ValidationError):
    """It is used up; `wait` says for how many seconds."""

    def __init__(self, sentence: str, wait: int) -> None:
        super().__init__(sentence, code="spent")
        self.wait = wait


def spend(actor: User, what: str, number: int = 1, *, token: str | None = None) -> None:
    """Count this against what a person, or one token of theirs, may do; raise Spent once that is used up.

    Kept in Redis: where that is away nobody is held up, since only what is done by the thousand is to be stopped. What
    is drawn in lots may be used up earlier, by a lot for each process.
    """
    measure, now = MOST[what], timezone.now()
    length = measure.within.total_seconds()
    window = int(now.timestamp() // length)
    key, lot = f"measure:{what}:{token or actor.pk}:{window}", min(measure.lot, measure.most)
    if lot > number and _lots.take((key, lot), number):
        return
    drawn = max(lot, number)
    used = _counted(key, drawn, int(length))
    if used is not None and used > measure.most:
        again = datetime.fromtimestamp((window + 1) * length, UTC)
        wait = max(1, ceil((again - now).total_seconds()))
        when = time_format(timezone.localtime(again), "H:i")
        raise Spent(measure.sentence % {"most": measure.most, "called": measure.called, "time": when}, wait)
    if used is not None and drawn > number:
        _lots.keep((key, lot), drawn - number)


def _counted(key: str, number: int, seconds: int) -> int | None:
    """How much that makes; None while Redis is away."""
    global _rests_until
    if time.monotonic() < _rests_until:
        return None
    try:
        used: int | None = cache.incr(key, number)
    except ValueError:  # the first of its time, or one of several that come first at once
        cache.add(key, 0, timeout=seconds)
        used = cache.incr(key, number)
    if used is None:
        _rests_until = time.monotonic() + REST_SECONDS
    return used


#: While Redis is away this process counts by itself: how often somebody knocked, by key, within one window.
_here: dict[str, int] = {}
MOST_KEYS_HERE = 20_000


def knock(what: str, who: str, *, most: int, within: timedelta = MINUTE, lot: int = 1) -> int:
    """Count one knock of an outsider at a door; 0, or for how many seconds it stays shut once `most` are exceeded.

    Who knocks is nobody we know, so this holds while Redis is away too: each process then counts for itself, and all of
    them let in as many times more as there are processes. What is drawn in lots may be used up earlier, by a lot for
    each process.
    """
    length, now = within.total_seconds(), time.time()
    window = int(now // length)
    key = f"knock:{what}:{who}:{window}"
    if lot > 1 and _lots.take((key, lot), 1):
        return 0
    used = _counted(key, lot, int(length))
    if used is not None and lot > 1 and used <= most:
        _lots.keep((key, lot), lot - 1)
    if used is None:
        if len(_here) >= MOST_KEYS_HERE:
            _here.clear()
        used = _here[key] = _here.get(key, 0) + 1
    return max(1, ceil((window + 1) * length - now)) if used > most else 0
