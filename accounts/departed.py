"""Who can no longer sign in, as processes that ask no database know it: the tokens of their open pages are refused."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from typing import Any

from django.conf import settings
from django_redis import get_redis_connection
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

#: Where it is said who has just gone, for the process that streams.
CHANNEL = f"{settings.REDIS_PREFIX}departed"


def key(person: int) -> str:
    """Where Redis remembers that this person has gone."""
    return f"{CHANNEL}:{person}"


def note(person: int) -> None:
    """Refuse the tokens of this person's pages from now on, and let go of those that listen."""
    _tell(lambda redis: (redis.set(key(person), 1), redis.publish(CHANNEL, person)))


def forget(person: int) -> None:
    """Take their tokens again."""
    _tell(lambda redis: redis.delete(key(person)))


def settle(gone: Collection[int], here: Collection[int]) -> None:
    """Say anew who has gone and who is here: Redis may have been away when it was told, or begun empty since."""
    if gone:
        _tell(lambda redis: redis.mset({key(person): 1 for person in gone}))
    if here:
        _tell(lambda redis: redis.delete(*map(key, here)))


def _tell(words: Callable[[Any], Any]) -> None:
    try:
        words(get_redis_connection("default"))
    except (RedisError, OSError) as error:
        log.warning("Redis is away, so it does not know who came or went: %s", error)
