"""The deals page: what is open by step, what was won and lost, who may mend it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from handoff import deals, lifecycle
from handoff.models import Deal
from leads.models import Lead
from tests.factories import make_deal, make_reason, make_user


@pytest.fixture
def mia():
    return make_user("mia")


@pytest.fixture
def sam():
    return make_user("sam", team="sales")


def page(client, person=None, **query):
    if person:
        client.force_login(person)
    return client.get(reverse("handoff:deals"), query)


def listed(response):
    return [row.name for row in response.context["page"].rows]


def in_days(number):
    return timezone.localdate() + timedelta(days=number)


def make_open(name, *, step="discovery", close_on=None, amount=None, currency="EUR", **payload):
    deal = make_deal(**payload)
    Deal.objects.filter(pk=deal.pk).update(name=name, step=step, close_on=close_on, amount=amount, currency=currency)
    return Deal.objects.get(pk=deal.pk)


def many(number, **fields):
    """Deals in their hundreds, cheaply: copies of one, each with its primary lead."""
    first = make_deal()
    lead = first.leads.get()
    copies = [
        Deal(name=f"Copy {n}", company=lead.company, owner=first.owner, amount=10, opened_at=first.opened_at,
             step_since=first.step_since, **{"close_on": in_days(n % 40), **fields})
        for n in range(number)
    ]  # fmt: skip
    Deal.objects.bulk_create(copies)
    Deal.leads.through.objects.bulk_create(Deal.leads.through(deal=deal, lead=lead, primary=True) for deal in copies)


def test_open_deals_stand_by_step_and_then_by_the_day_they_should_close(client, mia):
    make_open("undated", step="proposal")
    make_open("late", step="proposal", close_on=in_days(-12))
    make_open("soon", step="proposal", close_on=in_days(3))
    make_open("last", step="negotiation", close_on=in_days(1))
    make_open("first", close_on=in_days(30))
    response = page(client, mia)
    assert listed(response) == ["first", "late", "soon", "undated", "last"]
    assert "12 d over" in response.text
    assert "No day yet" in response.text


def test_sums_are_kept_apart_by_currency_and_count_what_the_filters_let_through(client, sam):
    make_open("a", amount=1000)
    make_open("b", amount=500)
    make_open("c", amount=900, currency="CHF", step="proposal")
    book = page(client, sam).context["book"]
    assert [(group.step, group.number, group.sums) for group in book.groups] == [
        ("discovery", 2, [(1500, "EUR")]),
        ("proposal", 1, [(900, "CHF")]),
        ("negotiation", 0, []),
    ]
    assert (book.total.number, book.total.sums) == (3, [(1500, "EUR"), (900, "CHF")])
    assert page(client, step="proposal").context["book"].total.sums == [(900, "CHF")]


def test_filters_by_owner_and_step_and_an_unknown_one_matches_nothing(client, sam):
    kim = make_user("kim", team="sales")
    make_open("sam's")
    make_open("kim's", step="proposal")
    Deal.objects.filter(name="kim's").update(owner=kim)
    for query, found in (
        ({"owner": "me"}, ["sam's"]),
        ({"owner": "kim"}, ["kim's"]),
        ({"owner": "nobody"}, []),
        ({"owner": "no such person"}, []),
        ({"step": "proposal"}, ["kim's"]),
        ({"step": "won"}, []),
        ({"owner": "me", "step": "proposal"}, []),
    ):
        response = page(client, sam, **query)
        assert (response.status_code, listed(response)) == (200, found), query
    assert "No deal matches these filters" in page(client, owner="nobody").text


def test_pages_go_on_by_key_through_dated_and_undated_deals_of_every_step(client, sam):
    many(70)
    many(40, close_on=None)
    many(30, step="negotiation")
    seen, after = [], ""
    while True:
        response = page(client, sam, after=after)
        seen += listed(response)
        after = response.context["page"].after
        if not after:
            break
    rows = Deal.objects.open()
    assert len(seen) == rows.count() == 143
    assert len({row.pk for row in rows}) == 143
    for broken in ("x", "0..", "99.2026-01-01.1", "0.2026-02-30.1", "0.2026-01-01.99999999999999999999", "1..5"):
        assert page(client, after=broken).status_code == 200


def test_won_and_lost_deals_stand_newest_first_with_the_reason(client, sam):
    for name in ("older", "newer"):
        deals.win(make_open(name, amount=100), actor=sam)
    deals.lose(make_open("gone"), actor=sam, reason=make_reason("lose", "timing"), competitor="Meterline")
    assert listed(page(client, sam, status="won")) == ["newer", "older"]
    lost = page(client, status="lost")
    assert listed(lost) == ["gone"]
    assert str(make_reason("lose", "timing")) in lost.text
    assert "Meterline" in lost.text
    assert listed(page(client)) == []


def test_closed_pages_go_on_by_key(client, sam):
    many(120, status="won", closed_at=timezone.now())
    seen, after = [], ""
    while True:
        response = page(client, sam, status="won", after=after)
        seen += listed(response)
        after = response.context["page"].after
        if not after:
            break
    assert len(set(seen)) == len(seen) == 120
    assert page(client, status="won", after="x.y").status_code == 200
    assert page(client, status="won", after="999999999999999999999999.1").status_code == 200


def test_sales_moves_wins_and_loses_the_deal_that_is_named(client, sam):
    lead = make_open("first").leads.get()
    second = Deal.objects.create(
        name="second", owner=sam, opened_at=timezone.now(), step_since=timezone.now(), amount=7
    )
    second.roles.create(lead=lead)
    first = lead.deals.get(name="first")
    text = page(client, sam).text
    assert f'hx-get="{reverse("handoff:act", args=[lead.pk, "win"])}?deal={first.pk}"' in text
    act = reverse("handoff:act", args=[lead.pk, "advance"])
    client.post(act, {"deal": first.pk, "step": "negotiation"})
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.step, second.step) == ("negotiation", "discovery")
    form = client.get(reverse("handoff:act", args=[lead.pk, "win"]), {"deal": second.pk}).context["form"]
    assert form["amount"].value() == 7


def test_a_deal_whose_lead_is_qualified_again_waits_and_says_so(client, sam):
    deal = make_open("waits")
    lifecycle.requalify(deal.leads.get(), actor=sam, note="Who signs?")
    response = page(client, sam)
    assert listed(response) == ["waits"]
    assert not response.context["page"].rows[0].goes_on
    assert reverse("handoff:deal_edit", args=[deal.pk]) in response.text


def edit(client, deal, **said):
    address = reverse("handoff:deal_edit", args=[deal.pk])
    form = client.get(address).context["form"]
    data = {}
    for name in ("name", "amount", "currency", "close_on"):
        value = form[name].value()
        data |= {f"initial-{name}": "" if value is None else value, name: "" if value is None else value}
    return address, {**data, **said}


def test_sales_mends_a_deal_and_the_timeline_says_what_changed(client, sam):
    deal = make_open("Deal", amount=100)
    client.force_login(sam)
    address, said = edit(client, deal, name="Two lines", amount="61000.50", close_on=str(in_days(20)))
    response = client.post(address, said, follow=True)
    assert "Two lines is saved." in response.text
    deal.refresh_from_db()
    assert (deal.name, str(deal.amount), deal.close_on) == ("Two lines", "61000.50", in_days(20))
    told = deal.leads.get().activities.get(kind="deal:edit")
    assert (told.actor, told.data["changes"]["amount"]) == (sam, ["100.00", "61000.50"])


def test_what_is_wrong_is_said_and_the_words_are_kept(client, sam):
    deal = make_open("Deal")
    client.force_login(sam)
    for said in ({"amount": "-1"}, {"amount": "a lot"}, {"name": ""}, {"close_on": "2026-02-30"}, {"currency": "XXX"}):
        address, data = edit(client, deal, **said)
        response = client.post(address, data)
        assert response.status_code == 422, said
        assert response.context["form"].errors.keys() == said.keys()
    deal.refresh_from_db()
    assert deal.name == "Deal"


def test_somebody_else_s_change_in_between_is_shown_and_not_overwritten(client, sam):
    deal = make_open("Deal", amount=100)
    client.force_login(sam)
    address, said = edit(client, deal, amount="300")
    deals.edit(deal, actor=make_user("ruth", team="management"), changes={"amount": 200, "name": "Ruth's"})
    response = client.post(address, said)
    assert (response.status_code, "This is 200.00 since you opened it" in response.text) == (422, True)
    address, said = edit(client, deal, close_on=str(in_days(9)))
    client.post(address, {**said, "initial-name": "Deal", "name": "Deal"})  # untouched: it stays what Ruth said
    deal.refresh_from_db()
    assert (str(deal.amount), deal.name, deal.close_on) == ("200.00", "Ruth's", in_days(9))


def test_marketing_reads_deals_and_is_told_who_edits_them(client, mia):
    deal = make_open("Deal")
    response = page(client, mia)
    address = reverse("handoff:deal_edit", args=[deal.pk])
    assert "In BOFU this is for sales" in response.text
    assert address not in response.text
    for method in (client.get, client.post):
        refused = method(address)
        assert (refused.status_code, "this is for sales" in refused.text) == (403, True)


def test_the_outsider_sees_no_deal(client):
    deal = make_open("Deal")
    for address in (reverse("handoff:deals"), reverse("handoff:deal_edit", args=[deal.pk])):
        assert client.get(address).url.split("?")[0] == reverse("account_login")


def test_only_pages_of_ours_are_gone_back_to(client, sam):
    deal = make_open("Deal")
    client.force_login(sam)
    address, said = edit(client, deal, name="Other")
    assert client.post(address, {**said, "next": "https://elsewhere.example/"}).url == f"/leads/{deal.leads.get().pk}/"
    assert client.post(address, {**said, "next": "/deals/?owner=me"}).url == "/deals/?owner=me"
    assert "javascript:" not in client.get(address, {"next": "javascript:alert(1)"}).text


@pytest.mark.parametrize("status", ["", "won", "lost"])
def test_the_page_takes_the_same_number_of_queries_for_three_deals_and_for_three_hundred(client, sam, status):
    closed = {"status": status, "closed_at": timezone.now()} if status else {}

    def queries():
        with CaptureQueriesContext(connection) as taken:
            assert page(client, status=status).status_code == 200
        return len(taken)

    client.force_login(sam)
    many(3, **closed)
    page(client, status=status)
    few = queries()
    many(297, **closed)
    assert Lead.objects.exists()
    assert queries() == few <= 9
