"""Settings: one's own profile for everybody; reasons and the sample company for managers."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from handoff import sample
from handoff.forms.reason import ReasonForm
from handoff.models import Reason, SampleMark
from handoff.tasks import fill_sample, sample_is_coming
from leads.models import Lead
from tests.factories import make_lead, make_reason, make_user


@pytest.fixture
def ruth():
    return make_user("ruth", team="management")


@pytest.fixture
def mia():
    return make_user("mia")


def for_managers():
    """Every address that is for managers alone."""
    reason = make_reason("lose").pk
    return [
        reverse("handoff:people"), reverse("handoff:person", args=[1]), reverse("handoff:sample"),
        reverse("handoff:reason_add", args=["lose"]), reverse("handoff:reason", args=[reason]),
    ]  # fmt: skip


@pytest.mark.parametrize("team", ["marketing", "sales"])
def test_what_is_for_managers_is_refused_to_the_teams_in_words(client, team):
    client.force_login(make_user("pat", team=team))
    for address in for_managers():
        for method in (client.get, client.post):
            response = method(address)
            if response.status_code != 405:
                assert (response.status_code, "This is for management." in response.text) == (403, True), address
    assert client.get(reverse("handoff:agreement")).status_code == 200
    assert "Sample company" not in client.get(reverse("handoff:settings")).text


def test_everybody_changes_their_own_profile_and_sees_their_own_time(client, mia):
    client.force_login(mia)
    said = {"name": "Mia Novak", "email": "mia.novak@example.com", "time_zone": "Asia/Tokyo"}
    page = client.post(reverse("handoff:settings"), {**said, "team": "management", "is_superuser": "on"}, follow=True)
    assert "Your profile is saved." in page.text
    mia.refresh_from_db()
    assert (mia.name, mia.email, mia.time_zone) == ("Mia Novak", "mia.novak@example.com", "Asia/Tokyo")
    assert (mia.team, mia.is_superuser) == ("marketing", False)


def test_an_e_mail_of_somebody_else_is_refused_and_says_whose_it_is(client, mia):
    make_user("sam", team="sales", name="Sam Okafor")
    client.force_login(mia)
    page = client.post(reverse("handoff:settings"), {"name": "Mia", "email": "SAM@example.com", "time_zone": "UTC"})
    assert page.status_code == 422
    assert "Sam Okafor has this e-mail already." in page.text


# Reasons


def test_a_manager_words_a_reason_anew_and_adds_one_with_its_class(client, ruth):
    client.force_login(ruth)
    reason = make_reason("return", "below_fit")
    said = {"label": "Below the agreed fit", "look_again_days": 30}
    client.post(reverse("handoff:reason", args=[reason.pk]), said)
    reason.refresh_from_db()
    assert (reason.label, reason.look_again_days, reason.code, reason.return_class) == (
        "Below the agreed fit", 30, "below_fit", "definitional",
    )  # fmt: skip
    said = {"label": "Wrong language", "return_class": "procedural", "look_again_days": 0}
    page = client.post(reverse("handoff:reason_add", args=["return"]), said, follow=True)
    assert "Wrong language" in page.text
    assert make_reason("return", "wrong_language").return_class == "procedural"


def test_to_look_again_takes_the_usual_days_or_a_number_of_one_s_own(client, ruth):
    client.force_login(ruth)
    reason = make_reason("recycle", "not_now")
    address = reverse("handoff:reason", args=[reason.pk])

    def days(**said):
        answer = client.post(address, {"label": "Not now", **said})
        reason.refresh_from_db()
        return answer.status_code, reason.look_again_days

    page = client.get(address).text
    for label in ("30 days", "60 days", "90 days", "180 days", "No day is set"):
        assert label in page
    assert re.search(r'name="usual" value="90"[^>]*checked', page)
    assert days(usual="180", look_again_days="") == (302, 180)
    assert days(usual="180", look_again_days="45") == (302, 45)
    assert 'name="look_again_days" value="45"' in client.get(address).text
    assert days(usual="0", look_again_days="") == (302, 0)
    assert days(usual="", look_again_days="") == (422, 0)
    assert days(usual="31", look_again_days="") == (422, 0)
    for person in (make_user("mia"), make_user("sam", team="sales")):
        client.force_login(person)
        assert client.post(address, {"label": "Not now", "usual": "30"}).status_code == 403
    assert "usual" not in ReasonForm(act="disqualify").fields


def test_a_retired_reason_is_no_longer_offered_and_the_last_one_stays(client, ruth):
    client.force_login(ruth)
    reasons = list(Reason.objects.filter(act="withdraw"))
    for reason in reasons:
        page = client.post(
            reverse("handoff:reason", args=[reason.pk]), {"label": reason.label, "look_again_days": 0, "retired": "on"}
        )
    assert page.status_code == 422
    assert "This is the last reason for it" in page.text
    assert list(Reason.objects.offered_for("withdraw")) == reasons[-1:]


def test_two_reasons_of_an_act_are_not_worded_the_same(client, ruth):
    client.force_login(ruth)
    page = client.post(reverse("handoff:reason_add", args=["lose"]), {"label": "PRICE", "look_again_days": 1})
    assert (page.status_code, "Choose other words" in page.text) == (422, True)


# The sample company


def test_a_manager_fills_it_in_by_the_worker_and_takes_it_away(client, ruth, monkeypatch):
    asked = []
    monkeypatch.setattr("handoff.tasks.fill_sample.delay", lambda: asked.append(1))
    client.force_login(ruth)
    for _twice in range(2):
        assert "on its way" in client.post(reverse("handoff:sample"), follow=True).text
    assert (asked, sample_is_coming()) == ([1], True)
    assert "It is being filled in." in client.get(reverse("handoff:sample"), headers={"HX-Request": "true"}).text
    monkeypatch.setattr("handoff.sample.fill", lambda: sample.filling.fill(leads=30))
    fill_sample()
    assert not sample_is_coming()
    page = client.get(reverse("handoff:settings"))
    assert "30 sample leads and 9 people will go; yours stay." in page.text
    kept = make_lead(actor=ruth)
    page = client.post(reverse("handoff:sample"), {"remove": "1"}, follow=True)
    assert "30 sample leads are gone." in page.text
    assert list(Lead.objects.all()) == [kept]
    assert list(User.objects.all()) == [ruth]


def test_a_worker_that_cannot_be_asked_is_said(client, ruth, monkeypatch):
    def away():
        raise OSError("no broker")

    monkeypatch.setattr("handoff.tasks.fill_sample.delay", away)
    client.force_login(ruth)
    assert "cannot be reached, so nothing was filled in" in client.post(reverse("handoff:sample"), follow=True).text
    assert not sample_is_coming()


def test_the_only_manager_of_the_sample_is_told_to_add_one_first(client, ruth):
    SampleMark.objects.create(kind="person", row=ruth.pk)
    client.force_login(ruth)
    page = client.post(reverse("handoff:sample"), {"remove": "1"})
    assert page.status_code == 422
    assert "first add a manager of your own" in page.text
    assert User.objects.filter(pk=ruth.pk).exists()


def test_a_manager_of_the_sample_who_removes_it_is_signed_out(client, ruth):
    make_user("vera", team="management")
    SampleMark.objects.create(kind="person", row=ruth.pk)
    client.force_login(ruth)
    assert (
        client.post(reverse("handoff:sample"), {"remove": "1"}, follow=True)
        .redirect_chain[-1][0]
        .startswith(reverse("account_login"))
    )


# How much it asks of the database


def test_the_pages_ask_as_often_with_many_rows_as_with_few(client, ruth):
    client.force_login(ruth)
    addresses = [reverse("handoff:settings"), reverse("handoff:people")]

    def counted():
        found = []
        for address in addresses:
            client.get(address)
            with CaptureQueriesContext(connection) as asked:
                client.get(address)
            found.append(len(asked))
        return found

    few = counted()
    User.objects.bulk_create(
        User(username=f"p{n}", name=f"Person {n}", email=f"p{n}@example.com", team="sales", password="!")
        for n in range(40)
    )
    Reason.objects.bulk_create(Reason(act="lose", code=f"r{n}", label=f"Reason {n}") for n in range(60))
    assert counted() == few
    assert max(few) <= 8
