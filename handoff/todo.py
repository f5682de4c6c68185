"""Tasks: what one person is to do by when, on a lead or by itself; with reminders, and again where it repeats."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from handoff import notices, sla
from handoff.models import Agreement, Handoff, Reminder, Task
from handoff.models.task import NEVER, OPEN
from leads import clock, timeline
from leads.models import Lead

__all__ = ["OPEN", "add", "change", "drop", "finish", "remind", "reopen"]

Repeat = Task.Repeat
#: A day without an hour is due by its end, and its owner is reminded in its morning.
MORNING = time(9)
#: Reminders that are offered: minutes before, and how they are called.
REMINDERS = {
    0: gettext_lazy("When it is due"),
    15: gettext_lazy("15 minutes before"),
    60: gettext_lazy("1 hour before"),
    1440: gettext_lazy("1 day before"),
    2880: gettext_lazy("2 days before"),
    10080: gettext_lazy("1 week before"),
}
LONGEST, LONGEST_NOTE, MOST_REMINDERS = 200, 2_000, 6
#: What a change may say anew.
CHANGEABLE = ("title", "note", "owner", "due_on", "due_at", "repeat", "remind")


@transaction.atomic
def add(
    title: str,
    *,
    actor: User | None,
    owner: User,
    lead: Lead | None = None,
    due_on: date | None = None,
    due_at: datetime | None = None,
    repeat: str = "",
    remind: Iterable[int] = (),
    note: str = "",
    fields: Iterable[str] = (),
    handoff: Handoff | None = None,
) -> Task:
    """Give somebody something to do; `due_on` is a whole day, `due_at` a moment. The owner hears of it.

    `fields` names what is to be mended on the lead, and `handoff` the returned hand-off that asks for it.
    """
    lead = Lead.objects.lock(lead) if lead else None
    task = Task(
        title=_title(title), note=_note(note), owner=_active(owner), lead=lead, handoff=handoff,
        fields=list(dict.fromkeys(fields)), created_by=actor, created_at=clock.now(),
    )  # fmt: skip
    _schedule(task, due_on=due_on, due_at=due_at, repeat=repeat, remind=remind)
    task.save()
    _set_reminders(task)
    _record(task, "task:add", actor=actor)
    _tell_owner(task, actor=actor)
    return task


@transaction.atomic
def change(task: Task, *, actor: User, seen: int | None = None, **said: Any) -> Task:
    """Say a task anew: any of CHANGEABLE. Who is given it hears of it, and so does who had it."""
    task = _locked(task)
    if seen is not None and seen != task.version:
        raise ValidationError(
            _("Somebody changed this task in between. Nothing of theirs was overwritten; look at it anew.")
        )
    if not task.is_open:
        raise ValidationError(_closed(task))
    before = {name: getattr(task, name) for name in CHANGEABLE}
    if "title" in said:
        task.title = _title(said["title"])
    if "note" in said:
        task.note = _note(said["note"])
    if "owner" in said:
        task.owner = said["owner"] if said["owner"] == task.owner else _active(said["owner"])
    when = {name: said.get(name, before[name]) for name in ("due_on", "due_at", "repeat", "remind")}
    if "due_on" in said and said["due_on"] is None and "due_at" not in said and before["due_on"]:
        when["due_at"] = None
    if when["due_on"]:
        when["due_at"] = None
    _schedule(task, **when)
    if before == {name: getattr(task, name) for name in CHANGEABLE}:
        return task
    task.version += 1
    task.save()
    _set_reminders(task)
    if before["owner"] != task.owner:
        _record(task, "task:assign", actor=actor)
        _tell_owner(task, actor=actor)
        _tell(task, "taken", [before["owner"]], actor, _("%(who)s gave “%(what)s” to %(whom)s."), kind="task:taken")
    return task


@transaction.atomic
def finish(task: Task, *, actor: User) -> Task | None:
    """Say that a task is done; the next one of a repeated task is made at once, and returned."""
    task = _locked(task)
    if not task.is_open:
        raise ValidationError(_closed(task))
    task.done_at, task.done_by, task.version = clock.now(), actor, task.version + 1
    task.save(update_fields=["done_at", "done_by", "version"])
    task.reminders.filter(told_at=None).delete()
    _record(task, "task:done", actor=actor)
    _tell(task, "done", [task.created_by, task.owner], actor, _("%(who)s has done “%(what)s”"), kind="task:done")
    return _follow(task)


@transaction.atomic
def reopen(task: Task, *, actor: User) -> Task:
    """A task that was done or dropped is to be done after all; its next one, if nobody touched it yet, goes."""
    task = _locked(task)
    if task.is_open:
        raise ValidationError(_("This task is open already."))
    Task.objects.open().filter(follows=task, version=1).delete()
    task.done_at = task.done_by = task.dropped_at = task.dropped_by = None
    task.version += 1
    task.save(update_fields=["done_at", "done_by", "dropped_at", "dropped_by", "version"])
    _set_reminders(task)
    _record(task, "task:reopen", actor=actor)
    _tell(
        task, "reopen", [task.created_by, task.owner], actor, _("%(who)s opened “%(what)s” again."), kind="task:reopen"
    )
    return task


@transaction.atomic
def drop(task: Task, *, actor: User) -> Task:
    """A task need not be done any more. It is kept with who said so, and ends its repetition."""
    task = _locked(task)
    if not task.is_open:
        raise ValidationError(_closed(task))
    task.dropped_at, task.dropped_by, task.version = clock.now(), actor, task.version + 1
    task.save(update_fields=["dropped_at", "dropped_by", "version"])
    task.reminders.filter(told_at=None).delete()
    _record(task, "task:drop", actor=actor)
    _tell(task, "drop", [task.created_by, task.owner], actor, _("%(who)s dropped “%(what)s”: it need not be done."))
    return task


@transaction.atomic
def remind(limit: int = 500) -> int:
    """Tell whose tasks' reminders have come, each once; safe to run anywhere, any number at once."""
    waiting = Reminder.objects.filter(told_at=None, at__lte=clock.now()).order_by("at", "id")
    due = list(
        waiting.select_related("task__owner", "task__lead").select_for_update(skip_locked=True, of=("self",))[:limit]
    )
    for reminder in due:
        task = reminder.task
        if not task.is_open:
            continue
        on = _(" on %(lead)s") % {"lead": task.lead} if task.lead else ""
        notices.write(
            kind="task:due",
            to=[task.owner],
            lead=task.lead,
            text=notices.sentences(
                _("Due %(when)s: “%(what)s”%(on)s") % {"when": _when(task), "what": task.title, "on": on}
            ),
            event=f"task:{task.pk}:remind:{reminder.pk}",
        )
    Reminder.objects.filter(pk__in=[reminder.pk for reminder in due]).update(told_at=clock.now())
    return len(due)


# When it is due


def _schedule(task: Task, *, due_on: date | None, due_at: datetime | None, repeat: str, remind: Iterable[int]) -> None:
    if repeat not in Repeat.values:
        raise ValidationError({"repeat": _("Choose how often it repeats.")})
    if repeat and not (due_on or due_at):
        raise ValidationError({"due_on": _("What repeats needs a day: the next one is counted from it.")})
    wanted = sorted(set(remind))
    if wanted and not (due_on or due_at):
        raise ValidationError({"due_on": _("A reminder needs a day to come before. Everything else was kept.")})
    if len(wanted) > MOST_REMINDERS:
        raise ValidationError({"remind": _("Up to %(n)d reminders; choose the best.") % {"n": MOST_REMINDERS}})
    anchor = due_on or (due_at.astimezone(task.owner.zone).date() if due_at else None)
    moved = (task.due_on, task.due_at) != (due_on, due_at if not due_on else task.due_at)
    task.due_on = due_on
    task.due_at = _end_of(due_on, task.owner) if due_on else due_at
    task.sort_at = task.due_at or NEVER
    if repeat != Repeat.MONTHLY:
        task.month_day = None
    elif anchor and (moved or task.month_day is None):
        task.month_day = anchor.day
    task.repeat, task.remind = repeat, wanted


def _end_of(day: date, owner: User) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), owner.zone)


def _set_reminders(task: Task) -> None:
    """The reminders that lie ahead, anew; one that went off for the same moment does not go off again."""
    task.reminders.filter(told_at=None).delete()
    if not task.is_open or not task.due_at:
        return
    base = datetime.combine(task.due_on, MORNING, task.owner.zone) if task.due_on else task.due_at
    now, moments = clock.now(), {minutes: base - timedelta(minutes=minutes) for minutes in task.remind}
    task.reminders.exclude(at__in=moments.values()).delete()
    Reminder.objects.bulk_create(
        [Reminder(task=task, minutes=minutes, at=at) for minutes, at in moments.items() if at > now],
        ignore_conflicts=True,
    )


def _follow(task: Task) -> Task | None:
    """The next of a repeated task: the same, on the next day it is due that lies ahead."""
    if not task.repeat or Task.objects.filter(follows=task).exists():
        return None
    assert task.due_at
    following = Task(
        title=task.title, note=task.note, lead=task.lead, owner=task.owner, created_by=task.created_by,
        created_at=clock.now(), repeat=task.repeat, remind=task.remind, month_day=task.month_day, follows=task,
    )  # fmt: skip
    zone, today = task.owner.zone, clock.now().astimezone(task.owner.zone).date()
    local = task.due_at.astimezone(zone)
    day = STEPS[task.repeat](task.due_on or local.date(), task.month_day)
    while day <= today:
        day = STEPS[task.repeat](day, task.month_day)
    if task.due_on:
        following.due_on, following.due_at = day, _end_of(day, task.owner)
    else:
        following.due_at = datetime.combine(day, local.time(), zone)
    following.sort_at = following.due_at
    following.save()
    _set_reminders(following)
    return following


def _next_business_day(day: date, _month_day: int | None) -> date:
    """The next working day of the agreement's calendar."""
    calendar = sla.Calendar.of(Agreement.objects.in_force())
    tomorrow = datetime.combine(day + timedelta(days=1), time(), calendar.zone)
    opens, _closes = next(calendar.windows(tomorrow))
    return opens.astimezone(calendar.zone).date()


def _next_month(day: date, month_day: int | None) -> date:
    year, month = divmod(day.year * 12 + day.month, 12)
    return date(year, month + 1, min(month_day or day.day, monthrange(year, month + 1)[1]))


#: How a day of each repetition is followed.
STEPS: dict[str, Callable[[date, int | None], date]] = {
    Repeat.DAILY: lambda day, _month_day: day + timedelta(days=1),
    Repeat.BUSINESS: _next_business_day,
    Repeat.WEEKLY: lambda day, _month_day: day + timedelta(days=7),
    Repeat.MONTHLY: _next_month,
}


# What is said of it


def _locked(task: Task) -> Task:
    """The task as it stands now, its lead locked first."""
    if task.lead_id:
        Lead.objects.lock(task.lead_id)
    return Task.objects.select_related("owner", "created_by", "lead").select_for_update(of=("self",)).get(pk=task.pk)


def _title(title: str) -> str:
    title = " ".join(title.replace("\x00", "").split())
    if not title:
        raise ValidationError({"title": _("Say what is to be done.")})
    if len(title) > LONGEST:
        raise ValidationError(
            {
                "title": _("A title may have %(most)d characters; this one has %(n)d.")
                % {"most": LONGEST, "n": len(title)}
            }
        )
    return title


def _note(note: str) -> str:
    note = note.replace("\x00", "").strip()
    if len(note) > LONGEST_NOTE:
        raise ValidationError({"note": _("A note may have 2,000 characters; this one has %(n)d.") % {"n": len(note)}})
    return note


def _active(owner: User) -> User:
    if not owner.is_active:
        raise ValidationError({"owner": _("%(who)s is not here any more; choose somebody else.") % {"who": owner}})
    return owner


def _closed(task: Task) -> str:
    who = task.done_by or task.dropped_by
    if task.done_at:
        return _("%(who)s has done this already. Nothing was changed.") % {"who": who}
    return _("%(who)s dropped this task. Nothing was changed; open it again first.") % {"who": who}


def _when(task: Task) -> str:
    assert task.due_at
    if task.due_on:
        return date_format(task.due_on, "D j M")
    return date_format(task.due_at.astimezone(task.owner.zone), "D j M H:i")


def _record(task: Task, kind: str, *, actor: User | None) -> None:
    """What happens to a task of a lead stands on the lead's timeline."""
    if task.lead:
        data = {"task": task.pk, "owner": task.owner_id, "due": str(task.due or "")}
        timeline.record(task.lead, kind=kind, actor=actor, text=task.title, data=data)


def _tell_owner(task: Task, *, actor: User | None) -> None:
    said = _("%(who)s asks you: “%(what)s”") if actor else _("This is for you to do: “%(what)s”")
    if task.handoff_id and actor:
        said = _("%(who)s asks you on %(lead)s: “%(what)s”")
    _tell(task, "given", [task.owner], actor, said, kind="task:fix" if task.handoff_id else "task:assigned")


def _tell(
    task: Task, act: str, to: Iterable[User | None], actor: User | None, said: str, kind: str = "task:news"
) -> None:
    notices.write(
        kind=kind,
        to=[person for person in to if person],
        lead=task.lead,
        actor=actor,
        text=notices.sentences(said % {"who": actor, "what": task.title, "whom": task.owner, "lead": task.lead}),
        event=f"task:{task.pk}:{act}:{task.version}",
    )
