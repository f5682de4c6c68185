"""The REST API: leads come in, are found, read and changed by machines, under the same rights as people."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import measure
from accounts.models import ApiToken
from handoff.tasks import catch_up
from leads import capture
from leads.models import Lead, Submission
from tests.factories import make_lead, make_user
from tests.handoff.test_faults import NOWHERE

LENA = {"name": "Lena Fischer", "email": "lena@fehr.example", "company": {"name": "Fehr"}, "source": "trade_fair"}


@pytest.fixture
def api(client):
    """Ask the API as somebody's machine; an address, what to send, and headers."""

    def ask(method, address, person=None, body=None, **headers):
        if person is not None:
            headers["authorization"] = f"Token {ApiToken.objects.create(person)[1]}"
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
        ({**LENA, "activity": {"kind": "task:done"}}, "activity"),
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
    token = ApiToken.objects.create(mia)[1]
    api("POST", "leads/", None, LENA, authorization=f"Token {token}")
    with django_assert_num_queries(2):  # whose token this is; the row
        assert api("POST", "leads/", None, LENA, authorization=f"Token {token}").status_code == 202


def test_the_outsider_gets_in_by_no_door(api, mia):
    doors = (
        ("POST", "leads/"),
        ("GET", "leads/"),
        ("GET", "leads/1/"),
        ("PATCH", "leads/1/"),
        ("GET", "submissions/1/"),
    )
    for method, address in doors:
        for token in ({}, {"authorization": "Token wrong"}, {"authorization": "Token \xff"}):
            answer = api(method, address, None, LENA, **token)
            assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")
    assert not Submission.objects.exists()


def test_a_token_that_has_expired_or_whose_person_left_opens_nothing(client, mia):
    from datetime import timedelta

    _row, expired = ApiToken.objects.create(mia, expiry=timedelta(seconds=-1))
    gone = make_user("gone", is_active=False)
    _row, left = ApiToken.objects.create(gone)
    for token in (expired, left):
        assert client.get("/api/v1/submissions/1/", headers={"authorization": f"Token {token}"}).status_code == 401


def test_leads_are_listed_in_pages_by_key_with_the_filters_of_the_table(api, mia):
    for number in range(7):
        make_lead(name=f"Lena {number}", source="trade_fair")
    make_lead(name="Georg", source="social")
    first = api("GET", "leads/?source=trade_fair&limit=5", mia).json()
    assert [lead["name"] for lead in first["results"]] == [f"Lena {number}" for number in (6, 5, 4, 3, 2)]
    second = api("GET", first["next"].removeprefix("/api/v1/"), mia).json()
    assert ([lead["name"] for lead in second["results"]], second["next"]) == (["Lena 1", "Lena 0"], None)
    assert (first["results"][0]["owner"], first["results"][0]["stage"]) == ("mia", "tofu")
    assert [lead["name"] for lead in api("GET", "leads/?q=georg", mia).json()["results"]] == ["Georg"]


def test_a_filter_that_means_nothing_is_told(api, mia):
    for query, field in (("?status=open", "status"), ("?limit=many", "limit"), ("?limit=501", "limit")):
        answer = api("GET", f"leads/{query}", mia)
        assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (422, field)


def test_a_stage_or_a_cursor_that_does_not_exist_is_told(api, mia):
    for query, words in (("?stage=nowhere", "There is no “nowhere” here."), ("?after=broken", "This is no cursor")):
        answer = api("GET", f"leads/{query}", mia)
        assert answer.status_code == 422
        assert words in answer.text


def test_listing_takes_the_same_number_of_queries_for_three_leads_and_for_three_hundred(api, mia):
    token = f"Token {ApiToken.objects.create(mia)[1]}"

    def queries():
        with CaptureQueriesContext(connection) as taken:
            assert api("GET", "leads/?limit=500", None, authorization=token).status_code == 200
        return len(taken)

    for _ in range(3):
        make_lead()
    few = queries()
    submissions = [capture.accept({"email": f"p{n}@firm{n}.example"}, way="file", actor=mia) for n in range(297)]
    capture.process(submissions)
    assert queries() == few <= 4


def test_a_record_is_read_and_changed_by_who_may_and_the_version_rises(api, mia, sam):
    lead = make_lead(name="Lena")
    read = api("GET", f"leads/{lead.pk}/", sam)
    assert (read["ETag"].startswith('"1.'), read.json()["name"], read.json()["version"]) == (True, "Lena", 1)
    changes = {
        "email": "Lena@Fehr.Example",
        "phone": "0662 123456",
        "country": "AT",
        "company": {"name": "Fehr", "size": 310},
        "source": "organic_search",
        "value": "1250",
        "marketer": "mia",
        "custom": {"plant": "Graz"},
    }
    refused = api("PATCH", f"leads/{lead.pk}/", sam, changes, **{"If-Match": '"1"'})
    assert (refused.status_code, refused.json()["detail"]) == (
        403,
        "In TOFU this is for marketing. Nothing was changed.",
    )
    changed = api("PATCH", f"leads/{lead.pk}/", mia, changes, **{"If-Match": '"1"'})
    assert (changed.status_code, changed["ETag"].startswith('"2.')) == (200, True)
    record = changed.json()
    assert (record["email"], record["phone"], record["value"]) == ("lena@fehr.example", "+43662123456", "1250.00")
    assert (record["company"]["name"], record["company"]["size"], record["marketer"]) == ("Fehr", 310, "mia")
    assert lead.activities.filter(kind="lead:edit", actor=mia).exists()


def test_a_change_needs_the_version_that_was_read_and_never_goes_over_another(api, mia):
    lead = make_lead()
    assert api("PATCH", f"leads/{lead.pk}/", mia, {"name": "Lena"}).status_code == 428
    assert api("PATCH", f"leads/{lead.pk}/", mia, {"name": "Lena", "version": 1}).status_code == 200
    stale = api("PATCH", f"leads/{lead.pk}/", mia, {"name": "L.", "version": 1})
    assert (stale.status_code, "Nothing was changed; read it again" in stale.json()["detail"]) == (412, True)
    lead.refresh_from_db()
    assert lead.name == "Lena"


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": "lena@"},
        {"email": "taken@fehr.example"},
        {"phone": "12"},
        {"country": "Austria"},
        {"company": {"size": 3}},
        {"company": {"name": "x" * 201}},
        {"source": "no_such_source"},
        {"value": "a lot"},
        {"look_again_on": "2026-02-30"},
        {"rep": "mia"},
        {"stage": "customer"},
        {"custom": ["a"]},
        {"name": "x" * 201},
        {"next_action_at": None, "next_action": {"a": 1}},
    ],
)
def test_a_change_that_is_wrong_is_refused_by_field_and_changes_nothing(api, mia, wrong):
    make_lead(email="taken@fehr.example")
    lead = make_lead()
    refused = api("PATCH", f"leads/{lead.pk}/", mia, {**wrong, "job_title": "CFO", "version": 1})
    assert (refused.status_code, refused.json()["errors"][0]["attr"]) == (422, list(wrong)[-1])
    lead.refresh_from_db()
    assert (lead.job_title, lead.version) == ("", 1)


def test_in_bofu_marketing_changes_the_source_by_the_api_and_sales_the_rest(api, mia, sam):
    lead = make_lead("bofu")
    make_lead(source="social")
    for person, field, value, status in (
        (sam, "source", "social", 403),
        (mia, "job_title", "CFO", 403),
        (mia, "source", "social", 200),
        (sam, "job_title", "CFO", 200),
    ):
        lead.refresh_from_db()
        answer = api("PATCH", f"leads/{lead.pk}/", person, {field: value, "version": lead.version})
        assert answer.status_code == status, (person, field)
        if status == 403:
            owner = "marketing" if field == "source" else "sales"
            assert answer.json()["detail"] == f"In BOFU this is for {owner}. Nothing was changed."


def test_one_token_brings_in_so_many_leads_a_minute_and_hears_when_to_go_on(api, mia, monkeypatch):
    monkeypatch.setitem(measure.MOST, "capture", measure.MOST["capture"]._replace(most=3))
    tokens = [f"Token {ApiToken.objects.create(mia)[1]}" for _number in range(2)]
    answers = [api("POST", "leads/", None, LENA, authorization=tokens[0]) for _number in range(4)]
    assert [answer.status_code for answer in answers] == [202, 202, 202, 429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
    assert answers[-1].json()["detail"].startswith("3 captured leads a minute are as many as")
    assert Submission.objects.count() == 3
    assert api("POST", "leads/", None, LENA, authorization=tokens[1]).status_code == 202


def test_redis_is_asked_once_for_a_hundred_that_a_program_captures(mia, monkeypatch):
    asked = []
    monkeypatch.setattr(measure, "_counted", lambda key, number, _seconds: asked.append(number) or sum(asked))
    for _number in range(250):
        measure.spend(mia, "capture", token="the token of this test")
    assert asked == [100, 100, 100]


def test_who_comes_first_at_once_is_counted_too(mia, monkeypatch):
    both = threading.Barrier(2)

    class Together:
        """The cache, as two find it at once before either has counted."""

        def incr(self, key, number):
            try:
                return cache.incr(key, number)
            except ValueError:
                both.wait(timeout=10)
                raise

        def add(self, *args, **kwargs):
            return cache.add(*args, **kwargs)

    monkeypatch.setattr(measure, "cache", Together())
    monkeypatch.setitem(measure.MOST, "capture", measure.MOST["capture"]._replace(within=measure.HOUR, most=2, lot=1))
    with ThreadPoolExecutor(2) as people:
        list(people.map(lambda _one: measure.spend(mia, "capture"), range(2)))
    with pytest.raises(measure.Spent):
        measure.spend(mia, "capture")


def test_without_redis_nobody_is_held_up_and_it_is_asked_only_now_and_then(api, mia, monkeypatch, settings):
    monkeypatch.setitem(measure.MOST, "capture", measure.MOST["capture"]._replace(most=1))
    monkeypatch.setattr(measure, "_rests_until", 0.0)
    settings.CACHES = {**settings.CACHES, "default": {**settings.CACHES["default"], "LOCATION": NOWHERE}}
    assert [api("POST", "leads/", mia, LENA).status_code for _number in range(3)] == [202] * 3
    assert measure._rests_until > 0
