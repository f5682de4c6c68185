"""Programs that follow leads, hand-offs and deals: each event once, signed, patiently, and never into a private network."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone
from standardwebhooks.webhooks import Webhook

from accounts import measure
from handoff import deals, lifecycle, outgoing, tasks, undo
from handoff.models import Bookmark, Dispatch, Endpoint, Event, Notice, SampleMark
from handoff.outgoing import gathering, sending
from leads import capture, editing
from leads.models import Lead
from tests.factories import make_deal, make_handoff, make_lead, make_reason, make_user
from tests.handoff.notices.conftest import Receiver

PAGE = reverse("handoff:endpoints")
ALL = list(outgoing.KINDS)


@pytest.fixture
def ruth():
    return make_user("ruth", team="management")


@pytest.fixture
def receiver(settings):
    settings.WEBHOOK_NETWORKS = ["127.0.0.0/8"]
    settings.SITE_URL = "https://smarketing.example.org"
    one = Receiver()
    yield one
    one.stop()


def set_up(ruth, receiver, kinds=ALL, **said):
    return outgoing.add(actor=ruth, name="Warehouse", url=receiver.url, kinds=kinds, **said)


def tell():
    """What the worker does when something has happened."""
    while outgoing.gather():
        pass
    return outgoing.deliver()


def again():
    """As if time had passed: what rests or waits may be tried."""
    Endpoint.objects.update(rests_until=None)
    Dispatch.objects.waiting().update(due_at="2020-01-01T00:00Z")
    return outgoing.deliver()


def types(receiver):
    return [said["type"] for said in receiver.said]


def test_a_receiver_verifies_the_signature_and_gets_each_event_once_in_spite_of_two_failures(receiver, ruth):
    endpoint = set_up(ruth, receiver)
    receiver.answers = [500, 503, 200]
    lead = make_lead(name="Katrin Hofer")
    assert tell() == 0
    assert again() == 0
    again()
    again()
    taken = receiver.got[2:]
    verified = [Webhook(endpoint.secret).verify(body, headers) for _path, headers, body in taken]
    assert [said["type"] for said in verified] == ["lead.created"]
    assert verified[0]["data"]["lead"]["id"] == lead.pk
    idents = {headers["webhook-id"] for _path, headers, _body in receiver.got}
    assert len(idents) == 1
    assert len({body for _path, _headers, body in receiver.got}) == 1
    dispatch = Dispatch.objects.get()
    assert [each["status"] for each in dispatch.log] == [500, 503, 200]
    assert dispatch.arrived_at
    endpoint.refresh_from_db()
    assert (endpoint.failures, endpoint.failing_since) == (0, None)


def test_a_journey_is_told_act_by_act(receiver, ruth):
    set_up(ruth, receiver)
    mia, sam = make_user("mia"), make_user("sam", team="sales")
    lead = make_lead(name="Katrin Hofer")
    editing.edit(lead, actor=mia, changes={"job_title": "Head of energy"})
    lifecycle.offer(lead, actor=mia, note="Asked about prices")
    lifecycle.accept(lead, actor=sam)
    lifecycle.qualify(lead, actor=sam)
    deal = deals.open_deal(lead, actor=sam, name="Pilot")
    deals.win(deal, actor=sam)
    tell()
    assert sorted(types(receiver)) == sorted(
        [
            "lead.created",
            "lead.updated",
            "handoff.offered",
            "handoff.accepted",
            "handoff.qualified",
            "deal.opened",
            "deal.won",
        ]
        + ["lead.stage_changed"] * 3
    )
    told = {said["type"]: said["data"] for said in receiver.said if said["type"] != "lead.stage_changed"}
    assert told["lead.updated"]["changed"] == ["job_title"]
    assert told["handoff.offered"]["handoff"]["note"] == "Asked about prices"
    assert told["handoff.accepted"]["actor"] == {"username": "sam", "name": "Sam", "team": "sales"}
    assert (told["deal.won"]["deal"]["id"], told["deal.won"]["deal"]["status"]) == (deal.pk, "won")
    moves = [said["data"]["change"] for said in receiver.said if said["type"] == "lead.stage_changed"]
    assert [(move["from"], move["to"]) for move in moves] == [("tofu", "mofu"), ("mofu", "bofu"), ("bofu", "customer")]


def test_a_return_a_loss_and_an_act_taken_back_are_told_with_their_reason(receiver, ruth):
    sam = make_user("sam", team="sales")
    back, lost = make_handoff().lead, make_deal()
    set_up(ruth, receiver, kinds=["handoff.returned", "handoff.undone", "deal.lost"])
    lifecycle.return_to_marketing(back, actor=sam, reason=make_reason("return"), verdict="No budget named")
    deals.lose(lost, actor=sam, reason=make_reason("lose"))
    undo.undo(undo.open_to(sam, [back.pk])[0], actor=sam)
    tell()
    assert sorted(types(receiver)) == ["deal.lost", "handoff.returned", "handoff.undone"]
    returned = next(said for said in receiver.said if said["type"] == "handoff.returned")
    assert returned["data"]["handoff"]["note"] == "No budget named"


def test_what_is_known_already_and_completed_is_an_update(receiver, ruth):
    make_lead(email="lena@fehr.example", phone="")
    set_up(ruth, receiver, kinds=["lead.updated", "lead.created"])
    capture.process([capture.accept({"email": "lena@fehr.example", "job_title": "CEO"}, way="api")])
    tell()
    assert [(said["type"], said["data"]["changed"]) for said in receiver.said] == [("lead.updated", ["job_title"])]


def test_only_what_was_chosen_and_happened_since_is_told_and_no_imported_history(receiver, ruth):
    make_lead()
    set_up(ruth, receiver, kinds=["lead.created"])
    capture.process([capture.accept({"email": "old@firm.example", "first_seen_at": "2020-01-01"}, way="file")])
    lead = make_lead("mofu")
    tell()
    assert [(said["type"], said["data"]["lead"]["id"]) for said in receiver.said] == [("lead.created", lead.pk)]


def test_the_story_of_the_sample_company_is_told_to_nobody_and_what_people_do_with_it_is(receiver, ruth):
    set_up(ruth, receiver, kinds=["lead.created", "lead.stage_changed"])
    lead = make_lead(name="Of the story")
    SampleMark.objects.create(kind="lead", row=lead.pk)
    tell()
    assert receiver.got == []
    lifecycle.offer(lead, actor=make_user("mia"))
    tell()
    assert types(receiver) == ["lead.stage_changed"]


def test_two_endpoints_hear_of_one_event_under_one_id_each_signed_for_itself(receiver, ruth):
    first, second = set_up(ruth, receiver), set_up(ruth, receiver)
    make_lead()
    tell()
    ids = {headers["webhook-id"] for _path, headers, _body in receiver.got}
    assert (len(receiver.got), len(ids)) == (2, 1)
    for endpoint, (_path, headers, body) in zip((first, second), receiver.got, strict=True):
        Webhook(endpoint.secret).verify(body, headers)


def test_while_a_secret_is_renewed_both_verify(receiver, ruth):
    endpoint = set_up(ruth, receiver)
    new = outgoing.renew(endpoint)
    make_lead()
    tell()
    _path, headers, body = receiver.got[0]
    Webhook(endpoint.secret).verify(body, headers)
    Webhook(new.secret).verify(body, headers)
    Endpoint.objects.update(old_until=timezone.now())
    make_lead()
    tell()
    assert len(receiver.got[1][1]["webhook-signature"].split()) == 1


@pytest.mark.django_db(transaction=True)
def test_a_row_that_is_committed_late_is_told_all_the_same(receiver, ruth):
    """Its number is lower than one that was read before: it was drawn earlier, and committed later."""
    make_lead()  # who adds both, and the source of both, are here: neither waits for the other
    set_up(ruth, receiver, kinds=["lead.created"])
    drawn, commit = threading.Event(), threading.Event()

    def slow():
        with transaction.atomic():
            make_lead(name="Slow")
            drawn.set()
            assert commit.wait(20)
        connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert drawn.wait(20)
    make_lead(name="Fast")
    for _sweep in range(4):
        tell()
    commit.set()
    thread.join()
    for _sweep in range(4):
        tell()
    assert [said["data"]["lead"]["name"] for said in receiver.said] == ["Fast", "Slow"]
    slow_one, fast = (Lead.objects.get(name=name).stage_changes.get().pk for name in ("Slow", "Fast"))
    assert slow_one < fast
    assert Bookmark.objects.get(ledger="stage").position >= fast  # what is settled is not read again


@pytest.mark.django_db(transaction=True)
def test_two_who_gather_at_once_make_one_event_of_a_row(receiver, ruth):
    set_up(ruth, receiver, kinds=["lead.created"])
    for _lead in range(3):
        make_lead()
    ready = threading.Barrier(4)

    def one():
        ready.wait(20)
        tell()
        connection.close()

    threads = [threading.Thread(target=one) for _each in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tell()
    assert len(receiver.got) == 3
    assert Event.objects.count() == 3


def test_a_burst_is_read_piece_by_piece(receiver, ruth, monkeypatch):
    set_up(ruth, receiver, kinds=["lead.created", "lead.stage_changed"])
    monkeypatch.setattr(gathering, "BATCH", 2)
    for _lead in range(5):
        make_lead("mofu")
    while outgoing.gather(2):
        pass
    assert Event.objects.count() == 10


def test_gathering_costs_the_same_for_many(receiver, ruth, django_assert_max_num_queries):
    set_up(ruth, receiver)
    for _lead in range(12):
        make_deal()
    with django_assert_max_num_queries(30):
        outgoing.gather()
    assert Event.objects.count() > 60


def test_who_says_not_now_is_asked_again_after_the_time_it_asked_for(receiver, ruth):
    endpoint = set_up(ruth, receiver)
    receiver.answers, receiver.headers = [429, 200], {"Retry-After": "600"}
    make_lead()
    tell()
    endpoint.refresh_from_db()
    wait = Dispatch.objects.get().due_at - timezone.now()
    assert timedelta(seconds=590) < wait <= timedelta(seconds=600)
    assert endpoint.rests_until - timezone.now() > timedelta(seconds=590)
    make_lead()
    assert tell() == 0  # nothing else is posted there meanwhile
    moment = format_datetime(datetime.now(UTC) + timedelta(hours=2), usegmt=True)
    assert timedelta(minutes=119) < sending._asked(moment, timezone.now()) <= timedelta(hours=2)
    assert sending._asked("soon", timezone.now()) == timedelta(0)
    assert sending._asked("9999999", timezone.now()) == timedelta(days=1)


def test_it_is_tried_by_the_schedule_and_then_given_up_and_may_be_sent_again(receiver, ruth, client):
    endpoint = set_up(ruth, receiver)
    receiver.answers = [500]
    make_lead()
    tell()
    waits = []
    while Dispatch.objects.waiting().exists():
        waits.append(round((Dispatch.objects.get().due_at - timezone.now()).total_seconds()))
        again()
    assert waits == list(sending.SCHEDULE)
    assert len(receiver.got) == len(sending.SCHEDULE) + 1
    receiver.answers = [200]
    client.force_login(ruth)
    dispatch = Dispatch.objects.get()
    page = client.get(reverse("handoff:endpoint", args=[endpoint.pk])).text
    assert "given up" in page
    client.post(reverse("handoff:dispatch_replay", args=[dispatch.pk]))
    again()
    dispatch.refresh_from_db()
    assert dispatch.arrived_at
    assert len({headers["webhook-id"] for _path, headers, _body in receiver.got}) == 1


def test_an_endpoint_that_is_gone_is_switched_off_and_managers_are_told(receiver, ruth):
    endpoint = set_up(ruth, receiver)
    receiver.answers = [410]
    make_lead()
    make_lead()
    tell()
    endpoint.refresh_from_db()
    assert endpoint.disabled_at
    assert len(receiver.got) == 1
    assert Notice.objects.get(person=ruth).text.startswith("The outbound webhook Warehouse is switched off")
    make_lead()
    assert again() == 0
    assert not Dispatch.objects.waiting().exists()


def test_an_endpoint_that_took_nothing_for_days_is_switched_off(receiver, ruth):
    endpoint = set_up(ruth, receiver)
    receiver.answers = [500]
    make_lead()
    tell()
    Endpoint.objects.update(failing_since=timezone.now() - timedelta(days=6))
    again()
    endpoint.refresh_from_db()
    assert endpoint.disabled_why == "It has taken nothing for 5 days."
    outgoing.switch(endpoint, on=True, actor=ruth)
    receiver.answers = [200]
    make_lead(name="Later")
    tell()
    assert receiver.said[-1]["data"]["lead"]["name"] == "Later"
    assert outgoing.replay_all(endpoint) == 1
    again()
    assert Dispatch.objects.filter(arrived_at__isnull=False).count() == 2


def test_a_dead_endpoint_keeps_no_other_waiting(receiver, ruth):
    other = Receiver()
    dead = outgoing.add(actor=ruth, name="Dead", url=other.url, kinds=ALL)
    other.stop()
    set_up(ruth, receiver)
    for _lead in range(3):
        make_lead()
    assert tell() == 3
    dead.refresh_from_db()
    assert dead.failures == 1  # it rests after the first: the others were not even tried


def test_nothing_is_posted_into_a_private_network_also_when_the_name_turns_there_later(receiver, ruth, settings):
    endpoint = set_up(ruth, receiver)
    settings.WEBHOOK_NETWORKS = []
    make_lead()
    tell()
    assert receiver.got == []
    assert Dispatch.objects.get().log[0]["said"] == "The address leads into a private network."
    with pytest.raises(ValidationError):
        outgoing.change(endpoint, name="x", kinds=ALL, url="https://169.254.169.254/latest")


def test_a_redirect_is_not_followed(receiver, ruth):
    set_up(ruth, receiver)
    receiver.answers, receiver.headers = [307], {"Location": "http://169.254.169.254/"}
    make_lead()
    tell()
    assert Dispatch.objects.get().log[0]["status"] == 307
    assert len(receiver.got) == 1


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_after_the_answer_repeats_at_most_that_one_under_the_same_id(receiver, ruth):
    set_up(ruth, receiver, kinds=["lead.created"])
    for _lead in range(3):
        make_lead()
    outgoing.gather()
    script = textwrap.dedent(
        """
        import os, sys, django
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
        django.setup()
        from django.conf import settings
        settings.WEBHOOK_NETWORKS = ["127.0.0.0/8"]
        from handoff.outgoing import sending
        mark, answered = sending._arrived, []
        def then_hang(*said):
            answered.append(said)
            if len(answered) == 2:
                print("answered", flush=True)
                sys.stdin.read()
            mark(*said)
        sending._arrived = then_hang
        sending.deliver()
        """
    )
    worker = subprocess.Popen(
        [sys.executable, "-c", script],
        env={**os.environ, "TEST_DATABASE": connection.settings_dict["NAME"]},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with worker:
        assert worker.stdout.readline().strip() == "answered"
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
    assert len(receiver.got) == 2
    assert outgoing.deliver() == 1  # the third; the one in doubt is still lent to the worker that died
    assert again() == 1
    assert again() == 0
    ids = [headers["webhook-id"] for _path, headers, _body in receiver.got]
    assert (len(ids), len(set(ids)), ids[1]) == (4, 3, ids[3])


def test_the_worker_tells_a_program_by_itself(worker, settings):
    receiver, ruth = Receiver(), make_user("ruth", team="management")
    settings.WEBHOOK_NETWORKS = ["127.0.0.0/8"]
    try:
        endpoint = Endpoint.objects.create(name="W", url=receiver.url, kinds=["lead.created"], made_by=ruth)
        gathering.begin()
        submission = capture.accept({"email": "lena@fehr.example", "name": "Lena"}, way="api")
        tasks.catch_up.delay()
        worker.wait_until(lambda: Dispatch.objects.filter(tries__gt=0).exists())
        worker.wait_until(lambda: Dispatch.objects.get().log)
        submission.refresh_from_db()
        assert submission.lead
        dispatch = Dispatch.objects.get(endpoint=endpoint)
        assert dispatch.event.body["data"]["lead"]["id"] == submission.lead.pk
        # The worker's own settings name no private network, so it must have refused to post to this machine.
        assert (receiver.got, dispatch.log[0]["said"]) == ([], "The address leads into a private network.")
    finally:
        receiver.stop()


def test_managers_set_one_up_see_its_secret_once_try_it_and_read_its_log(client, receiver, ruth):
    client.force_login(ruth)
    said = {"name": "Warehouse", "url": receiver.url, "kinds": ["lead.created", "deal.won"]}
    made = client.post(PAGE, said)
    endpoint = Endpoint.objects.get()
    assert endpoint.secret in made.text
    page = reverse("handoff:endpoint", args=[endpoint.pk])
    assert endpoint.secret not in client.get(page).text + client.get(PAGE).text

    def act(name):
        return client.post(reverse("handoff:endpoint_act", args=[endpoint.pk, name]), follow=True)

    assert "answered 200" in act("try").text
    assert types(receiver) == ["test"]
    assert "said" in client.get(page).text  # the beginning of its answer
    receiver.answers = [500]
    assert "answered 500" in act("try").text
    endpoint.refresh_from_db()
    assert endpoint.failures == 0  # a test that fails keeps nothing else waiting
    assert not Dispatch.objects.waiting().exists()
    renewed = act("renew").text
    endpoint.refresh_from_db()
    assert endpoint.secret in renewed
    assert "told nothing until it is switched on" in act("off").text
    assert "Switch it on first" in act("again").text
    act("on")
    endpoint.refresh_from_db()
    assert endpoint.disabled_at is None
    client.post(page, {"name": "Store", "url": "", "kinds": ["deal.lost"]})
    endpoint.refresh_from_db()
    assert (endpoint.name, endpoint.kinds, endpoint.url) == ("Store", ["deal.lost"], receiver.url)
    assert act("dance").status_code == 404
    act("remove")
    assert not Endpoint.objects.exists()


def test_an_endpoint_without_events_or_in_a_private_network_is_refused(client, ruth):
    client.force_login(ruth)
    refused = client.post(PAGE, {"name": "", "url": "https://10.0.0.8/x", "kinds": []})
    assert refused.status_code == 422
    for words in ("Give it a name.", "lies in a private network", "Choose at least one event."):
        assert words in refused.text


def test_trials_are_counted(client, receiver, ruth, monkeypatch):
    endpoint = set_up(ruth, receiver)
    client.force_login(ruth)
    monkeypatch.setitem(measure.MOST, "trial", measure.MOST["trial"]._replace(most=1))
    address = reverse("handoff:endpoint_act", args=[endpoint.pk, "try"])
    assert [client.post(address).status_code for _each in range(2)] == [302, 429]


def test_the_log_is_paged_by_key_in_a_fixed_number_of_queries(client, receiver, ruth, django_assert_max_num_queries):
    endpoint = set_up(ruth, receiver, kinds=["lead.created"])
    for number in range(60):
        event = Event.objects.create(kind="lead.created", at=timezone.now(), body={"n": number})
        Dispatch.objects.create(endpoint=endpoint, event=event)
    client.force_login(ruth)
    page = reverse("handoff:endpoint", args=[endpoint.pk])
    client.get(page)
    with django_assert_max_num_queries(7):
        first = client.get(page)
    assert len(first.context["dispatches"]) == 50
    assert len(client.get(page, {"after": first.context["next"]}).context["dispatches"]) == 10


@pytest.mark.parametrize("team", ["marketing", "sales"])
def test_nobody_but_managers_sets_up_who_is_told_outside(client, receiver, ruth, team):
    endpoint = set_up(ruth, receiver)
    client.force_login(make_user("pat", team=team))
    page = reverse("handoff:endpoint", args=[endpoint.pk])
    assert {client.get(PAGE).status_code, client.get(page).status_code, client.post(PAGE).status_code} == {403}
    assert client.post(reverse("handoff:endpoint_act", args=[endpoint.pk, "remove"])).status_code == 403
    assert Endpoint.objects.exists()


def test_old_events_are_forgotten(receiver, ruth):
    set_up(ruth, receiver)
    make_lead()
    tell()
    assert outgoing.forget() == 0
    Event.objects.update(made_at=timezone.now() - timedelta(days=91))
    outgoing.forget()
    assert not Dispatch.objects.exists()


def test_a_body_is_json_that_names_type_moment_and_data(receiver, ruth):
    set_up(ruth, receiver, kinds=["lead.created"])
    lead = make_lead(name="Zoë Ortega")
    tell()
    said = json.loads(receiver.got[0][2])
    assert set(said) == {"type", "timestamp", "data"}
    assert datetime.fromisoformat(said["timestamp"]) == lead.stage_changes.get().at
    assert said["data"]["lead"]["url"] == f"https://smarketing.example.org{lead.get_absolute_url()}"


@pytest.mark.parametrize(("status", "arrived"), [(500, False), (410, False), (200, True)])
def test_what_is_given_up_while_it_is_posted_stays_given_up_unless_it_arrives(receiver, ruth, status, arrived):
    endpoint = set_up(ruth, receiver)
    make_lead()
    outgoing.gather()
    under_way = Dispatch.objects.get()
    outgoing.switch(endpoint, on=False, actor=ruth)
    receiver.answers = [status]
    assert sending.attempt(under_way) is arrived
    dispatch = Dispatch.objects.get()
    assert ((dispatch.arrived_at is None), (dispatch.stopped_at is None)) == (not arrived, arrived)
    assert dispatch.last["status"] == status
    outgoing.switch(endpoint, on=True, actor=ruth)
    assert tell() == 0
