"""A hand-off goes on: by whom it is, by a manager, to a rep, to a queue or by the rules; others are told who has it."""

import pytest
from django.urls import reverse

from accounts.models import Absence, ApiToken
from handoff import lifecycle, routing
from handoff.models import Handoff, Member, Notice, Queue, RoutingDecision
from leads import clock
from tests.factories import make_handoff, make_lead, make_user


def act(client, lead, **words):
    return client.post(reverse("handoff:act", args=[lead.pk, "reassign"]), words)


def owned(rep, lane="mql"):
    handoff = make_handoff(lane, rep=rep)
    if lane == "mql":
        lifecycle.claim(handoff, actor=rep)
    handoff.refresh_from_db()
    return handoff


@pytest.fixture
def sam():
    return make_user("sam", team="sales")


@pytest.fixture
def priya():
    return make_user("priya", team="sales")


def test_a_rep_passes_an_offer_on_and_both_timeline_and_colleague_hear_of_it(client, sam, priya):
    handoff = owned(sam)
    client.force_login(sam)
    assert act(client, handoff.lead, to=priya.pk, note="Speaks Polish").status_code == 302
    handoff.refresh_from_db()
    assert (handoff.owner, handoff.lead.rep, handoff.reassigned) == (priya, priya, 0)
    page = client.get(handoff.lead.get_absolute_url()).text
    assert "passed this lead on" in page
    assert "from Sam to Priya" in page
    assert "Speaks Polish" in Notice.objects.get(person=priya, kind="handoff:reassign").text
    assert not Notice.objects.filter(person=sam, kind="handoff:reassign").exists()
    assert RoutingDecision.objects.filter(handoff=handoff).latest("pk").before == sam


def test_somebody_elses_offer_is_theirs_to_pass_on_and_the_sentence_says_whose(client, sam, priya):
    handoff = owned(sam)
    client.force_login(priya)
    response = act(client, handoff.lead, to=priya.pk)
    assert response.status_code == 422
    assert "Sam has" in response.text
    client.force_login(make_user("ruth", team="management"))
    assert act(client, handoff.lead, to=priya.pk).status_code == 302
    assert Notice.objects.filter(person=sam, kind="handoff:reassign", text__contains="went on to Priya").exists()


def test_the_wrong_team_and_the_outsider_pass_nothing_on(client, sam, priya):
    handoff = owned(sam)
    assert act(client, handoff.lead, to=priya.pk).status_code == 302  # to the sign-in
    client.force_login(make_user("mia"))
    response = act(client, handoff.lead, to=priya.pk)
    assert (response.status_code, "this is for sales" in response.text) == (403, True)
    client.force_login(make_user("gone", team="sales", is_active=False))
    assert act(client, handoff.lead, to=priya.pk).status_code == 302
    handoff.refresh_from_db()
    assert handoff.owner == sam


def test_a_form_that_is_older_than_the_lead_is_refused_with_what_happened(client, sam, priya):
    handoff = owned(sam)
    seen = f"mofu:mql:{handoff.pk}"
    lifecycle.accept(handoff.lead, actor=sam)
    client.force_login(sam)
    response = act(client, handoff.lead, to=priya.pk, seen=seen)
    assert response.status_code == 422
    assert "Sam moved" in response.text


def test_an_offer_goes_back_to_a_queue_and_an_accepted_lead_to_the_next_of_it(client, sam, priya):
    north = Queue.objects.create(name="North")
    Member.objects.create(queue=north, rep=priya)
    offered, accepted = owned(sam), owned(sam, "sal")
    client.force_login(sam)
    act(client, offered.lead, queue=north.pk)
    act(client, accepted.lead, queue=north.pk)
    offered.refresh_from_db()
    accepted.refresh_from_db()
    assert (offered.owner, offered.queue, offered.lead.rep) == (None, north, None)
    assert (accepted.owner, accepted.lane) == (priya, "sal")


def test_an_accepted_lead_stays_where_it_is_when_nobody_is_free(client, sam):
    handoff = owned(sam, "sal")
    client.force_login(sam)
    response = act(client, handoff.lead, queue=Queue.default().pk)
    assert response.status_code == 422
    assert "needs a rep" in response.text
    handoff.refresh_from_db()
    assert handoff.owner == sam


def test_whoever_is_away_is_given_nothing(client, sam, priya):
    Absence.objects.create(person=priya, begins_on=clock.today())
    handoff = owned(sam)
    client.force_login(sam)
    response = act(client, handoff.lead, to=priya.pk)
    assert response.status_code == 422
    assert "away until further notice" in response.text


def test_a_rep_claims_from_their_own_queues_only(client, sam, priya):
    north = Queue.objects.create(name="North")
    Member.objects.create(queue=north, rep=priya)
    mia, lead = make_user("mia"), make_lead()
    lifecycle.offer(lead, actor=mia, queue=north)
    client.force_login(sam)
    assert lead.name not in client.get(reverse("handoff:inbox")).text
    for name in ("claim", "accept"):
        response = client.post(reverse("handoff:act", args=[lead.pk, name]))
        assert response.status_code == 422
        assert "lies in North" in response.text
    client.force_login(priya)
    assert lead.name in client.get(reverse("handoff:inbox")).text
    assert client.post(reverse("handoff:act", args=[lead.pk, "claim"])).status_code == 302
    assert Handoff.objects.open().get(lead=lead).owner == priya


def test_by_the_clock_it_goes_to_whoever_has_not_had_it_and_their_time_begins_anew(sam, priya):
    Queue.objects.filter(everybody=True).update(way="turns")
    handoff = owned(sam)
    handoff.promises.update(breached_at=clock.now())
    to = routing.next_for(handoff)
    assert to == priya
    lifecycle.reassign(handoff.lead, actor=None, to=to, by_clock=True)
    handoff.refresh_from_db()
    assert (handoff.owner, handoff.reassigned) == (priya, 1)
    assert handoff.promises.running().get().breached_at is None
    assert handoff.lead.activities.get(kind="handoff:reassign").actor is None
    assert routing.next_for(handoff) is None
    lifecycle.reassign(handoff.lead, actor=None, to=None, by_clock=True)
    handoff.refresh_from_db()
    assert (handoff.owner, handoff.queue, handoff.reassigned) == (None, Queue.default(), 2)


def test_a_machine_passes_on_by_username_and_by_the_name_of_a_queue(client, sam, priya):
    handoff = owned(sam)
    _token, secret = ApiToken.objects.create(sam, name="desk")
    client.defaults["HTTP_AUTHORIZATION"] = f"Token {secret}"
    address = f"/api/v1/leads/{handoff.lead.pk}/acts/reassign/"
    answer = client.post(address, {"queue": "All of sales", "note": "Not mine"}, content_type="application/json").json()
    assert (answer["lead"]["handoff"]["owner"], answer["lead"]["handoff"]["queue"]) == (None, "All of sales")
    answer = client.post(address, {"to": "priya"}, content_type="application/json").json()
    assert answer["lead"]["handoff"]["owner"] == "priya"
    refused = client.post(address, {"to": "sam"}, content_type="application/json")
    assert (refused.status_code, "Priya has" in refused.content.decode()) == (422, True)
