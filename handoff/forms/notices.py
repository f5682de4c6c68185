"""How somebody wants to be told of things, and the webhooks that everybody shares."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time
from typing import Any, NamedTuple

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy

from accounts.models import User
from handoff.models import Hook, Pace
from handoff.notices import choosing, hooks, outside
from handoff.notices.kinds import GROUPS, KINDS, Kind, Ways, meant_for, ways

#: In few words, since they stand in a table; below it is said what they mean.
PACES = [
    (Pace.NOW.value, gettext_lazy("At once")),
    (Pace.HOURLY.value, gettext_lazy("Hourly")),
    (Pace.DAILY.value, gettext_lazy("Daily")),
    (Pace.OFF.value, gettext_lazy("Never")),
]


class Row(NamedTuple):
    """One kind with its fields."""

    kind: Kind
    bell: Any
    mail: Any
    chat: Any


def _time_field(label: Any, **said: Any) -> forms.TimeField:
    return forms.TimeField(label=label, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"), **said)


class Choices(forms.Form):
    """Kind by kind: the bell, a mail and when, one's own chat; and the hours at which nothing leaves."""

    quiet_from = _time_field(gettext_lazy("Quiet from"), required=False)
    quiet_until = _time_field(gettext_lazy("Quiet until"), required=False)
    quiet_weekends = forms.BooleanField(label=gettext_lazy("Quiet on Saturdays and Sundays"), required=False)
    daily_at = _time_field(gettext_lazy("The day's mail comes at"))

    def __init__(self, data: Any = None, *, person: User) -> None:
        self.person, self.known = person, choosing.of(person)
        self.kinds = meant_for(person)
        self.chat: Hook | None = person.hooks.first()
        names = ("quiet_from", "quiet_until", "quiet_weekends", "daily_at")
        super().__init__(data, initial={name: getattr(self.known, name) for name in names})
        for name, kind in self.kinds.items():
            wanted = ways(self.known, name)
            self.fields[f"app.{name}"] = forms.BooleanField(
                label=kind.label, required=False, initial=wanted.bell, widget=_switch()
            )
            self.fields[f"mail.{name}"] = forms.ChoiceField(
                label=kind.label,
                choices=PACES,
                initial=wanted.mail,
                widget=forms.Select(attrs={"class": "in sm"}),
            )
            if self.chat:
                self.fields[f"chat.{name}"] = forms.BooleanField(
                    label=kind.label, required=False, initial=wanted.chat, widget=_switch()
                )

    @property
    def groups(self) -> Iterator[tuple[Any, list[Row]]]:
        """The rows of the table, by what they are about."""
        for group, label in GROUPS.items():
            rows = [
                Row(kind, self[f"app.{name}"], self[f"mail.{name}"], self[f"chat.{name}"] if self.chat else None)
                for name, kind in self.kinds.items()
                if kind.group == group
            ]
            if rows:
                yield label, rows

    def attempt(self) -> bool:
        if not self.is_valid():
            return False
        said = self.cleaned_data
        try:
            choosing.choose(
                self.person,
                by_kind={name: self._ways(name) for name in self.kinds},
                quiet_from=said["quiet_from"],
                quiet_until=said["quiet_until"],
                quiet_weekends=said["quiet_weekends"],
                daily_at=said["daily_at"] or time(8),
            )
        except ValidationError as error:
            self.add_error(None, error)
            return False
        return True

    def _ways(self, name: str) -> Ways:
        said = self.cleaned_data
        chat = said[f"chat.{name}"] if self.chat else ways(self.known, name).chat
        return Ways(said[f"app.{name}"], said[f"mail.{name}"], chat)


def _switch() -> forms.CheckboxInput:
    return forms.CheckboxInput(attrs={"class": "sw", "role": "switch"})


class PostAddress(forms.URLField):
    """An address that is posted to, checked together with the other fields, so that all errors are told at once."""

    widget = forms.URLInput(attrs={"autocomplete": "off", "spellcheck": "false"})

    def __init__(self, **said: Any) -> None:
        missing = {"required": gettext_lazy("Give the address to post to.")}
        super().__init__(max_length=500, assume_scheme="https", error_messages=missing, **said)

    def clean(self, value: Any) -> Any:
        if address := super().clean(value):
            outside.check(address)
        return address


class OwnChat(forms.Form):
    """The incoming webhook of somebody's own chat."""

    style = forms.ChoiceField(
        label=gettext_lazy("Chat"), choices=[(s.value, s.label) for s in Hook.Style if s != Hook.Style.WEBHOOK]
    )
    url = PostAddress(label=gettext_lazy("Address of its incoming webhook"))

    def __init__(self, data: Any = None, *, person: User) -> None:
        self.person = person
        super().__init__(data)

    def attempt(self) -> bool:
        if not self.is_valid():
            return False
        try:
            hooks.add(actor=self.person, name=self.person.name[:60], kinds=[], own=True, **self.cleaned_data)
        except ValidationError as error:
            self.add_error(None, error)
            return False
        return True


def shared_kinds() -> list[tuple[str, Any]]:
    """What may be told where many read it: nothing that concerns one person alone."""
    return [(name, kind.label) for name, kind in KINDS.items() if not kind.own]


class SharedHook(forms.Form):
    """A webhook that managers set up for everybody: new, or one that is there."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=60,
        help_text=gettext_lazy("Such as: channel of sales, data warehouse."),
        error_messages={"required": gettext_lazy("Give it a name.")},
    )
    style = forms.ChoiceField(label=gettext_lazy("Receiver"), choices=Hook.Style)
    url = PostAddress(label=gettext_lazy("Address"))
    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("What it is told"),
        choices=shared_kinds,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one event.")},
    )

    def __init__(self, data: Any = None, *, actor: User, hook: Hook | None = None) -> None:
        self.actor, self.hook = actor, hook
        self.made: Hook | None = None
        super().__init__(data, initial={"name": hook.name, "kinds": hook.kinds} if hook else {})
        if hook:
            del self.fields["style"]
            self.fields["url"].required = False
            self.fields["url"].help_text = gettext_lazy("Left empty, it stays as it is.")

    def attempt(self) -> bool:
        if not self.is_valid():
            return False
        try:
            if self.hook:
                hooks.change(self.hook, **self.cleaned_data)
            else:
                self.made = hooks.add(actor=self.actor, **self.cleaned_data)
        except ValidationError as error:
            self.add_error(None, error)
            return False
        return True
