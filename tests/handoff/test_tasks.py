"""Tasks: given, done, done again where they repeat; reminders go off once; who may, and who hears."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from handoff import todo
from handoff.models import Notice, Reminder, Task
from leads import clock
from tests.factories import make_lead, make_user


@pytest.fixture
def mia():
    return make_user("mia")


@pytest.fixture
def sam():
    return make_user("sam", team="sales", time_zone="Europe/Vienna")


def told(person, kind):
    return list(Notice.objects.filter(person=person, kind=kind).values_list("text", flat=True))


def test_a_task_for_a_colleague_stands_on_the_lead_and_is_told_once(mia, sam):
    lead = make_lead(name="Lena Fischer")
    task = todo.add("Send the  sheet", actor=mia, owner=sam, lead=lead, due_on=date(2030, 1, 8), remind=[1440])
    assert (task.title, task.due_at) == ("Send the sheet", datetime(2030, 1, 8, 23, tzinfo=UTC))
    assert told(sam, "task:assigned") == ["Mia asks you: “Send the sheet”."]
    assert lead.activities.filter(kind="task:add", text="Send the sheet", actor=mia).count() == 1
    assert task.reminders.get().at == datetime(2030, 1, 7, 8, tzinfo=UTC)
    todo.add("For myself", actor=mia, owner=mia)
    assert told(mia, "task:assigned") == []


def test_done_is_done_once_and_who_asked_hears_it(mia, sam):
    task = todo.add("Call", actor=mia, owner=sam)
    todo.finish(task, actor=sam)
    assert told(mia, "task:done") == ["Sam has done “Call”."]
    with pytest.raises(ValidationError, match="Sam has done this already"):
        todo.finish(task, actor=mia)
    todo.reopen(task, actor=mia)
    todo.finish(task, actor=sam)
    assert told(mia, "task:done")[-1] == "Sam has done “Call”."
    assert told(sam, "task:reopen") == ["Mia opened “Call” again."]
    with pytest.raises(ValidationError, match="done this already"):
        todo.drop(task, actor=mia)


@pytest.mark.parametrize(
    ("repeat", "first", "done_on", "following"),
    [
        ("daily", date(2026, 11, 24), date(2026, 11, 24), date(2026, 11, 25)),
        ("daily", date(2026, 11, 20), date(2026, 11, 24), date(2026, 11, 25)),
        ("daily", date(2026, 11, 30), date(2026, 11, 24), date(2026, 12, 1)),
        ("business", date(2026, 11, 27), date(2026, 11, 27), date(2026, 11, 30)),
        ("weekly", date(2026, 11, 24), date(2026, 11, 24), date(2026, 12, 1)),
        ("monthly", date(2027, 1, 31), date(2027, 1, 31), date(2027, 2, 28)),
        ("monthly", date(2026, 12, 5), date(2026, 12, 5), date(2027, 1, 5)),
    ],
)
def test_a_repeated_task_makes_its_next_when_it_is_done(mia, repeat, first, done_on, following):
    task = todo.add("Look at the campaign", actor=mia, owner=mia, due_on=first, repeat=repeat)
    with clock.at(datetime(done_on.year, done_on.month, done_on.day, 12, tzinfo=UTC)):
        made = todo.finish(task, actor=mia)
    assert (made.due_on, made.follows, made.is_open) == (following, task, True)


def test_the_31st_comes_back_after_a_short_month(mia):
    task = todo.add("Report", actor=mia, owner=mia, due_on=date(2027, 1, 31), repeat="monthly")
    with clock.at(datetime(2027, 1, 31, 12, tzinfo=UTC)):
        february = todo.finish(task, actor=mia)
    with clock.at(datetime(2027, 2, 28, 12, tzinfo=UTC)):
        march = todo.finish(february, actor=mia)
    assert (february.due_on, march.due_on) == (date(2027, 2, 28), date(2027, 3, 31))


def test_an_hour_stays_the_hour_when_the_clocks_change(sam):
    task = todo.add("Call", actor=sam, owner=sam, due_at=datetime(2027, 3, 27, 9, tzinfo=UTC), repeat="daily")
    with clock.at(datetime(2027, 3, 27, 10, tzinfo=UTC)):
        assert todo.finish(task, actor=sam).due_at == datetime(2027, 3, 28, 8, tzinfo=UTC)


def test_opened_again_a_repeated_task_does_not_come_twice(mia):
    task = todo.add("Report", actor=mia, owner=mia, due_on=timezone.localdate(), repeat="weekly")
    todo.finish(task, actor=mia)
    todo.reopen(task, actor=mia)
    assert Task.objects.open().count() == 1
    todo.finish(task, actor=mia)
    assert Task.objects.open().count() == 1


def test_a_reminder_goes_off_once_and_not_for_what_is_done(mia, sam):
    due = timezone.now() + timedelta(hours=2)
    task = todo.add("Call", actor=mia, owner=sam, due_at=due, remind=[0, 60, 15])
    other = todo.add("Done early", actor=mia, owner=sam, due_at=due, remind=[60])
    todo.finish(other, actor=sam)
    assert todo.remind() == 0
    with clock.at(due - timedelta(minutes=59)):
        assert (todo.remind(), todo.remind()) == (1, 0)
    with clock.at(due + timedelta(days=1)):
        assert (todo.remind(), todo.remind()) == (2, 0)
    assert len(told(sam, "task:due")) == 3
    assert "“Call”" in told(sam, "task:due")[0]
    todo.change(task, actor=mia, due_at=due + timedelta(days=3))
    assert Reminder.objects.filter(task=task, told_at=None).count() == 3


def test_a_change_tells_who_gets_it_and_who_had_it_and_refuses_a_stale_form(mia, sam):
    ruth, eva = make_user("ruth", team="management"), make_user("eva", team="sales")
    task = todo.add("Call", actor=mia, owner=sam, due_on=date(2030, 1, 8))
    task = todo.change(task, actor=ruth, owner=eva)
    assert (told(eva, "task:assigned"), told(sam, "task:taken")) == (
        ["Ruth asks you: “Call”."],
        ["Ruth gave “Call” to Eva."],
    )
    with pytest.raises(ValidationError, match="changed this task in between"):
        todo.change(task, actor=mia, seen=1, title="Write")
    with pytest.raises(ValidationError, match="not here any more"):
        todo.change(task, actor=mia, owner=make_user("gone", is_active=False))
    assert todo.change(task, actor=mia, due_on=None).due_at is None


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"title": "  "}, "Say what is to be done"),
        ({"title": "x" * 201}, "may have 200 characters"),
        ({"repeat": "daily"}, "needs a day"),
        ({"repeat": "never"}, "Choose how often"),
        ({"remind": [15]}, "needs a day to come before"),
        ({"note": "x" * 2_001}, "2,000 characters"),
    ],
)
def test_what_is_wrong_is_said(mia, said, why):
    with pytest.raises(ValidationError, match=why):
        todo.add(said.pop("title", "Call"), actor=mia, owner=mia, **said)
    assert not Task.objects.exists()
