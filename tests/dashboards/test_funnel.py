"""The shared funnel: every figure is what a plain recount finds, and opens exactly what it counts."""

import html
import io
import json
import os
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from unittest import mock

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from handoff import deals, lifecycle
from handoff.models import DealLead
from leads import capture
from leads.models import Lead, Source
from personas.models import Persona
from tests.dashboards.journeys import a_full_house, journey
from tests.dashboards.reading import numbers, rows_of, total
from tests.dashboards.recount import FORWARD, Recount, median
from tests.factories import make_deal, make_handoff, make_lead, make_reason, make_user

FUNNEL, VISITS = reverse("dashboards:funnel"), reverse("dashboards:visits")
ROOT = Path(__file__).resolve().parents[2]
OLIST = Path(os.environ.get("SMARKETING_DATA") or ROOT.parent / "shared" / "data") / "olist"


@pytest.fixture
def mia(client):
    person = make_user("mia")
    client.force_login(person)
    return person


def figures(client, **said):
    return client.get(FUNNEL, said or {"period": "all"}).context["figures"]


def step(client, key, **said):
    return next(row for row in figures(client, **said).steps if row.key == key)


def fates(row):
    return {part.fate.key: part.count for part in row.fates}


def told(*options):
    said = io.StringIO()
    call_command("funnel", *options, stdout=said)
    return said.getvalue()


# The oracle


def close(one, other):
    """The same length of time, up to the rounding of half a microsecond."""
    return one == other or abs(one - other) <= timedelta(microseconds=2)


def check_against_a_recount(client, first=None, last=None, source=""):
    said = {"from": first, "to": last, "source": source}
    shown = figures(client, **({name: value for name, value in said.items() if value} or {"period": "all"}))
    if not first and not last and source:
        shown = figures(client, period="all", source=source)
    plain = Recount(first, last, source)
    for row in shown.steps:
        found = plain.steps()[row.key]
        assert (row.visits.count, row.leads.count) == (found["visits"], len(found["leads"])), row.key
        assert fates(row) == found["fates"], row.key
        assert {part.selection.came: part.count for part in row.came} == found["came"], row.key
        assert row.moved.count == sum(found["fates"][fate] for fate in FORWARD[row.key]), row.key
        because = {(part.selection.fate, *part.selection.because.split(":")): part.count for part in row.because}
        assert because == found["because"], row.key
        assert close(row.median, median(found["took"])), row.key
    won, amounts, new, took = plain.wins()
    assert (shown.wins.deals.count, shown.wins.customers.count) == (won, new)
    assert {amount.currency: (amount.count, amount.total) for amount in shown.wins.amounts} == amounts
    assert close(shown.wins.median, took)
    assert {
        found.slug: (
            *(n.count for n in (found.leads, found.mql, found.sal, found.sql, found.won)),
            {amount.currency: amount.total for amount in found.amounts},
        )
        for found in shown.sources
    } == plain.sources()
    months = {
        f"{month.first:%Y-%m}": (month.offered.count, month.accepted.count, month.qualified.count)
        for month in shown.months
    }
    assert {month: row for month, row in months.items() if any(row)} == plain.months()


days = st.dates(date(2026, 1, 1), date(2026, 9, 30))


@settings(max_examples=12)
@given(
    seeds=st.lists(st.integers(0, 10**6), min_size=1, max_size=6, unique=True),
    period=st.one_of(st.none(), st.tuples(days, days).map(sorted)),
    source=st.sampled_from(["", "organic_search", "webinar", "none"]),
)
def test_every_figure_is_what_a_plain_recount_of_the_ledgers_finds(client, seeds, period, source):
    with transaction.atomic():
        client.force_login(make_user("ruth", team="management"))
        for seed in seeds:
            journey(seed)
        check_against_a_recount(client, *(period or (None, None)), source)
        transaction.set_rollback(True)


def test_a_full_house_is_recounted_and_every_number_opens_exactly_what_it_counts(client, mia):
    a_full_house()
    check_against_a_recount(client)
    check_against_a_recount(client, date(2026, 2, 1), date(2026, 4, 30))
    for said in ({"period": "all"}, {"from": "2026-02-01", "to": "2026-04-30", "source": "organic_search"}):
        found = numbers(client.get(FUNNEL, said).text)
        assert len(found) > 60
        for address, count, words in found:
            response = client.get(address)
            assert total(response) == count, address
            assert len(response.context["page"].rows) == min(count, 50), address
            if "%" not in words and not re.search("[€$]", words):
                assert int(words.split()[0].replace(",", "")) == count, address
    check_the_chart(client)


def check_the_chart(client):
    page = client.get(FUNNEL, {"period": "all"})
    chart = page.context["chart"]
    assert [line["own"] for line in chart["series"]] == ["mkt", "sal", "both"]
    for line in chart["series"]:
        for value, address in zip(line["values"], line["urls"], strict=True):
            assert total(client.get(address)) == value
    assert sum(chart["series"][0]["values"]) == step(client, "mql").visits.count
    assert re.search(r"accepted \d+% \(\d+ of \d+\), in .* \d+% \(\d+ of \d+\) so far", page.text)


# Who sees it


def test_mia_sam_and_ruth_read_the_same_figures(client):
    a_full_house()
    pages = []
    for name, team in (("mia", "marketing"), ("sam", "sales"), ("ruth", "management")):
        client.force_login(make_user(name, team=team))
        pages.append(re.search(r'<div class="body">.*</main>', client.get(FUNNEL, {"period": "all"}).text, re.S)[0])
    assert pages[0] == pages[1] == pages[2]
    assert len(numbers(pages[0])) > 80
    assert "Returned because:" in pages[0]
    assert not re.search(r"rejected|bad lead|!<", pages[0], re.I)


def test_somebody_signed_out_or_gone_sees_no_figure(client):
    lead = make_lead()
    for address in (FUNNEL, VISITS, reverse("dashboards:funnel_csv"), reverse("dashboards:visits_csv")):
        assert client.get(address).url.startswith(reverse("account_login"))
    gone = make_user("gone", is_active=False)
    client.force_login(gone)
    assert lead.name not in client.get(VISITS, {"step": "tofu"}, follow=True).text


def test_the_page_says_as_of_when(client, mia):
    assert re.search(r"as of \d+ \w{3} 20\d\d, \d\d:\d\d UTC", client.get(FUNNEL).text)


# What single journeys look like


def test_a_lead_that_comes_back_is_a_second_visit_of_one_lead(client, mia):
    lead = make_handoff("sal").lead
    lifecycle.recycle(lead, actor=make_user("sam", team="sales"), reason=make_reason("recycle"))
    tofu = step(client, "tofu")
    assert (tofu.visits.count, tofu.leads.count) == (2, 1)
    assert [(part.selection.came, part.count) for part in tofu.came_otherwise] == [("mofu", 1)]
    page = client.get(FUNNEL).text
    assert re.search(r"Among them:.*?>1</a> from MOFU", page)


def test_a_purchase_out_of_nothing_is_told_as_a_skip(client, mia):
    lead = make_lead()
    lifecycle.purchase(lead, at=datetime.now(UTC), fields={"amount": Decimal("99.50")})
    tofu = step(client, "tofu")
    assert fates(tofu) == {"bought": 1}
    assert [part.count for part in tofu.skips] == [1]
    page = client.get(FUNNEL).text
    assert re.search(r"Took the fast lane:.*?>1</a> bought at once", page)
    assert "€99.50" in page


def test_a_return_after_acceptance_is_no_reason_where_the_lead_was_accepted(client, mia):
    lead = make_handoff("sal").lead
    lifecycle.return_to_marketing(
        lead, actor=make_user("sam", team="sales"), reason=make_reason("return", "below_fit"), verdict="Too small"
    )
    offered, accepted = step(client, "mql"), step(client, "sal")
    assert (fates(offered), offered.because) == ({"accepted": 1}, [])
    assert [(part.words, part.count) for part in accepted.returns] == [("Definitional", 1)]


def test_a_lead_sent_on_to_the_right_rep_is_two_offers_of_one_lead(client, mia):
    reason = make_reason("return", "another_region")
    lifecycle.return_to_marketing(make_handoff().lead, actor=make_user("sam", team="sales"), reason=reason)
    offered = step(client, "mql")
    assert (offered.visits.count, offered.leads.count) == (2, 1)
    assert fates(offered) == {"returned": 1, "here": 1}


def test_a_deal_that_needs_more_qualifying_is_accepted_again_but_not_offered_again(client, mia):
    lead = make_deal().leads.get()
    lifecycle.requalify(lead, actor=make_user("sam", team="sales"))
    assert [step(client, lane).visits.count for lane in ("mql", "sal", "sql")] == [1, 2, 1]
    assert fates(step(client, "bofu")) == {"mofu": 1}
    assert figures(client).sources[0].mql.count == 1


def test_a_customer_whose_new_deal_is_lost_has_not_won_twice(client, mia):
    sam = make_user("sam", team="sales")
    lead = make_lead("customer")
    lifecycle.offer(lead, actor=mia)
    lifecycle.accept(lead, actor=sam)
    deals.lose(deals.open_deal(lead, actor=sam), actor=sam, reason=make_reason("lose"))
    bofu = step(client, "bofu")
    assert (fates(bofu), bofu.moved.count) == ({"won": 1, "customer": 1}, 1)
    assert figures(client).wins.deals.count == 1


def test_revenue_of_a_deal_with_two_leads_counts_once(client, mia):
    deal = make_deal(source="webinar", value="5000")
    DealLead.objects.create(deal=deal, lead=make_lead(source="email"))
    deals.win(deal, actor=make_user("sam", team="sales"), amount=Decimal(7000))
    shown = figures(client)
    assert [(amount.total, amount.count) for amount in shown.wins.amounts] == [(7000, 1)]
    assert {found.slug: [amount.total for amount in found.amounts] for found in shown.sources} == {
        "webinar": [7000],
        "email": [],
    }
    assert {found.slug: found.won.count for found in shown.sources} == {"webinar": 1, "email": 1}
    assert figures(client, period="all", source="email").wins.deals.count == 0


def test_a_win_dated_before_the_first_contact_is_kept(client, mia):
    lead = make_lead()
    deals.record_closed(Lead.objects.get(pk=lead.pk), won=True, at=lead.first_seen_at - timedelta(days=2))
    assert figures(client).wins.median_days == Decimal("-2.0")
    assert "−2 d" in client.get(VISITS, {"what": "customers", "period": "all"}).text


# Periods and filters


@pytest.mark.parametrize(
    ("said", "count"),
    [
        ({"from": "2026-03-01", "to": "2026-03-31"}, 2),
        ({"from": "2026-03-02", "to": "2026-03-30"}, 0),
        ({"to": "2026-03-01"}, 1),
        ({"from": "2026-03-31"}, 2),
        ({"period": "all"}, 3),
    ],
)
def test_days_are_counted_in_from_midnight_to_midnight(client, mia, said, count):
    for moment in ("2026-03-01T00:00:00", "2026-03-31T23:59:59", "2026-04-01T00:00:00"):
        with mock.patch("django.utils.timezone.now", return_value=datetime.fromisoformat(moment).replace(tzinfo=UTC)):
            make_lead()
    assert step(client, "tofu", **said).visits.count == count


def test_the_usual_period_is_the_last_ninety_days(client, mia):
    now = datetime.now(UTC)
    for days_ago in (1, 89, 90, 200):
        with mock.patch("django.utils.timezone.now", return_value=now - timedelta(days=days_ago)):
            make_lead()
    assert step(client, "tofu", source="organic_search").visits.count == 2
    assert step(client, "tofu", period="365").visits.count == 4


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"from": "2026-02-30"}, "2026-02-30 is not a day that can be counted from."),
        ({"to": "tomorrow"}, "tomorrow is not a day that can be counted from."),
        ({"from": "0001-01-01"}, "0001-01-01 is not a day that can be counted from."),
        ({"to": "9999-12-31"}, "9999-12-31 is not a day that can be counted from."),
        ({"from": "2026-05-02", "to": "2026-05-01"}, "begins on 2 May 2026 and ends before it, on 1 May 2026"),
        ({"period": "moon"}, "There is no period called moon."),
    ],
)
def test_a_period_that_cannot_be_is_said_and_counts_nothing(client, mia, said, sentence):
    lead = make_lead()
    for address in (FUNNEL, VISITS):
        response = client.get(address, {"step": "tofu", **said})
        assert response.status_code == 200
        assert sentence in html.unescape(response.text)
        assert lead.name not in response.text
    assert list(rows_of(client.get(reverse("dashboards:funnel_csv"), said)))[1][:3] == ["TOFU", "0", "0"]


@pytest.mark.parametrize(
    "said",
    [
        {"step": "mofu"}, {"step": "moon"}, {"what": "moon"}, {"step": "tofu", "fate": "moon"}, {"what": "wins", "currency": "MOON"},
        {"step": "tofu", "source": "moon"}, {"step": "tofu", "persona": "9" * 40}, {"step": "mql", "reached": "moon"},
        {"what": "leads", "reached": "moon"}, {"step": "tofu", "because": "definitional"}, {"step": "mql", "because": ":"},
        {"step": "tofu", "came": "a\0b"}, {"what": "visitors"}, {"what": "leads", "source": "none", "persona": "x"},
    ],
)  # fmt: skip
def test_what_nobody_knows_selects_nothing_rather_than_everything(client, mia, said):
    make_handoff()
    response = client.get(VISITS, {"period": "all", **said})
    assert (response.status_code, total(response)) == (200, 0)
    assert "Nothing is counted here" in response.text
    assert client.get(FUNNEL, said).status_code == 200


def test_source_and_persona_narrow_every_figure(client, mia):
    cfo = Persona.objects.create(
        name="CFO", rules=[{"field": "job_title", "op": "contains", "value": ["cfo"], "points": 5}]
    )
    make_lead(source="webinar", job_title="CFO")
    make_lead(source="", job_title="CFO")
    make_lead(source="webinar")
    said = {"period": "all", "source": "webinar", "persona": str(cfo.pk)}
    assert step(client, "tofu", **said).visits.count == 1
    assert step(client, "tofu", period="all", source="none").visits.count == 1
    assert step(client, "tofu", period="all", persona="none").visits.count == 1
    page = client.get(FUNNEL, said).text
    assert f'<option value="{cfo.pk}" selected>CFO</option>' in page
    for address, count, _words in numbers(page):
        assert total(client.get(address)) == count


def test_an_empty_pipeline_and_an_empty_period_say_what_will_be_here(client, mia):
    assert "The funnel begins with the first lead" in client.get(FUNNEL, {"period": "all"}).text
    make_lead()
    page = client.get(FUNNEL, {"to": "2020-01-01"}).text
    assert "Nothing entered in this period" in page
    assert f'href="{FUNNEL}?period=all"' in page


# Lists and files


def many(count, **payload):
    mia = make_user("mia")
    said = [
        {"name": f"Many {n}", "email": f"many{n}-{count}@firm.example", "source": "webinar", **payload}
        for n in range(count)
    ]
    capture.process([capture.accept(one, way="hand", actor=mia) for one in said])
    return list(Lead.objects.filter(email__endswith=f"-{count}@firm.example"))


def test_a_long_list_is_walked_by_key_and_shows_each_row_once(client, mia):
    many(120)
    page, seen = client.get(VISITS, {"period": "all", "step": "tofu"}), []
    assert total(page) == 120
    for _turn in range(3):
        seen += [row.lead.pk for row in page.context["page"].rows]
        onward = re.search(r'rel="next" href="([^"]+)"', page.text)
        page = client.get(VISITS + html.unescape(onward[1])) if onward else page
    assert len(seen) == len(set(seen)) == 120
    back = client.get(VISITS + html.unescape(re.search(r'rel="prev" href="([^"]+)"', page.text)[1]))
    assert [row.lead.pk for row in back.context["page"].rows] == seen[50:100]
    for cursor in ("moon", "9" * 99, "1.-5", "."):
        first = client.get(VISITS, {"period": "all", "step": "tofu", "after": cursor}).context["page"].rows
        assert [row.lead.pk for row in first] == seen[:50]


@pytest.mark.parametrize(
    "said", [{"step": "tofu"}, {"step": "mql"}, {"what": "leads"}, {"what": "wins"}, {"what": "customers"}]
)
def test_pages_take_the_same_number_of_queries_at_3_and_at_300(client, said):
    client.force_login(make_user("ruth", team="management"))

    def grow(count):
        leads = many(count)
        for lead in leads[:3]:
            lifecycle.offer(lead, actor=make_user("mia"))
        endings = [deals.Closed(lead, True, lead.first_seen_at, {"amount": Decimal(5)}) for lead in leads]
        deals.record_closed_many(endings)

    def queries(address, **more):
        with CaptureQueriesContext(connection) as done:
            assert client.get(address, {"period": "all", **more}).status_code == 200
        return len(done)

    grow(3)
    client.get(FUNNEL)
    few = queries(FUNNEL), queries(VISITS, **said)
    grow(300)
    assert (queries(FUNNEL), queries(VISITS, **said)) == few
    assert few[0] <= 12
    assert few[1] <= 12


def test_the_files_and_the_command_tell_what_the_page_shows(client, mia):
    a_full_house()
    shown = figures(client)

    def file(table):
        return list(rows_of(client.get(reverse("dashboards:funnel_csv"), {"period": "all", "table": table})))

    funnel = file("funnel")
    assert sum(int(row[1] or 0) for row in funnel[1:]) == sum(row.visits.count for row in shown.steps)
    assert sum(int(row[7] or 0) for row in funnel[1:]) == sum(row.visits.count for row in shown.steps)
    assert [row[0] for row in file("sources")[1:] if row[2]] == [found.slug for found in shown.sources]
    assert [int(row[1]) for row in file("months")[1:]] == [month.offered.count for month in shown.months]
    assert sum(int(row[4]) for row in file("reasons")[1:]) == sum(p.count for row in shown.steps for p in row.because)
    assert client.get(reverse("dashboards:funnel_csv"), {"table": "moon"}).status_code == 404
    check_the_command()
    for said in ({"step": "tofu"}, {"step": "mql", "fate": "returned"}, {"what": "leads"}, {"what": "customers"},
                 {"what": "wins"}, {"what": "value"}, {"what": "visitors", "step": "sal"}):  # fmt: skip
        said = {"period": "all", **said}
        head, *rows = rows_of(client.get(reverse("dashboards:visits_csv"), said))
        assert len(rows) == total(client.get(VISITS, said)) > 0
        assert {len(row) for row in rows} == {len(head)}


def check_the_command():
    plain = Recount()
    _won, _amounts, customers, took = plain.wins()
    said = json.loads(told("--json"))
    assert said["sources"] == {slug: {"leads": row[0], "won": row[4]} for slug, row in plain.sources().items()}
    assert (said["leads"], said["customers"]) == (30, customers)
    assert said["median_days_to_win"] == pytest.approx(took / timedelta(days=1), abs=0.051)
    table = told()
    assert re.search(r"MQL offered +\d+", table)
    assert f"30 leads, {customers} customers" in table


def test_no_cell_of_a_file_is_taken_for_a_formula(client, mia):
    make_lead(name="=HYPERLINK(1)", source="webinar")
    Source.objects.filter(slug="webinar").update(name="@SUM(A1)")
    cells = next(
        row for row in rows_of(client.get(reverse("dashboards:visits_csv"), {"step": "tofu"})) if "HYPER" in row[0]
    )
    assert cells[0].startswith("'=")
    assert cells[3].startswith("'@")
    sources = list(rows_of(client.get(reverse("dashboards:funnel_csv"), {"table": "sources"})))
    assert sources[1][1].startswith("'@")


def test_names_are_written_as_they_are_and_never_as_markup(client, mia):
    make_lead(name="<b>Bold</b>", source="webinar")
    Source.objects.filter(slug="webinar").update(name="<i>Fair</i>")
    for address in (FUNNEL, f"{VISITS}?step=tofu&source=webinar"):
        text = client.get(address).text
        assert "&lt;i&gt;Fair" in text
        assert "<i>Fair" not in text
        assert "<b>Bold" not in text


# The command


def test_the_command_has_an_answer_for_an_empty_pipeline():
    assert json.loads(told("--json")) == {"leads": 0, "customers": 0, "median_days_to_win": None, "sources": {}}
    assert "0 leads, 0 customers" in told()


OLIST_SAYS = {
    "organic_search": (2296, 271), "paid_search": (1586, 195), "social": (1350, 75), "unknown": (1159, 193),
    "direct_traffic": (499, 56), "email": (493, 15), "referral": (284, 24), "display": (118, 6), "other": (150, 4),
    "other_publicities": (65, 3),
}  # fmt: skip


@pytest.mark.skipif(
    not OLIST.is_dir(), reason=f"the Olist files are not at {OLIST} (SMARKETING_DATA names their folder)"
)
def test_the_olist_funnel_says_who_won_by_origin(client, mia):
    for file, mapping in (("marketing_qualified_leads", "leads"), ("closed_deals", "deals")):
        path, said = OLIST / f"olist_{file}_dataset.csv", io.StringIO()
        call_command(
            "import_leads", path, mapping=ROOT / "tests/data" / f"olist_{mapping}.json", stdout=said, stderr=said
        )
    summary = json.loads(told("--json"))
    assert (summary["leads"], summary["customers"], summary["median_days_to_win"]) == (8000, 842, 14.7)
    assert {slug: (row["leads"], row["won"]) for slug, row in summary["sources"].items()} == OLIST_SAYS
    page = client.get(FUNNEL, {"period": "all"})
    shown = page.context["figures"]
    assert {row.slug: (row.leads.count, row.won.count) for row in shown.sources} == OLIST_SAYS
    assert shown.wins.median_days == Decimal("14.7")
    assert "14.7 days" in page.text
    for address, count, _words in numbers(page.text):
        assert total(client.get(address)) == count
