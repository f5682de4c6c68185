"""Points that add up, fade, and are counted anew when what they rest on changes."""

from datetime import UTC, datetime, timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from handoff import answers, lifecycle
from leads import capture, clock, pipeline, scoring, tasks
from leads.engagement import Touches
from leads.models import LeadScore, Scorecard, Signal
from leads.models.scoring import default_points, grade
from personas.models import Persona
from tests.factories import make_agreement, make_lead, make_leads, make_user

KINDS = [rule["kind"] for rule in default_points()["engagement"]]
PROFILES = st.fixed_dictionaries(
    {},
    optional={
        "business_email": st.sampled_from(["yes", ""]),
        "phone": st.sampled_from(["", "+43123456789"]),
        "job_title": st.text(max_size=20),
        "size": st.none() | st.integers(0, 10_000),
        "industry": st.text(max_size=10),
        "country": st.sampled_from(["", "AT"]),
    },
)
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def _touches(number, fresh, days):
    """So many touches, this share of each still counting."""
    sums = [number * fresh ** (30 / half_life) for half_life in (7, 30, 90)]
    return Touches(number, NOW - timedelta(days=days + 400), NOW - timedelta(days=days), *sums)


TOUCHED = st.dictionaries(
    st.sampled_from(KINDS), st.builds(_touches, st.integers(1, 50), st.floats(0, 1), st.integers(0, 90)), max_size=9
)
RULES = st.lists(
    st.fixed_dictionaries(
        {
            "label": st.text(max_size=8),
            "kind": st.sampled_from(KINDS),
            "op": st.sampled_from(["each", "count", "idle"]),
            "points": st.integers(-50, 50),
            "cap": st.integers(0, 50),
            "half_life": st.sampled_from([7, 30, 90, None]),
            "value": st.integers(1, 60),
        }
    ),
    max_size=12,
)


def _agreed(rules):
    return {**default_points(), "engagement": [*default_points()["engagement"], *rules]}


@given(profile=PROFILES, touches=TOUCHED, rules=RULES)
def test_the_parts_sum_to_the_score_and_each_half_is_at_most_50(profile, touches, rules):
    points = scoring.score(profile, touches, _agreed(rules), at=NOW)
    for group, half in (("fit", points.fit), ("engagement", points.engagement)):
        assert sum(part["points"] for part in points.parts if part["group"] == group) == half
        assert 0 <= half <= 50
    assert grade(points.total) in "ABCD"


@given(profile=PROFILES, touches=TOUCHED, kind=st.sampled_from(KINDS))
def test_one_more_touch_never_takes_points_away(profile, touches, kind):
    before = touches.get(kind, _touches(0, 0.0, 0))
    sums = (before.number + 1, before.first, NOW, before.week + 1, before.month + 1, before.quarter + 1)
    more, points = {**touches, kind: Touches(*sums)}, default_points()
    assert scoring.score(profile, more, points, at=NOW).total >= scoring.score(profile, touches, points, at=NOW).total


@given(profile=PROFILES, touches=TOUCHED)
def test_no_kind_counts_beyond_its_cap_and_what_is_taken_off_is_a_part_of_its_own(profile, touches):
    parts = scoring.score(profile, touches, default_points(), at=NOW).parts
    for rule in default_points()["engagement"]:
        own = [part["points"] for part in parts if part["label"].split(": at most")[0] == rule["label"]]
        worth = round(rule["points"] * touches[rule["kind"]].month) if rule["kind"] in touches else 0
        assert sum(own) == min(rule["cap"], worth)
        assert (len(own) == 2) == (worth > rule["cap"])


def _engaged(*rules):
    Scorecard.objects.filter(in_force=True).update(points={"fit": [], "engagement": list(rules)})


def _told(lead, at):
    scoring.rescore([lead.pk], at=at)
    score = LeadScore.objects.get(lead=lead)
    return score.engagement, [(part["points"], part["label"]) for part in scoring.told(score.parts, at=at)]


def test_each_rule_fades_with_a_half_life_of_its_own_or_never():
    _engaged(
        *(
            {"label": f"Half {days}", "kind": kind, "op": "each", "points": 16, "cap": 40, "half_life": days}
            for kind, days in (("web:a", 7), ("web:b", 30), ("web:c", 90), ("web:d", None))
        )
    )
    now = timezone.now()
    lead = make_lead()
    for kind in ("web:a", "web:b", "web:c", "web:d"):
        capture.log(lead, kind=kind, at=now)
    for days, left in ((0, (16, 16, 16, 16)), (7, (8, 14, 15, 16)), (30, (1, 8, 13, 16)), (90, (2, 8, 16))):
        _sum, parts = _told(lead, now + timedelta(days=days))
        assert tuple(points for points, label in parts if label.startswith("Half")) == left


def test_a_number_of_touches_counts_once_it_is_reached_and_does_not_fade():
    _engaged({"label": "Came back", "kind": "web:page", "op": "count", "value": 3, "points": 10})
    lead, now = make_lead(), timezone.now()
    for days in (3, 2):
        capture.log(lead, kind="web:page", at=now - timedelta(days=days))
    assert _told(lead, now) == (0, [])
    capture.log(lead, kind="web:page", at=now)
    assert _told(lead, now) == (10, [(10, "Came back, 3 times this week")])
    assert _told(lead, now + timedelta(days=900))[0] == 10


def test_who_has_not_been_seen_for_long_loses_points_but_never_below_nothing():
    page = {"label": "Pages", "kind": "web:page", "op": "each", "points": 10, "cap": 30, "half_life": None}
    idle = {"label": "Last visit", "kind": "", "op": "idle", "value": 45, "points": -4}
    _engaged(page, idle)
    lead, now = make_lead(), timezone.now()
    assert _told(lead, now) == (0, [])  # who was never here is not missed
    capture.log(lead, kind="web:page", at=now)
    assert _told(lead, now + timedelta(days=44)) == (10, [(10, "Pages, 44 days ago")])
    assert _told(lead, now + timedelta(days=45)) == (6, [(10, "Pages, 45 days ago"), (-4, "Last visit, 45 days ago")])
    _engaged(page, {**idle, "points": -15})
    told = [(10, "Pages, 45 days ago"), (-15, "Last visit, 45 days ago"), (5, "Never below 0")]
    assert _told(lead, now + timedelta(days=45)) == (0, told)


@pytest.mark.parametrize(("days", "nearest"), [(30, 30), (10, 7), (400, 90), (0, 30), ("soon", 30)])
def test_points_stored_with_one_half_life_for_all_give_it_to_each_rule(days, nearest):
    migration = import_module("leads.migrations.0017_half_life_per_rule")
    old = {
        "half_life_days": days,
        "fit": [],
        "engagement": [{"label": "Pages", "kind": "web:page", "points": 2, "cap": 9}],
    }
    Scorecard.objects.update(points=old)
    migration.apart(apps, None)
    points = Scorecard.objects.get(in_force=True).points
    assert points == {"fit": [], "engagement": [{**old["engagement"][0], "op": "each", "half_life": nearest}]}
    migration.together(apps, None)
    assert Scorecard.objects.get(in_force=True).points == {**old, "half_life_days": nearest}


@pytest.mark.parametrize(
    "rule",
    [
        {"points": 1e9, "cap": 1e9},
        {"points": -1e9},
        {"points": "nan", "cap": None},
        {"points": 8, "cap": 24, "half_life": 0},
        {"points": 8, "cap": 24, "half_life": "soon"},
        {"points": 8, "cap": -3},
        {"op": "count", "value": 0, "points": 5},
        {"op": "count", "value": None, "points": None},
        {"op": "idle", "value": 1e300, "points": 5},
        {"op": "unheard_of"},
    ],
)
def test_a_stored_rule_that_nobody_could_count_with_keeps_nobody_out(rule):
    fit = [{"label": "Fits", "field": "name", "op": "at_most", "value": 0, "points": 1e9}]
    fit.append({"label": "Fits", "field": "name", "op": "unheard_of", "value": 0, "points": "many"})
    fit.append({"label": "Fits", "field": "name", "op": "known", "value": 0, "points": 1e9})
    points = {"fit": fit, "engagement": [{"label": "Odd", "kind": "web:page", **rule}]}
    Scorecard.objects.filter(in_force=True).update(points=points)
    score = LeadScore.objects.get(lead=make_lead(activity={"kind": "web:page"}))
    assert score.fit == 50
    assert sum(part["points"] for part in score.parts) == score.total
    with connection.cursor() as cursor:  # a number that no float holds
        cursor.execute("UPDATE leads_scorecard SET points = jsonb_set(points, '{engagement,0,points}', '1e999'::jsonb)")
    score = LeadScore.objects.get(lead=make_lead(activity={"kind": "web:page"}))
    assert sum(part["points"] for part in score.parts) == score.total


def test_the_lead_page_the_brief_and_the_api_say_in_words_why_a_lead_has_its_score(client):
    now = timezone.now()
    lead = make_lead(phone="+43 660 1234567", activity={"kind": "web:pricing", "at": now - timedelta(days=4)})
    capture.log(lead, kind="web:pricing", at=now)
    for days in (46, 45):
        capture.log(lead, kind="email:click", at=now - timedelta(days=days))
    for minutes in range(9):
        capture.log(lead, kind="web:page", at=now - timedelta(days=3, minutes=minutes))
    scoring.rescore([lead.pk], at=now)
    total = LeadScore.objects.get(lead=lead).total

    client.force_login(make_user("sam", team="sales"))
    told = client.get(f"/api/v1/leads/{lead.pk}/").json()["score"]
    assert sum(part["points"] for part in told["parts"]) == told["total"] == total
    assert "+15 Pricing page, twice this week" in told["reasons"]
    assert "+17 Other pages, 9 times this week" in told["reasons"]
    assert told["reasons"][-1] == "-5 Other pages: at most 12 points count"
    assert "Clicked an e-mail, twice, last 45 days ago" in [part["label"] for part in told["parts"]]
    text = client.get(lead.get_absolute_url()).text
    assert "Pricing page, twice this week" in text
    assert "Clicked an e-mail, twice, last 45 days ago" in text

    handoff = lifecycle.offer(lead, actor=make_user("mia", team="marketing"))
    kept = handoff.brief["score"]
    assert sum(part["points"] for part in kept["parts"]) == kept["total"]
    assert "Pricing page, twice this week" in [part["label"] for part in kept["parts"]]
    with clock.at(now + timedelta(days=10)):
        assert scoring.reasons(LeadScore.objects.get(lead=lead).parts, at=clock.now())[1] == (
            "+15 Pricing page, twice, last 10 days ago"
        )


def test_interest_is_worth_half_after_a_half_life():
    lead, now = make_lead(), timezone.now()
    capture.log(lead, kind="web:pricing", at=now)
    scoring.rescore([lead.pk], at=now)
    assert LeadScore.objects.get(lead=lead).engagement == 8
    scoring.rescore([lead.pk], at=now + timedelta(days=30))
    assert LeadScore.objects.get(lead=lead).engagement == 4


def test_interest_that_fades_unseen_is_counted_anew_after_a_day():
    lead = make_lead(activity={"kind": "web:pricing"})
    assert pipeline.rescore_outdated() == 0
    LeadScore.objects.filter(lead=lead).update(scored_at=timezone.now() - timedelta(days=2))
    assert (pipeline.rescore_outdated(), pipeline.rescore_outdated()) == (1, 0)


def test_a_changed_persona_is_matched_anew_in_batches():
    leads = make_leads(7, job_title="Head of energy")
    Persona.objects.create(
        name="Energy manager", rules=[{"field": "job_title", "op": "contains", "value": "energy", "points": 10}]
    )
    assert pipeline.rescore_outdated(batch=3) == 7
    for lead in leads:
        lead.refresh_from_db()
        assert lead.persona.name == "Energy manager"
    assert pipeline.rescore_outdated() == 0


@pytest.mark.parametrize("what", ["points", "persona"])
def test_with_the_clock_set_back_behind_a_change_each_lead_is_counted_anew_once(what):
    leads = make_leads(3, job_title="Head of energy")
    later = timezone.now() + timedelta(days=2)
    if what == "points":
        Scorecard.objects.filter(in_force=True).update(in_force_since=later)
    else:
        Persona.objects.create(name="Energy manager")
        Persona.objects.update(changed_at=later)
    assert (tasks.rescore_outdated(), tasks.rescore_outdated()) == (len(leads), 0)
    new = make_lead(activity={"kind": "web:pricing"})  # and what comes before the clock is there again
    tasks.rescore_outdated()
    assert tasks.rescore_outdated() == 0
    assert LeadScore.objects.get(lead=new).engagement == 8


def test_a_lower_line_makes_ready_who_stands_above_it_now_once():
    lead = make_lead(activity={"kind": "form:hand_raise"})
    low = make_lead()
    total = LeadScore.objects.get(lead=lead).total
    assert LeadScore.objects.get(lead=low).total < total < Scorecard.objects.get(in_force=True).mql_line
    make_agreement(mql_line=total)
    pipeline.rescore_outdated()
    pipeline.rescore_outdated()
    assert list(Signal.objects.filter(kind="mql_line").values_list("lead", flat=True)) == [lead.pk]
    answers.answer_all()
    lead.refresh_from_db()
    assert lead.stage == "mofu"


def test_a_score_that_stays_over_the_line_crosses_it_once():
    lead = make_lead(
        phone="+43 660 1234567", job_title="Director", company={"name": "Firm", "size": 50, "industry": "Food"}
    )
    for _time in range(3):
        capture.log(lead, kind="meeting:met")
        capture.log(lead, kind="form:hand_raise")
    assert Signal.objects.filter(lead=lead, kind="mql_line").count() == 1
