"""Imports by the real worker: at once after the click, beside other work, and whole when a worker is killed."""

import os
import signal
from pathlib import Path

from django.test import Client
from django.urls import reverse

from handoff import invariants, tasks
from leads import capture, exchange
from leads.models import Activity, Import, ImportPiece, Lead, Submission
from tests.factories import make_user

MAPPING = {
    "columns": {"email": "email", "name": "name"},
    "outcome": {"column": "end", "won": ["yes"], "at": "on"},
}


def uploaded(rows, *, actor):
    """An import of so many rows, each tenth of them a win, that is ready to be started."""
    lines = (f"person{n}@firm{n % 50}.example,Person {n},{'' if n % 10 else 'yes'},2026-01-02\n" for n in range(rows))
    content = "email,name,end,on\n" + "".join(lines)
    upload = exchange.receive("people.csv", [content.encode()], actor=actor)
    exchange.choose(upload, MAPPING)
    return upload


def started(upload, actor):
    client = Client()
    client.force_login(actor)
    assert client.post(reverse("handoff:import_start", args=[upload.pk])).status_code == 302


def is_done(upload):
    return Import.objects.filter(pk=upload.pk, state="done").exists()


def assert_whole(rows):
    assert (Lead.objects.count(), Lead.objects.filter(stage="customer").count()) == (rows, rows // 10)
    assert Submission.objects.filter(processed_at__isnull=False).count() == rows
    assert Activity.objects.filter(kind="lead:imported").count() == rows
    assert Activity.objects.filter(kind="deal:win").count() == rows // 10
    assert not ImportPiece.objects.exists()
    assert [violation for violation in invariants.violations() if violation.broken] == []


def test_what_a_person_started_is_imported_by_the_worker_with_all_that_follows(worker):
    mia = make_user("mia")
    upload = uploaded(2_000, actor=mia)
    started(upload, mia)
    worker.wait_until(lambda: is_done(upload))
    assert_whole(2_000)
    upload.refresh_from_db()
    assert (upload.rows, upload.rows_done, upload.counts["new"]) == (2_000, 2_000, 2_000)


def test_what_people_send_meanwhile_does_not_wait_for_a_long_file(worker):
    mia = make_user("mia")
    upload = uploaded(4_000, actor=mia)
    started(upload, mia)
    worker.wait_until(lambda: Import.objects.filter(pk=upload.pk, rows_done__gt=0).exists())
    capture.accept({"email": "lena@fehr.example", "hand_raise": {"note": "Call me"}}, way="form")
    worker.wait_until(lambda: Lead.objects.filter(email="lena@fehr.example", stage="mofu").exists())
    assert not is_done(upload)
    worker.wait_until(lambda: is_done(upload), seconds=90)


def test_a_worker_killed_in_the_middle_of_a_file_is_followed_by_another_and_nothing_comes_in_twice(worker):
    mia = make_user("mia")
    upload = uploaded(3_000, actor=mia)
    started(upload, mia)
    worker.wait_until(lambda: Import.objects.filter(pk=upload.pk, rows_done__gt=0).exists())
    os.kill(child_of(worker.process.pid), signal.SIGKILL)
    upload.refresh_from_db()
    assert 0 < upload.rows_done < 3_000
    tasks.catch_up.delay()  # the beat's sweep
    worker.wait_until(lambda: is_done(upload), seconds=90)
    assert_whole(3_000)
    upload.refresh_from_db()
    assert (upload.rows_done, upload.counts["new"], upload.counts["warnings"]) == (3_000, 3_000, 0)


def child_of(pid):
    """The process in which a worker does its work."""
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


def test_two_workers_never_do_the_same_file(worker):
    mia = make_user("mia")
    upload = uploaded(2_000, actor=mia)
    with exchange.alone(upload) as mine:
        assert mine
        started(upload, mia)
        tasks.catch_up.delay()
        capture.accept({"email": "lena@fehr.example"}, way="form")
        worker.wait_until(lambda: Lead.objects.filter(email="lena@fehr.example").exists())
        assert Import.objects.get(pk=upload.pk).state == "waiting"
    tasks.catch_up.delay()
    worker.wait_until(lambda: is_done(upload))
    assert Lead.objects.exclude(email="lena@fehr.example").count() == 2_000
