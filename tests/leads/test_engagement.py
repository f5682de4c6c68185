"""Engagement that is kept: exact at every later moment, whatever the points are and in whatever order it came."""

from datetime import UTC, datetime, timedelta
from math import fsum, isclose

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from hypothesis import example, given, settings
from hypothesis import strategies as st

from handoff import lifecycle
from leads import capture, clock, engagement, fading, pipeline, scoring, timeline
from leads.engagement import Touches
from leads.models import Activity, Engagement, LeadScore, Scorecard
from leads.models.scoring import default_points
from tests.factories import make_lead, make_leads, make_user

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
KINDS = ["web:page", "call:spoke", "email:click"]
#: Mostly within the last years; some as a file may say them.
MOMENTS = st.one_of(
    st.datetimes(datetime(2024, 1, 1), datetime(2026, 11, 20), timezones=st.just(UTC)),
    st.datetimes(datetime(1900, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC)),
)
EVENTS = st.lists(st.tuples(st.sampled_from(KINDS), MOMENTS, st.booleans()), min_size=1, max_size=30)
FIELDS = ("number", "first_at", "last_at", "answered_at")


@pytest.fixture
def lead():
    return make_lead(phone="+43 660 1234567")


@pytest.fixture
def two():
    return make_leads(2)


def _forget():
    """Each example begins with leads who have done nothing."""
    Activity.objects.all().delete()
    Engagement.objects.all().delete()


def _kept(lead):
    return {row.kind: row for row in Engagement.objects.filter(lead=lead)}


def _brute(events, at):
    """What the log says, added up event by event."""
    found = {}
    for kind in {kind for kind, then, _ours in events if then <= at}:
        done = [(then, ours) for name, then, ours in events if name == kind and then <= at]
        ages = [(at - then) / timedelta(days=1) for then, _ours in done]
        found[kind] = Touches(
            len(done),
            min(then for then, _ours in done),
            max(then for then, _ours in done),
            *(fsum(2 ** (-age / half_life) for age in ages) for half_life in (7, 30, 90)),
            min((then for then, ours in done if ours), default=None),
        )
    return found


def _same(told, brute):
    assert told.keys() == brute.keys()
    for kind, touches in told.items():
        assert (*touches[:3], touches.answered) == (*brute[kind][:3], brute[kind].answered)
        for ours, theirs in zip(touches[3:6], brute[kind][3:6], strict=True):
            assert isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-290)


@settings(max_examples=25)
@given(events=EVENTS, seed=st.randoms(), at=MOMENTS, pieces=st.integers(1, 5))
@example(events=[("web:page", datetime(1901, 1, 1, tzinfo=UTC), True)] * 2, seed=None, at=NOW, pieces=1)
@example(events=[("web:page", datetime(2190, 1, 1, tzinfo=UTC), True)] * 2, seed=None, at=NOW, pieces=1)
def test_what_is_kept_is_what_the_log_says_at_any_moment_in_whatever_order_it_came(lead, events, seed, at, pieces):
    told, mia = list(events), lead.marketer
    _forget()
    if seed:
        seed.shuffle(told)
    for piece in range(pieces):
        timeline.record_many(
            [
                Activity(lead=lead, kind=kind, at=then, actor=mia if ours else None)
                for kind, then, ours in told[piece::pieces]
            ]
        )
    _same(engagement.touched([lead.pk], at=at)[lead.pk] if _brute(events, at) else {}, _brute(events, at))
    kept = _kept(lead)
    engagement.recompute([lead.pk])
    again = _kept(lead)
    assert kept.keys() == again.keys()
    for kind, row in kept.items():
        assert [getattr(row, name) for name in FIELDS] == [getattr(again[kind], name) for name in FIELDS]
        for name in ("week", "month", "quarter"):
            assert isclose(getattr(row, name), getattr(again[kind], name), rel_tol=1e-12, abs_tol=1e-9)


@settings(max_examples=25)
@given(ours=EVENTS, theirs=EVENTS, days=st.tuples(st.floats(0, 2_000), st.floats(0, 2_000)))
def test_the_order_of_two_leads_by_interest_is_the_same_at_any_two_later_moments(two, ours, theirs, days):
    leads = two
    _forget()
    for lead, events in zip(leads, (ours, theirs), strict=True):
        timeline.record_many([Activity(lead=lead, kind=kind, at=min(then, NOW)) for kind, then, _by in events])
    last = max(Engagement.objects.values_list("last_at", flat=True))
    for half_life in (7, 30, 90):
        signs = set()
        for later in days:
            found = engagement.touched([lead.pk for lead in leads], at=last + timedelta(days=later))
            first, second = (fsum(done.worth(half_life) for done in found[lead.pk].values()) for lead in leads)
            if not isclose(first, second, rel_tol=1e-9, abs_tol=1e-290):
                signs.add(first > second)
        assert len(signs) < 2


def test_recomputing_all_gives_what_was_kept_of_each():
    leads = [make_lead(activity={"kind": kind}) for kind in KINDS]
    capture.log(leads[0], kind="web:page")
    before = {(row.lead_id, row.kind): (row.number, row.month) for row in Engagement.objects.all()}
    engagement.recompute()
    after = {(row.lead_id, row.kind): (row.number, row.month) for row in Engagement.objects.all()}
    assert before.keys() == after.keys()
    assert all(before[key] == (pytest.approx(number), pytest.approx(sum_)) for key, (number, sum_) in after.items())


def test_the_same_event_twice_adds_nothing():
    lead = make_lead()
    events = [Activity(lead=lead, kind="web:page", at=NOW, key=key) for key in ("a", "a", "b")]
    timeline.record_many(events)
    kept = _kept(lead)["web:page"]
    assert (kept.number, lead.activities.filter(kind="web:page").count()) == (2, 2)
    timeline.record_many([Activity(lead=lead, kind="web:page", at=NOW + timedelta(days=1), key="b")])
    again = _kept(lead)["web:page"]
    assert (again.number, again.month, again.last_at) == (kept.number, kept.month, kept.last_at)


def test_a_touch_that_is_dated_ahead_counts_for_nothing_until_its_day():
    lead, tomorrow = make_lead(), NOW + timedelta(days=1)
    timeline.record_many([Activity(lead=lead, kind="web:pricing", at=at) for at in (NOW, tomorrow)])
    for at, number in ((NOW - timedelta(hours=1), 0), (NOW, 1), (NOW + timedelta(hours=23), 1), (tomorrow, 2)):
        done = engagement.touched([lead.pk], at=at).get(lead.pk, {})
        assert (done["web:pricing"].number if done else 0) == number
    scoring.rescore([lead.pk], at=NOW)
    assert LeadScore.objects.get(lead=lead).engagement == 8


def test_a_touch_that_a_sender_with_a_fast_clock_tells_of_counts_at_once():
    lead = make_lead(activity={"kind": "web:pricing", "at": datetime.now(UTC) + timedelta(minutes=3)})
    assert LeadScore.objects.get(lead=lead).engagement == 8


def test_a_rule_about_what_is_no_touch_is_counted_from_the_timeline():
    rule = {"label": "Talked about", "kind": "comment", "op": "each", "points": 5, "cap": 20, "half_life": 30}
    Scorecard.objects.filter(in_force=True).update(points={"fit": [], "engagement": [rule]})
    lead = make_lead()
    for _time in range(2):
        capture.log(lead, kind="comment")
    assert not Engagement.objects.filter(lead=lead, kind="comment").exists()
    assert LeadScore.objects.get(lead=lead).engagement == 10


def test_other_weights_caps_and_half_lives_count_at_once_without_going_through_the_log():
    with clock.at(NOW - timedelta(days=7)):
        lead = make_lead(activity={"kind": "web:pricing"})
    agreed = default_points()
    rule = next(rule for rule in agreed["engagement"] if rule["kind"] == "web:pricing")
    Activity.objects.filter(lead=lead).update(kind="web:gone")  # whoever reads the timeline now finds nothing
    for change, left in (
        ({"points": 20}, 17),
        ({"cap": 11}, 11),
        ({"cap": 40, "half_life": 7}, 10),
        ({"points": -3}, 0),
    ):
        rule |= change
        Scorecard.objects.filter(in_force=True).update(points=agreed)
        scoring.rescore([lead.pk], at=NOW)
        assert LeadScore.objects.get(lead=lead).engagement == left


def test_the_warmest_come_first_without_anything_being_counted_again(client):
    now = datetime.now(UTC)
    with clock.at(now - timedelta(days=40)):
        cool, none = make_lead(name="Ingo Cold"), make_lead(name="Nina Never")
        for _time in range(4):
            capture.log(cool, kind="web:page")
    with clock.at(now - timedelta(days=2)):
        warm = make_lead(name="Vera Hot")
        capture.log(warm, kind="web:page")
        capture.log(warm, kind="web:pricing")
    client.force_login(make_user("mia"))

    def listed():
        text = client.get("/leads/?sort=interest").text
        return sorted((name for name in ("Ingo Cold", "Vera Hot", "Nina Never") if f">{name}<" in text), key=text.index)

    assert listed() == ["Vera Hot", "Ingo Cold"]
    with clock.at(now + timedelta(days=400)):
        assert listed() == ["Vera Hot", "Ingo Cold"]
    for _time in range(9):
        capture.log(cool, kind="web:pricing")
    assert listed() == ["Ingo Cold", "Vera Hot"]
    assert none.score.heat is None


RULES = st.lists(
    st.fixed_dictionaries(
        {
            "label": st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=8),
            "kind": st.sampled_from([*KINDS, ""]),
            "op": st.sampled_from(["each", "each", "count", "idle"]),
            "points": st.integers(-50, 50),
            "cap": st.integers(0, 50),
            "half_life": st.sampled_from([7, 30, 90, None]),
            "value": st.integers(1, 60),
        }
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=30)
@given(
    rules=RULES,
    touches=st.lists(st.tuples(st.sampled_from(KINDS), st.floats(0, 900)), max_size=12),
    days=st.floats(1, 200),
)
def test_what_fades_within_the_database_is_what_would_be_counted_one_by_one(lead, rules, touches, days):
    agreed = {**default_points(), "engagement": rules}
    Scorecard.objects.filter(in_force=True).update(points=agreed, mql_line=100)
    _forget()
    now = datetime.now(UTC)
    timeline.record_many([Activity(lead=lead, kind=kind, at=now - timedelta(days=age)) for kind, age in touches])
    scoring.rescore([lead.pk], at=now)
    later = now + timedelta(days=days)

    def counted():
        return LeadScore.objects.values_list("fit", "engagement", "total", "parts", "ready", "scored_at").get(lead=lead)

    assert fading.fade([lead.pk], at=later) == []
    faded = counted()
    scoring.rescore([lead.pk], at=later)
    assert faded == counted()


def test_who_fades_below_the_line_is_no_mql_any_more_and_many_fade_in_as_many_queries_as_few(
    django_assert_max_num_queries,
):
    fits = {"phone": "+43 316 811235", "job_title": "Director", "country": "AT", "activity": {"kind": "email:reply"}}
    lead = make_lead(company={"name": "Steel Works", "size": 90, "industry": "Steel"}, **fits)
    assert LeadScore.objects.get(lead=lead).ready
    month = datetime.now(UTC) + timedelta(days=30)
    for number in (3, 60):
        others = make_leads(number, activity={"kind": "web:pricing"})
        with clock.at(month), django_assert_max_num_queries(30):
            assert pipeline.rescore_outdated() == len(others) + (number == 3)
            assert pipeline.rescore_outdated() == 0
        assert set(LeadScore.objects.filter(lead__in=others).values_list("engagement", flat=True)) == {4}
    score = LeadScore.objects.get(lead=lead)
    assert (score.ready, score.engagement) == (False, 6)


def test_the_lead_page_and_the_brief_say_what_is_left_of_interest_now_without_another_query(client):
    now = datetime.now(UTC)
    with clock.at(now - timedelta(days=30)):
        lead = make_lead(activity={"kind": "web:pricing"})
    mia = make_user("mia")
    client.force_login(mia)
    assert LeadScore.objects.get(lead=lead).engagement == 8
    text = client.get(lead.get_absolute_url()).text
    assert "Pricing page, 30 days ago</dt><dd>4</dd>" in text
    handoff = lifecycle.offer(lead, actor=mia)
    assert handoff.brief["score"]["engagement"] == 4
    assert sum(part["points"] for part in handoff.brief["score"]["parts"]) == handoff.brief["score"]["total"]
    assert LeadScore.objects.get(lead=lead).engagement == 8  # until the worker comes by


def test_one_touch_dated_far_ahead_stops_nobody_elses_fading():
    leads, now = make_leads(3, activity={"kind": "web:pricing"}), datetime.now(UTC)
    for lead, days in zip(leads, (400, 30 * 365), strict=False):
        timeline.record_many([Activity(lead=lead, kind="web:pricing", at=now + timedelta(days=days))])
    with clock.at(now + timedelta(days=30)):
        assert pipeline.rescore_outdated() == 3
    assert set(LeadScore.objects.values_list("engagement", flat=True)) == {4}


def test_what_is_kept_is_mended_from_the_timelines_by_a_command_and_the_points_with_it(capsys):
    leads = make_leads(3, activity={"kind": "web:pricing"})
    Engagement.objects.filter(lead=leads[0]).delete()
    Engagement.objects.filter(lead=leads[1]).update(number=7, month=999)
    LeadScore.objects.update(engagement=0, total=F("fit"), heat=None)
    call_command("recount_engagement")
    assert capsys.readouterr().out == "3 leads recounted\n"
    assert set(Engagement.objects.values_list("number", flat=True)) == {1}
    assert set(LeadScore.objects.values_list("engagement", flat=True)) == {8}
    assert not LeadScore.objects.filter(heat=None).exists()
    call_command("check_pipeline")


def test_interest_that_is_held_at_nothing_is_counted_anew_as_what_holds_it_fades():
    rules = [
        {"label": "Met", "kind": "meeting:met", "op": "each", "points": 10, "cap": 20, "half_life": None},
        {"label": "Left", "kind": "email:click", "op": "each", "points": -20, "cap": 40, "half_life": 7},
    ]
    Scorecard.objects.filter(in_force=True).update(points={"fit": [], "engagement": rules})
    lead = make_lead(activity={"kind": "meeting:met"})
    capture.log(lead, kind="email:click")
    assert LeadScore.objects.get(lead=lead).engagement == 0
    with clock.at(datetime.now(UTC) + timedelta(days=14)):
        assert (pipeline.rescore_outdated(), pipeline.rescore_outdated()) == (1, 0)
    assert LeadScore.objects.get(lead=lead).engagement == 5


def test_what_is_given_for_having_been_away_comes_on_its_day_without_a_touch():
    rule = {"label": "Away", "kind": "", "op": "idle", "points": 9, "value": 30}
    page = {"label": "Page", "kind": "web:page", "op": "count", "points": 1, "value": 5}
    Scorecard.objects.filter(in_force=True).update(points={"fit": [], "engagement": [rule, page]})
    lead = make_lead(activity={"kind": "web:page"})
    assert LeadScore.objects.get(lead=lead).parts == []
    with clock.at(datetime.now(UTC) + timedelta(days=31)):
        assert (pipeline.rescore_outdated(), pipeline.rescore_outdated()) == (1, 0)
    assert LeadScore.objects.get(lead=lead).engagement == 9


def test_what_is_counted_anew_each_day_is_found_by_its_index():
    with CaptureQueriesContext(connection) as asked, transaction.atomic():
        fading.due(10, at=datetime.now(UTC))
    (statement,) = (query["sql"] for query in asked.captured_queries if "SKIP LOCKED" in query["sql"])
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute("EXPLAIN " + statement)
        assert "score_fades" in "\n".join(line for (line,) in cursor.fetchall())
