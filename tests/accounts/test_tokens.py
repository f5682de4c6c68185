"""API tokens: made for oneself, shown once, good until they expire or are revoked."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts import tokens
from accounts.models import ApiToken
from tests.factories import make_user

ADDRESS = "/settings/tokens/"


@pytest.fixture
def mia():
    return make_user("mia")


def asks(client, token):
    """What the API says to a program with this token."""
    client.logout()
    return client.get("/api/v1/leads/", headers={"authorization": f"Token {token}"}).status_code


def test_a_token_is_shown_once_and_only_its_digest_is_kept(client, mia):
    client.force_login(mia)
    made = client.post(ADDRESS, {"name": "web form", "days": 30, "scopes": ["read"]})
    token = re.search(r'id="token">(\w+)<', made.text)[1]
    assert token.startswith("smk_")
    assert "no-store" in made["Cache-Control"]
    kept = ApiToken.objects.get()
    assert token not in str(vars(kept))
    assert kept.expiry - timezone.now() > timedelta(days=29)
    again = client.get(ADDRESS).text
    assert "web form" in again
    assert token not in again
    assert asks(client, token) == 200


def test_a_token_that_is_revoked_opens_nothing_from_then_on(client, mia):
    kept, token = tokens.make(mia, name="web form", days=30)
    assert asks(client, token) == 200
    client.force_login(mia)
    answer = client.post(reverse("accounts:token_revoke"), {"digest": kept.digest}, follow=True)
    assert "is revoked" in answer.text
    assert asks(client, token) == 401


def test_a_token_that_has_expired_says_so_and_opens_nothing(client, mia):
    kept, token = tokens.make(mia, name="web form", days=30)
    ApiToken.objects.filter(pk=kept.pk).update(expiry=timezone.now() - timedelta(seconds=1))
    assert asks(client, token) == 401
    client.force_login(mia)
    assert "expired" in client.get(ADDRESS).text


def test_nobody_sees_or_revokes_the_tokens_of_others(client, mia):
    kept, token = tokens.make(mia, name="of mia", days=30)
    client.force_login(make_user("ruth", team="management"))
    assert "of mia" not in client.get(ADDRESS).text
    assert client.post(reverse("accounts:token_revoke"), {"digest": kept.digest}).status_code == 404
    assert asks(client, token) == 200


def test_a_form_that_says_too_little_is_shown_again(client, mia):
    client.force_login(mia)
    for said in ({"name": "", "days": 30}, {"name": "x" * 61, "days": 30}, {"name": "form", "days": 9999}, {}):
        assert client.post(ADDRESS, {**said, "scopes": ["read"], "sent": "1"}).status_code == 422
    assert not ApiToken.objects.exists()


def test_forgotten_tokens_do_not_pile_up(client, mia):
    for number in range(tokens.MOST):
        tokens.make(mia, name=f"number {number}", days=30)
    client.force_login(mia)
    refused = client.post(ADDRESS, {"name": "one more", "days": 30, "scopes": ["read"]})
    assert (refused.status_code, "Revoke one" in refused.text) == (422, True)


def test_the_outsider_is_asked_to_sign_in(client):
    for address in (ADDRESS, reverse("accounts:token_revoke")):
        assert client.post(address).url.split("?")[0] == reverse("account_login")


def test_the_page_takes_the_same_number_of_queries_for_one_token_and_for_twenty(client, mia, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    tokens.make(mia, name="first", days=30)
    client.force_login(mia)
    client.get(ADDRESS)
    with CaptureQueriesContext(connection) as few:
        client.get(ADDRESS)
    for number in range(19):
        tokens.make(mia, name=f"number {number}", days=30)
    with django_assert_num_queries(len(few)):
        client.get(ADDRESS)
