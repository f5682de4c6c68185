"""Two beats at once, a beat that is killed, and acts that come in between: every event of a promise happens once."""

import os
import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from handoff import lifecycle, promises, tasks
from handoff.models import Handoff, Notice, Promise
from tests.factories import make_handoff, make_handoffs, make_user
from tests.handoff.test_faults import child_of, held
from tests.handoff.test_two_at_once import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def overdue(number):
    """So many offers of a rep that are over since a minute."""
    sam, over = make_user("sam", team="sales"), timezone.now() - timedelta(minutes=1)
    handoffs = make_handoffs(number)
    Handoff.objects.update(owner=sam, queue=None, due_at=over)
    Promise.objects.update(due_at=over, next_at=over, next_event="breach", escalate_at=over + timedelta(days=2))
    return sam, handoffs


def told():
    return Counter(Notice.objects.filter(kind__startswith="promise:").values_list("event", flat=True))


def test_eight_sweeps_at_once_tell_of_each_promise_once():
    sam, _handoffs = overdue(60)
    counts = at_once(*(lambda: promises.sweep(limit=20) for _ in range(8)))
    assert sum(counts) == 60
    assert set(told().values()) == {1}
    assert len(told()) == 60
    assert set(Promise.objects.values_list("outcome", "next_event", "owner")) == {("broken", "escalate", sam.pk)}
    assert promises.sweep() == 0


def test_eight_sweeps_at_once_pass_a_hand_off_on_once():
    _sam, (handoff,) = overdue(1)
    make_user("kim", team="sales")
    past = timezone.now() - timedelta(seconds=1)
    Promise.objects.update(breached_at=past, escalated_at=past, next_event="reassign", next_at=past, outcome="broken")
    assert sum(at_once(*(promises.pass_on for _ in range(8)))) == 1
    handoff.refresh_from_db()
    assert handoff.reassigned == 1
    assert handoff.promises.count() == 2


def test_acts_and_sweeps_at_once_do_not_wait_for_each_other_forever():
    sam, handoffs = overdue(24)
    leads = [handoff.lead for handoff in handoffs]
    accepting = [lambda lead=lead: lifecycle.accept(lead, actor=sam) for lead in leads]
    at_once(*(act for pair in zip(accepting, [promises.sweep] * len(leads), strict=True) for act in pair))
    assert set(Promise.objects.filter(kind="answer").values_list("outcome", "owner")) == {("broken", sam.pk)}
    assert not Promise.objects.filter(kind="answer", settled_at=None).exists()
    assert max(told().values(), default=1) == 1


def test_what_a_killed_beat_was_telling_is_told_by_the_next_one_and_nothing_twice(worker):
    _sam, _handoffs = overdue(5)
    with held("handoff_notice") as waits_for_it:
        tasks.sweep_promises.delay()
        worker.wait_until(waits_for_it)  # it has marked the promises, and not told of them yet
        os.kill(child_of(worker.process.pid), signal.SIGKILL)
        assert not Promise.objects.exclude(breached_at=None).exists()
    worker.wait_until(lambda: tasks.sweep_promises() or len(told()) == 5)
    worker.wait_until(lambda: len(told()) == 5)
    assert tasks.sweep_promises() == 0
    assert set(told().values()) == {1}


def test_a_sweep_skips_what_another_one_has_in_hand_and_does_not_wait():
    sam, _handoffs = overdue(3)
    other = connection.copy()
    other.set_autocommit(False)
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT id FROM handoff_promise ORDER BY id LIMIT 1 FOR UPDATE")
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(lambda: at_once(promises.sweep)).result(20) == [2]
    finally:
        other.rollback()
        other.close()
    assert promises.sweep() == 1
    assert make_handoff().owner != sam
