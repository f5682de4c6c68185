"""What people say of tasks, and thanks: read, and handed to the one function that does it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.choices import Team
from accounts.models import User
from handoff import shoutouts, todo
from handoff.forms.saying import Saying, words_field
from handoff.models import Task
from leads.models import Lead


def active() -> Any:
    return User.objects.filter(is_active=True).order_by("name", "pk")


class ToDo(Saying):
    """A task, given or said anew. A day without an hour is a whole day; both are in the person's own time zone."""

    title_words = forms.CharField(label=gettext_lazy("What is to be done"), max_length=200)
    owner = forms.ModelChoiceField(queryset=User.objects.none(), label=gettext_lazy("Who does it"), empty_label=None)
    day = forms.DateField(
        label=gettext_lazy("Due"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    hour = forms.TimeField(
        label=gettext_lazy("At"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=gettext_lazy("Empty: any time that day."),
    )  # fmt: skip
    repeat = forms.ChoiceField(label=gettext_lazy("Repeat"), choices=Task.Repeat.choices, required=False)
    remind = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Remind"), choices=list(todo.REMINDERS.items()), coerce=int, required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Of a whole day counted from nine in the morning."),
    )  # fmt: skip
    note = words_field(gettext_lazy("Note"))
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    PLACES = {"title": "title_words", "due_on": "day", "due_at": "day"}

    def __init__(
        self, data: Any = None, *, actor: User, lead: Lead | None = None, task: Task | None = None, **initial: Any
    ) -> None:
        self.lead, self.task = task.lead if task else lead, task
        self.title = _("Change the task") if task else _("Add a task")
        self.button = _("Save") if task else _("Add")
        super().__init__(data, actor=actor, initial={**(_as_shown(task) if task else {"owner": actor.pk}), **initial})
        people = active() | User.objects.filter(pk=task.owner_id) if task else active()
        self.fields["owner"].queryset = people  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        day, hour = said.get("day"), said.get("hour")
        if hour and not day and "day" not in self.errors:
            self.add_error("day", _("Choose the day, too."))
        return said

    def perform(
        self, *, title_words: str = "", day: Any = None, hour: Any = None, seen: int | None = None, **said: Any
    ) -> Task:
        due_at = datetime.combine(day, hour, timezone.get_current_timezone()) if day and hour else None
        said |= {"title": title_words, "due_on": day if not due_at else None, "due_at": due_at}
        if self.task:
            return todo.change(self.task, actor=self.actor, seen=seen, **said)
        return todo.add(said.pop("title"), actor=self.actor, lead=self.lead, **said)

    @property
    def said(self) -> str:
        assert self.result
        if self.task:
            return _("“%(what)s” is changed.") % {"what": self.result}
        return _("“%(what)s” is a task of %(who)s.") % {"what": self.result, "who": self.result.owner}


def _as_shown(task: Task) -> dict[str, Any]:
    local = timezone.localtime(task.due_at) if task.due_at and not task.due_on else None
    return {
        "title_words": task.title,
        "owner": task.owner_id,
        "day": task.due_on or (local.date() if local else None),
        "hour": local.time() if local else None,
        "repeat": task.repeat,
        "remind": task.remind,
        "note": task.note,
        "seen": task.version,
    }


class Drop(Saying):
    title, button = gettext_lazy("Drop this task?"), gettext_lazy("Drop")
    hint = gettext_lazy("It need not be done any more and does not repeat. Who asked for it and who has it are told.")

    def __init__(self, data: Any = None, *, actor: User, task: Task) -> None:
        self.task = task
        super().__init__(data, actor=actor)

    def perform(self, **_words: Any) -> Task:
        return todo.drop(self.task, actor=self.actor)

    @property
    def said(self) -> str:
        return _("“%(what)s” is dropped.") % {"what": self.task}


class Thank(Saying):
    """Thanks for a colleague or a whole team, which everybody can read."""

    title, button = gettext_lazy("Thank somebody"), gettext_lazy("Say thanks")
    whom = forms.ChoiceField(label=gettext_lazy("Whom"))
    text = forms.CharField(
        label=gettext_lazy("What for"),
        error_messages={"required": gettext_lazy("Say what for: that is what they will remember.")},
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": 500, "data-send": ""}),
    )

    def __init__(self, data: Any = None, *, actor: User, lead: Lead | None = None, **initial: Any) -> None:
        self.lead = lead
        super().__init__(data, actor=actor, initial=initial)
        self.people = {str(one.pk): one for one in active().exclude(pk=actor.pk)}
        teams = [(team.value, _("All of %(team)s") % {"team": team.label.lower()}) for team in Team]
        colleagues = [(pk, f"{one}, {Team(one.team).label.lower()}") for pk, one in self.people.items()]
        self.fields["whom"].choices = [  # type: ignore[attr-defined]
            ("", _("Choose")),
            (_("Teams"), teams),
            (_("Colleagues"), colleagues),
        ]

    def perform(self, *, whom: str = "", text: str = "", **_words: Any) -> Any:
        to = self.people.get(whom)
        return shoutouts.thank(actor=self.actor, text=text, to=to, team="" if to else whom, lead=self.lead)

    @property
    def said(self) -> str:
        return _("Said, where everybody can read it.")
