"""Emptying the stream into the database, lot by lot. A lot leaves the stream once it is written."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from django.db import DataError, IntegrityError, connection, transaction
from redis.exceptions import RedisError

from leads.tracker import stream
from leads.tracker.stream import Entry
from leads.tracker.writing import write_many

log = logging.getLogger(__name__)

#: So many hits are one lot, one transaction.
LOT = 5_000
#: One process empties the stream at a time: two would write the same lot twice, to no end.
LOCK = 0x5452_4143


def drain() -> int:
    """Write what waits in the stream; return how many events were new.

    Killed between writing and taking away, the lot is written again, and adds nothing: an event's id is here once.
    With Redis away nothing can be read, and nothing is lost but time.
    """
    done = 0
    try:
        while lot := _write_lot():
            entries, new = lot
            done += new
            stream.remove(entries)
    except (RedisError, OSError) as error:
        log.info("Redis is away, so the stream waits: %s", error)
    return done


@transaction.atomic
def _write_lot() -> tuple[Sequence[Entry], int] | None:
    if not _held():
        return None
    entries = stream.oldest(LOT)
    if not entries:
        return None
    try:
        with transaction.atomic():
            return entries, write_many(b"\n".join(entry.lines for entry in entries))
    except (DataError, IntegrityError):
        return entries, sum(_write_alone(entry) for entry in entries)  # one spoils the lot: the rest goes on


def _write_alone(entry: Entry) -> int:
    try:
        with transaction.atomic():
            return write_many(entry.lines)
    except (DataError, IntegrityError) as error:
        log.warning("A hit could not be written and is set aside: %s", error)
        stream.set_aside(entry, str(error).partition("\n")[0])
        return 0


def _held() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])
