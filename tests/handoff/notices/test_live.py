"""Open pages ask whether anything has changed: a number, 304 while it has not, with Redis or without."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import people
from handoff import conversation, notices, tasks
from leads import pulse
from tests.factories import make_lead, make_user
from tests.handoff.test_faults import NOWHERE


@pytest.fixture
def redis_away(settings, monkeypatch):
    settings.CACHES = {**settings.CACHES, "default": {**settings.CACHES["default"], "LOCATION": NOWHERE}}
    monkeypatch.setattr(pulse, "_rests_until", 0.0)


def ask(client, person, tag=""):
    return client.get("/live/", {"who": pulse.token(person.pk)}, headers={"if-none-match": tag} if tag else {})


@pytest.mark.django_db(transaction=True)
def test_a_page_hears_of_a_change_once_and_else_of_nothing(client):
    mia, sam = make_user("mia"), make_user("sam", team="sales")
    lead = make_lead()
    first = ask(client, mia)
    assert (first.status_code, first["Cache-Control"]) == (200, "no-store")
    assert ask(client, mia, first["ETag"]).status_code == 304
    conversation.comment(lead, actor=sam, text="no mention")
    second = ask(client, mia, first["ETag"])
    assert second.status_code == 200
    (leads, me), (leads_after, me_after) = (each["ETag"].strip('"').split("-") for each in (first, second))
    assert leads != leads_after
    assert me == me_after
    assert int(second.text.split()[1]) < 5_000
    conversation.comment(lead, actor=sam, text="@mia look")
    third = ask(client, mia, second["ETag"])
    assert third["ETag"].strip('"').split("-")[1] != me_after
    client.force_login(mia)
    client.get(reverse("handoff:notices"))
    assert ask(client, mia, third["ETag"]).status_code == 200  # read: the bell of their other pages follows


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_is_not_heard_of(client):
    from django.db import transaction

    mia = make_user("mia")
    tag = ask(client, mia)["ETag"]
    with pytest.raises(ValueError, match="no"), transaction.atomic():
        notices.write(kind="comment:mention", to=[mia], text="Told", event="e:1")
        raise ValueError("no")
    assert ask(client, mia, tag).status_code == 304
    with transaction.atomic():
        notices.write(kind="comment:mention", to=[mia], text="Told", event="e:1")
        assert ask(client, mia, tag).status_code == 304
    assert ask(client, mia, tag).status_code == 200


def test_asking_takes_no_query_and_needs_a_token(client):
    mia = make_user("mia")
    with CaptureQueriesContext(connection) as taken:
        tag = ask(client, mia)["ETag"]
        ask(client, mia, tag)
    assert len(taken) == 0
    assert client.get("/live/").status_code == 403
    assert client.get("/live/", {"who": pulse.token(mia.pk) + "x"}).status_code == 403
    assert client.post(f"/live/?who={pulse.token(mia.pk)}").status_code == 405


@pytest.mark.django_db(transaction=True)
def test_with_redis_away_the_newest_rows_say_whether_something_has_changed(client, redis_away):
    mia, sam = make_user("mia"), make_user("sam", team="sales")
    lead = make_lead()
    with CaptureQueriesContext(connection) as taken:
        tag = ask(client, mia)["ETag"]
    assert len(taken) == 1
    assert ask(client, mia, tag).status_code == 304
    conversation.comment(lead, actor=sam, text="@mia look")
    assert ask(client, mia, tag).status_code == 200


def test_every_page_carries_whose_it_is(client):
    mia = make_user("mia")
    client.force_login(mia)
    assert f'data-live="{pulse.token(mia.pk)}"' in client.get("/").text
    assert "data-stream" not in client.get("/").text
    client.logout()
    assert "data-live" not in client.get(reverse("account_login")).text


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("redis", ["here", "away"])
def test_who_can_no_longer_sign_in_hears_nothing_with_the_token_of_a_page_that_is_still_open(client, redis, request):
    mia = make_user("mia")
    if redis == "away":
        request.getfixturevalue("redis_away")
    assert ask(client, mia).status_code == 200
    people.deactivate(mia)
    assert ask(client, mia).status_code == 403
    people.activate(mia)
    assert ask(client, mia).status_code == 200


def test_who_left_or_came_back_while_redis_was_away_is_known_soon_after(
    client, settings, monkeypatch, django_capture_on_commit_callbacks
):
    sam, kim = (make_user(name, team="sales") for name in ("sam", "kim"))
    here = settings.CACHES
    with django_capture_on_commit_callbacks(execute=True):
        people.deactivate(kim)
    settings.CACHES = {**here, "default": {**here["default"], "LOCATION": NOWHERE}}
    with django_capture_on_commit_callbacks(execute=True):
        people.deactivate(sam)
        people.activate(kim)
    settings.CACHES = here
    assert (ask(client, sam).status_code, ask(client, kim).status_code) == (200, 403)
    tasks.tell_who_can_sign_in()
    assert (ask(client, sam).status_code, ask(client, kim).status_code) == (403, 200)
