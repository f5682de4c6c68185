"""Days away, hours and limits: entered by the person or by management, seen where people are, kept to by offers."""

from datetime import time, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Absence, WorkingHours
from tests.factories import make_handoff, make_user


@pytest.fixture
def sam():
    return make_user("sam", team="sales", time_zone="Europe/Vienna")


@pytest.fixture
def manager():
    client = Client()
    client.force_login(make_user("ruth", team="management"))
    return client


def days(first, last, **said):
    today = timezone.localdate()
    ends = str(today + timedelta(days=last)) if last is not None else ""
    return {"act": "away", "begins_on": str(today + timedelta(days=first)), "ends_on": ends, **said}


def test_somebody_enters_their_own_days_away_and_takes_them_back(client, sam, manager):
    client.force_login(sam)
    page = client.post(reverse("handoff:presence"), days(0, 3, note="Skiing"), follow=True).text
    assert "Skiing" in page
    assert "away now" in page
    assert "away until" in manager.get(reverse("handoff:people")).text
    assert "away until" in manager.get(reverse("handoff:person", args=[sam.pk])).text
    absence = Absence.objects.get()
    assert (absence.person, absence.entered_by) == (sam, sam)
    client.post(reverse("handoff:presence"), {"act": "back", "absence": absence.pk})
    assert not Absence.objects.exists()


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [(3, 1, "lies before the first"), (-9, -5, "are past"), (1, 2, "entered already"), (0, None, "entered already")],
)
def test_days_that_cannot_be_are_refused(client, sam, first, last, told):
    client.force_login(sam)
    client.post(reverse("handoff:presence"), days(1, 5))
    response = client.post(reverse("handoff:presence"), days(first, last))
    assert response.status_code == 422
    assert told in response.text
    assert Absence.objects.count() == 1


def test_a_manager_enters_them_for_others_and_nobody_else_does(client, sam, manager):
    address = reverse("handoff:person_presence", args=[sam.pk])
    assert "entered by Ruth" in manager.post(address, days(0, None), follow=True).text
    absence = Absence.objects.get()
    priya = make_user("priya", team="sales")
    for person in (priya, make_user("mia")):
        client.force_login(person)
        assert client.get(address).status_code == 403
        assert client.post(address, days(8, 9)).status_code == 403
        assert client.post(reverse("handoff:presence"), {"act": "back", "absence": absence.pk}).status_code == 404
    assert Absence.objects.count() == 1


def test_hours_are_kept_by_weekday_and_a_week_without_any_is_the_agreements(client, sam, manager):
    client.force_login(sam)
    hours = {"opens_0": "08:00", "closes_0": "12:30", "opens_4": "13:00", "closes_4": "18:00"}
    client.post(reverse("handoff:presence"), {"act": "hours", **hours})
    kept = list(WorkingHours.objects.values_list("weekday", "opens", "closes"))
    assert kept == [(0, time(8), time(12, 30)), (4, time(13), time(18))]
    assert "Mon 08:00-12:30, Fri 13:00-18:00" in manager.get(reverse("handoff:person", args=[sam.pk])).text
    for broken in ({"opens_1": "09:00"}, {"opens_1": "09:00", "closes_1": "08:00"}, {"opens_1": "x", "closes_1": "9"}):
        response = client.post(reverse("handoff:presence"), {"act": "hours", **broken})
        assert response.status_code == 422
    assert WorkingHours.objects.count() == 2
    client.post(reverse("handoff:presence"), {"act": "hours"})
    assert not WorkingHours.objects.exists()
    assert "by the agreement" in manager.get(reverse("handoff:person", args=[sam.pk])).text


def test_management_sets_how_much_somebody_takes_at_once(client, sam, manager):
    make_handoff("sal", rep=sam)
    address = reverse("handoff:person_presence", args=[sam.pk])
    assert manager.post(address, {"act": "share", "capacity": "12", "weight": "2"}).status_code == 302
    sam.refresh_from_db()
    assert (sam.capacity, sam.weight) == (12, 2)
    assert "1 of 12 hand-offs" in manager.get(reverse("handoff:people")).text
    assert manager.post(address, {"act": "share", "capacity": "0", "weight": "99"}).status_code == 422
    client.force_login(sam)
    assert client.post(reverse("handoff:presence"), {"act": "share", "weight": "9"}).status_code == 403
    assert "At most 12 open hand-offs" in client.get(reverse("handoff:presence")).text
    assert client.post(reverse("handoff:presence"), {"act": "vanish"}).status_code == 404
