"""Promises: business time beside the clock's own arithmetic, and the sweep of a company with a million hand-offs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from bench.figure import Figure

MOMENTS, MANY, DUE, ROUNDS, SWEEPS = 100_000, 1_000_000, 1_000, 5, 7

#: A million promises that run, on hand-offs of leads that are there; what has come due is chosen in each round.
FILL = """
SET LOCAL session_replication_role = replica;
SET LOCAL synchronous_commit = off;
CREATE TEMP TABLE place ON COMMIT DROP AS
SELECT (SELECT min(id) FROM leads_lead) AS lead, (SELECT count(*) FROM leads_lead WHERE id <= 100000) AS leads,
       (SELECT id FROM handoff_agreement WHERE ended_at IS NULL AND in_force_since IS NOT NULL) AS terms,
       (SELECT min(id) FROM accounts_user WHERE username = 'bench2') AS rep;
INSERT INTO handoff_handoff (lead_id, origin, lane, agreement_id, brief, note, value, offered_at, owner_id, "end",
    ended_at, verdict, due_at, promise, promise_since, imported)  -- ended: a lead has one that is open
SELECT lead + n %% leads, 'marketing', 'mql', terms, '{}', 'bench', 0, now(), rep + 2 * (n %% 10), 'withdrawn',
       now(), '', now() + (1 + n %% 900) * interval '1 hour', 'answer', now(), false
  FROM place, generate_series(1, %(many)s) n;
INSERT INTO handoff_promise (handoff_id, kind, term, started_at, due_at, escalate_at, next_event, next_at, outcome)
SELECT id, 'answer', 480, offered_at, due_at, due_at + interval '2 hours', 'breach', due_at, ''
  FROM handoff_handoff WHERE note = 'bench';
"""
AWAY = """
SET LOCAL session_replication_role = replica;
DELETE FROM handoff_notice WHERE event LIKE 'promise:%%' AND written_at >= %(since)s;
DELETE FROM handoff_promise USING handoff_handoff WHERE handoff_id = handoff_handoff.id AND note = 'bench';
DELETE FROM handoff_handoff WHERE note = 'bench';
"""
#: A thousand of them, other ones in every round, scattered over the table.
COME_DUE = """
UPDATE handoff_promise SET due_at = now() - interval '1 minute', next_at = now() - interval '1 minute',
       escalate_at = now() + interval '2 hours', next_event = 'breach', outcome = '', breached_at = NULL
 WHERE id IN (SELECT first + %(round)s + k * 997 FROM generate_series(0, %(due)s - 1) k,
              (SELECT max(id) - %(many)s + 1 AS first FROM handoff_promise) f)
"""
BARE_FIND = "SELECT id, handoff_id, kind FROM handoff_promise WHERE next_at <= now() ORDER BY next_at LIMIT %s"
#: The same rows marked, and the same notices written, by somebody who knows beforehand which and what.
BARE_MARK = """
UPDATE handoff_promise SET breached_at = now(), outcome = 'broken', next_event = 'escalate', next_at = escalate_at,
       owner_id = %(owner)s WHERE id = ANY(%(ids)s)
"""
BARE_TELL = """
INSERT INTO handoff_notice (person_id, kind, lead_id, text, event, written_at)
SELECT handoff.owner_id, 'promise:over', lead.id, 'Somebody waits for an answer longer than promised.',
       'promise:' || promise.id || ':bare', now()
  FROM handoff_promise promise JOIN handoff_handoff handoff ON handoff.id = promise.handoff_id
  JOIN leads_lead lead ON lead.id = handoff.lead_id WHERE promise.id = ANY(%(ids)s) ON CONFLICT DO NOTHING
"""


def measure() -> Iterator[Figure]:
    """Due times beside `astimezone`; then a sweep beside the bare query and the bare writes, in turns."""
    yield business_time()
    from django.db import connection, transaction

    since = datetime.now(UTC)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(FILL, {"many": MANY})
        with connection.cursor() as cursor:
            cursor.execute("VACUUM (ANALYZE) handoff_promise")
            cursor.execute("VACUUM (ANALYZE) handoff_handoff")
        yield from sweeps()
    finally:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(AWAY, {"since": since})
        with connection.cursor() as cursor:
            cursor.execute("VACUUM (ANALYZE) handoff_promise")
            cursor.execute("VACUUM (ANALYZE) handoff_handoff")
            cursor.execute("VACUUM (ANALYZE) handoff_notice")


def business_time() -> Figure:
    """A hundred thousand due times, all over three years, beside as many conversions to the same time zone."""
    from handoff.calendar import Calendar
    from handoff.models import Agreement

    terms = Agreement.objects.in_force()
    terms.time_zone, terms.holidays = "Europe/Vienna", "AT"
    calendar = Calendar.of(terms)
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    moments = [begin + timedelta(minutes=15.77 * n) for n in range(MOMENTS)]
    zone = terms.zone
    pairs = []
    for _round in range(ROUNDS):
        bare = took(lambda: [moment.astimezone(zone) for moment in moments])
        pairs.append((took(lambda: [calendar.due(moment, 480) for moment in moments]), bare))
    return Figure("business time, 100,000 due times (s)", *middle(pairs), 10)


def sweeps() -> Iterator[Figure]:
    from django.db import connection, transaction

    from handoff import promises

    finding, answering = [], []
    with connection.cursor() as cursor:
        for number in range(SWEEPS):
            cursor.execute(COME_DUE, {"round": 2 * number, "due": DUE, "many": MANY})
            with transaction.atomic():
                bare = took(lambda: find(cursor))
                finding.append((took(lambda: promises.take(datetime.now(UTC), limit=DUE)), bare))
            ids = find(cursor)
            assert len(ids) == DUE
            whole = took(promises.sweep)
            cursor.execute("SELECT count(*) FROM handoff_promise WHERE id = ANY(%s) AND breached_at IS NOT NULL", [ids])
            assert cursor.fetchone()[0] == DUE
            cursor.execute(COME_DUE, {"round": 2 * number + 1, "due": DUE, "many": MANY})
            ids = find(cursor)
            bare = took(lambda: bare_writes(ids))  # noqa: B023
            answering.append((whole, bare))
    yield Figure("sweep, finding 1,000 of 1,000,000 (s)", *middle(finding), 2)
    yield Figure("sweep, found, marked and told (s)", *middle(answering), 3)


def find(cursor: Any) -> list[int]:
    cursor.execute(BARE_FIND, [DUE])
    return [row[0] for row in cursor.fetchall()]


def bare_writes(ids: list[int]) -> None:
    from django.db import connection, transaction

    from accounts.models import User

    owner = User.objects.values_list("pk", flat=True).earliest("pk")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(BARE_MARK, {"ids": ids, "owner": owner})
        cursor.execute(BARE_TELL, {"ids": ids})


def took(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def middle(pairs: list[tuple[float, float]]) -> tuple[float, float]:
    """Of pairs measured one right after the other, the one whose ratio is the median."""
    ratio = median(sorted(own / bare for own, bare in pairs))
    return min(pairs, key=lambda pair: abs(pair[0] / pair[1] - ratio))
