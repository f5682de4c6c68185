"""Scoring: what is kept of engagement made anew, and points that fade, beside the plainest statements that do as much.

All of it happens in a schema of its own, which is dropped afterwards: a million leads take about 3 GB meanwhile.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from django.db import connection

from bench.figure import Figure

LEADS = int(os.environ.get("LEADS", "1000000"))
EACH, ROUNDS = 10, 3
DIRTY = min(10_000, LEADS // 2)

#: Nobody here reaches the line, so that nothing but the counting is measured.
FILL = """
CREATE TABLE leads_activity (LIKE public.leads_activity INCLUDING DEFAULTS INCLUDING IDENTITY);
CREATE TABLE leads_engagement (LIKE public.leads_engagement INCLUDING ALL) WITH (fillfactor = 70);
CREATE TABLE bare_engagement (LIKE public.leads_engagement INCLUDING ALL) WITH (fillfactor = 70);
CREATE TABLE leads_lead (id bigint PRIMARY KEY);
CREATE TABLE leads_scorecard (LIKE public.leads_scorecard INCLUDING ALL);
INSERT INTO leads_scorecard SELECT * FROM public.leads_scorecard WHERE in_force;
UPDATE leads_scorecard SET created_at = now() - interval '1 year', in_force_since = NULL;
CREATE TABLE personas_persona (LIKE public.personas_persona INCLUDING ALL);
CREATE TABLE leads_leadscore (LIKE public.leads_leadscore INCLUDING ALL);
CREATE TABLE bare_leadscore (LIKE public.leads_leadscore INCLUDING ALL);
INSERT INTO leads_activity (lead_id, kind, text, data, at, recorded_at, imported)
SELECT 1 + (k * 7919) %% %(leads)s,
       (ARRAY['web:page','web:pricing','email:click','call:no_answer','note','email:reply','event:attended','web:page'])
           [1 + (k * 31 + k / 8) %% 8],
       '', '{}', now() - (k %% 8000) * interval '1 hour', now(), false
  FROM generate_series(1, %(leads)s::bigint * %(each)s) k;
CREATE INDEX ON leads_activity (lead_id, at DESC, id DESC);
INSERT INTO leads_lead SELECT * FROM generate_series(1, %(leads)s);
INSERT INTO leads_leadscore (lead_id, fit, engagement, total, parts, scorecard_id, scored_at, ready, missing)
SELECT id, id %% 10, 1, id %% 10 + 1,
       jsonb_build_array(jsonb_build_object('group', 'fit', 'label', 'Fits', 'points', id %% 10)),
       (SELECT id FROM leads_scorecard), now(), false, '{}'
  FROM leads_lead;
"""
#: The yardstick: the same sums by their age, serially, into a table with the same indexes.
SUMS = """
INSERT INTO bare_engagement (lead_id, kind, number, first_at, last_at, answered_at, week, month, quarter)
SELECT lead_id, kind, count(*), min(at), max(at), min(at) FILTER (WHERE actor_id IS NOT NULL),
       sum(power(2, -date_part('epoch', now() - at) / (7 * 86400))),
       sum(power(2, -date_part('epoch', now() - at) / (30 * 86400))),
       sum(power(2, -date_part('epoch', now() - at) / (90 * 86400)))
  FROM leads_activity WHERE split_part(kind, ':', 1) = ANY(%(touches)s) GROUP BY lead_id, kind
"""
#: The yardstick of leads that wait: their rows as they will be, written over those that are there.
UPSERT = """
INSERT INTO bare_leadscore (lead_id, fit, engagement, total, parts, scorecard_id, scored_at, ready, missing)
SELECT lead_id, fit, engagement, total, parts, scorecard_id, now(), ready, missing
  FROM leads_leadscore WHERE lead_id <= %(dirty)s
    ON CONFLICT (lead_id) DO UPDATE SET engagement = excluded.engagement, total = excluded.total,
       parts = excluded.parts, scored_at = excluded.scored_at
"""
STALE = "UPDATE leads_leadscore SET scored_at = now() - interval '2 days' WHERE engagement > 0 AND lead_id <= %(dirty)s"


def measure() -> Iterator[Figure]:
    """A million leads with ten activities each, unless LEADS says otherwise."""
    from leads import engagement, pipeline

    for batch, rounds in ((1, 80), (200, 6)):
        spent, whole = in_capture(batch, rounds)
        yield Figure(f"rescoring inside capture, {batch} at once (s)", spent, whole, 0.3)
    with apart():
        touches = list(engagement.TOUCHES)
        pairs = []
        for _round in range(ROUNDS):
            run("TRUNCATE leads_engagement, bare_engagement")
            pairs.append((timed(engagement.recompute), timed(lambda: run(SUMS, touches=touches))))
        yield Figure(f"engagement of {LEADS:,} leads from the log (s)", *median(pairs), 1.5)
        run(STALE, dirty=LEADS)
        run("VACUUM (ANALYZE) leads_engagement, leads_leadscore, leads_lead")
        while pipeline.rescore_outdated():
            pass
        run("INSERT INTO bare_leadscore SELECT * FROM leads_leadscore")
        run("VACUUM (ANALYZE) leads_leadscore, bare_leadscore")
        pairs = []
        for _round in range(ROUNDS):
            run(STALE, dirty=DIRTY)
            pairs.append((timed(pipeline.rescore_outdated), timed(lambda: run(UPSERT, dirty=DIRTY))))
        some, upsert = median(pairs)
        yield Figure(f"{DIRTY:,} leads whose interest has faded (s)", some, upsert, 1.5)
        yield Figure("no leads to count anew (s)", timed(pipeline.rescore_outdated), upsert, 0.05)


def in_capture(batch: int, rounds: int) -> tuple[float, float]:
    """Median seconds of points and chances within a capture, and of the whole of it.

    What is kept of engagement is written with the timeline, and belongs to the rest.
    """
    from leads import capture, learning, scoring

    spent: list[float] = []

    def clocked(act: Callable[..., Any]) -> Callable[..., Any]:
        def timed_act(*args: Any, **kwargs: Any) -> Any:
            began = time.perf_counter()
            try:
                return act(*args, **kwargs)
            finally:
                spent[-1] += time.perf_counter() - began

        return timed_act

    wholes = []
    with (
        patch.object(scoring, "rescore", clocked(scoring.rescore)),
        patch.object(learning, "answer", clocked(learning.answer)),
    ):
        for number in range(rounds):
            came = [capture.accept(visitor(number * batch + place), way="api") for place in range(batch)]
            spent.append(0.0)
            wholes.append(timed(lambda came=came: capture.process(came)))  # type: ignore[misc]
    return statistics.median(spent[rounds // 4 :]), statistics.median(wholes[rounds // 4 :])


def visitor(number: int) -> dict[str, Any]:
    """Somebody who reads the prices: every other one is known already."""
    known = number % 2 and f"p{1 + number % 5000}@firm{2 + number % 5000}.example"
    return {
        "name": f"Visitor {number}",
        "email": known or f"visitor{number}.{os.getpid()}@firm{number // 4}.example",
        "job_title": "Head of energy",
        "company": {"name": f"Fehr {number}"},
        "source": "source_1",
        "activity": {"kind": "web:pricing", "text": "Read the prices"},
    }


@contextmanager
def apart() -> Iterator[None]:
    """Tables of the same names that nothing else reads."""
    run("DROP SCHEMA IF EXISTS bench_scoring CASCADE")
    run("CREATE SCHEMA bench_scoring")
    run("SET search_path = bench_scoring, public")
    try:
        run(FILL, leads=LEADS, each=EACH)
        run("VACUUM (ANALYZE) leads_activity")
        yield
    finally:
        run("DROP SCHEMA bench_scoring CASCADE")
        run("RESET search_path")


def run(statement: str, **params: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, params or None)


def timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def median(pairs: list[tuple[float, float]]) -> tuple[float, float]:
    """Of pairs measured one right after the other, the one whose ratio is the median."""
    return sorted(pairs, key=lambda pair: pair[0] / pair[1])[len(pairs) // 2]
