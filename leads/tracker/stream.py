"""The stream in Redis: where hits wait to be written. It is append-only, and what it cannot take goes to PostgreSQL.

Each entry is one hit: its events, a JSON object a line. The measure of each address is counted in the same step.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from django.conf import settings
from django_redis import get_redis_connection
from redis.commands.core import Script
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

KEY = f"{settings.REDIS_PREFIX}tracker"
#: What could not be written, for somebody to look at; the newest of it.
SPOILED, SPOILED_KEPT = f"{KEY}:spoiled", 1_000
#: The stream grows to so many hits, which is hours of a busy site. What comes then goes to PostgreSQL: nothing is cut.
MOST_WAITING = 1_000_000
#: Each address has a measure within so many seconds; who says who they are counts as so many hits.
MINUTE, IDENTIFICATION_COUNTS = 60, 20
#: After Redis has failed it is left alone for so many seconds.
REST_SECONDS = 5
TAKEN, TOO_MANY, FULL = 0, 1, 2
#: One round trip: count the address, and append what it says if it may and there is room.
APPEND = """
local used = redis.call('INCRBY', KEYS[2], ARGV[1])
if used == tonumber(ARGV[1]) then redis.call('EXPIRE', KEYS[2], ARGV[4]) end
if used > tonumber(ARGV[2]) then return 1 end
if ARGV[5] == '' then return 0 end
if redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[3]) then return 2 end
redis.call('XADD', KEYS[1], '*', 'e', ARGV[5])
return 0
"""

#: Whatever is set aside goes to the end of the stream, in one step.
TAKE_BACK = """
local found = redis.call('XRANGE', KEYS[1], '-', '+')
for _, entry in ipairs(found) do
  for at = 1, #entry[2], 2 do
    if entry[2][at] == 'e' then redis.call('XADD', KEYS[2], '*', 'e', entry[2][at + 1]) end
  end
end
redis.call('DEL', KEYS[1])
return #found
"""


class Spoiled(NamedTuple):
    """A hit that could not be written: when it was set aside, why, and what it says."""

    at: datetime
    why: str
    lines: str


class Entry(NamedTuple):
    """One hit that waits, by its place in the stream."""

    place: bytes
    lines: bytes


class Away:
    """How often each address came within this minute, and until when Redis is not asked, while it is away."""

    def __init__(self) -> None:
        self.rests_until = 0.0
        self.minute = 0
        self.used: Counter[str] = Counter()

    def count(self, address: str, weight: int) -> int:
        minute = int(time.time() // MINUTE)
        if minute != self.minute:
            self.minute, self.used = minute, Counter()
        self.used[address] += weight
        return self.used[address]


_away = Away()


def append(lines: str, *, address: str, weight: int) -> int:
    """Count a hit of this address, and let it wait: TAKEN, TOO_MANY of this address, or FULL: write it yourself.

    FULL is the answer too while Redis is away; then each process counts for itself.
    """
    if time.monotonic() >= _away.rests_until:
        try:
            keys = KEY, f"{KEY}:{address}:{int(time.time() // MINUTE)}"
            said: list[str | int] = [weight, settings.TRACKER_HITS_PER_ADDRESS, MOST_WAITING, 2 * MINUTE, lines]
            return int(_appending()(keys=keys, args=said, client=get_redis_connection("default")))
        except (RedisError, OSError) as error:
            _away.rests_until = time.monotonic() + REST_SECONDS
            log.info("Redis is away, so visits are written at once: %s", error)
    return TOO_MANY if _away.count(address, weight) > settings.TRACKER_HITS_PER_ADDRESS else FULL


@lru_cache(maxsize=1)
def _appending() -> Script:
    """The script by its mark, which takes as long to make as the script takes to run."""
    script: Script = get_redis_connection("default").register_script(APPEND)
    return script


def oldest(most: int) -> list[Entry]:
    """What has waited longest."""
    found = get_redis_connection("default").xrange(KEY, count=most)
    return [Entry(place, said[b"e"]) for place, said in found]


def remove(entries: Sequence[Entry]) -> None:
    """Take away the first of the stream, as `oldest` gave them, once they are written."""
    milliseconds, number = entries[-1].place.split(b"-")
    get_redis_connection("default").xtrim(KEY, minid=f"{milliseconds.decode()}-{int(number) + 1}", approximate=False)


def set_aside(entry: Entry, why: str) -> None:
    """Keep what the database does not take where somebody can look at it, with the reason."""
    get_redis_connection("default").xadd(SPOILED, {"e": entry.lines, "why": why}, maxlen=SPOILED_KEPT)


def spoiled(most: int) -> list[Spoiled]:
    """What is set aside, the newest first; nothing while Redis is away."""
    try:
        found = get_redis_connection("default").xrevrange(SPOILED, count=most)
    except (RedisError, OSError) as error:
        log.info("Redis is away, so what is set aside cannot be shown: %s", error)
        return []
    return [
        Spoiled(
            datetime.fromtimestamp(int(place.split(b"-")[0]) / 1_000, UTC),
            said.get(b"why", b"").decode(errors="replace"),
            said[b"e"].decode(errors="replace"),
        )
        for place, said in found
    ]


def take_back() -> int:
    """Let what is set aside be written as if it were new; return how many hits."""
    try:
        return int(get_redis_connection("default").register_script(TAKE_BACK)(keys=[SPOILED, KEY]))
    except (RedisError, OSError) as error:
        log.info("Redis is away, so what is set aside stays there: %s", error)
        return 0
