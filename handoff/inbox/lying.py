"""Why a hand-off lies in somebody's inbox, in a few words: for its line in the list as for its page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from handoff.models import Handoff

ORIGINS = {
    Handoff.Origin.MARKETING: ("megaphone", gettext_lazy("Offered")),
    Handoff.Origin.LINE: ("trending-up", gettext_lazy("Score")),
    Handoff.Origin.HAND_RAISE: ("hand", gettext_lazy("Asked to talk")),
    Handoff.Origin.CLAIMED: ("zap", gettext_lazy("Claimed early")),
    Handoff.Origin.REROUTED: ("route", gettext_lazy("Sent on")),
    Handoff.Origin.REQUALIFY: ("corner-up-left", gettext_lazy("From the deal")),
    Handoff.Origin.EXPANSION: ("repeat", gettext_lazy("Expansion")),
    Handoff.Origin.IMPORTED: ("file-text", gettext_lazy("From a file")),
}


class Lying:
    """A hand-off, or a row in the names of one, as one person sees it at one moment."""

    handoff: Any
    user: User
    now: datetime

    @property
    def snoozed(self) -> bool:
        until = self.handoff.snoozed_until
        return self.handoff.is_open and until is not None and until > self.now

    @property
    def why(self) -> str:
        """Why it lies here, in a line: the words of who offered or ended it, else what set it off."""
        handoff = self.handoff
        if handoff.ended_at:
            return handoff.verdict or (handoff.reason.label if handoff.reason else "")
        return handoff.note or str(Handoff.Origin(handoff.origin).label)

    @property
    def tag(self) -> tuple[str, Any]:
        """Icon and words: how it came back, who has it, or what set it off."""
        handoff = self.handoff
        if handoff.ended_at and handoff.reason:
            return "undo-2", handoff.reason.get_return_class_display() or handoff.get_end_display()
        if self.snoozed:
            return "alarm-clock", date_format(timezone.localtime(handoff.snoozed_until), "j M H:i")
        if handoff.untouched:
            return "phone-off", _("Never touched")
        if handoff.owner_id == self.user.pk:
            return "user-round-check", _("Yours")
        if handoff.owner and handoff.origin != Handoff.Origin.HAND_RAISE:
            return "user-round", handoff.owner.get_short_name()
        return ORIGINS[Handoff.Origin(handoff.origin)]
