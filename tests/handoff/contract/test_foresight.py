"""Before anybody signs: what a draft would have changed, held against the ledgers and against what happens then."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from handoff import agreement, answers, deals, lifecycle
from handoff.foresight import Foresight, crossing
from handoff.models import Agreement, Handoff
from leads import capture, clock, editing, engagement, hindsight, pipeline, scoring, timeline
from leads.models import Activity, Lead, Scorecard
from leads.models.scoring import default_points
from personas.models import Persona
from tests.factories import make_agreement, make_draft, make_handoff, make_lead, make_reason, make_user
from tests.handoff.contract.offering import ahead, offered, returned, warm, words

AHEAD = reverse("handoff:agreement_foresight")


def in_force(draft):
    """Both sign, and the worker counts anew and answers."""
    before = set(Handoff.objects.values_list("pk", flat=True))
    agreement.sign(draft, actor=make_user("mia"), team="marketing", seen=draft.edit)
    agreement.sign(draft, actor=make_user("sam", team="sales"), team="sales", seen=draft.edit)
    pipeline.rescore_outdated()
    answers.answer_all()
    return set(Handoff.objects.exclude(pk__in=before).values_list("lead", flat=True))


@pytest.mark.parametrize(
    "terms",
    [
        {"mql_line": 55},
        {"mql_line": 55, "required_facts": ["phone"]},
        {"high_intent": ["web:pricing"]},
        {"high_intent": ["web:pricing"], "required_facts": ["phone"]},
        {"mql_line": 40, "personas": [0]},
        {"mql_line": 70},
    ],
)
def test_who_is_said_to_be_offered_at_once_is_offered_at_once(mia, terms):
    persona = Persona.objects.create(
        name="Director", rules=[{"field": "job_title", "op": "contains", "value": "director", "points": 5}]
    )
    terms = {**terms, "personas": [persona.pk]} if "personas" in terms else terms
    warm("web:pricing")
    warm("web:pricing", phone="")
    warm("email:click", job_title="Clerk")
    editing.edit(warm("web:pricing"), actor=mia, changes={"look_again_on": timezone.localdate() + timedelta(days=9)})
    offered()
    draft = make_draft(**terms)
    said = {lead.pk for lead in crossing(draft, Agreement.objects.in_force(), at=clock.now())}
    assert in_force(draft) == said
    assert bool(said) == (terms.get("mql_line") != 70)


def test_a_higher_line_says_what_it_would_have_kept_out_and_lost(client, mia, sam):
    returned(sam, name="Paul Small")
    returned(sam, "another_region", "meeting:met", "meeting:met", name="Rita Wrong-Region")
    won = offered(name="Wanda Winner")
    lifecycle.accept(won, actor=sam)
    lifecycle.qualify(won, actor=sam)
    deals.win(deals.open_deal(won, actor=sam, name="Meters"), actor=sam)
    make_handoff()
    held = ahead(mql_line=70)
    table = {line.label: (line.before, line.after) for line in held.table}
    assert table["Returned as not what we agreed on"] == (1, 0)
    assert table["Became customers, of these offers"] == (1, 0)
    assert [str(offer.handoff.lead) for offer in held.returned_kept_out] == ["Paul Small"]
    assert [str(offer.handoff.lead) for offer in held.wins_lost] == ["Wanda Winner"]
    assert (held.would_be, held.at_once) == ([], [])
    client.force_login(sam)
    page = words(client.get(AHEAD))
    for text in ("What v2 would have changed", "1 returned lead would have been kept out", "Paul Small", "Wanda Winner",
                 "Of all customers won in these 90 days, whenever they were offered, v2 would not have offered 1:", "62 points",
                 "Offers made in these 90 days", "Became customers, of these offers"):  # fmt: skip
        assert text in page
    assert "Rita Wrong-Region" not in page


def test_a_lower_line_counts_who_would_have_become_one_and_nobody_who_was_offered(mia, sam):
    near = warm("web:pricing", name="Nora Near")
    offered(name="Olga Offered")
    returned(sam)
    waits = warm("web:pricing")
    editing.edit(waits, actor=mia, changes={"look_again_on": timezone.localdate() + timedelta(days=9)})
    warm("email:click", job_title="Clerk")
    with clock.at(timezone.now() - timedelta(days=100)):
        warm("web:pricing", name="Long Ago")
    assert ahead(mql_line=55).would_be == [(near, 58)]


def test_interest_that_has_faded_by_now_counts_as_it_stood_then(mia):
    with clock.at(timezone.now() - timedelta(days=60)):
        lead = warm("web:pricing")
    held = ahead(mql_line=55)
    assert held.would_be == [(lead, 58)]
    assert held.at_once == []


ODD = [
    {"label": "Weekly", "kind": "web:page", "op": "each", "points": 5, "cap": 9, "half_life": 7},
    {"label": "Lasting", "kind": "email:click", "op": "each", "points": -3, "cap": 8, "half_life": None},
    {"label": "Often", "kind": "web:pricing", "op": "count", "value": 3, "points": 11},
    {"label": "No event", "kind": "event:attended", "op": "idle", "value": 30, "points": -6},
    {"label": "Away", "kind": "", "op": "idle", "value": 1, "points": -9},
]


@settings(max_examples=25)
@given(
    odd=st.lists(st.sampled_from(ODD), unique_by=lambda rule: rule["label"]),
    touches=st.lists(
        st.tuples(st.sampled_from([rule["kind"] for rule in default_points()["engagement"]]), st.integers(0, 400)),
        min_size=1,
        max_size=25,
    ),
)
def test_what_is_counted_in_hindsight_is_what_would_have_been_scored_then(touches, odd):
    agreed = default_points()
    agreed["engagement"] += odd
    Scorecard.objects.filter(in_force=True).update(points=agreed)
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    with clock.at(now - timedelta(days=410)):
        lead = make_lead()
    timeline.record_many(
        [
            Activity(lead=lead, kind=kind, at=now - timedelta(days=days, minutes=number))
            for number, (kind, days) in enumerate(touches)
        ]
    )
    since, card, most = now - timedelta(days=90), Scorecard.objects.get(in_force=True), {}
    for at in Activity.objects.filter(lead=lead, at__gte=since, at__lte=now).values_list("at", flat=True):
        done = engagement.touched([lead.pk], at=at)
        told = scoring.score({}, done[lead.pk], agreed, at=at)
        most[lead.pk] = max(most.get(lead.pk, 0), told.engagement)
    assert hindsight.interest([lead.pk], card, since=since, until=now) == most


def test_promises_are_held_against_the_new_terms_and_the_new_calendar(sam):
    monday = datetime(2026, 11, 16, 9, tzinfo=UTC)
    with clock.at(monday):
        lead = make_lead("mofu")
    with clock.at(monday + timedelta(hours=3)):
        lifecycle.accept(lead, actor=sam)
    with clock.at(monday + timedelta(hours=5)):
        lifecycle.log_touch(lead, actor=sam, kind="call:no_answer")
    with clock.at(monday + timedelta(days=1)):
        draft = make_draft(accept_within=120, attempt_within=90)
        held = {kept.label: tuple(kept)[2:] for kept in Foresight(draft, Agreement.objects.in_force()).promises}
        assert held["Accepted or returned in time"] == (1, 1, 1, 0)
        assert held["First attempt in time"] == (1, 1, 1, 0)
        assert held["Two-way contact in time"] == (0, 0, 0, 0)
        draft = agreement.amend(draft, actor=sam, seen=draft.edit, opens=datetime(2026, 1, 1, 11).time())
        held = {kept.label: tuple(kept)[2:] for kept in Foresight(draft, Agreement.objects.in_force()).promises}
        assert held["Accepted or returned in time"] == (1, 1, 1, 1)


def test_promises_are_those_of_the_offers_that_the_draft_would_have_made(client, sam):
    lifecycle.accept(offered("meeting:met"), actor=sam)
    lifecycle.accept(offered(), actor=sam)
    offers = sorted(Handoff.objects.values_list("brief__score__total", flat=True))
    draft = make_draft(mql_line=offers[-1], accept_within=30, leads_a_month=2)
    held = Foresight(draft, Agreement.objects.in_force())
    assert tuple(held.promises[0])[2:] == (2, 2, 1, 1)
    assert [(asked.values[0], asked.after) for asked in held.marketing] == [("2 → 1", 0)]
    client.force_login(sam)
    page = words(client.get(AHEAD))
    for text in (
        "Given under v2",
        "2 → 1",
        "0 of 3",
        "For an offer that v2 would not have made, sales promises nothing",
    ):
        assert text in page


def test_who_would_have_become_an_mql_counts_in_the_month_when_they_would_have(mia):
    now = timezone.now()
    with clock.at(now - timedelta(days=40)):
        lead = warm("web:pricing", name="Nora Near", value="3000", currency="EUR")
    with clock.at(now - timedelta(days=5)):
        capture.log(lead, kind="web:page")
    held = ahead(mql_line=55, leads_a_month=1, value_a_month=1_000)
    assert [one for one, _at in held.besides] == [lead]
    assert [(month.leads, month.value) for month in held.months] == [(0, 0)] * 3
    assert [(month.leads, month.value) for month in held.months_ahead] == [(0, 0), (1, 3_000), (0, 0)]
    assert [asked.after for asked in held.marketing] == [1, 1]


def test_an_offer_is_judged_by_what_was_known_of_it_then(mia, sam):
    lead = offered("meeting:met", phone="")
    editing.edit(lead, actor=mia, changes={"phone": "+43 316 811235"})
    held = ahead(required_facts=["phone"])
    assert [offer.handoff.lead for offer in held.kept_out] == [lead]


def test_what_marketing_would_promise_is_held_against_what_it_offered(client, sam):
    offered()
    held = ahead(leads_a_month=1, completeness=100)
    assert [(asked.label, asked.after) for asked in held.marketing] == [
        ("Leads offered", 1), ("Facts known when offered", 1),
    ]  # fmt: skip
    client.force_login(sam)
    page = words(client.get(AHEAD))
    assert "Promises of marketing in v2" in page
    assert "Kept under v2" in page


def test_the_preview_counts_as_offered_what_promises_counts(client, mia, sam):
    offered()
    lifecycle.offer(make_lead(), actor=mia)
    lifecycle.claim_early(make_lead(), actor=sam, note="Met at the fair")
    lifecycle.return_to_marketing(make_handoff().lead, actor=sam, reason=make_reason("return", "another_region"))
    requalified = make_lead("bofu")
    lifecycle.requalify(requalified, actor=sam)
    held = Foresight(make_draft(leads_a_month=4), Agreement.objects.in_force())
    client.force_login(mia)
    told = client.get(reverse("dashboards:promises"), {"period": "all"}).context["figures"]
    verdicts = client.get(reverse("dashboards:verdicts"), {"period": "all"}).context["figures"]
    assert sum(month.leads for month in held.months) == sum(month.leads.count for month in told.months) == 4
    assert verdicts.by_marketing.count == 4
    assert Handoff.objects.count() == 7
    assert verdicts.whole.offered.count == 6  # with the one claimed early and the one sent on


def test_it_asks_as_often_for_many_leads_as_for_few(client, mia, sam):
    client.force_login(mia)
    make_draft(mql_line=55, required_facts=["phone"], high_intent=["web:pricing"], accept_within=60)

    def counted():
        client.get(AHEAD)
        with CaptureQueriesContext(connection) as asked:
            client.get(AHEAD)
        return len(asked)

    offered()
    warm("web:pricing")
    few = counted()
    for _number in range(4):
        returned(sam)
        offered()
        warm("web:pricing")
    assert counted() == few <= 24


# What an MQL is


def test_a_lead_that_lacks_a_fact_does_not_cross_until_it_is_known(client, mia):
    make_agreement(required_facts=["phone"])
    lead = warm("meeting:met", phone="")
    answers.answer_all()
    assert Lead.objects.get(pk=lead.pk).stage == "tofu"
    client.force_login(mia)
    assert "Lacks what an MQL has: phone." in words(client.get(lead.get_absolute_url()))
    editing.edit(lead, actor=mia, changes={"phone": "+43 316 811235"})
    answers.answer_all()
    assert Lead.objects.get(pk=lead.pk).stage == "mofu"


def test_an_action_that_skips_the_line_offers_at_once_and_says_so(mia):
    make_agreement(high_intent=["event:attended"], required_facts=["phone"])
    capture.log(make_lead(), kind="event:attended")
    lead = make_lead(phone="+43 316 811235")
    capture.log(lead, kind="event:attended")
    answers.answer_all()
    handoff = Handoff.objects.get()
    assert (handoff.lead, handoff.origin) == (lead, "line")
    assert handoff.note == "Came to an event: agreed to skip the MQL line"


def test_who_was_returned_is_offered_again_only_by_a_new_action(sam):
    make_agreement(high_intent=["event:attended"])
    lead = make_lead()
    capture.log(lead, kind="event:attended")
    answers.answer_all()
    lifecycle.return_to_marketing(lead, actor=sam, reason=make_reason("return", "facts_missing"), verdict="No phone")
    capture.log(lead, kind="web:page")
    answers.answer_all()
    assert Lead.objects.get(pk=lead.pk).stage == "tofu"
    capture.log(lead, kind="event:attended")
    answers.answer_all()
    assert Lead.objects.get(pk=lead.pk).stage == "mofu"


def test_the_preview_counts_the_value_in_euros_as_promises_does_and_says_so(client, mia, sam):
    for value, currency in (("5000", "EUR"), ("7000", "USD")):
        lifecycle.offer(make_lead(value=value, currency=currency), actor=mia)
    held = ahead(value_a_month=6_000)
    client.force_login(sam)
    told = client.get(reverse("dashboards:promises"), {"period": "all"}).context["figures"]
    assert held.months[0].value == told.months[0].worth["EUR"] == 5_000
    assert [(str(asked.label), asked.after) for asked in held.marketing if asked.values[0] == "€5,000"] == [
        ("Expected value offered, in euros", 0)
    ]
    assert "Expected value offered, in euros" in words(client.get(AHEAD))


def test_in_the_replay_an_action_skips_the_line_for_thirty_days_as_it_does_in_life(mia):
    now, made = timezone.now(), []
    for days in (50, 15):
        with clock.at(now - timedelta(days=days)):
            made.append(warm("event:attended", phone="", country=""))
    with clock.at(now - timedelta(days=10)):
        for lead in made:
            for _time in range(2):
                capture.log(lead, kind="email:reply")
        answers.answer_all()
    assert Handoff.objects.filter(origin=Handoff.Origin.LINE).count() == 2
    held = ahead(mql_line=90, high_intent=["event:attended"])
    assert [offer.handoff.lead for offer in held.kept_out] == made[:1]


def test_the_months_of_the_preview_begin_and_end_on_days_of_whoever_reads_it(mia):
    with clock.at(datetime(2026, 11, 20, 23, 30, tzinfo=UTC)), timezone.override("Europe/Vienna"):
        months = [(month.since, month.until) for month in ahead(leads_a_month=1).months]
    assert months[:2] == [(date(2026, 10, 23), date(2026, 11, 21)), (date(2026, 9, 23), date(2026, 10, 22))]
