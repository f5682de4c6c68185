"""The REST API: leads come in, are found, read and changed by machines, under the same rights as people."""

import json

import pytest
from knox.models import AuthToken

from handoff.tasks import catch_up
from leads.models import Lead, Submission
from tests.factories import make_user

LENA = {"name": "Lena Fischer", "email": "lena@fehr.example", "company": {"name": "Fehr"}, "source": "trade_fair"}


@pytest.fixture
def api(client):
    """Ask the API as somebody's machine; an address, what to send, and headers."""

    def ask(method, address, person=None, body=None, **headers):
        if person is not None:
            headers["authorization"] = f"Token {AuthToken.objects.create(person)[1]}"
        if body is not None and not isinstance(body, str):
            body = json.dumps(body)
        return client.generic(method, f"/api/v1/{address}", body or "", "application/json", headers=headers)

    return ask


@pytest.fixture
def mia():
    return make_user("mia")


@pytest.fixture
def sam():
    return make_user("sam", team="sales")


def test_a_lead_is_accepted_at_once_and_processed_by_the_worker(api, mia):
    accepted = api("POST", "leads/", mia, {**LENA, "activity": {"kind": "web:pricing"}})
    assert (accepted.status_code, accepted.json()["state"], accepted.json()["lead"]) == (202, "waiting", None)
    assert not Lead.objects.exists()
    catch_up()
    became = api("GET", accepted["Location"].removeprefix("/api/v1/"), mia).json()
    lead = Lead.objects.get()
    assert (became["state"], became["lead"], became["error"]) == ("processed", lead.pk, "")
    assert (lead.name, lead.source.slug, lead.activities.get().kind) == ("Lena Fischer", "trade_fair", "web:pricing")


def test_the_same_key_gives_the_same_answer_and_another_lead_under_it_is_refused(api, mia, sam):
    first = api("POST", "leads/", mia, LENA, **{"Idempotency-Key": "order-7"}).json()
    assert api("POST", "leads/", mia, LENA, **{"Idempotency-Key": "order-7"}).json() == first
    other = api("POST", "leads/", mia, {"email": "georg@fehr.example"}, **{"Idempotency-Key": "order-7"})
    assert (other.status_code, other.json()["status"]) == (409, 409)
    assert "Nothing was added" in other.json()["detail"]
    assert api("POST", "leads/", sam, LENA, **{"Idempotency-Key": "order-7"}).json()["id"] != first["id"]
    assert Submission.objects.count() == 2


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ({**LENA, "email": "lena@"}, "email"),
        ({"name": "Nobody"}, "email"),
        ({**LENA, "stage": "customer"}, "stage"),
        ({**LENA, "overwrite": True}, "overwrite"),
        ({**LENA, "outcome": {"result": "won"}}, "outcome"),
        ({**LENA, "activity": {"kind": "deal:win"}}, "activity"),
        ({**LENA, "activity": {"kind": "web:pricing", "at": "2999-01-01"}}, "activity"),
        ({**LENA, "activity": {"kind": ["web"]}}, "activity"),
        ({**LENA, "purchase": {"amount": "a lot"}}, "purchase"),
        ({**LENA, "purchase": {"at": "someday"}}, "purchase"),
        ({**LENA, "purchase": "yes"}, "purchase"),
        ({**LENA, "hand_raise": {"key": ""}}, "hand_raise"),
    ],
)
def test_what_cannot_be_a_lead_is_refused_by_field_and_nothing_is_kept(api, mia, payload, field):
    refused = api("POST", "leads/", mia, payload)
    assert (refused.status_code, refused["Content-Type"]) == (422, "application/problem+json")
    assert [error["attr"] for error in refused.json()["errors"]] == [field]
    assert not Submission.objects.exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("{", 400),
        ("[1]", 422),
        ("[" * 100_000, 400),
        ('{"email": "a@b.example", "custom": {"x": 1e999}}', 422),
        ('{"email": "a@b.example", "custom": {"x": NaN}}', 400),
        ('{"email": "a@b.example", "name": "\\ud800"}', 422),
    ],
)
def test_what_no_database_could_keep_is_refused_whole(api, mia, body, status):
    assert api("POST", "leads/", mia, body).status_code == status
    assert not Submission.objects.exists()


def test_signs_that_no_column_takes_are_left_out_and_lookalikes_are_kept(api, mia):
    api("POST", "leads/", mia, {**LENA, "name": "Le\x00na", "custom": {"note": "C:\\u0000"}})
    catch_up()
    lead = Lead.objects.get()
    assert (lead.name, lead.custom["note"]) == ("Lena", "C:\\u0000")


def test_whoever_buys_is_a_customer_when_the_worker_has_been(api, mia):
    bought = {**LENA, "purchase": {"amount": "1250.00", "currency": "chf", "key": "invoice-1"}}
    api("POST", "leads/", mia, bought)
    api("POST", "leads/", mia, bought)
    catch_up()
    lead = Lead.objects.get()
    assert (lead.stage, lead.stage_changes.latest("seq").skipped) == ("customer", ["mofu", "bofu"])
    deal = lead.deals.get()
    assert (str(deal.amount), deal.currency) == ("1250.00", "CHF")


def test_whoever_asks_to_talk_is_offered_to_sales_when_the_worker_has_been(api, mia):
    api("POST", "leads/", mia, {**LENA, "hand_raise": {"note": "Call before noon"}})
    catch_up()
    handoff = Lead.objects.get().handoffs.get()
    assert (handoff.origin, handoff.note) == ("hand_raise", "Call before noon")


def test_accepting_takes_two_statements(api, mia, django_assert_num_queries):
    token = AuthToken.objects.create(mia)[1]
    api("POST", "leads/", None, LENA, authorization=f"Token {token}")
    with django_assert_num_queries(2):  # whose token this is; the row
        assert api("POST", "leads/", None, LENA, authorization=f"Token {token}").status_code == 202


def test_the_outsider_gets_in_by_no_door(api, mia):
    for method, address in (("POST", "leads/"), ("GET", "submissions/1/")):
        for token in ({}, {"authorization": "Token wrong"}, {"authorization": "Token \xff"}):
            answer = api(method, address, None, LENA, **token)
            assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")
    assert not Submission.objects.exists()


def test_a_token_that_has_expired_or_whose_person_left_opens_nothing(client, mia):
    from datetime import timedelta

    _row, expired = AuthToken.objects.create(mia, expiry=timedelta(seconds=-1))
    gone = make_user("gone", is_active=False)
    _row, left = AuthToken.objects.create(gone)
    for token in (expired, left):
        assert client.get("/api/v1/submissions/1/", headers={"authorization": f"Token {token}"}).status_code == 401
