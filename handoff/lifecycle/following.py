"""What sales does with an accepted lead: tries, speaks, qualifies."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.choices import Team
from accounts.models import User
from handoff import sla, standing, undo, watching
from handoff.lifecycle import offers
from handoff.models import Handoff
from leads import capture, clock, timeline
from leads.models import Activity, Lead
from personas.choices import Lane

#: Touches that try to reach a person, and those in which the person answered.
ATTEMPTS = frozenset({"call:no_answer", "call:left_message", "call:spoke", "email:sent", "email:reply", "meeting:met"})
CONTACTS = frozenset({"call:spoke", "email:reply", "meeting:met"})


@transaction.atomic
def log_touch(
    lead: Lead, *, actor: User, kind: str, text: str = "", at: datetime | None = None, next_action: str | None = None,
    next_action_at: datetime | None = None, data: dict[str, Any] | None = None,
) -> Activity:  # fmt: skip
    """Log a touch; a rep's attempt or contact stops the clock that waits for it. An attempt is not a contact.

    An attempt that reached nobody plans the next one, unless something else is planned for later or said here.
    """
    activity = capture.log(lead, kind=kind, actor=actor, text=text, data=data, at=at)
    lead = Lead.objects.lock(lead)
    handoff = lead.handoffs.open().select_related("agreement").first()
    if handoff and actor.team != Team.MARKETING and kind in ATTEMPTS and activity.at >= handoff.offered_at:
        planned_by_us = _is_our_plan(lead, handoff)
        handoff.attempts_made += 1
        handoff.first_attempt_at = handoff.first_attempt_at or activity.at
        if kind in CONTACTS:
            handoff.first_contact_at = handoff.first_contact_at or activity.at
        sla.settle(handoff)
        handoff.save()
        if planned_by_us and not next_action:
            standing.done_with(lead)
            _plan_next_try(lead, handoff, kind=kind, at=activity.at)
            next_action = None
    if next_action is not None:
        lead.next_action, lead.next_action_at = next_action, next_action_at
        lead.save(update_fields=["next_action", "next_action_at"])
    watching.hear_of_touch(activity, actor=actor)
    return activity


def _is_our_plan(lead: Lead, handoff: Handoff) -> bool:
    """Whether what is next may be replaced: there is nothing, or it was planned for the promise or as the next try."""
    for_the_promise = handoff.promise == "attempt" and lead.next_action_at == handoff.due_at
    return not lead.next_action or for_the_promise or lead.next_action == again(handoff)


def _plan_next_try(lead: Lead, handoff: Handoff, *, kind: str, at: datetime) -> None:
    due = next_try(handoff, at=at)
    if kind in CONTACTS or due is None:
        return
    lead.next_action, lead.next_action_at = again(handoff), due
    lead.save(update_fields=["next_action", "next_action_at"])


def again(handoff: Handoff) -> str:
    """The next attempt, as a next action names it."""
    said = {"n": handoff.attempts_made + 1, "most": handoff.agreement.attempts}
    return _("Try again: attempt %(n)d of %(most)d") % said


def next_try(handoff: Handoff, *, at: datetime) -> datetime | None:
    """When to try again: the agreed attempts lie evenly over the agreed business days. None once they are made,
    they have been reached, or sales has not accepted yet.

    Reads `handoff.agreement`.
    """
    agreed = handoff.agreement
    if handoff.lane == Lane.MQL or handoff.first_contact_at or handoff.attempts_made >= agreed.attempts:
        return None
    calendar = sla.Calendar.of(agreed)
    return calendar.due(max(at, handoff.offered_at), calendar.day * agreed.attempts_days / agreed.attempts)


def is_unreachable(handoff: Handoff) -> bool:
    """Whether the agreed attempts are made and nobody has answered. Reads `handoff.agreement`."""
    made = handoff.attempts_made >= handoff.agreement.attempts
    return handoff.is_open and handoff.lane != Lane.MQL and handoff.first_contact_at is None and made


@undo.able("snooze")
@transaction.atomic
def snooze(lead: Lead, *, actor: User, until: datetime, reason: str, seen: str = "") -> Handoff:
    """Put a hand-off out of the inbox until a moment, saying why. Its promise goes on, and nobody is told.

    Putting off what nobody has claimed claims it: an offer must not vanish for everybody.
    """
    lead, at = Lead.objects.lock(lead), clock.now()
    standing.check_seen(lead, seen)
    if not reason.strip():
        raise ValidationError({"reason": _("Say why: marketing sees it on the hand-off.")})
    if until <= at:
        raise ValidationError({"until": _("This moment is past. Everything else was kept; choose a later one.")})
    handoff = standing.open_handoff(lead)
    if handoff.owner is None:
        handoff = offers.claim(handoff, actor=actor)
    standing.owned_by(handoff, actor)
    handoff.snoozed_until, handoff.snoozed_by, handoff.snooze_reason = until, actor, reason.strip()[:200]
    handoff.save(update_fields=["snoozed_until", "snoozed_by", "snooze_reason"])
    timeline.record(
        lead, kind="handoff:snooze", actor=actor, text=handoff.snooze_reason, data={"until": until.isoformat()}
    )
    return handoff


@transaction.atomic
def wake(lead: Lead, *, actor: User, seen: str = "") -> Handoff:
    """Bring a hand-off that was put off back into the inbox now."""
    lead = Lead.objects.lock(lead)
    standing.check_seen(lead, seen)
    handoff = standing.open_handoff(lead)
    standing.owned_by(handoff, actor)
    if handoff.snoozed_until and handoff.snoozed_until > clock.now():
        handoff.snoozed_until, handoff.snoozed_by, handoff.snooze_reason = None, None, ""
        handoff.save(update_fields=["snoozed_until", "snoozed_by", "snooze_reason"])
        timeline.record(lead, kind="handoff:wake", actor=actor)
    return handoff


@transaction.atomic
def rate(handoff: Handoff, *, actor: User, good: bool | None) -> Handoff:
    """Sales rates the quality of a lead, marketing how it was followed up: one of each a hand-off, changeable.

    None takes the rating away.
    """
    Lead.objects.lock(handoff.lead_id)
    handoff = Handoff.objects.select_for_update(of=("self",), no_key=True).get(pk=handoff.pk)
    side = rated_by(actor)
    if not side:
        raise ValidationError(_("Sales rates the lead and marketing the follow-up. Nothing was changed."))
    said: dict[str, Any] = {"good": good, "rated_at": clock.now() if good is not None else None}
    said["rated_by"] = actor if good is not None else None
    for name, value in said.items():
        setattr(handoff, f"{side}_{name}", value)
    handoff.save(update_fields=[f"{side}_{name}" for name in said])
    return handoff


#: What each team rates.
RATES = {Team.SALES: "lead", Team.MARKETING: "follow_up"}


def rated_by(actor: User) -> str:
    """What this person rates of a hand-off, by the beginning of its columns; empty for nothing."""
    return RATES.get(Team(actor.team), "")


@undo.able("qualify")
@transaction.atomic
def qualify(lead: Lead, *, actor: User, seen: str = "") -> Handoff:
    """Either team says that the lead is qualified (SQL), by name; or each of them, where both have agreed on that."""
    lead, at = Lead.objects.lock(lead), clock.now()
    standing.check_seen(lead, seen)
    handoff = standing.open_handoff(lead)
    if handoff.lane != Lane.SAL:
        raise ValidationError(
            _("Sales accepts the hand-off first. Nothing was changed.")
            if handoff.lane == Lane.MQL
            else standing.happened_since(lead)
        )
    standing.say_qualified(handoff, actor=actor, at=at)
    return handoff
