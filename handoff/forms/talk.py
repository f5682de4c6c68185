"""What people say of a lead without moving it: a comment, and a touch that is logged."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from handoff import conversation, lifecycle
from handoff.forms.saying import SaidForm
from leads import pipeline
from leads.forms import moment_field


class Comment(SaidForm):
    """Words on a lead that both teams read."""

    text = forms.CharField(required=False, strip=True)  # the step says what is wrong with it

    def perform(self, *, text: str = "", **_words: Any) -> Any:
        return conversation.comment(self.lead, actor=self.actor, text=text)


#: kind -> what the button says, and its icon: a touch is logged in one tap.
TOUCHES: dict[str, tuple[Any, str]] = {
    "call:no_answer": (gettext_lazy("No answer"), "phone-missed"),
    "call:left_message": (gettext_lazy("Left a message"), "phone-outgoing"),
    "call:spoke": (gettext_lazy("Spoke"), "phone-call"),
    "email:sent": (gettext_lazy("E-mailed"), "send"),
    "email:reply": (gettext_lazy("Got a reply"), "mail"),
    "meeting:met": (gettext_lazy("Met"), "handshake"),
    "note": (gettext_lazy("Note"), "pen-line"),
}


class Touch(SaidForm):
    """A touch that has just happened, or that is told later, and what is to be done next."""

    kind = forms.ChoiceField(choices=[(kind, words) for kind, (words, _icon) in TOUCHES.items()])
    text = forms.CharField(label=gettext_lazy("In words"), required=False, max_length=5_000)
    at = moment_field(gettext_lazy("When it happened"))
    next_action = forms.CharField(label=gettext_lazy("Next action"), required=False, max_length=120)
    next_action_at = moment_field(gettext_lazy("Due"))
    done = forms.BooleanField(required=False)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if said.get("kind") == "note" and not said.get("text"):
            self.add_error("text", _("Write a few words first: a note is its words."))
        if said.get("next_action_at") and not said.get("next_action"):
            self.add_error("next_action", _("Say what is to be done then."))
        return said

    @property
    def said(self) -> str:
        logged = _("Logged: %(what)s.") % {"what": TOUCHES[self.cleaned_data["kind"]][0]}
        if not pipeline.crossed_with(self.result):
            return logged
        crossed = _("%(lead)s has crossed the MQL line and is being offered to sales.") % {"lead": self.lead}
        return f"{logged} {crossed}"

    def perform(self, *, next_action: str = "", next_action_at: Any = None, done: bool = False, **words: Any) -> Any:
        """An empty next action leaves the one that is planned, unless it is told to be done."""
        planned = next_action if next_action or done else None
        return lifecycle.log_touch(
            self.lead, actor=self.actor, next_action=planned, next_action_at=next_action_at, **words
        )
