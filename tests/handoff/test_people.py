"""People: added, moved and signed out for good by managers; whatever happens, one of them can sign in."""

import re

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from accounts.models import ApiToken, User
from leads.models import Lead
from tests.factories import make_handoff, make_user


@pytest.fixture
def ruth():
    return make_user("ruth", team="management")


@pytest.fixture
def manager(ruth):
    client = Client()
    client.force_login(ruth)
    return client


def said(**changes):
    return {
        "name": "Jo Prins",
        "username": "jo",
        "email": "jo@firm.example",
        "team": "sales",
        "time_zone": "UTC",
    } | changes


def act(client, person, what, **words):
    return client.post(reverse("handoff:person", args=[person.pk]), {"act": what, **words}, follow=True)


def test_a_colleague_signs_in_with_the_first_password_which_is_shown_once(client, manager):
    page = manager.post(reverse("handoff:people"), said())
    password = re.search(r'<code[^>]*id="password">([^<]+)<', page.text)[1]
    assert password not in manager.get(reverse("handoff:people")).text
    client.post(reverse("account_login"), {"login": "jo", "password": password})
    assert client.get("/").wsgi_request.user == User.objects.get(username="jo", team="sales")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"username": "RUTH"}, "Somebody has this username already."),
        ({"username": "jo prins"}, "Use letters, digits"),
        ({"username": "sales"}, "This names a whole team."),
        ({"email": "Ruth@example.com"}, "Ruth has this e-mail already."),
        ({"email": "jo"}, "Enter a valid email address."),
        ({"team": "legal"}, "legal is not one of the available choices"),
        ({"name": ""}, "This field is required."),
    ],
)
def test_who_cannot_be_added_is_shown_again_with_the_reason(manager, changes, words):
    page = manager.post(reverse("handoff:people"), said(**changes))
    assert page.status_code == 422
    assert words in page.text
    assert User.objects.count() == 1


def test_a_new_team_counts_at_once(client, manager):
    mia = make_user("mia")
    client.force_login(mia)
    assert client.get(reverse("handoff:people")).status_code == 403
    act(manager, mia, "save", name="Mia Novak", email=mia.email, team="management", time_zone="Europe/Vienna")
    assert client.get(reverse("handoff:people")).status_code == 200


def test_what_somebody_owns_who_left_stays_visible_and_named(client, manager):
    sam = make_user("sam", team="sales", name="Sam Okafor")
    lead = make_handoff("sal", rep=sam).lead
    ApiToken.objects.create(sam, name="form")
    client.force_login(sam)
    assert "can no longer sign in" in act(manager, sam, "deactivate").text
    assert client.get("/").status_code == 302
    assert not ApiToken.objects.exists()
    assert Lead.objects.get(pk=lead.pk).rep == sam
    assert "Sam Okafor" in manager.get(lead.get_absolute_url()).text
    page = manager.get(reverse("handoff:person", args=[sam.pk])).text
    assert "whatever is still theirs waits until it is handed over" in page
    assert lead.name in manager.get(reverse("leads:table"), {"owner": "sam"}).text
    act(manager, sam, "activate")
    assert User.objects.get(pk=sam.pk).is_active


@pytest.mark.parametrize("way", ["deactivate", "save"])
def test_the_last_manager_stays_one(manager, ruth, way):
    words = {"name": "Ruth", "email": ruth.email, "team": "sales", "time_zone": "UTC"} if way == "save" else {}
    page = act(manager, ruth, way, **words)
    assert page.status_code == 422
    assert "the only manager who can sign in" in page.text
    ruth.refresh_from_db()
    assert (ruth.is_active, ruth.team) == (True, "management")
    make_user("vera", team="management")
    act(manager, ruth, way, **words)
    ruth.refresh_from_db()
    assert (ruth.is_active, ruth.team) != (True, "management")


def test_a_new_password_signs_out_everywhere_but_where_it_was_asked_for(client, manager, ruth):
    sam = make_user("sam", team="sales")
    client.force_login(sam)
    page = act(manager, sam, "password")
    password = re.search(r'<code[^>]*id="password">([^<]+)<', page.text)[1]
    assert client.get("/").status_code == 302
    assert Client().login(username="sam", password=password)
    act(manager, ruth, "password")
    assert manager.get(reverse("handoff:people")).status_code == 200


def test_an_act_that_is_none_is_not_found(manager, ruth):
    assert act(manager, ruth, "promote").status_code == 404
    assert manager.get(reverse("handoff:person", args=[0])).status_code == 404


def test_the_first_person_of_an_empty_installation_is_a_manager_who_may_enter_everything(client):
    call_command(
        "createsuperuser", "--noinput", username="vera", email="vera@firm.example", name="Vera Brandt", verbosity=0
    )
    vera = User.objects.get(username="vera")
    assert (vera.name, vera.team, vera.is_superuser) == ("Vera Brandt", "management", True)
    client.force_login(vera)
    for name in ("my_day", "board", "inbox", "deals", "settings", "people", "agreement", "import"):
        assert client.get(reverse(f"handoff:{name}")).status_code == 200, name
    for address in (reverse("leads:table"), reverse("admin:index")):
        assert client.get(address).status_code == 200


def test_its_team_may_be_named(monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_TEAM", "sales")
    call_command("createsuperuser", "--noinput", username="sid", email="sid@firm.example", name="Sid", verbosity=0)
    call_command(
        "createsuperuser", "--noinput", username="mo", email="mo@firm.example", name="Mo", team="marketing", verbosity=0
    )
    assert list(User.objects.order_by("username").values_list("team", flat=True)) == ["marketing", "sales"]
