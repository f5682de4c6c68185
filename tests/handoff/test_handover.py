"""A leaver's work goes to others: counted before, one act, each lead tells it once, each receiver hears of it once."""

from collections import Counter

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Absence
from handoff import handover, lifecycle
from handoff.models import Deal, Handoff, Member, Notice, Queue, RoutingDecision, RoutingRule, Task
from leads import clock
from leads.models import Activity, Lead
from tests.factories import make_handoff, make_handoffs, make_lead, make_leads, make_user


@pytest.fixture
def ruth():
    return make_user("ruth", team="management")


@pytest.fixture
def manager(client, ruth):
    client.force_login(ruth)
    return client


def make_work(sam):
    """One of each that a rep can hold."""
    offer = make_handoff()
    lifecycle.claim(offer, actor=sam)
    accepted = make_handoff("sal", rep=sam)
    deal = make_lead("bofu", rep=sam)
    customer = make_lead("customer", rep=sam)
    Task.objects.create(lead=accepted.lead, title="Send the offer", owner=sam, created_by=sam)
    Task.objects.create(title="Order cards", owner=sam, created_by=sam)
    return offer.lead, accepted.lead, deal, customer


def said(**changes):
    return {"kinds": ["handoffs", "deals", "leads", "tasks"], "sales": "turns", **changes}


def address(person):
    return reverse("handoff:hand_over", args=[person.pk])


def test_everything_goes_to_one_person_in_one_act(manager, ruth):
    sam, priya = make_user("sam", team="sales"), make_user("priya", team="sales")
    leads = make_work(sam)
    preview = manager.post(address(sam), said(sales=priya.pk, preview="1"))
    assert "2 hand-offs, 1 deal, 1 lead, 2 tasks" in preview.text
    assert Handoff.objects.open().filter(owner=sam).count() == 2  # a preview changes nothing
    manager.post(address(sam), said(sales=priya.pk, note="Sam leaves on Friday"))
    for lead in leads:
        lead.refresh_from_db()
        assert lead.rep == priya
        line = lead.activities.get(kind="lead:handover")
        assert (line.actor, line.data["from"], line.data["to"]) == (ruth, "Sam", "Priya")
    assert Handoff.objects.open().filter(owner=priya).count() == 2
    assert Deal.objects.open().get().owner == priya
    assert set(Task.objects.values_list("owner", flat=True)) == {priya.pk}
    notice = Notice.objects.get(kind="handover", person=priya)
    assert "Sam leaves on Friday" in notice.text
    gone = Notice.objects.get(kind="handover", person=sam).text
    assert gone == "Ruth gave work of yours to others: Priya: 2 hand-offs, 1 deal, 1 lead, 2 tasks."
    assert RoutingDecision.objects.filter(before=sam, rep=priya).count() == 2
    assert "handed this over" in manager.get(leads[0].get_absolute_url()).text
    assert "Nothing to hand over" in manager.get(address(sam)).text


def test_only_what_is_ticked_goes(manager):
    sam, priya = make_user("sam", team="sales"), make_user("priya", team="sales")
    offer, accepted, deal, customer = make_work(sam)
    manager.post(address(sam), said(kinds=["handoffs"], sales=priya.pk))
    assert [Lead.objects.get(pk=one.pk).rep for one in (offer, accepted, deal, customer)] == [priya, priya, sam, sam]
    assert Task.objects.filter(owner=sam).count() == 2
    assert manager.post(address(sam), {"sales": priya.pk}).status_code == 422


def test_in_turn_everybody_who_is_here_gets_their_share(manager):
    sam, priya = make_user("sam", team="sales"), make_user("priya", team="sales", weight=2)
    tomasz, away = make_user("tomasz", team="sales"), make_user("erik", team="sales")
    Absence.objects.create(person=away, begins_on=clock.today())
    offers = make_handoffs(30)
    Handoff.objects.filter(pk__in=[one.pk for one in offers]).update(owner=sam)
    manager.post(address(sam), said())
    assert Counter(Handoff.objects.open().values_list("owner", flat=True)) == {priya.pk: 20, tomasz.pk: 10}
    told = Notice.objects.filter(kind="handover").values_list("person", flat=True)
    assert sorted(told) == sorted([priya.pk, tomasz.pk, sam.pk])  # who got something, and whose it was


def test_by_the_rules_each_lead_goes_where_it_would_be_offered(manager):
    sam, priya = make_user("sam", team="sales"), make_user("priya", team="sales")
    north = Queue.objects.create(name="North")
    Member.objects.create(queue=north, rep=priya)
    offer, accepted = make_handoff(country="NO"), make_handoff("sal", rep=sam, country="NO")
    RoutingRule.objects.create(name="Norway", countries=["NO"], queue=north)
    lifecycle.claim(offer, actor=sam)
    other = make_handoff("sal", rep=sam)
    preview = manager.post(address(sam), said(sales="rules", preview="1")).text
    assert "North" in preview
    manager.post(address(sam), said(sales="rules"))
    for handoff in (offer, accepted, other):
        handoff.refresh_from_db()
    assert (offer.owner, offer.queue, offer.lead.rep) == (None, north, None)
    assert (accepted.owner, other.owner) == (priya, priya)
    assert "put work of Sam into North" in Notice.objects.get(person=priya, text__contains="into North").text


def test_a_marketers_leads_go_to_marketing(manager):
    mia, jonas = make_user("mia"), make_user("jonas")
    lead = make_lead()
    Lead.objects.filter(pk=lead.pk).update(marketer=mia)
    Task.objects.create(lead=lead, title="Write to them", owner=mia, created_by=mia)
    page = manager.get(address(mia)).text
    assert "What is marketing&#x27;s goes to" in page
    manager.post(address(mia), {"kinds": ["leads", "tasks"], "marketing": jonas.pk})
    lead.refresh_from_db()
    assert (lead.marketer, Task.objects.get().owner) == (jonas, jonas)


def test_the_wrong_person_and_the_wrong_team_hand_nothing_over(client, ruth):
    sam, priya = make_user("sam", team="sales"), make_user("priya", team="sales")
    make_work(sam)
    for person in (make_user("mia"), sam, priya):
        client.force_login(person)
        assert client.get(address(sam)).status_code == 403
        assert client.post(address(sam), said(sales=priya.pk)).status_code == 403
    client.force_login(ruth)
    for nobody in (sam.pk, make_user("mia").pk, make_user("gone", team="sales", is_active=False).pk, 0):
        assert client.post(address(sam), said(sales=nobody)).status_code == 422
    assert Handoff.objects.open().filter(owner=sam).count() == 2


def test_who_leaves_is_proposed_to_be_relieved_and_their_leads_say_so(manager):
    sam = make_user("sam", team="sales")
    make_user("priya", team="sales")
    lead = make_handoff("sal", rep=sam).lead
    response = manager.post(reverse("handoff:person", args=[sam.pk]), {"act": "deactivate"})
    assert response.url == address(sam)
    for page in (lead.get_absolute_url(), reverse("leads:table"), reverse("handoff:board")):
        assert "cannot sign in" in manager.get(page).text
    manager.post(address(sam), said())
    assert "cannot sign in" not in manager.get(lead.get_absolute_url()).text


@pytest.mark.parametrize("way", ["turns", "rules"])
def test_five_thousand_leads_take_as_many_queries_as_five(ruth, way):
    sam, priya = make_user("sam", team="sales"), make_user("priya", team="sales")
    Queue.objects.filter(everybody=True).update(way="turns")

    def queries(offers, leads):
        held = [one.pk for one in make_handoffs(offers)] if offers else []
        Handoff.objects.filter(pk__in=held).update(owner=sam)
        Lead.objects.filter(pk__in=[one.pk for one in make_leads(leads)]).update(rep=sam)
        with CaptureQueriesContext(connection) as taken:
            handover.hand_over(sam, actor=ruth, sales=way)
        assert not Lead.objects.filter(rep=sam).exists()
        return len(taken)

    few = queries(3, 5)
    assert queries(300, 4_700) == few <= 40
    assert Activity.objects.filter(kind="lead:handover").count() == 8 + 5_000
    assert Handoff.objects.open().filter(owner=priya).count() == 303
    assert Notice.objects.filter(kind="handover", person=priya).count() == 2
