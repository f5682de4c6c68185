"""The pulse: when each thing that open pages follow last changed, written with every commit that changes it.

Pages ask whether that is another moment than the one they know (`smarketing.live`) instead of what there is. The
moments live in Redis; where that is away, the newest rows stand for them, and nothing but a little promptness is lost.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Generic, TypeVar

from django.conf import settings
from django.core import signing
from django.db import connection, transaction
from django_redis import get_redis_connection
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

#: Something happened to a lead: the board, the inbox and the lists follow it.
LEADS = "leads"
#: Where changes are published as they happen, for the process that streams them.
CHANNEL = f"{settings.REDIS_PREFIX}pulse"
#: Moments older than this are forgotten.
KEPT_SECONDS = 7 * 24 * 3600
#: After Redis has failed it is left alone for so long: a commit must not wait for it again and again.
REST_SECONDS = 5
SALT = "leads.pulse"
_rests_until = 0.0


def of_person(pk: int) -> str:
    """What one person is told."""
    return f"p{pk}"


class Beat:
    """What is to be said once a transaction is committed."""

    def __init__(self, topics: set[str]) -> None:
        self.topics = topics

    def __call__(self) -> None:
        global _rests_until
        if time.monotonic() < _rests_until:
            return
        try:
            pipe = get_redis_connection("default").pipeline(transaction=False)
            for topic in sorted(self.topics):
                pipe.set(key(topic), time.time_ns(), ex=KEPT_SECONDS)
            pipe.publish(CHANNEL, " ".join(sorted(self.topics)))
            pipe.execute()
        except (RedisError, OSError) as error:
            _rests_until = time.monotonic() + REST_SECONDS
            log.info("Redis is away, so open pages follow by the newest rows: %s", error)


def beat(*topics: str) -> None:
    """Once this transaction is committed, say that these have changed; many changes of one transaction are one."""
    for waiting in reversed(connection.run_on_commit):
        if isinstance(waiting[1], Beat):
            waiting[1].topics.update(topics)
            return
    transaction.on_commit(Beat(set(topics)))


def key(topic: str) -> str:
    return f"{CHANNEL}:{topic}"


def counted(topics: list[str], *keys: str) -> list[Any]:
    """When these topics last changed, in ns, and what stands at other keys; RedisError or OSError if Redis is away."""
    return list(get_redis_connection("default").mget([*(key(topic) for topic in topics), *keys]))


T = TypeVar("T")


class Kept(Generic[T]):
    """What was read at one moment of a topic, kept in this process until the topic has changed.

    Many pages are open, and all of them draw anew when something happens: what costs most and is the same for all is
    read by the first. A change that nobody told of is seen after `seconds`; nothing is kept while it is not known when
    the topic last changed.
    """

    def __init__(self, topic: str, *, seconds: float) -> None:
        self.topic, self.seconds = topic, seconds
        self._kept: tuple[Any, float, T] | None = None

    def read(self, ask: Callable[[], T]) -> T:
        try:
            [moment] = counted([self.topic])  # before what is read, so that it is never taken for newer than it is
        except (RedisError, OSError):
            moment = None
        if moment is None:
            return ask()
        kept = self._kept
        if kept and kept[0] == moment and time.monotonic() < kept[1]:
            return kept[2]
        found = ask()
        self._kept = (moment, time.monotonic() + self.seconds, found)
        return found


@lru_cache(maxsize=4096)
def token(person: int) -> str:
    """What a page of this person shows when it asks; it opens nothing else."""
    return signing.Signer(salt=SALT).sign(str(person))


@lru_cache(maxsize=4096)
def whose(said: str) -> int | None:
    """Whose token this is; None if it is not one of ours."""
    try:
        return int(signing.Signer(salt=SALT).unsign(said))
    except (signing.BadSignature, ValueError):
        return None
