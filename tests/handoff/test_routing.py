"""Whom a lead is offered to: rules in order, who is here, whose turn it is, and why, told before and kept after."""

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Absence, User, WorkingHours
from handoff import lifecycle, routing
from handoff.models import Handoff, Member, Notice, Queue, RoutingDecision, RoutingRule
from handoff.routing import Facts, Turns
from leads import clock
from tests.factories import make_handoffs, make_lead, make_leads, make_reason, make_user

VIENNA = ZoneInfo("Europe/Vienna")
TUESDAY_NOON = datetime(2026, 11, 24, 12, tzinfo=VIENNA)


def make_rep(username, **fields):
    return make_user(username, team="sales", **fields)


def make_queue(name, *reps, way="turns"):
    queue = Queue.objects.create(name=name, way=way)
    for rep in reps:
        Member.objects.create(queue=queue, rep=rep)
    return queue


def make_rule(name="Rule", **said):
    return RoutingRule.objects.create(name=name, position=RoutingRule.objects.count() + 1, **said)


def offered(lead):
    """Who gets a lead that marketing hands over now."""
    lifecycle.offer(lead, actor=make_user("mia"))
    return Handoff.objects.open().select_related("owner", "queue").get(lead=lead)


def away(person, **days):
    return Absence.objects.create(person=person, **{"begins_on": clock.today(), **days})


@pytest.fixture
def manager(client):
    client.force_login(make_user("ruth", team="management"))
    return client


# rules


def test_without_rules_an_offer_lies_with_all_of_sales():
    make_rep("sam")
    handoff = offered(make_lead())
    assert (handoff.owner, handoff.queue) == (None, Queue.default())


def test_the_first_rule_that_holds_decides():
    sam, priya = make_rep("sam"), make_rep("priya")
    make_rule("Poland", countries=["PL"], rep=priya)
    make_rule("Big", size_from=500, rep=sam)
    poland = make_lead(company={"name": "Duza", "country": "PL", "size": 900})
    assert offered(poland).owner == priya
    assert offered(make_lead(company={"name": "Gross", "country": "AT", "size": 900})).owner == sam
    assert offered(make_lead(company={"name": "Klein", "country": "AT", "size": 20})).owner is None
    decision = RoutingDecision.objects.get(handoff__lead=poland)
    assert (decision.rule.name, decision.rep) == ("Poland", priya)


@pytest.mark.parametrize(
    ("condition", "facts", "holds"),
    [
        ({"places": ["Łódź"]}, {"places": ("lodz",)}, True),
        ({"places": ["Graz"]}, {"places": ("Wien", "Steiermark")}, False),
        ({"industries": ["Metal"]}, {"industry": "metal"}, True),
        ({"size_from": 50, "size_to": 100}, {"size": 100}, True),
        ({"size_to": 100}, {"size": 101}, False),
        ({"size_to": 100}, {}, False),
        ({"value_from": 1000}, {"value": 1000}, True),
        ({"sources": ["webinar"]}, {"source": "paid_search"}, False),
        ({"personas": [7]}, {"persona": 7}, True),
        ({"personas": [7]}, {"persona": None}, False),
        ({"countries": ["AT"], "industries": ["Metal"]}, {"country": "AT", "industry": "Food"}, False),
    ],
)
def test_all_conditions_that_are_set_must_hold(condition, facts, holds):
    sam = make_rep("sam")
    make_rule(rep=sam, **condition)
    assert (routing.trial(Facts(**facts)).rep == sam) is holds


def test_who_has_worked_with_the_lead_comes_first_and_then_who_works_with_the_company():
    sam, priya, tomasz = make_rep("sam"), make_rep("priya"), make_rep("tomasz")
    make_rule(rep=tomasz)
    mine, theirs = (
        make_lead(company={"name": "Fehr", "domain": "fehr.example"}),
        make_lead(company={"name": "Fehr", "domain": "fehr.example"}),
    )
    mine.rep = sam
    mine.save()
    assert offered(mine).owner == sam
    assert offered(theirs).owner == sam
    away(sam)
    other = make_lead(company={"name": "Fehr", "domain": "fehr.example"})
    assert offered(other).owner == tomasz
    assert priya.handoffs.count() == 0


# who is here


def test_whoever_is_away_gets_nothing_and_the_decision_says_until_when():
    sam, priya = make_rep("sam"), make_rep("priya")
    queue = make_queue("North", sam, priya)
    make_rule(queue=queue)
    away(sam, ends_on=clock.today() + timedelta(days=3))
    owners = {offered(make_lead()).owner for _ in range(4)}
    assert owners == {priya}
    considered = {name: why for _pk, name, why in RoutingDecision.objects.latest("pk").considered}
    assert "away until" in considered["Sam"]


def test_a_day_away_is_a_day_of_their_own_time_zone():
    kiri = make_rep("kiri", time_zone="Pacific/Auckland")
    Absence.objects.create(person=kiri, begins_on=date(2026, 11, 25), ends_on=date(2026, 11, 25))
    make_rule(rep=kiri)
    with clock.at(datetime(2026, 11, 24, 12, tzinfo=VIENNA)):  # already the 25th in Auckland
        assert routing.trial(Facts()).rep is None
    with clock.at(datetime(2026, 11, 25, 12, tzinfo=VIENNA)):  # already the 26th
        assert routing.trial(Facts()).rep == kiri


def test_while_somebody_is_at_work_those_who_are_not_wait_and_at_night_it_goes_on_in_turn():
    early, late = make_rep("early", time_zone="Europe/Vienna"), make_rep("late", time_zone="Europe/Vienna")
    for person, opens, closes in ((early, time(6), time(13)), (late, time(13), time(20))):
        WorkingHours.objects.create(person=person, weekday=1, opens=opens, closes=closes)
    make_rule(queue=make_queue("Shifts", early, late))
    with clock.at(TUESDAY_NOON):
        assert {offered(make_lead()).owner for _ in range(3)} == {early}
    with clock.at(TUESDAY_NOON + timedelta(hours=11)):
        assert {offered(make_lead()).owner for _ in range(4)} == {early, late}
    RoutingRule.objects.update(only_in_hours=True)
    with clock.at(TUESDAY_NOON + timedelta(hours=11)):
        handoff = offered(make_lead())
        assert (handoff.owner, str(handoff.queue)) == (None, "Shifts")


def test_who_holds_as_many_as_agreed_is_passed_over_but_their_own_lead_comes_to_them():
    sam, priya = make_rep("sam", capacity=1), make_rep("priya")
    make_rule(queue=make_queue("North", sam, priya))
    owners = Counter(offered(make_lead()).owner for _ in range(6))
    assert owners == {sam: 1, priya: 5}
    own = make_lead()
    own.rep = sam
    own.save()
    assert offered(own).owner == sam


def test_a_limit_in_one_queue_counts_what_came_through_it():
    sam, priya = make_rep("sam"), make_rep("priya")
    queue = make_queue("North", sam, priya)
    queue.members.filter(rep=sam).update(capacity=2)
    make_rule(queue=queue)
    assert Counter(offered(make_lead()).owner for _ in range(7)) == {sam: 2, priya: 5}


def test_nobody_who_said_no_to_a_lead_twice_gets_it_again():
    sam = make_rep("sam")
    make_rule(rep=sam)
    lead, mia = make_lead(), make_user("mia")
    for _time in range(2):
        assert offered(lead).owner == sam
        lifecycle.return_to_marketing(lead, actor=sam, reason=make_reason("return", "facts_missing"), verdict="No")
    handoff = offered(lead)
    assert (handoff.owner, handoff.queue) == (None, Queue.default())
    assert Notice.objects.filter(person=mia, kind="handoff:returned").count() == 2
    told = RoutingDecision.objects.get(handoff=handoff)
    assert [why for _pk, name, why in told.considered if name == "Sam"] == ["said no to this lead twice"]


def test_a_procedural_return_is_not_given_back_to_whoever_returned_it():
    sam, priya = make_rep("sam"), make_rep("priya")
    make_rule(queue=make_queue("North", sam, priya))
    lead = make_lead()
    first = offered(lead).owner
    following = lifecycle.return_to_marketing(lead, actor=first, reason=make_reason("return", "another_region"))
    assert following.owner == ({sam, priya} - {first}).pop()


def test_a_queue_in_which_nobody_is_free_keeps_the_lead_and_the_managers_hear_of_it():
    ruth, sam = make_user("ruth", team="management"), make_rep("sam")
    away(sam)
    make_rule(queue=make_queue("North", sam))
    handoff = offered(make_lead())
    assert (handoff.owner, str(handoff.queue)) == (None, "North")
    assert Notice.objects.filter(lead=handoff.lead, kind="handoff:offer", person=ruth).exists()


# in turn


@given(weights=st.lists(st.integers(1, 10), min_size=1, max_size=9), rounds=st.integers(20, 120))
def test_over_any_twenty_nobody_is_more_than_one_lead_from_their_share(weights, rounds):
    turns, among = Turns(), dict(enumerate(weights))
    given_to, total = [turns.take(among) for _ in range(rounds)], sum(weights)
    for start in range(rounds - 19):
        counted = Counter(given_to[start : start + 20])
        for key, weight in among.items():
            assert abs(counted[key] * total - 20 * weight) <= total
    counted = Counter(given_to)
    assert all(abs(counted[key] * total - rounds * weight) <= total for key, weight in among.items())


@given(st.data())
def test_who_comes_back_is_not_flooded_with_what_they_missed(data):
    reps = list(range(data.draw(st.integers(2, 6))))
    turns, gone = Turns(), data.draw(st.sampled_from(reps))
    for _number in range(data.draw(st.integers(1, 60))):
        turns.take({rep: 1 for rep in reps if rep != gone})
    then = [turns.take(dict.fromkeys(reps, 1)) for _ in range(20)]
    counted = Counter(then)
    assert all(abs(counted[rep] * len(reps) - 20) <= 2 * len(reps) for rep in reps)


def test_a_queue_remembers_whose_turn_it_is():
    reps = [make_rep(f"rep{number}") for number in range(3)]
    User.objects.filter(pk=reps[0].pk).update(weight=2)
    make_rule(queue=make_queue("North", *reps))
    owners = [offered(lead).owner for lead in make_leads(20)]
    assert Counter(owners) == {reps[0]: 10, reps[1]: 5, reps[2]: 5}


@pytest.mark.django_db(transaction=True)
def test_many_offers_at_once_stay_fair():
    reps = [make_rep(f"rep{number}") for number in range(4)]
    make_rule(queue=make_queue("North", *reps))
    leads, mia = make_leads(24), make_user("mia")

    def offer(lead):
        try:
            lifecycle.offer(lead, actor=mia)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(offer, leads))
    in_order = list(RoutingDecision.objects.order_by("pk").values_list("rep", flat=True))
    assert Counter(in_order) == {rep.pk: 6 for rep in reps}


# the dry run


def test_the_dry_run_tells_who_and_why_changes_nothing_and_the_offer_straight_after_is_the_same(manager):
    sam, priya, tomasz = make_rep("sam"), make_rep("priya"), make_rep("tomasz")
    away(tomasz)
    make_rule("Nowhere", countries=["NO"], rep=sam)
    make_rule("Metal", industries=["Metal"], queue=make_queue("Works", sam, priya, tomasz))
    for number in range(5):
        lead = make_lead(company={"name": f"Stahl {number}", "industry": "Metal", "country": "AT"})
        before = list(Queue.objects.values("credits", "lately"))
        page = manager.get(reverse("handoff:routing"), {"lead": lead.pk})
        assert "does not hold: country is AT" in page.text
        assert "away until further notice" in page.text
        assert list(Queue.objects.values("credits", "lately")) == before
        assert not RoutingDecision.objects.filter(handoff__lead=lead).exists()
        foretold = page.context["route"]
        assert offered(lead).owner == foretold.rep
        assert RoutingDecision.objects.get(handoff__lead=lead).why == foretold.why
    page = manager.get(reverse("handoff:routing")).text
    assert "Last decisions" in page
    assert "by the rule Metal" in page


def test_a_lead_that_is_only_imagined_can_be_tried(manager):
    sam = make_rep("sam")
    make_rule("Poland", countries=["PL"], rep=sam)
    page = manager.get(reverse("handoff:routing"), {"country": "pl", "size": "80"})
    assert page.context["route"].rep == sam
    assert manager.get(reverse("handoff:routing"), {"country": "", "size": "x"}).status_code == 200


def test_handing_over_names_who_it_would_be_and_proposes_why_now(client):
    sam, mia = make_rep("sam"), make_user("mia")
    make_rule(rep=sam)
    lead = make_lead(activity={"kind": "form:submit", "text": "What does it cost?"})
    client.force_login(mia)
    page = client.get(reverse("handoff:act", args=[lead.pk, "offer"])).text
    assert "By the rules: Sam" in page
    assert "What does it cost?" in page


def test_marketing_may_choose_a_rep_or_a_queue(client):
    make_rep("sam")
    priya, mia = make_rep("priya"), make_user("mia")
    north = make_queue("North", priya, way="pool")
    client.force_login(mia)
    one, two = make_lead(), make_lead()
    client.post(reverse("handoff:act", args=[one.pk, "offer"]), {"to": priya.pk})
    client.post(reverse("handoff:act", args=[two.pk, "offer"]), {"queue": north.pk})
    assert Handoff.objects.open().get(lead=one).owner == priya
    assert Handoff.objects.open().get(lead=two).queue == north


# the page


def rule_words(**changes):
    return {"name": "Poland", "countries": "pl, cz", "target": f"queue:{Queue.default().pk}"} | changes


def test_a_manager_writes_orders_and_retires_rules(manager):
    sam = make_rep("sam")
    for name in ("First", "Second"):
        assert manager.post(reverse("handoff:rule_add"), rule_words(name=name)).status_code == 302
    first, second = RoutingRule.objects.active()
    assert (first.name, first.countries) == ("First", ["PL", "CZ"])
    manager.post(reverse("handoff:rule_act", args=[second.pk, "up"]))
    assert [rule.name for rule in RoutingRule.objects.active()] == ["Second", "First"]
    manager.post(reverse("handoff:rule_act", args=[second.pk, "up"]))
    manager.post(reverse("handoff:rule_act", args=[second.pk, "down"]))
    assert [rule.name for rule in RoutingRule.objects.active()] == ["First", "Second"]
    manager.post(reverse("handoff:rule", args=[first.pk]), rule_words(name="Sam's", target=f"rep:{sam.pk}"))
    page = manager.get(reverse("handoff:routing")).text
    assert "country PL or CZ" in page
    assert page.index("Sam&#x27;s") < page.index("Second")
    manager.post(reverse("handoff:rule_act", args=[first.pk, "retire"]))
    assert [rule.name for rule in RoutingRule.objects.active()] == ["Second"]
    manager.post(reverse("handoff:rule_act", args=[first.pk, "ask"]))
    assert [rule.name for rule in RoutingRule.objects.active()] == ["Second", "Sam's"]
    assert manager.post(reverse("handoff:rule_act", args=[first.pk, "explode"])).status_code == 404


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"countries": "Poland"}, "Poland is not the two letters of a country, such as AT."),
        ({"size_from": "9", "size_to": "3"}, "below the least"),
        ({"target": ""}, "required"),
        ({"name": ""}, "required"),
        ({"target": "rep:0"}, "Select a valid choice"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_with_its_words_kept(manager, changes, told):
    response = manager.post(reverse("handoff:rule_add"), rule_words(places="Graz", **changes))
    assert response.status_code == 422
    assert told in response.text
    assert "Graz" in response.text
    assert not RoutingRule.objects.exists()


def test_a_manager_writes_a_queue_and_retires_it_once_no_rule_leads_there(manager):
    sam, priya = make_rep("sam"), make_rep("priya")
    words = {"name": "North", "way": "pool", f"in_{sam.pk}": "on", f"weight_{sam.pk}": "3", f"capacity_{sam.pk}": "8"}
    assert manager.post(reverse("handoff:queue_add"), {"name": "North", "way": "pool"}).status_code == 422
    assert manager.post(reverse("handoff:queue_add"), words).status_code == 302
    north = Queue.objects.get(name="North")
    assert list(north.members.values_list("rep", "weight", "capacity")) == [(sam.pk, 3, 8)]
    assert "already" in manager.post(reverse("handoff:queue_add"), words | {"name": "NORTH"}).text
    manager.post(reverse("handoff:queue", args=[north.pk]), {"name": "North", "way": "pool", f"in_{priya.pk}": "on"})
    assert list(north.members.values_list("rep", "weight")) == [(priya.pk, None)]
    rule, lead = make_rule(queue=north), make_lead()
    handoff = offered(lead)
    assert handoff.queue == north
    assert "change or retire it first" in manager.post(reverse("handoff:queue_retire", args=[north.pk])).text
    manager.post(reverse("handoff:rule_act", args=[rule.pk, "retire"]))
    manager.post(reverse("handoff:queue_retire", args=[north.pk]))
    handoff.refresh_from_db()
    assert handoff.queue == Queue.default()
    assert manager.post(reverse("handoff:queue_retire", args=[Queue.default().pk])).status_code == 422


def test_everybody_reads_the_routing_and_only_management_writes_it(client):
    rule = make_rule(rep=make_rep("sam"))
    for person in (make_user("mia"), make_rep("sam")):
        client.force_login(person)
        page = client.get(reverse("handoff:routing"))
        assert (page.status_code, "Add a rule" in page.text) == (200, False)
        for name, args in (("rule_add", []), ("rule", [rule.pk]), ("queue_add", []), ("queue", [Queue.default().pk])):
            assert client.get(reverse(f"handoff:{name}", args=args)).status_code == 403
        assert client.post(reverse("handoff:rule_act", args=[rule.pk, "retire"])).status_code == 403
        assert client.post(reverse("handoff:queue_retire", args=[Queue.default().pk])).status_code == 403


def test_the_page_takes_as_many_queries_for_thirty_rules_as_for_three(manager):
    def queries():
        manager.get(reverse("handoff:routing"))
        with CaptureQueriesContext(connection) as taken:
            assert manager.get(reverse("handoff:routing")).status_code == 200
        return len(taken)

    def fill(number):
        for _one in range(number):
            rep = make_user(team="sales")
            make_rule(f"Rule {rep.pk}", queue=make_queue(f"Queue {rep.pk}", rep, make_user(team="sales")))

    fill(3)
    few = queries()
    fill(27)
    make_handoffs(30)
    assert queries() == few <= 16


def test_an_offer_by_rules_takes_as_many_queries_with_thirty_rules_as_with_three():
    def queries():
        with CaptureQueriesContext(connection) as taken:
            routing.trial(Facts(country="AT"))
        return len(taken)

    reps = [make_user(team="sales", capacity=3) for _ in range(3)]
    for number in range(3):
        make_rule(f"No {number}", countries=["NO"], queue=make_queue(f"Q{number}", *reps))
    make_rule("Yes", queue=make_queue("Yes", *reps))
    few = queries()
    for number in range(27):
        make_rule(f"Nor {number}", countries=["NO"], queue=make_queue(f"R{number}", *reps))
    assert queries() == few <= 9


def test_words_of_the_search_find_leads_to_try(manager):
    lead = make_lead(name="Lena Fehr")
    page = manager.get(reverse("handoff:routing"), {"q": "fehr"}).text
    assert re.search(rf'\?lead={lead.pk}#try">Lena Fehr', page)
