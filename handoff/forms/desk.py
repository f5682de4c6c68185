"""What a rep says at their desk: put off, returned with what is wrong, back to nurture; and what marketing adds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.choices import Team
from accounts.models import User
from handoff import brief, lifecycle, sla
from handoff.forms.saying import (
    ActForm,
    day_field,
    moment_field,
    queue_field,
    reason_field,
    rep_field,
    words_field,
)
from handoff.models import Agreement, Reason
from handoff.telling import FIELD_NAMES

LOOK_AGAIN = [
    ("", gettext_lazy("As the reason says")),
    (30, gettext_lazy("In 30 days")),
    (60, gettext_lazy("In 60 days")),
    (90, gettext_lazy("In 90 days")),
    (180, gettext_lazy("In 180 days")),
]
SNOOZES = [
    ("hours", gettext_lazy("In two hours")),
    ("tomorrow", gettext_lazy("The next working day")),
    ("days", gettext_lazy("In three days")),
    ("week", gettext_lazy("In a week")),
]


#: What each class of return says of the offer.
RETURNS = {
    Reason.ReturnClass.PROCEDURAL: gettext_lazy("to the wrong place: it goes on to another rep"),
    Reason.ReturnClass.CLERICAL: gettext_lazy("missing or wrong: marketing mends it"),
    Reason.ReturnClass.DEFINITIONAL: gettext_lazy("not as agreed: back to nurture"),
}


#: What marketing needs to hear, by class.
PROMPTS = {
    Reason.ReturnClass.PROCEDURAL: gettext_lazy("Whose is it, and how would we have known?"),
    Reason.ReturnClass.CLERICAL: gettext_lazy("What is right instead, as far as you know?"),
    Reason.ReturnClass.DEFINITIONAL: gettext_lazy("What would have to be true for you to take it?"),
}
#: Facts that a clerical return may name; who is offered a lead works with these.
MENDABLE = ("name", "phone", "email", "job_title", "company", "country", "value", "preferred_contact", "source")


class Return(ActForm):
    act, title, button = "return", gettext_lazy("Return to marketing"), gettext_lazy("Return")
    hint = gettext_lazy("Before contact. Procedural sends it on to another rep; the rest goes back to marketing.")
    done = gettext_lazy("%(lead)s is returned.")
    reason = reason_field("return")
    verdict = words_field(gettext_lazy("What would have made it right?"), hint=gettext_lazy("Marketing reads this."))
    fields_wrong = forms.MultipleChoiceField(
        choices=lambda: [(name, FIELD_NAMES[name]) for name in MENDABLE],
        required=False,
        label=gettext_lazy("Missing or wrong"),
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("For clerical reasons, or say it in words: marketing gets a task that names it."),
    )
    to = forms.ModelChoiceField(
        queryset=User.objects.none(),
        required=False,
        label=gettext_lazy("The right rep"),
        empty_label=gettext_lazy("Whom the rules say"),
        help_text=gettext_lazy("For procedural reasons."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = User.objects.on(Team.SALES).exclude(pk=self.actor.pk)
        self.fields["to"].queryset = others  # type: ignore[attr-defined]

    @property
    def classes(self) -> list[dict[str, Any]]:
        """The reasons by class, as they stand side by side."""
        reasons, chosen = list(self.fields["reason"].queryset), str(self["reason"].value() or "")  # type: ignore[attr-defined]
        return [
            {
                "name": name.value,
                "label": name.label,
                "hint": RETURNS[name],
                "prompt": PROMPTS[name],
                "reasons": [(reason, str(reason.pk) == chosen) for reason in reasons if reason.return_class == name],
            }
            for name in Reason.ReturnClass
        ]

    @property
    def wrong(self) -> list[tuple[str, Any, bool]]:
        """Each fact that can be named, and whether it is."""
        named = self["fields_wrong"].value() or ()
        return [(name, FIELD_NAMES[name], name in named) for name in MENDABLE]

    def perform(self, *, fields_wrong: Sequence[str] = (), **words: Any) -> Any:
        return lifecycle.return_to_marketing(self.lead, actor=self.actor, fields=fields_wrong, **words)


class Reassign(ActForm):
    act, title, button = "reassign", gettext_lazy("Pass on"), gettext_lazy("Pass on")
    hint = gettext_lazy("The offer stays as it is, in other hands. With neither chosen, the rules say who gets it.")
    to = rep_field(gettext_lazy("To a rep"))
    queue = queue_field(gettext_lazy("Or to a queue"))
    note = words_field(gettext_lazy("Note"), hint=gettext_lazy("Whoever gets it reads this first."))

    @property
    def said(self) -> str:
        goes_to = self.result.owner or self.result.queue
        return _("%(lead)s went on to %(who)s.") % {"lead": self.lead, "who": goes_to}

    def perform(self, **words: Any) -> Any:
        return lifecycle.reassign(self.lead, actor=self.actor, **words)


class Recycle(ActForm):
    act, title, button = "recycle", gettext_lazy("Recycle to nurture"), gettext_lazy("Recycle")
    done = gettext_lazy("%(lead)s is back in nurture.")
    hint = gettext_lazy("It comes back to the same rep's and marketer's day on the day to look again.")
    reason = reason_field("recycle")
    days = forms.TypedChoiceField(
        label=gettext_lazy("Look again"), choices=LOOK_AGAIN, coerce=int, empty_value=None, required=False,
        widget=forms.RadioSelect, initial="",
    )  # fmt: skip
    look_again_on = day_field(gettext_lazy("Or on this day"))
    verdict = words_field(gettext_lazy("Note"))

    def perform(self, *, days: int | None = None, look_again_on: date | None = None, **words: Any) -> Any:
        on = look_again_on or (timezone.localdate() + timedelta(days=days) if days else None)
        return lifecycle.recycle(self.lead, actor=self.actor, look_again_on=on, **words)


class Unreachable(ActForm):
    """The same in one click, once the agreed attempts are made and nobody has answered."""

    act, title, button = "unreachable", gettext_lazy("Recycle as unreachable"), gettext_lazy("Recycle")
    done = gettext_lazy("%(lead)s is back in nurture as unreachable.")

    def perform(self, **words: Any) -> Any:
        return lifecycle.recycle_unreachable(self.lead, actor=self.actor, **words)


class Snooze(ActForm):
    act, title, button = "snooze", gettext_lazy("Put off"), gettext_lazy("Put off")
    hint = gettext_lazy("Out of your inbox until then. The promise goes on, and marketing sees why.")
    done = gettext_lazy("%(lead)s comes back to your inbox.")
    reason = forms.CharField(label=gettext_lazy("Because"), max_length=200)
    until = forms.ChoiceField(
        label=gettext_lazy("Until"), widget=forms.RadioSelect, choices=SNOOZES, initial="tomorrow"
    )
    at = moment_field(gettext_lazy("Or until this moment"))

    def perform(self, *, until: str = "", at: datetime | None = None, **words: Any) -> Any:
        return lifecycle.snooze(self.lead, actor=self.actor, until=at or moment_of(until), **words)

    @property
    def said(self) -> str:
        until = date_format(timezone.localtime(self.result.snoozed_until), "D j M H:i")
        return _("%(lead)s comes back to your inbox on %(when)s. The promise goes on.") % {
            "lead": self.lead, "when": until}  # fmt: skip


def moment_of(name: str) -> datetime:
    """When a hand-off that is put off comes back: in two hours, or when work begins on a later day."""
    now = timezone.now()
    if name == "hours":
        return now + timedelta(hours=2)
    calendar = sla.Calendar.of(Agreement.objects.in_force())
    day = now.astimezone(calendar.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return next(calendar.windows(day + timedelta(days={"tomorrow": 1, "days": 3, "week": 7}[name])))[0]


class Wake(ActForm):
    act, title, button = "wake", gettext_lazy("Take it up again"), gettext_lazy("Take up")
    done = gettext_lazy("%(lead)s is back in your inbox.")

    def perform(self, **words: Any) -> Any:
        return lifecycle.wake(self.lead, actor=self.actor, **words)


class TopUp(ActForm):
    act, title, button = "top_up", gettext_lazy("Top up the brief"), gettext_lazy("Keep")
    hint = gettext_lazy("The rep reads this first. What stood here before stays on the timeline.")
    done = gettext_lazy("The brief of %(lead)s is topped up.")
    was = forms.CharField(required=False, widget=forms.HiddenInput)
    note = words_field(gettext_lazy("Why now"))

    def known(self) -> dict[str, Any]:
        handoff = self.lead.handoffs.open().first()
        return {"note": handoff.note, "was": handoff.note} if handoff else {}

    def perform(self, *, was: str = "", **words: Any) -> Any:
        known = was if "was" in self.data else None
        return brief.top_up(self.lead, actor=self.actor, was=known, **words)
