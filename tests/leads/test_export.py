"""The lead table as a file: what it lists, whole, safe to open, and never held in memory at once."""

import csv
import io
import tracemalloc

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from leads import capture, export, rights
from leads.filters import LeadFilter
from leads.models import Lead
from tests.factories import make_handoff, make_lead, make_user


@pytest.fixture
def mia():
    return make_user("mia")


def exported(client, person, **query):
    client.force_login(person)
    response = client.get(reverse("leads:export"), query)
    assert response.status_code == 200
    text = response.getvalue().decode()
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def many(number):
    capture.process(
        [capture.accept({"email": f"p{n}@firm{n}.example", "source": "fair"}, way="file") for n in range(number)]
    )


def test_the_file_holds_what_the_table_lists_with_its_filters_and_order(client, mia):
    make_lead(name="Georg", source="social")
    make_lead(name="Lena", email="lena@fehr.example", company={"name": "Fehr"}, source="trade_fair", value="1250")
    make_lead(name="Jonas", source="trade_fair")
    rows = exported(client, mia, source="trade_fair")
    assert [row["name"] for row in rows] == ["Jonas", "Lena"]
    lena = rows[1]
    assert (lena["email"], lena["company"], lena["stage"], lena["owner"]) == (
        "lena@fehr.example",
        "Fehr",
        "tofu",
        "mia",
    )
    assert (lena["source"], lena["value"], lena["currency"]) == ("trade_fair", "1250.00", "EUR")
    assert [row["name"] for row in exported(client, mia, q="georg")] == ["Georg"]
    assert exported(client, mia, source="no_such_source") == []


def test_a_lead_in_the_middle_says_its_lane_and_its_rep(client, mia):
    make_handoff("sal")
    (row,) = exported(client, mia)
    assert (row["stage"], row["lane"], row["owner"]) == ("mofu", "sal", "sam")


def test_what_a_spreadsheet_would_run_is_defused(client, mia):
    make_lead(name='=HYPERLINK("http://evil.example","Lena")', job_title="@SUM(1)")
    (row,) = exported(client, mia)
    assert row["name"].startswith("'=HYPERLINK")
    assert row["job_title"] == "'@SUM(1)"


def test_commas_quotes_lines_and_other_scripts_come_back_as_they_were(client, mia):
    name = 'Zoë "Zed", 李\nsecond line'
    make_lead(name=name)
    assert exported(client, mia)[0]["name"] == name


@pytest.mark.parametrize("sort", ["newest", "score", "due"])
def test_every_lead_stands_in_the_file_once_over_many_pieces(client, mia, monkeypatch, sort):
    monkeypatch.setattr(export, "PIECE", 7)
    many(30)
    for number in range(3):
        make_lead(next_action="Call", next_action_at=f"2030-01-0{number + 1}")
    ids = [row["id"] for row in exported(client, mia, sort=sort)]
    assert len(ids) == len(set(ids)) == (3 if sort == "due" else 33)


def test_a_piece_is_one_query_and_little_memory_however_many_leads_there_are(mia, monkeypatch):
    monkeypatch.setattr(export, "PIECE", 100)

    def peak(number):
        many(number)
        chosen = LeadFilter({}, mia)
        _known = chosen.known
        with CaptureQueriesContext(connection) as taken:
            tracemalloc.start()
            for _piece in export.lines(chosen, Lead.objects.visible_to(mia)):
                pass
            _size, most = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        return len(taken), most

    peak(10)
    queries, few = peak(200)
    more_queries, lots = peak(1000)
    assert (queries, more_queries) == (2, 10)
    assert lots < 2 * few


def test_both_teams_may_take_a_file_and_nobody_else(client):
    for team in ("marketing", "sales", "management"):
        exported(client, make_user(f"{team}-person", team=team))
    client.logout()
    assert client.get(reverse("leads:export")).url.split("?")[0] == reverse("account_login")
    with pytest.raises(PermissionDenied, match="This is for marketing and sales"):
        rights.permit(AnonymousUser(), "export")


def test_the_table_offers_the_file_of_what_it_lists(client, mia):
    make_lead(source="social")
    client.force_login(mia)
    text = client.get(reverse("leads:table"), {"source": "social", "sort": "score"}).text
    assert f'href="{reverse("leads:export")}?source=social&amp;sort=score"' in text
    assert reverse("leads:export") not in client.get(reverse("leads:table"), {"q": "nobody at all"}).text
