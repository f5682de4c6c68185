"""Tasks on their pages: given, done in one tap, changed, dropped; whose, by when, by key; My day; who may."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from handoff import todo
from handoff.models import Task
from leads import editing
from tests.factories import make_lead, make_user


@pytest.fixture
def mia():
    return make_user("mia", time_zone="Europe/Vienna")


@pytest.fixture
def sam():
    return make_user("sam", team="sales")


@pytest.fixture
def ruth():
    return make_user("ruth", team="management")


def said(client, person, address, data=None, **more):
    client.force_login(person)
    return client.post(address, data or {}, **more)


def words(**more):
    tomorrow = (timezone.now() + timedelta(days=1)).date().isoformat()
    return {"title_words": "Send the sheet", "owner": "", "day": tomorrow, "hour": "", "repeat": "", **more}


def test_a_task_is_given_on_the_lead_and_done_by_one_tap_in_my_day(client, mia, sam):
    lead = make_lead(name="Lena Fischer")
    address = reverse("handoff:task_add_on_lead", args=[lead.pk])
    given = said(client, mia, address, words(owner=sam.pk, hour="10:30", remind=["15", "60"], repeat="weekly"))
    assert (given.status_code, given.url) == (302, lead.get_absolute_url())
    task = Task.objects.get()
    assert timezone.localtime(task.due_at, mia.zone).strftime("%H:%M") == "10:30"
    assert (task.owner, task.created_by, task.lead, task.remind) == (sam, mia, lead, [15, 60])
    client.force_login(sam)
    for page in ("/", lead.get_absolute_url(), reverse("handoff:tasks")):
        assert "Send the sheet" in client.get(page).text, page
    done = said(client, sam, reverse("handoff:task_done", args=[task.pk]), HTTP_HX_REQUEST="true")
    assert (done.status_code, "The next one is planned" in done["HX-Trigger"]) == (204, True)
    again = said(client, sam, reverse("handoff:task_done", args=[task.pk]), HTTP_HX_REQUEST="true")
    assert (again.status_code, "has done this already" in again["HX-Trigger"]) == (422, True)
    over = client.get(reverse("handoff:tasks_over", args=[lead.pk])).text
    assert "Send the sheet" in over
    said(client, mia, reverse("handoff:task_reopen", args=[task.pk]))
    assert Task.objects.open().get().pk == task.pk


def test_my_day_puts_tasks_among_next_actions_by_what_is_due_and_counts_them(client, mia):
    now = timezone.now()
    lead = make_lead(name="Lena Fischer")
    editing.edit(lead, actor=mia, changes={"marketer": mia, "next_action": "Call again", "next_action_at": now})
    todo.add("Long over", actor=mia, owner=mia, due_at=now - timedelta(days=2))
    todo.add("Next week", actor=mia, owner=mia, due_at=now + timedelta(days=7))
    todo.add("Some day", actor=mia, owner=mia)
    client.force_login(mia)
    text = client.get("/").text
    panel = text[text.index('aria-labelledby="h-plan"') :]
    places = [panel.index(what) for what in ("Long over", "Call again", "Next week", "Some day")]
    assert places == sorted(places)
    assert 'data-due="over"' in panel
    assert '>2<span class="vh"> due</span>' in text


def test_a_task_is_changed_and_a_stale_form_overwrites_nothing(client, mia, sam):
    task = todo.add("Call", actor=mia, owner=sam)
    address = reverse("handoff:task_change", args=[task.pk])
    client.force_login(mia)
    assert 'value="Call"' in client.get(address).text
    assert said(client, mia, address, words(title_words="Call twice", owner=sam.pk, seen="1")).status_code == 302
    stale = said(client, sam, address, words(title_words="Write", owner=sam.pk, seen="1"))
    assert (stale.status_code, "in between" in stale.text, "Write" in stale.text) == (422, True, True)
    assert Task.objects.get().title == "Call twice"
    assert said(client, sam, reverse("handoff:task_drop", args=[task.pk])).status_code == 302
    assert Task.objects.get().dropped_by == sam


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"title_words": ""}, "required"),
        ({"day": "", "hour": "10:00"}, "Choose the day, too"),
        ({"day": "", "repeat": "daily"}, "needs a day"),
        ({"day": "", "remind": ["15"]}, "needs a day to come before"),
        ({"owner": "999999"}, "Select a valid choice"),
        ({"repeat": "sometimes"}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_with_a_task_is_said_beside_what_was_typed(client, mia, more, why):
    sent = {**words(owner=mia.pk, note="A long story"), **more}
    answer = said(client, mia, reverse("handoff:task_add"), sent, HTTP_HX_REQUEST="true")
    assert (answer.status_code, why in answer.text, "A long story" in answer.text) == (422, True, True), answer.text
    assert not Task.objects.exists()


@pytest.mark.parametrize(
    ("who", "code"), [("mia", 302), ("sam", 302), ("ruth", 302), ("ines", 403), ("eva", 403), ("", 302)]
)
@pytest.mark.parametrize("act", ["done", "drop", "change", "reopen"])
def test_who_may_touch_a_task(client, mia, sam, ruth, who, code, act):
    make_user("ines")
    make_user("eva", team="sales")
    task = todo.add("Call", actor=mia, owner=sam)
    if act == "reopen":
        todo.finish(task, actor=sam)
    if who:
        client.force_login(make_user(who))
    answer = client.post(reverse(f"handoff:task_{act}", args=[task.pk]), words(owner=sam.pk, seen="1"))
    assert answer.status_code == code
    if code == 403:
        assert "This is for Mia or Sam or management." in answer.text
    task.refresh_from_db()
    assert (task.version > (2 if act == "reopen" else 1)) == (code == 302 and bool(who))


def test_the_tabs_and_filters_show_whose_and_by_when(client, mia, sam, ruth):
    now = timezone.now()
    todo.add("Mine and over", actor=mia, owner=mia, due_at=now - timedelta(hours=2))
    todo.add("Mine without a day", actor=mia, owner=mia)
    todo.add("Asked of Sam", actor=mia, owner=sam, due_at=now + timedelta(days=3))
    done = todo.add("Done by Ruth", actor=ruth, owner=ruth)
    todo.finish(done, actor=ruth)
    client.force_login(mia)

    def shown(**query):
        text = client.get(reverse("handoff:tasks"), query).text
        names = ("Mine and over", "Mine without a day", "Asked of Sam", "Done by Ruth")
        return {name for name in names if name in text}

    assert shown() == {"Mine and over", "Mine without a day"}
    assert shown(due="over") == {"Mine and over"}
    assert shown(due="none") == {"Mine without a day"}
    assert shown(show="asked") == {"Asked of Sam"}
    assert shown(show="all") == {"Mine and over", "Mine without a day", "Asked of Sam"}
    assert shown(show="all", due="week", owner=str(sam.pk)) == {"Asked of Sam"}
    assert shown(show="done") == {"Done by Ruth"}
    assert shown(show="nonsense", due="x", owner="1 or 1", after="broken") == {"Mine and over", "Mine without a day"}


def follow(client, **query):
    """Every task of a tab, page after page."""
    seen, address = [], f"{reverse('handoff:tasks')}?{'&'.join(f'{name}={value}' for name, value in query.items())}"
    while address:
        page = client.get(address)
        seen += [task.pk for task in page.context["tasks"]]
        address = f"{reverse('handoff:tasks')}{page.context['next']}" if page.context["next"] else ""
    return seen


def many(mia, sam, count):
    lead, now = make_lead(), timezone.now()
    moments = [now + timedelta(hours=number % 7) for number in range(count)]
    Task.objects.bulk_create(
        Task(title=f"Task {n}", owner=mia, created_by=sam, lead=lead, due_at=at, sort_at=at)
        for n, at in enumerate(moments)
    )
    Task.objects.bulk_create(
        Task(title=f"Over {n}", owner=mia, created_by=sam, done_at=at, done_by=mia) for n, at in enumerate(moments)
    )


def test_pages_go_on_by_key_and_take_as_many_queries_for_300_tasks_as_for_3(client, mia, sam):
    many(mia, sam, 3)
    lead = Task.objects.first().lead
    addresses = [
        *(f"{reverse('handoff:tasks')}?show={tab}" for tab in ("mine", "asked", "all", "done")),
        "/", lead.get_absolute_url(), reverse("handoff:tasks_over", args=[lead.pk]),
    ]  # fmt: skip
    client.force_login(mia)
    few = []
    for address in addresses:
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        few.append(len(queries))
    many(mia, sam, 300)
    for address, number in zip(addresses, few, strict=True):
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        assert len(queries) == number, address
    assert max(few[:4]) <= 5
    for query in ({}, {"show": "done"}):
        seen = follow(client, **query)
        assert (len(seen), len(set(seen))) == (303, 303)
