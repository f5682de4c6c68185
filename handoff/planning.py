"""What is next on a lead: planned, or done with nothing after it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from handoff import notices
from handoff.forms import ActForm
from leads import clock, editing

MOMENT = "%Y-%m-%dT%H:%M"


class Plan(ActForm):
    """The next action on a lead and when it is due; empty when the last one is done and nothing follows."""

    title, button = gettext_lazy("Plan what is next"), gettext_lazy("Plan")
    was = forms.CharField(required=False, widget=forms.HiddenInput)
    next_action = forms.CharField(label=gettext_lazy("Next action"), required=False, max_length=120)
    next_action_at = forms.DateTimeField(
        label=gettext_lazy("Due"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MOMENT),
        input_formats=[MOMENT, "%Y-%m-%dT%H:%M:%S"],
    )

    def known(self) -> dict[str, Any]:
        return {"was": self.lead.next_action, "next_action": self.lead.next_action}

    def clean_next_action_at(self) -> datetime | None:
        at: datetime | None = self.cleaned_data["next_action_at"]
        if at and at < clock.now():
            raise ValidationError(_("This moment is past. Everything else was kept; choose a later one."))
        return at

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or self.cleaned_data
        if said.get("next_action_at") and not said.get("next_action"):
            self.add_error("next_action", _("Say what is to be done then, or leave both empty."))
        return said

    def perform(self, *, was: str = "", next_action: str = "", next_action_at: Any = None, **words: Any) -> Any:
        known = was if "was" in self.data else None
        return editing.plan(
            self.lead, actor=self.actor, next_action=next_action, next_action_at=next_action_at, was=known
        )

    @property
    def said(self) -> str:
        if self.lead.next_action:
            said = _("Planned for %(lead)s: %(what)s") % {"lead": self.lead, "what": self.lead.next_action}
            return notices.sentences(said)
        return _("Done. Nothing is planned for %(lead)s now.") % {"lead": self.lead}
