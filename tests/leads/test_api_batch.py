"""Leads come in by the thousand: each row is kept or refused by itself, and a repeated batch is the same batch."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import measure, tokens
from handoff.tasks import catch_up
from leads.models import Lead, Submission
from tests.factories import make_user


@pytest.fixture
def mia():
    return make_user("mia")


@pytest.fixture
def send(client, mia):
    """Send a batch with mia's token."""
    token = tokens.make(mia, name="crm", days=30)[1]

    def sent(rows, key=None, **body):
        headers = {"authorization": f"Token {token}", **({"Idempotency-Key": key} if key else {})}
        body = json.dumps({"leads": rows, **body})
        return client.post("/api/v1/leads/batch/", body, "application/json", headers=headers)

    return sent


def people(number):
    return [{"email": f"p{n}@firm{n}.example", "name": f"Person {n}"} for n in range(number)]


def test_each_row_is_kept_or_refused_by_itself_and_says_which(send):
    answer = send(
        [*people(2), {"email": "lena@"}, "lena", {"name": "Nobody"}, {"email": "a@b.example", "stage": "out"}]
    )
    assert answer.status_code == 202
    told = answer.json()
    assert (told["accepted"], told["refused"]) == (2, 4)
    assert [row["state"] for row in told["results"]] == ["waiting"] * 2 + ["refused"] * 4
    assert [row["errors"][0]["attr"] for row in told["results"][2:]] == ["email", None, "email", "stage"]
    assert [row["index"] for row in told["results"]] == list(range(6))
    catch_up()
    assert sorted(Lead.objects.values_list("name", flat=True)) == ["Person 0", "Person 1"]


def test_a_repeated_batch_is_the_same_batch_and_other_rows_under_its_key_are_refused(send):
    first = send(people(3), key="nightly-1").json()
    assert send(people(3), key="nightly-1").json() == first
    other = send(people(4), key="nightly-1")
    assert (other.status_code, "Nothing was added" in other.json()["detail"]) == (409, True)
    assert Submission.objects.count() == 3


def test_a_row_with_a_key_of_its_own_is_one_lead_wherever_it_comes_again(send, client, mia):
    rows = [{**one, "key": f"crm-{place}"} for place, one in enumerate(people(2))]
    first = send(rows).json()["results"]
    again = send([*reversed(rows), {**rows[0], "name": "Somebody else"}]).json()["results"]
    assert [row["id"] for row in again[:2]] == [first[1]["id"], first[0]["id"]]
    assert (again[2]["state"], again[2]["errors"][0]["attr"]) == ("refused", "key")
    headers = {"authorization": f"Token {tokens.make(mia, name='b', days=30)[1]}", "Idempotency-Key": "crm-0"}
    alone = client.post("/api/v1/leads/", json.dumps(people(1)[0]), "application/json", headers=headers)
    assert alone.json()["id"] == first[0]["id"]
    assert Submission.objects.count() == 2


@pytest.mark.parametrize("key", ["", 7, "x" * 101, "a\nb", None])
def test_a_key_that_cannot_be_kept_is_refused_with_its_row(send, key):
    row = send([{**people(1)[0], "key": key}]).json()["results"][0]
    assert row["state"] == ("waiting" if key is None else "refused")


@pytest.mark.parametrize(("rows", "status"), [([], 422), ("lena", 422), (None, 422), ([{}] * 1001, 413)])
def test_no_batch_and_too_large_a_batch_are_refused_whole(send, rows, status):
    answer = send(rows)
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert not Submission.objects.exists()


def test_a_body_that_is_too_large_is_refused_before_it_is_read(send, client, mia):
    assert send([{"email": "a@b.example", "custom": {"x": "y" * 6 * 2**20}}]).status_code == 413
    headers = {"authorization": f"Token {tokens.make(mia, name='b', days=30)[1]}"}
    alone = json.dumps({"email": "a@b.example", "custom": {"x": "y" * 6 * 2**20}})
    refused = client.post("/api/v1/leads/", alone, "application/json", headers=headers)
    assert (refused.status_code, "larger than 5 MB" in refused.json()["detail"]) == (413, True)
    assert not Submission.objects.exists()


def test_a_thousand_take_as_many_statements_as_one(send):
    def statements(rows, key):
        with CaptureQueriesContext(connection) as taken:
            assert send(rows, key=key).json()["refused"] == 0
        return len(taken)

    few = statements([{**one, "key": f"one-{n}"} for n, one in enumerate(people(1))] + people(2), "small")
    many = [{**one, "key": f"many-{n}"} for n, one in enumerate(people(499))] + people(501)
    assert statements(many, "large") == few <= 10


def test_a_batch_is_measured_by_its_leads(send, monkeypatch):
    monkeypatch.setitem(measure.MOST, "capture", measure.MOST["capture"]._replace(most=5, lot=1))
    assert [send(people(3)).status_code for _number in range(2)] == [202, 429]
    assert Submission.objects.count() == 3


def test_whoever_buys_in_a_batch_takes_the_fast_lane(send):
    bought = {"purchase": {"amount": "1250.00", "currency": "EUR", "key": "invoice-1"}}
    send([{**people(1)[0], **bought}, people(2)[1], {**people(1)[0], **bought}])
    catch_up()
    lead = Lead.objects.get(email="p0@firm0.example")
    assert (lead.stage, lead.stage_changes.latest("seq").skipped) == ("customer", ["mofu", "bofu"])
    assert str(lead.deals.get().amount) == "1250.00"
    assert Lead.objects.get(email="p1@firm1.example").stage == "tofu"


def test_a_known_lead_is_completed_and_not_gone_over(send):
    send([{"email": "lena@fehr.example", "name": "Lena", "source": "social"}])
    catch_up()
    send([{"email": "Lena@Fehr.example", "name": "L. Fischer", "job_title": "CFO", "source": "web_form"}])
    catch_up()
    lead = Lead.objects.get()
    assert (lead.name, lead.job_title, lead.source.slug) == ("Lena", "CFO", "social")
