"""What every test has: a database, a cache of its own, and on request a real worker process or a real browser."""

from __future__ import annotations

import gc
import os

import pytest
from django.core.cache import cache
from django.test import Client
from django_redis import get_redis_connection
from hypothesis import HealthCheck, settings

from leads import pulse

pytest_plugins = ["tests.worker", "tests.chromium", "tests.smarketing.installations"]

# Inside a pytest-django test each example shares the test's database: that is known and wanted.
settings.register_profile(
    "ours",
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("ours")
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright runs a loop in the tests' thread


@pytest.fixture(autouse=True)
def _database(db):
    """Every test has the database; most of what is tested lives in it."""


@pytest.fixture(autouse=True)
def _empty_cache():
    yield
    cache.delete_pattern("*")
    get_redis_connection("default").delete(pulse.key(pulse.LEADS))


@pytest.fixture
def client():
    return Client()


def pytest_collection_finish():
    """What is there before the first test stays to the end: the collector need not look through it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def pytest_collection_modifyitems(items):
    """Under xdist, tests with the worker go to one process, so that one worker is started."""
    for item in items:
        if "worker" in item.fixturenames:
            item.add_marker(pytest.mark.xdist_group("worker"))
