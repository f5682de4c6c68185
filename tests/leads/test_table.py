"""The lead table: filters that hold, pages by key that lose nobody, and as many queries at 300 leads as at 3."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from leads.models import Lead
from tests.factories import make_handoff, make_lead, make_leads, make_user

TABLE = "/leads/"


@pytest.fixture
def mia():
    return make_user("mia")


@pytest.fixture
def signed(client, mia):
    client.force_login(mia)
    return client


def names(html):
    return re.findall(r'<th scope="row"><a href="/leads/\d+/">([^<]*)</a>', html)


def test_a_row_names_person_company_stage_score_owner_and_what_is_next(signed, mia):
    make_lead(name="Lena Fischer", job_title="Energy manager", company={"name": "Brauhaus Fehr"}, value="61000")
    page = signed.get(TABLE).text
    for words in (
        "Lena Fischer",
        "Energy manager",
        "Brauhaus Fehr",
        "TOFU",
        "€61k",
        "Organic search",
        "Mia, marketing",
    ):
        assert words in page, words


def test_each_filter_shows_those_and_only_those(signed, mia):
    sam = make_user("sam", team="sales")
    plain = make_lead(name="Plain")
    make_handoff("sal", name="Middle")
    won = make_lead("customer", name="Won", source="referral")
    Lead.objects.filter(pk=plain.pk).update(next_action="Call", next_action_at=timezone.now() - timedelta(hours=1))
    Lead.objects.filter(pk=plain.pk).update(look_again_on=timezone.localdate())
    Lead.objects.filter(pk=won.pk).update(next_action="", next_action_at=None)
    expected = {
        "stage=tofu": {"Plain"}, "stage=mofu": {"Middle"}, "stage=sal": {"Middle"}, "stage=mql": set(),
        "stage=customer": {"Won"}, "source=referral": {"Won"}, "source=nonesuch": set(), "owner=me": {"Plain"},
        "owner=nobody": set(), f"owner={sam.username}": {"Middle", "Won"}, "due=over": {"Plain"}, "due=none": {"Won"},
        "again=due": {"Plain"}, "persona=none": {"Plain", "Middle", "Won"}, "q=midd": {"Middle"},
        "stage=nowhere": set(), "due=never": set(), "seen_from=2999-01-01": set(), "seen_to=1999-01-01": set(),
        "seen_from=not-a-day": set(), "stage=customer&source=referral": {"Won"}, "stage=tofu&source=referral": set(),
    }  # fmt: skip
    for query, people in expected.items():
        assert set(names(signed.get(f"{TABLE}?{query}").text)) == people, query


@pytest.mark.parametrize(
    "words", ["müller", "MULLER", "Muller brau", "brauhaus", "anna.m@brau", "anna müller", "ller bra"]
)
def test_the_search_finds_name_company_and_e_mail_without_accents_or_case(signed, words):
    make_lead(name="Anna Müller", email="anna.m@brauhaus.example", company={"name": "Brauhaus Fehr"})
    make_lead(name="Somebody Else")
    assert names(signed.get(TABLE, {"q": words}).text) == ["Anna Müller"]


@pytest.mark.parametrize("words", ["%", "_", "\\", "'", "\0", "a" * 500, "100%_\\"])
def test_a_search_for_signs_is_a_search_for_those_signs(signed, words):
    make_lead(name="Somebody")
    assert signed.get(TABLE, {"q": words}).status_code == 200
    assert names(signed.get(TABLE, {"q": "%"}).text) == []


@pytest.mark.parametrize("sort", ["", "score", "interest", "due"])
def test_walking_the_pages_forth_and_back_meets_everybody_once(signed, sort):
    leads = make_leads(120, activity={"kind": "web:pricing"})
    for number, lead in enumerate(leads):
        Lead.objects.filter(pk=lead.pk).update(next_action_at=timezone.now() + timedelta(days=number % 7))
    met, address, back = [], f"{TABLE}?sort={sort}", ""
    while address:
        html = signed.get(address).text.replace("&amp;", "&")
        met.append(names(html))
        following = re.search(r'rel="next" href="([^"]+)"', html)
        before = re.search(r'rel="prev" href="([^"]+)"', html)
        back = before[1] if before else ""
        address = f"{TABLE}{following[1]}" if following else ""
    assert [len(page) for page in met] == [50, 50, 20]
    assert len({name for page in met for name in page}) == 120
    assert names(signed.get(f"{TABLE}{back}").text) == met[1]


def test_a_page_that_cannot_be_read_is_the_first(signed):
    make_lead(name="Somebody")
    for cursor in ("x", "1.2.3", "9" * 50, "-1", "٣", "nan_1", "0x1p99999_1"):
        for sort in ("", "score", "interest", "due"):
            assert signed.get(TABLE, {"after": cursor, "sort": sort}).status_code == 200


def test_counting_stops_at_a_thousand(signed):
    make_leads(1001)
    assert "1,000+" in signed.get(TABLE).text


def test_the_table_asks_as_often_at_300_leads_as_at_3(signed):
    make_leads(3)
    signed.get(TABLE)
    few = queries(signed)
    make_leads(300)
    assert queries(signed) == few <= 12


def queries(signed):
    with CaptureQueriesContext(connection) as asked:
        assert signed.get(TABLE).status_code == 200
    return len(asked)


def test_an_empty_pipeline_offers_a_file_a_lead_and_the_sample_company(signed, client):
    page = signed.get(TABLE).text
    assert "The pipeline is empty so far" in page
    assert "A manager can fill in the sample company" in page
    client.force_login(make_user("ruth", team="management"))
    assert "Fill in the sample company" in client.get(TABLE).text


def test_the_outsider_sees_nobody(client):
    make_lead()
    assert client.get(TABLE).status_code == 302


def test_a_stage_that_does_not_exist_is_named(signed):
    make_lead(name="Lena")
    page = signed.get(f"{TABLE}?stage=nowhere").text
    assert "There is no “nowhere” here." in page
    assert names(page) == []
    assert "“soon” is not a day." in signed.get(f"{TABLE}?seen_from=soon").text
    assert "There is no" not in signed.get(f"{TABLE}?stage=bofu").text


def test_where_an_e_mail_stands_for_a_name_the_table_and_the_board_say_that_it_is_missing(client):
    make_lead(name="", email="somebody@fehr.example", company={"name": "Fehr"}, job_title="Clerk")
    make_lead(name="Lena Fischer", job_title="Head of energy")
    client.force_login(make_user("mia"))
    assert client.get(TABLE).text.count("<span>No name, Clerk</span>") == 1
    assert client.get("/pipeline/").text.count('<span class="cut">No name, Fehr</span>') == 1
