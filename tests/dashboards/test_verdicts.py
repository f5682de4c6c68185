"""What became of each lead that was handed over: by week, source, campaign, persona and first touch, and by name."""

import html
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from unittest import mock

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboards.verdicts import PARTS
from handoff import deals, lifecycle
from handoff.models import Handoff
from leads.models import Lead, Source
from personas.models import Persona
from tests.dashboards import offers
from tests.dashboards.journeys import a_full_house, journey
from tests.dashboards.reading import numbers, opens_what_it_counts, rows_of, total
from tests.factories import make_handoff, make_handoffs, make_lead, make_reason, make_user

VERDICTS, LIST, FILE = (reverse(f"dashboards:{name}") for name in ("verdicts", "visits", "verdicts_csv"))
BY = ("source", "campaign", "persona", "form")


@pytest.fixture
def mia(client):
    person = make_user("mia")
    client.force_login(person)
    return person


@pytest.fixture
def sam():
    return make_user("sam", team="sales")


def figures(client, **said):
    return client.get(VERDICTS, {"period": "all", **said}).context["figures"]


def shown(rows):
    """What a table says, by the key of each row: its counts, and the value won by currency."""
    counts = {row.key: tuple(getattr(row, name).count for name in offers.COLUMNS) for row in rows}
    value = {row.key: {amount.currency: amount.total for amount in row.amounts} for row in rows if row.amounts}
    return {key: row for key, row in counts.items() if any(row)}, value


def a_house_with_campaigns():
    """Journeys of leads of which some have a campaign, a persona and a form of their own."""
    leads, cfo = a_full_house(), Persona.objects.create(name="CFO")
    fair = make_lead(campaign="Autumn fair", activity={"kind": "form:submit", "text": "Payback calculator"})
    lifecycle.offer(fair, actor=make_user("max"))
    Lead.objects.filter(pk__in=[lead.pk for lead in leads[::3]]).update(persona=cfo)
    Lead.objects.filter(pk__in=[lead.pk for lead in leads[::4]]).update(campaign=fair.campaign)


# The oracle


def check_against_a_recount(client, first=None, last=None, marketer=None):
    said = {"from": first, "to": last, "marketer": marketer}
    said = {name: value for name, value in said.items() if value}
    for by in BY:
        told = figures(client, by=by, **said)
        plain = {"first": first, "last": last, "marketer": marketer}
        assert shown(told.weeks) == offers.counted("week", **plain)
        assert shown(told.groups) == offers.counted(by, **plain), by
        assert sum(part.count for part in told.fates) == told.whole.offered.count
        for row in (told.whole, *told.weeks, *told.groups):
            assert sum(getattr(row, name).count for name in PARTS) == row.offered.count


days = st.dates(date(2026, 1, 1), date(2026, 9, 30))


@settings(max_examples=8)
@given(
    seeds=st.lists(st.integers(0, 10**6), min_size=1, max_size=6, unique=True),
    period=st.one_of(st.just((None, None)), st.tuples(days, days).map(sorted)),
)
def test_every_figure_is_what_a_plain_recount_of_the_offers_finds(client, seeds, period):
    with transaction.atomic():
        client.force_login(make_user("ruth", team="management"))
        for seed in seeds:
            journey(seed)
        check_against_a_recount(client, *period)
        transaction.set_rollback(True)


def test_a_full_house_is_recounted_and_every_number_opens_exactly_what_it_counts(client, mia):
    a_house_with_campaigns()
    check_against_a_recount(client)
    check_against_a_recount(client, date(2026, 2, 4), date(2026, 4, 30), mia.pk)
    looked = set()
    for by in BY:
        found = numbers(client.get(VERDICTS, {"period": "all", "by": by}).text)
        assert len(found) > 60
        for address, count, words in found:
            if address in looked:
                continue
            looked.add(address)
            opens_what_it_counts(client, address, count, words)


def test_the_offers_are_those_that_the_funnel_counts(client, mia):
    a_full_house()
    funnel = client.get(reverse("dashboards:funnel"), {"period": "all"}).context["figures"]
    mql = next(step for step in funnel.steps if step.key == "mql")
    assert figures(client).whole.offered.count == mql.visits.count


# Who sees it


def test_mia_sam_and_ruth_read_the_same_figures(client):
    a_house_with_campaigns()
    pages = []
    for name, team in (("mia", "marketing"), ("sam", "sales"), ("ruth", "management")):
        client.force_login(make_user(name, team=team))
        pages.append(numbers(client.get(VERDICTS, {"period": "all"}).text))
        assert client.get(FILE).status_code == 200
    assert pages[0] == pages[1] == pages[2] != []


def test_the_outsider_is_asked_to_sign_in_and_somebody_who_left_sees_nothing(client, mia):
    make_handoff()
    mia.is_active = False
    mia.save()
    for address in (VERDICTS, LIST, FILE):
        response = client.get(address, {"what": "offers"})
        assert response.status_code == 302
        assert reverse("account_login") in response.url


# What single offers look like


def returned(reason, sam, verdict=""):
    lead = make_handoff().lead
    lifecycle.return_to_marketing(lead, actor=sam, reason=make_reason("return", reason), verdict=verdict)
    return lead


def test_a_return_is_told_with_its_class_its_reason_and_what_would_have_made_it_right(client, mia, sam):
    lead = returned("facts_missing", sam, "The number ends in a fax line")
    whole = figures(client).whole
    assert (whole.clerical.count, whole.procedural.count, whole.definitional.count) == (1, 0, 0)
    page = client.get(whole.clerical.href).text
    for words in (lead.name, "returned, clerical", "Facts missing or wrong", "“The number ends in a fax line”"):
        assert words in html.unescape(page)
    assert client.get(whole.returned.href).context["total"] == 1


def test_a_verdict_is_on_the_page_as_soon_as_it_is_given(client, mia, sam):
    handoff = make_handoff()
    assert figures(client, marketer="me").whole.waiting.count == 1
    lifecycle.accept(handoff.lead, actor=sam)
    whole = figures(client, marketer="me").whole
    assert (whole.waiting.count, whole.accepted.count) == (0, 1)


def test_my_day_of_marketing_tells_each_verdict_in_words_and_leads_to_all_of_one_s_own(client, mia, sam):
    lead = returned("facts_missing", sam, "The number ends in a fax line")
    page = html.unescape(client.get(reverse("handoff:my_day")).text)
    for words in (lead.name, "Returned, clerical", "Facts missing or wrong", "“The number ends in a fax line”"):
        assert words in page
    own = client.get(re.search(rf'href="({VERDICTS}[^"]+)"', page)[1]).context["figures"]
    assert (own.chosen.marketer, own.whole.clerical.count) == (str(mia.pk), 1)


def test_a_won_deal_and_its_value_belong_to_the_offer_that_led_to_it(client, mia, sam):
    lead = make_lead("bofu", campaign="Autumn fair")
    deals.win(lead.deals.get(), actor=sam, amount=Decimal(61000))
    told = figures(client, by="campaign")
    assert told.whole.won.count == 1
    assert [(row.name, row.won.count, row.amounts[0].total) for row in told.groups] == [("Autumn fair", 1, 61000)]
    page = client.get(told.groups[0].amounts[0].href)
    assert "€61,000" in page.text
    assert "Verdicts" in page.text


@pytest.mark.parametrize("bought_from", ["mofu", "bofu"])
def test_somebody_who_buys_by_themselves_is_won_by_the_offer_that_stood(client, mia, bought_from):
    lead = make_lead(bought_from)
    lifecycle.purchase(lead, at=datetime.now(UTC), fields={"amount": Decimal(900)})
    whole = figures(client).whole
    assert (whole.won.count, [amount.total for amount in whole.amounts]) == (1, [900])
    assert client.get(whole.won.href).context["page"].rows[0].became == "won"


def test_a_deal_that_needs_more_qualifying_is_no_second_offer_and_its_win_counts_once(client, mia, sam):
    lead = make_lead("bofu")
    lifecycle.requalify(lead, actor=sam)
    deal = deals.open_deal(lead, actor=sam)
    deals.win(deal, actor=sam, amount=Decimal(500))
    whole = figures(client).whole
    assert (whole.offered.count, whole.won.count) == (1, 1)
    assert Handoff.objects.count() == 2


def test_a_lead_sent_on_to_the_right_rep_is_two_offers(client, mia, sam):
    returned("another_region", sam)
    whole = figures(client).whole
    assert (whole.offered.count, whole.procedural.count, whole.waiting.count) == (2, 1, 1)


def test_an_offer_that_marketing_takes_back_and_a_deal_that_is_lost_have_columns_of_their_own(client, mia, sam):
    lifecycle.withdraw(make_handoff().lead, actor=mia, reason=make_reason("withdraw"))
    deals.lose(make_lead("bofu").deals.get(), actor=sam, reason=make_reason("lose"))
    make_lead("bofu")
    whole = figures(client).whole
    assert {name: getattr(whole, name).count for name in PARTS if getattr(whole, name).count} == {
        "withdrawn": 1,
        "lost": 1,
        "under_way": 1,
    }
    assert client.get(whole.withdrawn.href).context["page"].rows[0].became == "withdrawn"
    assert client.get(whole.lost.href).context["page"].rows[0].became == "deal lost"
    assert "under way" in client.get(whole.under_way.href).text


# Ratings


def rated(client, sam, mia, *, lead=None, follow_up=None, **said):
    handoff = make_handoff("sal", **said)
    for actor, good in ((sam, lead), (mia, follow_up)):
        if good is not None:
            client.force_login(actor)
            client.post(reverse("handoff:rate", args=[handoff.pk]), {"good": "yes" if good else "no"})
    client.force_login(mia)
    return handoff


def test_what_each_team_thinks_of_the_other_s_part_is_told_with_the_number_it_rests_on(client, mia, sam):
    good = rated(client, sam, mia, lead=True, follow_up=False, source="webinar")
    rated(client, sam, mia, lead=False, source="webinar")
    rated(client, sam, mia, lead=True, follow_up=True, source="event")
    make_handoff()
    page = html.unescape(re.sub("<[^>]+>", "", client.get(VERDICTS, {"period": "all"}).text))
    assert "Sales called 2 of 3 rated leads good." in page
    assert "Marketing called 1 of 2 rated follow-ups good." in page
    told = {row.key: [(one.good.count, one.rated.count) for one in row.ratings] for row in figures(client).groups}
    assert (told["webinar"], told["event"]) == ([(1, 2), (0, 1)], [(1, 1), (1, 1)])
    lead, follow_up = figures(client, source="webinar").whole.ratings
    assert (lead.share.percent, follow_up.share.percent) == (50, 0)
    opened = client.get(lead.good.href)
    assert [row.handoff.pk for row in opened.context["page"].rows] == [good.pk]
    for words in ("a good lead, by sales", "good lead", "not a good follow-up"):
        assert words in opened.text


def test_a_rating_that_is_taken_away_counts_no_more(client, mia, sam):
    handoff = rated(client, sam, mia, lead=True)
    client.force_login(sam)
    client.post(reverse("handoff:rate", args=[handoff.pk]), {"good": "none"})
    assert [rating.rated.count for rating in figures(client).whole.ratings] == [0, 0]


def test_the_teams_own_offers_are_those_that_promises_counts(client, mia, sam):
    a_full_house()
    make_handoff()
    told = figures(client)
    months = client.get(reverse("dashboards:promises"), {"period": "all"}).context["figures"].months
    assert told.by_marketing.count == sum(month.leads.count for month in months) < told.whole.offered.count
    assert total(client.get(told.by_marketing.href)) == told.by_marketing.count
    assert "one sent on to another rep is an offer of its own" in html.unescape(client.get(VERDICTS).text)


# Filters, periods, and what nobody knows


def test_a_marketer_sees_their_own_and_a_colleague_s(client, mia, sam):
    max_ = make_user("max")
    lifecycle.offer(make_lead(actor=max_), actor=max_)
    make_handoff()
    unasked = make_lead()  # the line offers it: it is its marketer's
    Lead.objects.filter(pk=unasked.pk).update(marketer=max_)
    lifecycle.offer(Lead.objects.get(pk=unasked.pk), actor=None, origin="line")
    counts = [figures(client, marketer=key).whole.offered.count for key in ("me", str(max_.pk), str(sam.pk), "")]
    assert counts == [1, 2, 0, 3]
    page = html.unescape(client.get(VERDICTS, {"period": "all", "marketer": "me"}).text)
    assert f'<option value="{mia.pk}" selected>Mia (you)</option>' in page
    for address, count, _words in numbers(page):
        assert total(client.get(address)) == count


def test_the_week_of_an_offer_begins_on_its_monday(client, mia):
    for moment in ("2026-03-01T23:59:59", "2026-03-02T00:00:00", "2026-03-08T23:59:59"):
        with mock.patch("django.utils.timezone.now", return_value=datetime.fromisoformat(moment).replace(tzinfo=UTC)):
            make_handoff()
    told = figures(client)
    assert [(row.key, row.name, row.offered.count) for row in told.weeks] == [
        ("2026-W10", "2 Mar 2026", 2),
        ("2026-W09", "23 Feb 2026", 1),
    ]
    cut = figures(client, **{"from": "2026-03-01", "to": "2026-03-05"})
    assert [row.offered.count for row in cut.weeks] == [1, 1]
    assert [total(client.get(row.offered.href)) for row in cut.weeks] == [1, 1]


def test_first_touches_are_called_by_what_they_were(client, mia):
    for said in ({"kind": "form:submit", "text": "Payback calculator"}, {"kind": "web:calculator"}):
        lifecycle.offer(make_lead(activity=said), actor=mia)
    names = [row.name for row in figures(client, by="form").groups]
    assert sorted(names) == ["Filled in a form: Payback calculator", "Web, calculator"]
    page = client.get(VERDICTS, {"period": "all", "by": "form"}).text
    assert figures(client, by="form", form="web:calculator").whole.offered.count == 1
    assert "form=web%3Acalculator" in page


@pytest.mark.parametrize(
    "said",
    [
        {"fate": "moon"}, {"because": "moon"}, {"because": "return:moon"}, {"reached": "moon"}, {"campaign": "moon"},
        {"marketer": "moon"}, {"form": "moon"}, {"source": "moon"}, {"what": "worth", "currency": "MOON"},
        {"marketer": "9" * 40},
    ],
)  # fmt: skip
def test_what_nobody_knows_selects_nothing_rather_than_everything(client, mia, said):
    make_handoff()
    response = client.get(LIST, {"period": "all", "what": "offers", **said})
    assert (response.status_code, total(response)) == (200, 0)
    assert "Nothing is counted here" in response.text
    assert client.get(VERDICTS, said).status_code == 200


def test_an_empty_pipeline_and_an_empty_period_say_what_will_be_here(client, mia):
    assert "Verdicts begin with the first offer" in client.get(VERDICTS, {"period": "all"}).text
    make_handoff()
    assert "Nothing was offered here" in client.get(VERDICTS, {"to": "2020-01-01"}).text
    assert "is not a day that can be counted from" in client.get(VERDICTS, {"to": "moon"}).text


def test_names_are_written_as_they_are_and_never_as_markup(client, mia, sam):
    make_handoff(source="webinar", name="<b>Bold</b>", campaign="<u>Fair</u>")
    Source.objects.filter(slug="webinar").update(name="<i>Web</i>")
    for said in ({"by": "source"}, {"by": "campaign"}):
        text = client.get(VERDICTS, said).text
        assert "<i>Web" not in text
        assert "<u>Fair" not in text
    assert "<b>Bold" not in client.get(LIST, {"what": "offers"}).text


def test_few_are_told_with_their_base(client, mia, sam):
    returned("below_fit", sam, "Too small")
    lifecycle.accept(make_handoff().lead, actor=sam)
    assert "50.0% of 2" in client.get(VERDICTS).text


# Files and queries


def test_the_files_tell_what_the_page_shows(client, mia):
    a_house_with_campaigns()
    told = figures(client, by="campaign")

    def file(table):
        return rows_of(client.get(FILE, {"period": "all", "by": "campaign", "table": table}))

    head, *weeks = file("weeks")
    assert sum(int(row[2] or 0) for row in weeks) == told.whole.offered.count
    assert {len(row) for row in weeks} == {len(head)}
    assert {row[0]: int(row[2]) for row in file("groups")[1:] if row[2]} == {
        r.key: r.offered.count for r in told.groups
    }
    head, *weekly = file("weekly")
    assert sum(int(row[4]) for row in weekly) == told.whole.offered.count
    assert {len(row) for row in weekly} == {len(head)}
    assert client.get(FILE, {"table": "moon"}).status_code == 404
    said = {"period": "all", "what": "offers"}
    head, *listed = rows_of(client.get(reverse("dashboards:visits_csv"), said))
    assert len(listed) == told.whole.offered.count
    assert {len(row) for row in listed} == {len(head)}


@pytest.mark.parametrize("by", BY)
def test_pages_take_the_same_number_of_queries_at_3_and_at_300(client, mia, by):
    def queries(address, **said):
        with CaptureQueriesContext(connection) as done:
            assert client.get(address, {"period": "all", **said}).status_code == 200
        return len(done)

    make_handoffs(3)
    client.get(VERDICTS)
    few = queries(VERDICTS, by=by), queries(LIST, what="offers")
    make_handoffs(300, campaign="Autumn fair", source="webinar")
    Handoff.objects.filter(pk__in=Handoff.objects.values("pk")[:100]).update(
        offered_at=datetime.now(UTC) - timedelta(days=99)
    )
    assert (queries(VERDICTS, by=by), queries(LIST, what="offers")) == few
    assert few[0] <= 10
    assert few[1] <= 10
