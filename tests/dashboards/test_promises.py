"""What the two teams promised each other, and how it was kept: every figure is what a plain recount finds."""

import html
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from unittest import mock

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from handoff import lifecycle
from handoff.models import Agreement, Handoff, Promise
from leads.models import Lead
from tests.dashboards import pledges
from tests.dashboards.journeys import a_full_house, journey
from tests.dashboards.reading import numbers, opens_what_it_counts, rows_of, total
from tests.factories import make_handoff, make_handoffs, make_lead, make_reason, make_user

PROMISES, LIST, FILE = (reverse(f"dashboards:{name}") for name in ("promises", "visits", "promises_csv"))
KINDS = ("answer", "attempt", "contact")
#: A Wednesday; the agreement's hours are 9 to 17:30 UTC.
WEDNESDAY = datetime(2026, 3, 4, 10, tzinfo=UTC)


@pytest.fixture
def ruth(client):
    person = make_user("ruth", team="management")
    client.force_login(person)
    return person


@pytest.fixture
def sam():
    return make_user("sam", team="sales")


def at(moment):
    return mock.patch("django.utils.timezone.now", return_value=moment)


def figures(client, **said):
    return client.get(PROMISES, {"period": "all", **said}).context["figures"]


def kind(client, name, **said):
    return next(row for row in figures(client, **said).kinds if row.key == name)


def counts(row):
    return tuple(number.count for number in (row.kept, row.broken, row.running, row.moot))


# The oracle


def same(shown, plain):
    """The same counts, and the same median up to the rounding of a microsecond."""
    shown = {key: row for key, row in shown.items() if any(row[:4])}
    assert {key: row[:4] for key, row in shown.items()} == {key: row[:4] for key, row in plain.items()}
    assert all(shown[key][4] == pytest.approx(row[4], abs=1e-6) for key, row in plain.items() if row[4] is not None)
    assert {key for key, row in shown.items() if row[4] is None} == {k for k, row in plain.items() if row[4] is None}


def check_against_a_recount(client, first=None, last=None):
    said = {name: value for name, value in {"from": first, "to": last}.items() if value}
    for name in KINDS:
        told = figures(client, kind=name, **said)
        for by, rows in (("kind", told.kinds), ("week", told.weeks), ("person", told.people)):
            plain = pledges.of_sales(by, name, told.now, first, last)
            same({row.key: (*counts(row), row.minutes) for row in rows}, plain)
            assert all(row.given.count == sum(counts(row)) for row in rows)
    if not said:
        for by, rows in (("month", told.months), ("person", told.marketers)):
            shown = {row.key: (row.leads.count, {c: total for total, c in row.amounts}, row.known) for row in rows}
            assert {key: row for key, row in shown.items() if row[0]} == pledges.of_marketing(by)


days = st.dates(date(2026, 1, 1), date(2026, 9, 30))


@settings(max_examples=8)
@given(
    seeds=st.lists(st.integers(0, 10**6), min_size=1, max_size=6, unique=True),
    period=st.one_of(st.just((None, None)), st.tuples(days, days).map(sorted)),
)
def test_every_figure_is_what_a_plain_recount_of_the_ledger_finds(client, seeds, period):
    with transaction.atomic():
        client.force_login(make_user("ruth", team="management"))
        for seed in seeds:
            journey(seed)
        check_against_a_recount(client, *period)
        transaction.set_rollback(True)


def test_a_full_house_is_recounted_and_every_number_opens_exactly_what_it_counts(client, ruth):
    a_full_house()
    make_handoff()
    check_against_a_recount(client)
    looked = set()
    for name in KINDS:
        found = numbers(client.get(PROMISES, {"period": "all", "kind": name}).text)
        assert len(found) > 30
        for address, count, words in found:
            if address in looked:
                continue
            looked.add(address)
            opens_what_it_counts(client, address, count, words)


# Who sees it


def test_mia_sam_and_ruth_read_the_same_figures(client):
    a_full_house()
    pages = []
    for name, team in (("mia", "marketing"), ("sam", "sales"), ("ruth", "management")):
        client.force_login(make_user(name, team=team))
        pages.append(numbers(client.get(PROMISES, {"period": "all"}).text))
        assert client.get(FILE).status_code == 200
    assert pages[0] == pages[1] == pages[2] != []


def test_the_outsider_is_asked_to_sign_in_and_somebody_who_left_sees_nothing(client, ruth):
    make_handoff()
    ruth.is_active = False
    ruth.save()
    for address in (PROMISES, LIST, FILE):
        response = client.get(address, {"what": "promises"})
        assert response.status_code == 302
        assert reverse("account_login") in response.url


# What sales promised


def test_an_answer_in_time_is_kept_and_the_time_it_took_is_business_time(client, ruth, sam):
    with at(WEDNESDAY.replace(hour=17)):
        handoff = make_handoff()
    with at(WEDNESDAY.replace(day=5, hour=9, minute=30)):
        lifecycle.accept(handoff.lead, actor=sam)
    row = kind(client, "answer")
    assert counts(row) == (1, 0, 0, 0)
    assert row.minutes == 60
    page = client.get(row.kept.href).text
    assert "1 h" in page
    assert "Sam" in page


def test_an_answer_after_its_time_is_late_and_one_that_never_came_is_late_as_well(client, ruth, sam):
    with at(WEDNESDAY):
        late, never = make_handoff(), make_handoff()
    with at(WEDNESDAY + timedelta(days=2)):
        lifecycle.accept(late.lead, actor=sam)
    assert counts(kind(client, "answer")) == (0, 2, 0, 0)
    assert [row.key for row in figures(client).people] == [str(sam.pk), "none"] or never.owner_id


def test_what_still_runs_is_neither_kept_nor_late(client, ruth):
    make_handoff()
    row = kind(client, "answer")
    assert counts(row) == (0, 0, 1, 0)
    assert row.keeping.percent is None


def test_a_call_is_no_talk_and_both_are_promised_by_who_accepts(client, ruth, sam):
    handoff = make_handoff("sal")
    lifecycle.log_touch(handoff.lead, actor=sam, kind="call:no_answer")
    assert counts(kind(client, "attempt")) == (1, 0, 0, 0)
    assert counts(kind(client, "contact")) == (0, 0, 1, 0)


def test_an_offer_that_marketing_takes_back_leaves_its_promise_needless(client, ruth):
    mia = make_user("mia")
    lifecycle.withdraw(make_handoff().lead, actor=mia, reason=make_reason("withdraw"))
    assert counts(kind(client, "answer")) == (0, 0, 0, 1)


def test_what_came_from_a_file_has_no_promises(client, ruth):
    make_handoff()
    Promise.objects.all().delete()
    Handoff.objects.update(imported=True, origin="imported", due_at=None, promise="", promise_since=None)
    told = figures(client)
    assert told.is_empty
    assert "Nothing was promised here" in client.get(PROMISES).text


def test_a_rep_sees_their_own(client, ruth, sam):
    make_handoff("sal")
    make_handoff("sal", rep=make_user("priya", team="sales"))
    client.force_login(sam)
    told = figures(client, rep="me", kind="attempt")
    assert [(row.name, row.given.count) for row in told.people] == [("Sam", 1)]
    for address, count, _words in numbers(client.get(PROMISES, {"rep": "me"}).text):
        if "what=promises" in address:
            assert total(client.get(address)) == count


def test_my_day_of_sales_and_of_managers_lead_to_the_promises(client, ruth, sam):
    make_handoff("sal")
    assert f'href="{PROMISES}"' in client.get(reverse("handoff:my_day")).text
    client.force_login(sam)
    assert f'href="{PROMISES}?rep=me"' in client.get(reverse("handoff:my_day")).text


# What marketing promised


def agree(**terms):
    Agreement.objects.filter(ended_at=None).update(in_force_since=datetime(2026, 1, 1, tzinfo=UTC), **terms)


def test_a_month_is_measured_against_what_is_agreed(client, ruth):
    agree(leads_a_month=2, value_a_month=Decimal(10_000), completeness=60)
    with at(WEDNESDAY):
        make_handoff(value="4000", phone="+4312345678", job_title="CFO")
    with at(WEDNESDAY + timedelta(days=31)):
        make_handoff(value="5000")
        make_handoff(value="6000")
    months = {row.key: row for row in figures(client, to="2026-04-20").months}
    march, april = months["2026-03"], months["2026-04"]
    assert (march.leads.count, march.leads_agreed.kept, march.leads_agreed.left) == (1, False, 1)
    assert (april.leads.count, april.leads_agreed.kept) == (2, True)
    assert (march.value_agreed.left, april.value_agreed.kept) == (6000, True)
    assert (march.completeness, march.completeness_agreed.kept) == (Decimal("62.5"), True)
    assert (april.completeness, april.completeness_agreed.kept) == (Decimal("37.5"), False)
    page = html.unescape(client.get(PROMISES, {"to": "2026-04-20"}).text)
    for words in ("of 2, 1 short", "of 2, kept", "of €10,000, €6,000 short", "of 60%, 22.5 points short"):
        assert words in page
    assert "In Apr 2026 marketing handed over 2 leads of 2 agreed, with 37.5% of their facts known." in page


def test_facts_count_as_they_were_known_at_the_offer_where_the_brief_says_so(client, ruth):
    handoff = make_handoff(phone="+4312345678")
    Handoff.objects.update(brief={**handoff.brief, "known": ["name", "email", "business_email"]})
    assert figures(client).months[0].completeness == Decimal("25.0")
    Handoff.objects.update(brief={name: said for name, said in handoff.brief.items() if name != "known"})
    assert figures(client).months[0].completeness == Decimal("50.0")


def test_a_month_that_still_runs_is_not_called_short(client, ruth):
    agree(leads_a_month=40)
    make_handoff()
    page = client.get(PROMISES, {"period": "all"}).text
    assert "so far" in page
    assert "of 40<" in page
    assert "short<" not in page


def test_before_the_first_agreement_nothing_was_agreed(client, ruth):
    agree(leads_a_month=40)
    with at(datetime(2025, 12, 9, 10, tzinfo=UTC)):
        make_handoff()
    december = figures(client, to="2025-12-31").months[0]
    assert (december.leads.count, december.leads_agreed.agreed) == (1, None)


def test_months_are_counted_whole_whatever_the_days(client, ruth):
    for day in (1, 30):
        with at(WEDNESDAY.replace(day=day)):
            make_handoff()
    told = figures(client, **{"from": "2026-03-10", "to": "2026-03-20"})
    assert [(row.name, row.leads.count) for row in told.months] == [("Mar 2026", 2)]
    assert total(client.get(told.months[0].leads.href)) == 2


def test_what_sales_claims_early_or_sends_on_is_not_marketing_s_to_count(client, ruth, sam):
    lifecycle.claim_early(make_lead(), actor=sam, note="Met at the fair")
    lead = make_handoff().lead
    lifecycle.return_to_marketing(lead, actor=sam, reason=make_reason("return", "another_region"))
    assert [row.leads.count for row in figures(client).months] == [1]
    assert [row.name for row in figures(client).marketers] == ["Mia"]


def test_what_the_line_offers_is_its_marketer_s_or_nobody_s(client, ruth):
    mia = make_user("mia")
    for marketer in (mia, None):
        lead = make_lead()
        Lead.objects.filter(pk=lead.pk).update(marketer=marketer)
        lifecycle.offer(Lead.objects.get(pk=lead.pk), actor=None, origin="line")
    told = figures(client)
    assert [(row.name, row.leads.count) for row in told.marketers] == [("Mia", 1), ("Unowned", 1)]
    assert [total(client.get(row.leads.href)) for row in told.marketers] == [1, 1]


# Periods, files and queries


@pytest.mark.parametrize(
    "said",
    [{"promise": "moon"}, {"kept": "moon"}, {"rep": "moon"}, {"rep": "9" * 40}, {"source": "moon"}],
)
def test_what_nobody_knows_selects_nothing_rather_than_everything(client, ruth, said):
    make_handoff()
    response = client.get(LIST, {"period": "all", "what": "promises", **said})
    assert (response.status_code, total(response)) == (200, 0)
    assert client.get(PROMISES, {**said, "kind": "moon"}).status_code == 200


def test_an_empty_pipeline_and_an_impossible_period_say_so(client, ruth):
    assert "Promises begin with the first offer" in client.get(PROMISES, {"period": "all"}).text
    assert "is not a day that can be counted from" in client.get(PROMISES, {"to": "moon"}).text


def test_the_files_tell_what_the_page_shows(client, ruth):
    a_full_house()
    told = figures(client)

    def file(table):
        return rows_of(client.get(FILE, {"period": "all", "table": table}))

    assert [int(row[2]) for row in file("kinds")[1:]] == [row.given.count for row in told.kinds]
    assert sum(int(row[2]) for row in file("weeks")[1:]) == sum(row.given.count for row in told.weeks)
    assert sum(int(row[2]) for row in file("people")[1:]) == sum(row.given.count for row in told.people)
    assert {row[0]: int(row[2]) for row in file("months")[1:] if row[2]} == {r.key: r.leads.count for r in told.months}
    assert [int(row[2]) for row in file("marketers")[1:] if row[2]] == [row.leads.count for row in told.marketers]
    assert client.get(FILE, {"table": "moon"}).status_code == 404
    head, *listed = rows_of(client.get(reverse("dashboards:visits_csv"), {"period": "all", "what": "promises"}))
    assert len(listed) == sum(row.given.count for row in told.kinds)
    assert {len(row) for row in listed} == {len(head)}


def test_pages_take_the_same_number_of_queries_at_3_and_at_300(client, ruth):
    def queries(address, **said):
        with CaptureQueriesContext(connection) as done:
            assert client.get(address, {"period": "all", **said}).status_code == 200
        return len(done)

    make_handoffs(3)
    client.get(PROMISES)
    few = queries(PROMISES), queries(LIST, what="promises")
    make_handoffs(300, source="webinar")
    assert (queries(PROMISES), queries(LIST, what="promises")) == few
    assert few[0] <= 10
    assert few[1] <= 10
