"""The clocks of promises: what they set off, each once, and how every promise was kept."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from handoff import lifecycle, promises
from handoff.models import Agreement, Notice, Promise
from leads import clock
from tests.factories import make_deal, make_handoff, make_handoffs, make_reason, make_user

#: A Monday on which the calendar of a new installation (9:00-17:30 UTC) opens.
MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)


def told(person):
    return list(
        Notice.objects.filter(person=person, kind__startswith="promise:").order_by("id").values_list("kind", flat=True)
    )


def sweep_at(moment):
    with clock.at(moment):
        return promises.sweep()


def ledger(handoff):
    return {row.kind: (row.outcome, row.owner) for row in handoff.promises.select_related("owner")}


@pytest.fixture
def sam():
    return make_user("sam", team="sales")


@pytest.fixture
def ruth():
    return make_user("ruth", team="management")


def offered(**payload):
    with clock.at(MONDAY):
        return make_handoff(**payload)


def test_a_rep_is_reminded_before_then_told_and_the_managers_hear_after_that(sam, ruth):
    handoff = offered(name="Lena Fischer")
    lifecycle.claim(handoff, actor=sam)
    due = MONDAY + timedelta(hours=8)
    assert handoff.due_at == due
    assert sweep_at(due - timedelta(minutes=61)) == 0
    assert sweep_at(due - timedelta(minutes=60)) == 1
    assert (told(sam), told(ruth)) == (["promise:remind"], [])
    assert "promised by Mon 23 Nov 17:00" in Notice.objects.get(person=sam, kind="promise:remind").text
    sweep_at(due + timedelta(seconds=1))
    assert (told(sam), told(ruth)) == (["promise:remind", "promise:over"], [])
    tuesday = datetime(2026, 11, 24, 10, 30, tzinfo=UTC)  # half an hour of Monday, and one and a half of Tuesday
    assert sweep_at(tuesday - timedelta(seconds=1)) == 0
    assert sweep_at(tuesday) == 1
    assert (told(sam), told(ruth)) == (["promise:remind", "promise:over"], ["promise:escalate"])
    assert "Sam has it" in Notice.objects.get(person=ruth, kind="promise:escalate").text
    assert told(make_user("mia")) == []


def test_an_offer_that_nobody_has_claimed_concerns_every_rep(sam):
    kim = make_user("kim", team="sales")
    handoff = offered()
    sweep_at(handoff.due_at)
    assert (told(sam), told(kim)) == (["promise:over"], ["promise:over"])


def test_whoever_was_away_hears_what_is_over_and_is_not_reminded_of_it(sam, ruth):
    handoff = offered()
    lifecycle.claim(handoff, actor=sam)
    sweep_at(MONDAY + timedelta(days=3))
    assert (told(sam), told(ruth)) == (["promise:over"], ["promise:escalate"])
    assert sweep_at(MONDAY + timedelta(days=4)) == 0


def test_a_clock_that_is_set_back_tells_nobody_twice(sam):
    handoff = offered()
    lifecycle.claim(handoff, actor=sam)
    with time_machine.travel(handoff.due_at + timedelta(minutes=1), tick=False) as traveller:
        promises.sweep()
        before = told(sam)
        for back in (timedelta(hours=3), timedelta(days=9), timedelta(minutes=1)):
            traveller.move_to(handoff.due_at - back)
            promises.sweep()
        traveller.move_to(handoff.due_at + timedelta(minutes=2))
        promises.sweep()
    assert told(sam) == before == ["promise:over"]


def test_what_was_promised_is_kept_or_broken_and_says_by_whom(sam):
    handoff = offered()
    with clock.at(MONDAY + timedelta(hours=1)):
        lifecycle.accept(handoff.lead, actor=sam)
    assert ledger(handoff) == {"answer": ("kept", sam), "attempt": ("", None), "contact": ("", None)}
    with clock.at(MONDAY + timedelta(hours=6)):
        lifecycle.log_touch(handoff.lead, actor=sam, kind="call:no_answer")
    assert ledger(handoff)["attempt"] == ("broken", sam)
    assert ledger(handoff)["contact"] == ("", None)
    with clock.at(MONDAY + timedelta(days=1)):
        lifecycle.log_touch(handoff.lead, actor=sam, kind="call:spoke")
    assert ledger(handoff)["contact"] == ("kept", sam)
    handoff.refresh_from_db()
    assert (handoff.promise, handoff.due_at) == ("", None)


def test_an_attempt_is_not_a_contact_and_the_next_clock_shows(client, sam):
    handoff = offered()
    with clock.at(MONDAY + timedelta(hours=1)):
        lifecycle.accept(handoff.lead, actor=sam)
    attempt = handoff.promises.get(kind="attempt")
    contact = handoff.promises.get(kind="contact")
    assert (attempt.term, contact.term) == (240, 1440)
    with clock.at(MONDAY + timedelta(hours=2)):
        lifecycle.log_touch(handoff.lead, actor=sam, kind="call:left_message")
    handoff.refresh_from_db()
    assert (handoff.promise, handoff.due_at, handoff.promise_since) == ("contact", contact.due_at, contact.started_at)
    client.force_login(sam)
    assert "First talk promised by" in client.get(handoff.lead.get_absolute_url()).text


def test_what_is_returned_in_time_is_answered_and_what_marketing_withdraws_was_needless(sam):
    returned, withdrawn, late = offered(), offered(), offered()
    with clock.at(MONDAY + timedelta(hours=2)):
        lifecycle.return_to_marketing(
            returned.lead, actor=sam, reason=make_reason("return", "below_fit"), verdict="Too small"
        )
        lifecycle.withdraw(withdrawn.lead, actor=make_user("mia"), reason=make_reason("withdraw"))
    with clock.at(MONDAY + timedelta(days=2)):
        lifecycle.withdraw(late.lead, actor=make_user("mia"), reason=make_reason("withdraw"))
    assert [ledger(each)["answer"][0] for each in (returned, withdrawn, late)] == ["kept", "moot", "broken"]
    assert sweep_at(MONDAY + timedelta(days=3)) == 0


def test_a_promise_that_one_rep_broke_stays_theirs_when_another_makes_up_for_it(sam):
    kim = make_user("kim", team="sales")
    handoff = offered()
    lifecycle.claim(handoff, actor=sam)
    sweep_at(handoff.due_at)
    handoff.lead.handoffs.update(owner=kim)
    with clock.at(MONDAY + timedelta(days=1)):
        lifecycle.accept(handoff.lead, actor=kim)
    assert ledger(handoff)["answer"] == ("broken", sam)


def test_who_asks_to_talk_is_answered_sooner_and_nobody_is_reminded_twice(sam):
    handoff = offered()
    lifecycle.claim(handoff, actor=sam)
    sweep_at(MONDAY + timedelta(hours=7))
    with clock.at(MONDAY + timedelta(hours=6, minutes=30)):
        lifecycle.hasten(handoff, note="Call me", at=clock.now())
    row = handoff.promises.get()
    assert (row.term, row.due_at, row.next_event) == (60, MONDAY + timedelta(hours=7, minutes=30), "breach")
    sweep_at(row.due_at)
    assert told(sam) == ["promise:remind", "promise:over"]


def test_a_lead_that_comes_back_from_a_deal_starts_no_clock(sam):
    lead = make_deal().leads.get()
    handoff = lifecycle.requalify(lead, actor=sam)
    assert (handoff.due_at, handoff.promises.count()) == (None, 0)


def test_history_from_a_file_starts_no_clock():
    handoff = offered()
    handoff.promises.all().delete()
    handoff.imported = True
    handoff.save()
    assert sweep_at(MONDAY + timedelta(days=30)) == 0


def test_a_sweep_takes_as_many_queries_for_300_promises_as_for_3(sam, ruth):
    def queries(number):
        with clock.at(MONDAY):
            Promise.objects.all().delete()
            make_handoffs(number)
            Promise.objects.update(due_at=MONDAY, next_at=MONDAY, next_event="breach")
        with CaptureQueriesContext(connection) as taken:
            assert sweep_at(MONDAY + timedelta(minutes=1)) == number
        return len(taken)

    assert queries(3) == queries(300)


def test_the_terms_of_its_own_agreement_hold_for_a_hand_off(sam):
    Agreement.objects.update(accept_within=120, remind_before=300, escalate_after=30)
    row = offered().promises.get()
    assert (row.remind_at, row.due_at, row.escalate_at) == tuple(MONDAY + timedelta(minutes=n) for n in (60, 120, 150))


def broken(handoff, sam):
    """A hand-off on which everything has happened that a broken promise sets off, but for other hands."""
    lifecycle.claim(handoff, actor=sam)
    sweep_at(handoff.due_at + timedelta(days=1))
    return handoff.promises.get()


def pass_on_at(moment):
    with clock.at(moment):
        return promises.pass_on()


def test_what_waits_even_after_the_managers_heard_comes_to_other_hands_with_a_fresh_clock(sam, ruth):
    kim = make_user("kim", team="sales")
    handoff = offered()
    row = broken(handoff, sam)
    assert row.reassign_at == datetime(2026, 11, 25, 10, tzinfo=UTC)
    assert pass_on_at(row.reassign_at - timedelta(seconds=1)) == 0
    assert pass_on_at(row.reassign_at) == 1
    assert pass_on_at(row.reassign_at) == 0
    handoff.refresh_from_db()
    fresh = handoff.promises.get(settled_at=None)
    assert (handoff.owner, handoff.reassigned) in [(kim, 1), (None, 1)]
    assert (fresh.started_at, fresh.due_at, handoff.due_at) == (row.reassign_at, fresh.due_at, fresh.due_at)
    row.refresh_from_db()
    assert (row.outcome, row.owner, row.reassigned_at) == ("broken", sam, row.reassign_at)


def test_a_hand_off_is_passed_on_no_oftener_than_agreed(sam):
    make_user("kim", team="sales")
    Agreement.objects.update(reassign_most=1)
    handoff = offered()
    row = broken(handoff, sam)
    assert pass_on_at(row.reassign_at) == 1
    again = handoff.promises.get(settled_at=None)
    sweep_at(again.escalate_at)
    assert pass_on_at(again.reassign_at) == 0
    again.refresh_from_db()
    assert (again.next_event, again.next_at, again.settled_at) == ("", None, None)


def test_an_agreement_may_say_never(sam):
    Agreement.objects.update(reassign_after=0)
    assert broken(offered(), sam).next_at is None


def test_what_was_answered_meanwhile_stays_where_it_is(sam):
    make_user("kim", team="sales")
    handoff = offered()
    row = broken(handoff, sam)
    with clock.at(row.reassign_at - timedelta(minutes=1)):
        lifecycle.accept(handoff.lead, actor=sam)
    assert pass_on_at(row.reassign_at) == 0
    handoff.refresh_from_db()
    assert (handoff.owner, handoff.reassigned) == (sam, 0)


def test_where_nobody_is_free_it_is_tried_again_later(sam):
    with clock.at(MONDAY):
        handoff = make_handoff("sal")
    sweep_at(MONDAY + timedelta(days=2))
    row = handoff.promises.get(kind="attempt")
    assert pass_on_at(row.reassign_at) == 0
    row.refresh_from_db()
    assert (row.next_event, row.next_at > row.reassign_at) == ("reassign", True)
    make_user("kim", team="sales")
    assert pass_on_at(row.next_at) == 1
    handoff.refresh_from_db()
    assert (handoff.owner.username, handoff.promise) == ("kim", "attempt")
    assert set(handoff.promises.running().values_list("kind", flat=True)) == {"attempt", "contact"}


def test_what_is_accepted_and_never_touched_says_so_wherever_it_is_seen(client, sam, ruth):
    handoff, called = make_handoff("sal", name="Lena Fischer"), make_handoff("sal", name="Paula Berger")
    lifecycle.log_touch(called.lead, actor=sam, kind="call:no_answer")
    client.force_login(ruth)
    lead = handoff.lead.get_absolute_url()
    for address in (
        lead,
        reverse("handoff:board"),
        reverse("handoff:inbox") + "?show=claimed",
        reverse("handoff:my_day"),
    ):
        assert "ever touched" in client.get(address).text, address
    assert "ever touched" not in client.get(called.lead.get_absolute_url()).text
    listed = client.get("/leads/?due=untouched").text
    assert "Lena Fischer" in listed
    assert "Paula Berger" not in listed
