"""A token does what it was made for, as often as it may, and hears which scope it lacks."""

import json
import re

import pytest
from django.db import IntegrityError, transaction

from accounts import measure, tokens
from accounts.models import ApiToken
from leads.models import Submission
from tests.factories import make_lead, make_user
from tests.handoff.test_faults import NOWHERE

LENA = {"name": "Lena Fischer", "email": "lena@fehr.example"}


@pytest.fixture
def mia():
    return make_user("mia")


@pytest.fixture
def ask(client):
    """What the API answers to a program with this token."""

    def asked(token, method, address, body=None, **headers):
        headers["authorization"] = f"Token {token}"
        text = json.dumps(body) if body is not None else ""
        return client.generic(method, f"/api/v1/{address}", text, "application/json", headers=headers)

    return asked


@pytest.mark.parametrize("scope", ["read", "capture", "write"])
def test_a_token_opens_its_own_scope_alone_and_names_the_one_that_is_missing(ask, mia, scope):
    lead = make_lead()
    token = tokens.make(mia, name="narrow", days=30, scopes=[scope])[1]
    for needed, method, address, body in (
        ("read", "GET", "leads/", None),
        ("read", "GET", f"leads/{lead.pk}/", None),
        ("capture", "POST", "leads/", LENA),
        ("capture", "POST", "leads/batch/", {"leads": [LENA]}),
        ("write", "PATCH", f"leads/{lead.pk}/", {"name": "Lena", "version": 1}),
        ("write", "POST", f"leads/{lead.pk}/activities/", {"kind": "comment", "text": "Look"}),
    ):
        answer = ask(token, method, address, body)
        if needed == scope:
            assert answer.status_code < 300, (address, answer.content)
        else:
            assert answer.status_code == 403, address
            assert f"the scope “{needed}”" in answer.json()["detail"]
    assert Submission.objects.filter(way="api").count() == (2 if scope == "capture" else 0)


def test_scopes_are_chosen_on_the_page_and_shown_there(client, ask, mia):
    client.force_login(mia)
    made = client.post("/settings/tokens/", {"name": "web form", "days": 30, "scopes": ["capture"]})
    token = re.search(r'id="token">(\w+)<', made.text)[1]
    assert ApiToken.objects.get().scopes == ["capture"]
    assert "Bring leads in</span>" in client.get("/settings/tokens/").text
    client.logout()
    assert (ask(token, "POST", "leads/", LENA).status_code, ask(token, "GET", "leads/").status_code) == (202, 403)


def test_a_token_for_nothing_is_not_made(client, mia):
    client.force_login(mia)
    refused = client.post("/settings/tokens/", {"name": "web form", "days": 30})
    assert (refused.status_code, "Choose what the program may do." in refused.text) == (422, True)


@pytest.mark.parametrize("scopes", [[], ["everything"], ["read", "admin"]])
def test_the_database_keeps_no_scope_that_nobody_knows(mia, scopes):
    made = tokens.make(mia, name="narrow", days=30)[0]
    with pytest.raises(IntegrityError), transaction.atomic():
        ApiToken.objects.filter(pk=made.pk).update(scopes=scopes)


@pytest.mark.parametrize(("what", "method"), [("reading", "GET"), ("writing", "PATCH")])
def test_one_token_reads_and_changes_so_often_a_minute_and_hears_when_to_go_on(ask, mia, monkeypatch, what, method):
    monkeypatch.setitem(measure.MOST, what, measure.MOST[what]._replace(most=2))
    lead, token = make_lead(), tokens.make(mia, name="busy", days=30)[1]
    answers = [ask(token, method, f"leads/{lead.pk}/", {"version": 1} if method == "PATCH" else None) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
    other = tokens.make(mia, name="another", days=30)[1]
    assert ask(other, method, f"leads/{lead.pk}/", {"version": 1} if method == "PATCH" else None).status_code == 200


def test_without_redis_programs_go_on_reading(ask, mia, monkeypatch, settings):
    monkeypatch.setitem(measure.MOST, "reading", measure.MOST["reading"]._replace(most=1))
    monkeypatch.setattr(measure, "_rests_until", 0.0)
    settings.CACHES = {**settings.CACHES, "default": {**settings.CACHES["default"], "LOCATION": NOWHERE}}
    token = tokens.make(mia, name="busy", days=30)[1]
    assert [ask(token, "GET", "companies/").status_code for _number in range(3)] == [200] * 3
