"""A dead mail server, a killed worker, two workers at once: nothing is lost, and at most one mail comes twice, marked."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.utils import timezone

from handoff import notices
from handoff.models import Message
from handoff.notices import sending
from tests.factories import make_user


def tell(number=1, text="Told", kind="handoff:offer"):
    people = [make_user(f"sam{n}", team="sales") for n in range(number)]
    for n, person in enumerate(people):
        notices.write(kind=kind, to=[person], text=f"{text} {n}", event=f"{text}:{n}")
    return people


def lease_over():
    Message.objects.filter(sent_at=None).update(due_at=timezone.now() - timedelta(seconds=1))


def test_with_the_mail_server_dead_mails_wait_and_leave_once_it_is_back(mails):
    mails.stop()
    tell(3)
    assert notices.deliver() == 0
    assert Message.objects.filter(sent_at=None, tried_at=None, stopped_at=None).count() == 3
    assert any("does not answer" in why for why in Message.objects.values_list("why", flat=True))
    mails.start()
    assert notices.deliver() == 3
    assert sorted(mail["Subject"] for mail in mails.mails) == ["Told 0", "Told 1", "Told 2"]
    assert all("X-Smarketing-Repeat" not in mail for mail in mails.mails)
    assert notices.deliver() == 0


def test_a_mail_server_that_refuses_for_now_is_asked_again_and_for_good_it_is_said(mails):
    tell()
    mails.refuses = "451 Try later"
    notices.deliver()
    message = Message.objects.get()
    assert message.due_at > timezone.now()
    assert "451" in message.why
    mails.refuses = "550 No such person"
    lease_over()
    notices.deliver()
    assert Message.objects.get().stopped_at
    assert "550" in Message.objects.get().why
    mails.refuses = ""
    lease_over()
    assert notices.deliver() == 0


def test_a_connection_that_died_between_two_sweeps_is_opened_anew(mails):
    server = sending.get_connection()
    server.open()
    mails.stop()
    mails.start()
    sending._open(server)
    assert server.connection.noop()[0] == 250
    server.close()


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_between_sending_and_marking_repeats_one_mail_at_most_and_marks_it(mails):
    tell(5)
    notices.prepare()
    script = textwrap.dedent(
        """
        import os, sys, django
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
        django.setup()
        from django.conf import settings
        settings.EMAIL_CONFIGURED, settings.EMAIL_HOST, settings.EMAIL_PORT = True, "127.0.0.1", int(sys.argv[1])
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.SITE_URL, settings.DEFAULT_FROM_EMAIL = "https://smarketing.example.org", "s@example.org"
        from handoff.notices import sending
        send, sent = sending._mail, []
        def then_hang(server, message):
            send(server, message)
            sent.append(message)
            if len(sent) == 3:
                print("sent", flush=True)
                sys.stdin.read()
            return True
        sending._mail = then_hang
        sending.mails()
        """
    )
    worker = subprocess.Popen(
        [sys.executable, "-c", script, str(mails.port)],
        env={**os.environ, "TEST_DATABASE": connection.settings_dict["NAME"]},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with worker:
        assert worker.stdout.readline().strip() == "sent"
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
    assert len(mails.mails) == 3
    assert Message.objects.filter(sent_at__isnull=False).count() == 2
    assert notices.deliver() == 2  # the one in doubt is still lent to the worker that died
    assert len(mails.mails) == 5
    lease_over()
    assert notices.deliver() == 1
    assert len(mails.mails) == 6
    twice = [mail for mail in mails.mails if mail["Subject"] == mails.mails[2]["Subject"]]
    assert len(twice) == 2
    assert twice[0]["Message-ID"] == twice[1]["Message-ID"]
    assert [mail["X-Smarketing-Repeat"] for mail in twice] == [None, "1"]
    assert len({mail["Message-ID"] for mail in mails.mails}) == 5
    lease_over()
    assert notices.deliver() == 0


@pytest.mark.django_db(transaction=True)
def test_four_workers_at_once_send_each_mail_once(mails):
    tell(24)
    failed = []

    def work():
        try:
            notices.deliver()
        except Exception as error:
            failed.append(error)
        finally:
            connections.close_all()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    notices.deliver()
    assert not failed
    assert sorted(mail["Subject"] for mail in mails.mails) == sorted(f"Told {n}" for n in range(24))
    assert not Message.objects.filter(sent_at=None).exists()


def test_with_redis_away_mails_leave_all_the_same(mails, settings):
    cache = {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {**settings.CACHES, "default": cache}
    tell(2)
    assert notices.deliver() == 2
    assert len(mails.mails) == 2


@pytest.mark.django_db(transaction=True)
def test_the_real_worker_sends_in_a_task_of_its_own(client, worker):
    """Without a mail server it keeps them; what matters is that the nudge after an event gets there by itself."""
    mia, sam = make_user("mia"), make_user("sam", team="sales")
    from handoff import conversation, tasks
    from tests.factories import make_lead

    conversation.comment(make_lead(), actor=sam, text="@mia hello")
    tasks.catch_up.delay()
    worker.wait_until(lambda: Message.objects.filter(person=mia).exists())
    assert Message.objects.get(person=mia).stopped_at
