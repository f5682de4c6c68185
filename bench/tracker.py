"""The tracker: hits a second against a view that says hello, and how fast the stream is emptied against empty tasks."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from bench.clients import rate
from bench.figure import Figure
from bench.servers import gunicorn, worker

HITS = int(os.environ.get("POSTS", "4000"))
EVENTS, TASKS = 10 * HITS, HITS // 2
CLIENTS, ALTERNATIONS = 8, 5
SITE = {"Origin": "https://bench.example"}


def measure() -> Iterator[Figure]:
    from leads.models import TrackedSite

    TrackedSite.objects.get_or_create(host="bench.example")
    yield Figure("tracker, hits, eight clients (/s)", *hits(), 0.6, most=False)
    yield Figure("tracker, events out of the stream (/s)", *drained(), 20, most=False)


def hits() -> tuple[float, float]:
    """The product and the yardstick in turns, to the median pair."""
    from unittest.mock import patch

    from leads.tracker import drain, stream

    pairs = []
    with (
        patch.dict("os.environ", {"TRACKER_HITS_PER_ADDRESS": "1000000"}),
        gunicorn("smarketing.wsgi", "/healthz") as (product, _master),
        gunicorn("bench.bare.wsgi", "/hello") as (bare, _bare_master),
    ):
        rate(product, "/t", SITE, [hit() for _ in range(200)], clients=CLIENTS)
        for _turn in range(ALTERNATIONS):
            said = [hit() for _ in range(HITS // ALTERNATIONS)]
            yardstick = rate(bare, "/hello", {}, said, clients=CLIENTS)
            pairs.append((rate(product, "/t", SITE, said, clients=CLIENTS), yardstick))
    waiting = len(stream.oldest(2 * HITS))
    if waiting != HITS + 200:
        raise SystemExit(f"{HITS + 200} hits were taken, and {waiting} wait in the stream")
    drain()
    return sorted(pairs, key=lambda pair: pair[0] / pair[1])[len(pairs) // 2]


def drained() -> tuple[float, float]:
    """Events that are written a second, from a stream that is filled, and empty tasks that a worker does a second."""
    from leads.models import VisitorEvent
    from leads.tracker import drain, hear, stream

    before = VisitorEvent.objects.count()
    for number in range(EVENTS // 4):
        hear(encoded(hit(events=4)), page="https://bench.example", address=f"10.0.{number // 200}.{number % 200}")
    began = time.perf_counter()
    drain()
    took = time.perf_counter() - began
    if VisitorEvent.objects.count() - before != EVENTS or stream.oldest(1):
        raise SystemExit("the stream was not emptied")
    return EVENTS / took, tasks()


def tasks() -> float:
    """Tasks that do nothing, a second, by the worker that empties the stream."""
    from django.conf import settings
    from django_redis import get_redis_connection

    from bench.empty import nothing

    queue, redis = f"{settings.REDIS_PREFIX}{settings.CELERY_TASK_DEFAULT_QUEUE}", get_redis_connection("default")
    with worker("--include", "bench.empty"):
        began = time.perf_counter()
        for _ in range(TASKS):
            nothing.delay()
        while redis.llen(queue):
            time.sleep(0.01)
        return TASKS / (time.perf_counter() - began)


def hit(events: int = 1) -> dict[str, Any]:
    url = "https://bench.example/prices?utm_source=google&utm_campaign=Peak"
    seen = [{"id": str(uuid4()), "url": url, "name": "page", "title": "What it costs", "ago": 5} for _ in range(events)]
    return {"visitor": str(uuid4()), "consent": True, "landing": {"url": url, "referrer": ""}, "events": seen}


def encoded(said: dict[str, Any]) -> bytes:
    return json.dumps(said).encode()
