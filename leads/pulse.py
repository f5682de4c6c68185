"""The pulse: a number for each thing that open pages follow, which grows with every commit that changes it.

Pages ask whether it has grown (`smarketing.live`) instead of what there is. The numbers live in Redis; where that is
away, the newest rows stand for them, and nothing but a little promptness is lost.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django_redis import get_redis_connection
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

#: Something happened to a lead: the board, the inbox and the lists follow it.
LEADS = "leads"
#: Where the numbers are published as they grow, for the process that streams them.
CHANNEL = f"{settings.REDIS_PREFIX}pulse"
#: Numbers that nobody has moved for so long are forgotten; a page that sees one begin anew looks for itself.
KEPT_SECONDS = 7 * 24 * 3600
#: After Redis has failed it is left alone for so long: a commit must not wait for it again and again.
REST_SECONDS = 5
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
                pipe.incr(key(topic))
                pipe.expire(key(topic), KEPT_SECONDS)
            pipe.publish(CHANNEL, " ".join(sorted(self.topics)))
            pipe.execute()
        except (RedisError, OSError) as error:
            _rests_until = time.monotonic() + REST_SECONDS
            log.info("Redis is away, so open pages follow a little later: %s", error)


def beat(*topics: str) -> None:
    """Once this transaction is committed, say that these have changed; many changes of one transaction are one."""
    for waiting in reversed(connection.run_on_commit):
        if isinstance(waiting[1], Beat):
            waiting[1].topics.update(topics)
            return
    transaction.on_commit(Beat(set(topics)))


def key(topic: str) -> str:
    return f"{CHANNEL}:{topic}"


def counted(topics: list[str]) -> list[Any]:
    """The numbers of these topics; raises RedisError or OSError where Redis is away."""
    return list(get_redis_connection("default").mget([key(topic) for topic in topics]))
