"""Whose time a hand-off took: booked once, to somebody, and adding up exactly."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from handoff import accounting, answers, lifecycle, todo
from handoff.accounting import Around, booked
from handoff.models import Agreement, Handoff, Reason
from leads import clock
from leads.models import Signal
from tests.factories import make_handoff, make_lead, make_reason, make_user

MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
OFFERED = datetime(2026, 10, 23, 9, 0, 0, 1, tzinfo=UTC)
MOMENT = st.none() | st.integers(-(10**9), 10**13).map(lambda micros: OFFERED + timedelta(microseconds=micros))


@st.composite
def handoffs(draw):
    """Whatever moments a hand-off could have, in any order: clocks are set back, and people log late."""
    terms = Agreement(
        time_zone=draw(st.sampled_from(["Europe/Vienna", "Australia/Lord_Howe", "UTC"])),
        opens=datetime(2026, 1, 1, 9).time(),
        closes=datetime(2026, 1, 1, 17, 30).time(),
        weekdays=sorted(draw(st.frozensets(st.integers(0, 6), min_size=1))),
        holidays=draw(st.sampled_from(["", "AT"])),
    )
    handoff = Handoff(agreement=terms, offered_at=OFFERED, lane="mql", accepted_at=draw(MOMENT))
    if handoff.accepted_at:
        handoff.lane, handoff.first_attempt_at, handoff.first_contact_at = "sal", draw(MOMENT), draw(MOMENT)
        handoff.qualified_at = draw(MOMENT)
        handoff.lane = "sql" if handoff.qualified_at else "sal"
    handoff.ended_at = draw(MOMENT)
    if handoff.ended_at:
        handoff.end = draw(st.sampled_from(["qualified", "returned", "recycled"]))
        if handoff.end == "returned":
            handoff.reason = Reason(act="return", return_class=draw(st.sampled_from(["clerical", "definitional"])))
    return handoff


@given(handoffs(), st.builds(Around, MOMENT, MOMENT), MOMENT.filter(bool))
def test_segments_lie_end_to_end_and_add_up_to_the_time_that_passed(handoff, around, now):
    account = booked(handoff, now=now, around=around)
    for before, after in zip(account.segments, account.segments[1:], strict=False):
        assert before.ended == after.began
    assert all(each.began < each.ended for each in account.segments)
    assert sum((each.ended - each.began for each in account.segments), timedelta()) == account.elapsed
    assert {each.side for each in account.segments} <= set(accounting.SIDES)
    assert sum((account.worked_by(side) for side in accounting.SIDES), timedelta()) == account.worked
    assert sum(account.minutes().values()) == round(account.worked / timedelta(minutes=1))
    if account.segments:
        assert account.segments[0].began == min(around.asked_at or OFFERED, OFFERED)
        assert account.segments[-1].ended >= max(handoff.ended_at or now, OFFERED)


def steps(handoff, now):
    handoff = Handoff.objects.select_related("agreement", "reason").get(pk=handoff.pk)
    account = accounting.accounts([handoff], now=now)[handoff.pk]
    return [(each.side, each.step, each.ended - each.began) for each in account.segments]


def test_what_lies_between_the_question_and_the_offer_is_the_system_s_and_then_the_time_is_sales(client):
    sam = make_user("sam", team="sales")
    lead = make_lead(name="Lena Fischer")
    Signal.objects.create(lead=lead, kind="hand_raise", at=MONDAY)
    with clock.at(MONDAY + timedelta(minutes=2)):
        answers.answer_signals()
    with clock.at(MONDAY + timedelta(hours=1)):
        lifecycle.accept(lead, actor=sam)
    with clock.at(MONDAY + timedelta(hours=2)):
        lifecycle.log_touch(lead, actor=sam, kind="call:no_answer")
    handoff = lead.handoffs.get()
    assert steps(handoff, MONDAY + timedelta(hours=5)) == [
        ("system", "offer", timedelta(minutes=2)),
        ("sales", "answer", timedelta(minutes=58)),
        ("sales", "attempt", timedelta(hours=1)),
        ("sales", "contact", timedelta(hours=3)),
    ]
    client.force_login(sam)
    text = client.get(lead.get_absolute_url()).text
    assert '<b class="num">2 min</b> system' in text
    parts = [in_minutes(span) for span in re.findall(r'<b class="num">([^<]+)</b> (?:system|sales|marketing)', text)]
    whole, days = re.search(r"in all ([^<]+) of business time, (\d+) d on the clock", text).groups()
    assert (sum(parts), len(parts)) == (in_minutes(whole), 2)
    assert int(days) == (timezone.now() - MONDAY).days


def in_minutes(span):
    hours, minutes = re.fullmatch(r"(?:(\d+) h)? ?(?:(\d+) min)?", span).groups()
    return int(hours or 0) * 60 + int(minutes or 0)


def test_mending_what_was_returned_as_incomplete_is_marketing_s_time():
    sam, mia = make_user("sam", team="sales"), make_user("mia")
    with clock.at(MONDAY):
        handoff = make_handoff()
    with clock.at(MONDAY + timedelta(hours=1)):
        reason = make_reason("return", "facts_missing")
        lifecycle.return_to_marketing(handoff.lead, actor=sam, reason=reason, verdict="No number")
    returned = [("sales", "answer", timedelta(hours=1))]
    assert steps(handoff, MONDAY + timedelta(hours=3)) == [*returned, ("marketing", "mend", timedelta(hours=2))]
    with clock.at(MONDAY + timedelta(hours=4)):
        lifecycle.offer(handoff.lead, actor=mia)
    assert steps(handoff, MONDAY + timedelta(days=9)) == [*returned, ("marketing", "mend", timedelta(hours=3))]


def test_a_record_is_mended_once_its_task_is_done():
    sam, mia = make_user("sam", team="sales"), make_user("mia")
    with clock.at(MONDAY):
        handoff = make_handoff()
        lifecycle.return_to_marketing(
            handoff.lead, actor=sam, reason=make_reason("return", "facts_missing"), verdict="No number"
        )
        task = todo.add("Mend it", actor=sam, owner=mia, lead=handoff.lead, handoff=handoff)
    with clock.at(MONDAY + timedelta(minutes=30)):
        todo.finish(task, actor=mia)
    assert steps(handoff, MONDAY + timedelta(days=9)) == [("marketing", "mend", timedelta(minutes=30))]


def test_what_was_a_definitional_return_waits_for_nobody_and_files_took_nobody_s_time():
    with clock.at(MONDAY):
        handoff, imported = make_handoff(), make_handoff()
    with clock.at(MONDAY + timedelta(hours=1)):
        lifecycle.return_to_marketing(
            handoff.lead,
            actor=make_user("sam", team="sales"),
            reason=make_reason("return", "below_fit"),
            verdict="Too small",
        )
    Handoff.objects.filter(pk=imported.pk).update(imported=True)
    assert steps(handoff, MONDAY + timedelta(days=9)) == [("sales", "answer", timedelta(hours=1))]
    assert steps(imported, MONDAY + timedelta(days=9)) == []


def test_a_hundred_accounts_take_as_many_queries_as_three(django_assert_max_num_queries):
    lead, zone = make_lead(), ZoneInfo("UTC")
    clerical = make_reason("return", "facts_missing")
    many = [
        Handoff(
            pk=number, lead=lead, agreement=Agreement.objects.in_force(), origin="line", offered_at=MONDAY,
            ended_at=MONDAY + timedelta(hours=1), end="returned", reason=clerical,
        )
        for number in range(1, 101)
    ]  # fmt: skip
    with django_assert_max_num_queries(3):
        assert len(accounting.accounts(many, now=datetime.now(zone))) == 100
