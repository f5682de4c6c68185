"""An e-mail to a lead, sent from the product: an attempt with its words, once, in one thread, never to who wants none."""

import os
import signal
import subprocess
import sys
import textwrap
from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from handoff import lifecycle, notices
from handoff.models import Message, Notice
from tests.factories import make_deal, make_handoff, make_lead, make_reason, make_user

HTMX = {"hx-request": "true"}


@pytest.fixture
def sam():
    return make_user("sam", team="sales")


@pytest.fixture
def mia():
    return make_user("mia")


def write(client, lead, subject="Your question", text="Dear Katrin,\n\n40 seats are <fine>.", **said):
    words = {"subject": subject, "text": text, **said}
    return client.post(reverse("handoff:email", args=[lead.pk]), words, headers=HTMX)


def test_a_rep_writes_from_the_inbox_and_it_is_the_first_attempt_with_the_next_one_planned(mails, client, sam):
    handoff = make_handoff("sal", name="Katrin Hofer", email="katrin@hofer.example")
    notices.deliver()
    mails.mails.clear()
    client.force_login(sam)
    address = reverse("handoff:email", args=[handoff.lead_id])
    assert address in client.get(reverse("handoff:inbox_item", args=[handoff.pk])).text
    assert address in client.get(handoff.lead.get_absolute_url()).text
    form = client.get(address, headers=HTMX).text
    assert "Goes to katrin@hofer.example" in form
    answer = write(client, handoff.lead)
    assert (answer.status_code, "attempt 2 of 5" in answer.headers["HX-Trigger"]) == (204, True)
    handoff.refresh_from_db()
    assert (handoff.attempts_made, handoff.first_contact_at, handoff.promise) == (1, None, "contact")
    assert mails.mails == []
    notices.deliver()
    mail = mails.one
    assert (mail.to, mail["Subject"]) == (["katrin@hofer.example"], "Your question")
    assert (mail["From"], mail["Reply-To"]) == ("Sam <smarketing@example.org>", sam.email)
    assert mail["Auto-Submitted"] is None
    assert "40 seats are <fine>." in mail.get_body(["plain"]).get_content()
    assert "<p>40 seats are &lt;fine&gt;.</p>" in mail.get_body(["html"]).get_content()
    page = client.get(handoff.lead.get_absolute_url()).text
    assert "40 seats are &lt;fine&gt;." in page
    assert "Your question, to katrin@hofer.example" in page
    assert handoff.lead.activities.filter(kind="email:sent").count() == 1


def test_mails_about_one_thing_stand_in_one_thread_in_the_leads_mail_program(mails, client, sam):
    handoff = make_handoff("sal")
    client.force_login(sam)
    write(client, handoff.lead, subject="Prices")
    form = client.get(reverse("handoff:email", args=[handoff.lead_id]), headers=HTMX).text
    assert 'value="Re: Prices"' in form
    write(client, handoff.lead, subject="RE: prices")
    write(client, handoff.lead, subject="A visit")
    notices.deliver()
    first, second, third = [mail for mail in mails.mails if mail.to == [handoff.lead.email]]
    assert first["In-Reply-To"] is None
    assert second["In-Reply-To"] == second["References"] == first["Message-ID"]
    assert third["References"] is None


def test_a_form_that_is_sent_twice_is_one_mail_and_one_attempt(mails, client, sam):
    handoff, other = make_handoff("sal"), make_handoff("sal")
    client.force_login(sam)
    ident = client.get(reverse("handoff:email", args=[handoff.lead_id]), headers=HTMX).context["form"]["ident"].value()
    assert [write(client, handoff.lead, ident=ident).status_code for _time in range(2)] == [204, 204]
    handoff.refresh_from_db()
    assert (handoff.attempts_made, Message.objects.filter(lead=handoff.lead).count()) == (1, 1)
    assert write(client, other.lead, ident=ident).status_code == 422


def test_nobody_is_written_to_who_asked_for_silence_or_has_no_address(mails, client, sam, mia):
    silent, nameless = make_handoff("sal").lead, make_handoff("sal", email="", phone="+43 1 5550123").lead
    lifecycle.disqualify(silent, actor=mia, reason=make_reason("disqualify", "do_not_contact"))
    for person, lead in ((mia, silent), (sam, nameless)):
        client.force_login(person)
        answer = write(client, lead)
        assert (answer.status_code, "Nothing was sent." in answer.headers["HX-Trigger"]) == (422, True)
        assert reverse("handoff:email", args=[lead.pk]) not in client.get(lead.get_absolute_url()).text
    assert not Message.objects.exclude(lead=None).exists()


def test_who_asks_for_silence_before_the_mail_has_left_does_not_get_it_and_its_writer_hears(mails, client, sam, mia):
    handoff = make_handoff("sal", name="Katrin Hofer")
    client.force_login(sam)
    write(client, handoff.lead)
    lifecycle.disqualify(handoff.lead, actor=mia, reason=make_reason("disqualify", "do_not_contact"))
    notices.deliver()
    assert handoff.lead.email not in [to for mail in mails.mails for to in mail.to]
    assert "asked not to be contacted" in Message.objects.get(lead=handoff.lead).why
    assert "did not leave" in Notice.objects.get(person=sam, kind="mail:failed").text
    assert "An e-mail of <b>Sam</b> did not leave" in client.get(handoff.lead.get_absolute_url()).text


def test_an_address_that_the_server_refuses_is_said_to_its_writer_and_on_the_timeline(mails, client, sam):
    handoff = make_handoff("sal")
    notices.deliver()
    client.force_login(sam)
    write(client, handoff.lead)
    mails.refuses = "550 No such person"
    notices.deliver()
    assert "550" in Notice.objects.get(person=sam, kind="mail:failed").text
    assert handoff.lead.activities.filter(kind="email:failed", text__contains="550").count() == 1
    mail = Message.objects.get(lead=handoff.lead)
    assert handoff.lead.email in client.get(reverse("handoff:mail", args=[mail.pk])).text
    client.force_login(make_user("priya", team="sales"))
    assert client.get(reverse("handoff:mail", args=[mail.pk])).status_code == 404


def test_words_are_asked_for_and_only_who_may_log_may_write(mails, client, sam, mia):
    lead, deal = make_handoff("sal").lead, make_deal()
    client.force_login(sam)
    assert write(client, lead, text=" ").status_code == 422
    assert write(client, lead, subject="").status_code == 422
    assert write(client, make_lead()).status_code == 403
    client.force_login(mia)
    assert write(client, deal.leads.get()).status_code == 403
    assert write(client, make_lead()).status_code == 204
    client.logout()
    assert write(client, lead).status_code == 302
    assert Message.objects.exclude(lead=None).count() == 1


def test_marketing_writes_without_its_mail_being_an_attempt_of_sales(mails, client, mia):
    handoff = make_handoff("sal")
    client.force_login(mia)
    assert write(client, handoff.lead).status_code == 204
    handoff.refresh_from_db()
    assert (handoff.attempts_made, handoff.promise) == (0, "attempt")


def test_without_a_mail_server_words_are_kept_and_nobody_has_been_tried(client, sam):
    handoff = make_handoff("sal")
    client.force_login(sam)
    assert "No mail leaves this installation" in client.get(reverse("handoff:email", args=[handoff.lead_id])).text
    assert "Kept, not sent" in write(client, handoff.lead, subject="Kept words").headers["HX-Trigger"]
    handoff.refresh_from_db()
    assert (handoff.attempts_made, handoff.promise) == (0, "attempt")
    kept = client.get(reverse("handoff:mail_unsent")).text
    assert "Kept words" in kept
    mail = Message.objects.get(lead=handoff.lead)
    assert "40 seats" in client.get(reverse("handoff:mail", args=[mail.pk])).text
    page = client.get(handoff.lead.get_absolute_url()).text
    assert "wrote an e-mail that was kept, not sent:" in page
    assert "40 seats" not in page[page.index('id="both-sides"') : page.index('id="lead-tasks"')]
    tapped = client.post(reverse("handoff:log", args=[handoff.lead_id]), {"kind": "email:sent", "tap": "1"})
    assert tapped.status_code == 302
    handoff.refresh_from_db()
    assert handoff.attempts_made == 1


def test_with_the_mail_server_dead_the_mail_waits_and_leaves_once_it_is_back(mails, client, sam):
    handoff = make_handoff("sal")
    notices.deliver()
    mails.mails.clear()
    client.force_login(sam)
    mails.stop()
    assert write(client, handoff.lead).status_code == 204
    assert notices.deliver() == 0
    mails.start()
    assert notices.deliver() == 1
    assert mails.one.to == [handoff.lead.email]
    assert notices.deliver() == 0


def test_what_was_sent_twice_without_a_word_is_given_up_and_said(mails, client, sam):
    handoff = make_handoff("sal")
    client.force_login(sam)
    write(client, handoff.lead)
    past = timezone.now() - timedelta(minutes=5)
    Message.objects.filter(lead=handoff.lead).update(tried_at=past, due_at=past, repeats=1)
    notices.deliver()
    assert "nobody knows whether it arrived" in Notice.objects.get(person=sam, kind="mail:failed").text


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_between_sending_and_marking_repeats_the_mail_once_and_marks_it(mails, client, sam):
    handoff = make_handoff("sal")
    notices.deliver()
    mails.mails.clear()
    client.force_login(sam)
    write(client, handoff.lead)
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
        send = sending._mail
        def then_hang(server, message):
            send(server, message)
            print("sent", flush=True)
            sys.stdin.read()
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
    Message.objects.filter(sent_at=None).update(due_at=timezone.now() - timedelta(seconds=1))
    assert notices.deliver() == 1
    assert [mail["X-Smarketing-Repeat"] for mail in mails.mails] == [None, "1"]
    assert len({mail["Message-ID"] for mail in mails.mails}) == 1
    assert notices.deliver() == 0
