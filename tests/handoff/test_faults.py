"""Faults are normal: the worker is away, Redis is away, the worker is killed. Nothing is lost, nothing happens twice."""

import os
import signal
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from handoff import tasks
from handoff.models import Handoff
from leads import capture
from leads.models import Activity, Lead, Submission
from leads.tasks import nudge
from tests.factories import make_lead, make_user

NOWHERE = "redis://127.0.0.1:1/0"


def submit(count=1, **more):
    for number in range(count):
        capture.accept({"name": f"Person {number}", "email": f"p{number}@firm.example", **more}, way="api")


@pytest.fixture
def redis_away(settings):
    settings.CACHES = {**settings.CACHES, "default": {**settings.CACHES["default"], "LOCATION": NOWHERE}}
    assert cache.set("here", 1) in (None, False)
    assert cache.get("here") is None


def test_with_the_worker_away_pages_say_that_work_waits_and_it_is_done_once_when_it_is_back(client, worker):
    worker.rest()
    submit(3, hand_raise={"note": "Please call"})
    nudge()
    Submission.objects.update(received_at=timezone.now() - timedelta(minutes=1))
    client.force_login(make_user("mia"))
    assert "3 things are kept and wait for the background worker" in client.get("/leads/").text
    assert not Lead.objects.exists()

    worker.listen()
    tasks.catch_up.delay()  # the beat's sweep
    worker.wait_until(lambda: Handoff.objects.count() == 3)
    tasks.catch_up()
    assert "background worker" not in client.get("/leads/").text
    assert (Lead.objects.count(), Handoff.objects.count()) == (3, 3)
    assert Activity.objects.filter(kind="form:hand_raise").count() == 3


def test_with_redis_away_people_go_on_and_the_sweep_does_the_rest(
    client, redis_away, django_capture_on_commit_callbacks
):
    lead, mia = make_lead(), make_user("mia")
    client.force_login(mia)
    assert client.get("/leads/").status_code == 200
    assert client.get("/pipeline/").status_code == 200
    assert client.post(reverse("handoff:act", args=[lead.pk, "offer"]), {"note": "Asked"}).status_code == 302
    with django_capture_on_commit_callbacks(execute=True):
        submit()
        nudge()
    lead.refresh_from_db()
    assert lead.stage == "mofu"
    assert Submission.objects.filter(processed_at=None).count() == 1
    tasks.catch_up()
    assert not Submission.objects.filter(processed_at=None).exists()


def test_what_a_killed_worker_was_doing_is_done_by_the_next_one_and_nothing_twice(worker):
    submit(5)
    with held("leads_activity") as waits_for_it:
        nudge()
        worker.wait_until(waits_for_it)  # it is in the middle of its transaction
        os.kill(child_of(worker.process.pid), signal.SIGKILL)
        assert Submission.objects.filter(processed_at=None).count() == 5
    worker.wait_until(lambda: not Submission.objects.filter(processed_at=None).exists())
    tasks.catch_up()
    assert (Lead.objects.count(), Activity.objects.filter(kind="lead:captured").count()) == (5, 5)


@contextmanager
def held(table):
    """Nobody else writes to this table meanwhile; gives a function that tells whether somebody waits for it."""
    other = connection.copy()
    other.set_autocommit(False)
    try:
        with other.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
        yield lambda: waited_for(table)
    finally:
        other.rollback()
        other.close()


def waited_for(table):
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE relation = %s::regclass AND NOT granted", [table])
        return cursor.fetchone()[0]


def child_of(pid):
    """The process in which a worker does its work."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(children[0]) if children else 0
