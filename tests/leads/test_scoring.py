"""Points that add up, fade, and are counted anew when what they rest on changes."""

from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from handoff import answers, lifecycle
from leads import capture, clock, pipeline, scoring, tasks
from leads.models import Activity, LeadScore, Scorecard, Signal
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
TOUCHES = st.dictionaries(
    st.sampled_from(KINDS), st.tuples(st.integers(1, 50), st.floats(0, 50, allow_nan=False)), max_size=len(KINDS)
)


@given(profile=PROFILES, touches=TOUCHES)
def test_the_parts_sum_to_the_score_and_each_half_is_at_most_50(profile, touches):
    points = scoring.score(profile, touches, default_points())
    for group, half in (("fit", points.fit), ("engagement", points.engagement)):
        assert sum(part["points"] for part in points.parts if part["group"] == group) == half
        assert 0 <= half <= 50
    assert grade(points.total) in "ABCD"


@given(profile=PROFILES, touches=TOUCHES, kind=st.sampled_from(KINDS))
def test_one_more_touch_never_takes_points_away(profile, touches, kind):
    count, weight = touches.get(kind, (0, 0.0))
    more = {**touches, kind: (count + 1, weight + 1)}
    points = default_points()
    assert scoring.score(profile, more, points).total >= scoring.score(profile, touches, points).total


@given(profile=PROFILES, touches=TOUCHES)
def test_no_kind_counts_beyond_its_cap_and_what_is_taken_off_is_a_part_of_its_own(profile, touches):
    parts = scoring.score(profile, touches, default_points()).parts
    for rule in default_points()["engagement"]:
        own = [part["points"] for part in parts if part["label"].split(": at most")[0] == rule["label"]]
        _count, weight = touches.get(rule["kind"], (0, 0.0))
        assert sum(own) == min(rule["cap"], round(rule["points"] * weight))
        assert (len(own) == 2) == (round(rule["points"] * weight) > rule["cap"])


def test_the_lead_page_the_brief_and_the_api_say_in_words_why_a_lead_has_its_score(client):
    now = timezone.now()
    lead = make_lead(phone="+43 660 1234567", activity={"kind": "web:pricing", "at": now - timedelta(days=4)})
    capture.log(lead, kind="web:pricing", at=now)
    for days in (46, 45):
        Activity.objects.create(lead=lead, kind="email:click", at=now - timedelta(days=days))
    for minutes in range(9):
        Activity.objects.create(lead=lead, kind="web:page", at=now - timedelta(days=3, minutes=minutes))
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
    Activity.objects.create(lead=lead, kind="web:pricing", at=now)
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
