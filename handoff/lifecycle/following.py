"""What sales does with an accepted lead: tries, speaks, qualifies."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.choices import Team
from accounts.models import User
from handoff import sla, standing
from handoff.models import Handoff
from leads import capture, clock
from leads.models import Activity, Lead
from personas.choices import Lane

#: Touches that try to reach a person, and those in which the person answered.
ATTEMPTS = frozenset({"call:no_answer", "call:left_message", "call:spoke", "email:sent", "email:reply", "meeting:met"})
CONTACTS = frozenset({"call:spoke", "email:reply", "meeting:met"})


@transaction.atomic
def log_touch(
    lead: Lead, *, actor: User, kind: str, text: str = "", at: datetime | None = None, next_action: str | None = None,
    next_action_at: datetime | None = None,
) -> Activity:  # fmt: skip
    """Log a touch; a rep's attempt or contact stops the clock that waits for it. An attempt is not a contact."""
    activity = capture.log(lead, kind=kind, actor=actor, text=text, at=at)
    lead = Lead.objects.lock(lead)
    handoff = lead.handoffs.open().select_related("agreement").first()
    if handoff and actor.team != Team.MARKETING and kind in ATTEMPTS and activity.at >= handoff.offered_at:
        handoff.first_attempt_at = handoff.first_attempt_at or activity.at
        if kind in CONTACTS:
            handoff.first_contact_at = handoff.first_contact_at or activity.at
        if handoff.promise == "attempt" and lead.next_action_at == handoff.due_at and next_action is None:
            standing.done_with(lead)  # it was planned for this promise
        sla.settle(handoff)
        handoff.save()
    if next_action is not None:
        lead.next_action, lead.next_action_at = next_action, next_action_at
        lead.save(update_fields=["next_action", "next_action_at"])
    return activity


@transaction.atomic
def qualify(lead: Lead, *, actor: User, seen: str = "") -> Handoff:
    """Either team says that the lead is qualified (SQL), by name."""
    lead, at = Lead.objects.lock(lead), clock.now()
    standing.check_seen(lead, seen)
    handoff = standing.open_handoff(lead)
    if handoff.lane != Lane.SAL:
        raise ValidationError(
            _("Sales accepts the hand-off first. Nothing was changed.")
            if handoff.lane == Lane.MQL
            else standing.happened_since(lead)
        )
    standing.qualified(handoff, actor=actor, at=at)
    return handoff
