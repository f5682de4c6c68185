"""A worker that is killed loses no visit and counts none twice, and whoever identifies themselves meanwhile gets all."""

import os
import signal
import subprocess
import sys
import textwrap
import threading

import pytest
from django.db import connection, connections, transaction

from handoff.tasks import answer
from leads import capture, tracker
from leads.models import Lead, VisitorEvent
from leads.tracker import stream, writing
from tests.leads.tracking import Visiting, site
from tests.smarketing.installations import eventually

__all__ = ["site"]
pytestmark = pytest.mark.django_db(transaction=True)

DRAINS = textwrap.dedent(
    """
    import os, sys, django
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    from leads.tracker import drain, stream
    def hang(entries):
        print("written", flush=True)
        sys.stdin.read()
    stream.remove = hang
    drain()
    """
)


def waiting():
    return stream.get_redis_connection("default").xlen(stream.KEY)


def test_a_worker_killed_between_writing_and_taking_away_loses_nothing_and_counts_nothing_twice(site, settings):
    visiting = Visiting()
    for number in range(20):
        assert visiting.looks(f"/page/{number}") == 204
    worker = subprocess.Popen(
        [sys.executable, "-c", DRAINS],
        env={
            **os.environ,
            "TEST_DATABASE": connection.settings_dict["NAME"],
            "PYTEST_XDIST_WORKER": os.environ.get("PYTEST_XDIST_WORKER", "alone"),
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with worker:
        assert worker.stdout.readline().strip() == "written"
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
    assert (VisitorEvent.objects.count(), waiting()) == (20, 20)
    visiting.looks("/pricing")
    assert tracker.drain() == 1
    assert (VisitorEvent.objects.count(), waiting()) == (21, 0)
    visiting.says(email="lena@fehr.example")
    answer()
    assert Lead.objects.get().activities.filter(kind__startswith="web:").count() == 22


def test_a_worker_killed_before_it_has_committed_leaves_everything_in_the_stream(site):
    visiting = Visiting()
    for number in range(5):
        visiting.looks(f"/page/{number}")
    code = DRAINS.replace("stream.remove = hang", "from leads.tracker import draining\ndraining.write_many = hang")
    worker = subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "TEST_DATABASE": connection.settings_dict["NAME"]},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with worker:
        assert worker.stdout.readline().strip() == "written"
        assert tracker.drain() == 0  # the other one has the lock
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
    eventually(lambda: tracker.drain() or VisitorEvent.objects.exists(), seconds=20)
    assert (VisitorEvent.objects.count(), waiting()) == (5, 0)


def test_what_is_written_while_somebody_says_who_they_are_is_theirs(site):
    """Whichever commits first: the one waits for the other, on the row of the visitor."""
    visiting = Visiting()
    visiting.looks("/pricing")
    tracker.drain()
    visiting.looks("/late")
    entries = stream.oldest(10)
    capture.accept({"email": "lena@fehr.example", "origin": {"visitor": visiting.visitor}}, way="form")
    done = threading.Event()

    def process():
        capture.process_waiting()
        done.set()
        connections.close_all()

    with transaction.atomic():
        writing.write_many(b"\n".join(entry.lines for entry in entries))
        other = threading.Thread(target=process)
        other.start()
        assert not done.wait(0.5)
    other.join(20)
    assert done.is_set()
    assert tracker.take() == 2
    assert Lead.objects.get().activities.filter(kind__in=["web:pricing", "web:page"]).count() == 2


def test_two_workers_that_take_at_once_take_each_visit_once(site):
    visiting = Visiting()
    for number in range(30):
        visiting.looks(f"/page/{number}")
    visiting.says(email="lena@fehr.example")
    tracker.drain()
    capture.process_waiting()

    def take():
        tracker.take()
        connections.close_all()

    workers = [threading.Thread(target=take) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    tracker.take()
    assert Lead.objects.get().activities.filter(kind="web:page").count() == 30
    assert not VisitorEvent.objects.waiting().exists()
