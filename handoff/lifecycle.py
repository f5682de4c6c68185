"""The life of a hand-off: every act that opens, moves or ends one, each whole in one transaction."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.choices import Team
from accounts.models import User
from handoff import brief, deals, notices, routing, sla, standing
from handoff.models import Agreement, Handoff, Reason
from leads import capture, clock, pipeline, timeline
from leads.models import Activity, Lead, Outcome
from personas.choices import Lane, Stage

#: Touches that try to reach a person, and those in which the person answered.
ATTEMPTS = frozenset({"call:no_answer", "call:left_message", "call:spoke", "email:sent", "email:reply", "meeting:met"})
CONTACTS = frozenset({"call:spoke", "email:reply", "meeting:met"})


def _open(
    lead: Lead,
    *,
    origin: str,
    at: datetime,
    actor: User | None = None,
    owner: User | None = None,
    note: str = "",
    imported: bool = False,
) -> Handoff:
    """Open a hand-off on a locked lead; its caller moves the lead in the same transaction."""
    route = routing.Route(owner, "") if owner else routing.route(lead)
    handoff = Handoff(
        lead=lead,
        origin=origin,
        agreement=Agreement.objects.in_force(),
        note=note,
        value=lead.value or 0,
        offered_at=at,
        offered_by=actor,
        owner=route.rep,
        claimed_at=at if route.rep else None,
        imported=imported,
    )
    handoff.brief = brief.write(lead, origin=origin, why_this_rep=route.why)
    if not imported:
        sla.promise(handoff, "answer", at=at)
    handoff.save()
    if lead.look_again_on:
        lead.look_again_on = None
        lead.save(update_fields=["look_again_on"])
    return handoff


def _announce(handoff: Handoff, *, actor: User | None, event: str = "offer") -> None:
    lead = handoff.lead
    notices.write(
        kind=f"handoff:{event}",
        to=routing.candidates(handoff.owner),
        lead=lead,
        actor=actor,
        text=_("%(lead)s is offered to sales: %(why)s")
        % {"lead": lead, "why": handoff.note or Handoff.Origin(handoff.origin).label},
        event=f"handoff:{handoff.pk}:{event}",
    )


@transaction.atomic
def hasten(handoff: Handoff, *, note: str, at: datetime) -> Handoff:
    """Somebody whose offer still waits asks to talk: the shorter clock counts, from the moment they asked."""
    lead = Lead.objects.lock(handoff.lead_id)
    handoff = standing.open_handoff(lead)
    if handoff.lane != Lane.MQL or handoff.origin == Handoff.Origin.HAND_RAISE:
        return handoff
    due = handoff.due_at
    handoff.origin, handoff.note = Handoff.Origin.HAND_RAISE, note or handoff.note
    sla.promise(handoff, "answer", at=at)
    if due and handoff.due_at and due < handoff.due_at:
        handoff.due_at = due
    handoff.save()
    timeline.record(lead, kind="handoff:hasten", text=note, at=at)
    _announce(handoff, actor=None, event="hand_raise")
    return handoff


@transaction.atomic
def offer(
    lead: Lead, *, actor: User | None = None, note: str = "", origin: str = Handoff.Origin.MARKETING, seen: str = ""
) -> Handoff:
    """Open the hand-off and move the lead to the middle, or neither. From CUSTOMER this is expansion or renewal."""
    lead, at = Lead.objects.lock(lead), clock.now()
    standing.check_seen(lead, seen)
    if lead.do_not_contact:
        raise ValidationError(_("%(lead)s asked not to be contacted. Nothing was changed.") % {"lead": lead})
    if lead.stage == Stage.CUSTOMER:
        origin = Handoff.Origin.EXPANSION
    elif lead.stage != Stage.TOFU:
        raise ValidationError(standing.happened_since(lead))
    act = "expand" if lead.stage == Stage.CUSTOMER else "offer"
    handoff = _open(lead, origin=origin, actor=actor, note=note, at=at)
    pipeline.move(lead, Stage.MOFU, act=act, actor=actor, note=note, at=at)
    timeline.record(lead, kind="handoff:offer", actor=actor, text=note, data={"origin": origin}, at=at)
    _announce(handoff, actor=actor)
    return handoff


@transaction.atomic
def claim_early(lead: Lead, *, actor: User, note: str, seen: str = "") -> Handoff:
    """Sales takes a TOFU lead into the middle, saying why."""
    if not note.strip():
        raise ValidationError({"note": _("Say why now: marketing reads it.")})
    lead, at = Lead.objects.lock(lead), clock.now()
    standing.check_seen(lead, seen)
    if lead.stage != Stage.TOFU:
        raise ValidationError(standing.happened_since(lead))
    handoff = _open(lead, origin=Handoff.Origin.CLAIMED, actor=actor, owner=actor, note=note, at=at)
    pipeline.move(lead, Stage.MOFU, act="claim_early", actor=actor, note=note, at=at)
    timeline.record(lead, kind="handoff:claim_early", actor=actor, text=note, at=at)
    if lead.marketer:
        notices.write(
            kind="handoff:claim_early",
            to=[lead.marketer],
            lead=lead,
            actor=actor,
            text=_("%(who)s took %(lead)s to the middle: %(why)s") % {"who": actor, "lead": lead, "why": note},
            event=f"handoff:{handoff.pk}:claim_early",
        )
    return handoff


@transaction.atomic
def claim(handoff: Handoff, *, actor: User) -> Handoff:
    """First come, first served: one UPDATE decides; the others are told who was first."""
    lead, at = Lead.objects.lock(handoff.lead_id), clock.now()
    won = Handoff.objects.open().filter(pk=handoff.pk, owner=None).update(owner=actor, claimed_at=at)
    handoff = Handoff.objects.select_related("owner", "agreement").get(pk=handoff.pk)
    handoff.lead = lead
    if not won:
        if handoff.ended_at:
            raise ValidationError(standing.happened_since(lead))
        if handoff.owner_id != actor.pk:
            raise ValidationError(
                _("%(who)s has claimed this lead already. Nothing was changed.") % {"who": handoff.owner}
            )
        return handoff
    lead.rep = actor
    lead.save(update_fields=["rep"])
    timeline.record(lead, kind="handoff:claim", actor=actor, at=at)
    return handoff


@transaction.atomic
def accept(lead: Lead, *, actor: User, next_action: str = "", seen: str = "") -> Handoff:
    """Say that the offer meets the definition (SAL). Accepting what nobody has claimed claims it as well."""
    lead = Lead.objects.lock(lead)
    standing.check_seen(lead, seen)
    handoff = standing.open_handoff(lead)
    if handoff.lane != Lane.MQL:
        raise ValidationError(standing.happened_since(lead))
    if handoff.owner is None:
        handoff = claim(handoff, actor=actor)
    at = clock.now()  # after the claim, as the timeline tells it
    _owned_by(handoff, actor)
    handoff.lane, handoff.accepted_at, handoff.accepted_by = Lane.SAL, at, actor
    if handoff.first_attempt_at is None:
        sla.promise(handoff, "attempt", at=at)
    else:
        sla.settle(handoff)
    handoff.save()
    lead.rep = handoff.owner
    lead.next_action = next_action or lead.next_action or str(_("First call"))
    lead.next_action_at = lead.next_action_at or handoff.due_at
    lead.save(update_fields=["rep", "next_action", "next_action_at"])
    standing.learn(lead, Outcome.Kind.ACCEPTED, at=at)
    timeline.record(lead, kind="handoff:accept", actor=actor, at=at)
    if handoff.offered_by:
        notices.write(
            kind="handoff:accept",
            to=[handoff.offered_by],
            lead=lead,
            actor=actor,
            text=_("%(who)s accepted %(lead)s.") % {"who": actor, "lead": lead},
            event=f"handoff:{handoff.pk}:accept",
        )
    return handoff


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
        if handoff.promise == "attempt":
            if lead.next_action_at == handoff.due_at and next_action is None:  # it was planned for this promise
                standing.done_with(lead)
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


@transaction.atomic
def return_to_marketing(
    lead: Lead, *, actor: User, reason: Reason | None, verdict: str = "", to: User | None = None, seen: str = ""
) -> Handoff | None:
    """Give a lead back before contact, with a coded reason.

    Procedural: closes this hand-off and opens the next at once, for `to` or for the pool, and returns it. Clerical
    asks marketing to mend the record; definitional goes back to nurture and becomes evidence for scoring.
    """
    lead, at = Lead.objects.lock(lead), clock.now()
    standing.check_seen(lead, seen)
    handoff = standing.open_handoff(lead)
    _owned_by(handoff, actor)
    reason = standing.reason_for(Reason.Act.RETURN, reason)
    if handoff.first_contact_at:
        raise ValidationError(
            _("You have spoken with %(lead)s: after contact it is Disqualify or Recycle.") % {"lead": lead}
        )
    standing.end(handoff, Handoff.End.RETURNED, actor=actor, at=at, reason=reason, verdict=verdict)
    standing.learn(lead, Outcome.Kind.RETURNED, at=at, reason=reason)
    data = {"reason": reason.label, "class": reason.return_class}
    timeline.record(lead, kind="handoff:return", actor=actor, text=verdict, data=data, at=at)
    if reason.return_class == Reason.ReturnClass.PROCEDURAL:
        return _reroute(lead, handoff, to, actor=actor, at=at)
    standing.close_deals(lead, actor=actor, at=at, note=reason.label)
    pipeline.move(lead, standing.home(lead), act="return", actor=actor, reason=reason.code, note=verdict, at=at)
    standing.look_again(lead, None, reason=reason, at=at)
    if reason.return_class == Reason.ReturnClass.CLERICAL:
        lead.next_action, lead.next_action_at = str(_("Mend: %(what)s") % {"what": verdict or reason.label})[:120], at
        lead.save(update_fields=["next_action", "next_action_at"])
    else:
        standing.done_with(lead)
    return None


def _reroute(lead: Lead, handoff: Handoff, to: User | None, *, actor: User, at: datetime) -> Handoff:
    lead.rep = to
    lead.save(update_fields=["rep"])
    following = Handoff(
        lead=lead,
        origin=Handoff.Origin.REROUTED,
        agreement=Agreement.objects.in_force(),
        brief=handoff.brief,
        note=handoff.note,
        value=handoff.value,
        offered_at=at,
        offered_by=handoff.offered_by,
        owner=to,
        claimed_at=at if to else None,
    )
    sla.promise(following, "answer", at=at)
    following.save()
    timeline.record(lead, kind="handoff:offer", actor=actor, data={"origin": following.origin}, at=at)
    _announce(following, actor=actor)
    return following


@transaction.atomic
def recycle(
    lead: Lead,
    *,
    actor: User,
    reason: Reason | None,
    look_again_on: date | None = None,
    verdict: str = "",
    seen: str = "",
) -> Handoff:
    """Either team sends a lead back to nurture, with a reason and a date to look again."""
    reason = standing.reason_for(Reason.Act.RECYCLE, reason)
    return _send_back(
        lead, Handoff.End.RECYCLED, actor=actor, reason=reason, verdict=verdict, on=look_again_on, seen=seen
    )


@transaction.atomic
def withdraw(lead: Lead, *, actor: User, reason: Reason | None, verdict: str = "", seen: str = "") -> Handoff:
    """Marketing takes its offer back."""
    reason = standing.reason_for(Reason.Act.WITHDRAW, reason)
    return _send_back(lead, Handoff.End.WITHDRAWN, actor=actor, reason=reason, verdict=verdict, on=None, seen=seen)


def _send_back(
    lead: Lead, how: str, *, actor: User, reason: Reason, verdict: str, on: date | None, seen: str
) -> Handoff:
    lead, at = Lead.objects.lock(lead), clock.now()
    standing.check_seen(lead, seen)
    handoff = standing.open_handoff(lead)
    standing.end(handoff, how, actor=actor, at=at, reason=reason, verdict=verdict)
    standing.close_deals(lead, actor=actor, at=at, note=reason.label)
    act = reason.act
    pipeline.move(lead, standing.home(lead), act=act, actor=actor, reason=reason.code, note=verdict, at=at)
    standing.look_again(lead, on, reason=reason, at=at)
    standing.done_with(lead)
    if how == Handoff.End.RECYCLED:
        standing.learn(lead, Outcome.Kind.RECYCLED, at=at, reason=reason)
    data = {"reason": reason.label, "look_again_on": str(lead.look_again_on or "")}
    timeline.record(lead, kind=f"handoff:{act}", actor=actor, text=verdict, data=data, at=at)
    return handoff


@transaction.atomic
def disqualify(lead: Lead, *, actor: User, reason: Reason | None, verdict: str = "", seen: str = "") -> None:
    """Take a lead out: no need, no budget, no interest, wrong person, do not contact.

    A customer's hand-off or deal that ends so leaves them a customer, unless they asked not to be contacted.
    """
    lead, at = Lead.objects.lock(lead), clock.now()
    standing.check_seen(lead, seen)
    reason = standing.reason_for(Reason.Act.DISQUALIFY, reason)
    handoff = lead.handoffs.open().select_related("agreement").first()
    if handoff:
        handoff.lead = lead
        standing.end(handoff, Handoff.End.DISQUALIFIED, actor=actor, at=at, reason=reason, verdict=verdict)
    standing.close_deals(lead, actor=actor, at=at, note=reason.label)
    in_passing = lead.stage in (Stage.MOFU, Stage.BOFU) and standing.home(lead) == Stage.CUSTOMER
    to = Stage.CUSTOMER if in_passing and not reason.do_not_contact else Stage.OUT
    pipeline.move(lead, to, act="disqualify", actor=actor, reason=reason.code, note=verdict, at=at)
    if reason.do_not_contact:
        lead.do_not_contact = True
    lead.next_action, lead.next_action_at, lead.look_again_on = "", None, None
    lead.save(update_fields=["do_not_contact", "next_action", "next_action_at", "look_again_on"])
    standing.learn(lead, Outcome.Kind.DISQUALIFIED, at=at, reason=reason)
    data = {"reason": reason.label}
    timeline.record(lead, kind="stage:disqualify", actor=actor, text=verdict, data=data, at=at)


@transaction.atomic
def requalify(lead: Lead, *, actor: User, note: str = "", seen: str = "") -> Handoff:
    """From BOFU back to the middle: closes no deal, opens a hand-off already accepted by that rep."""
    lead, at = Lead.objects.lock(lead), clock.now()
    standing.check_seen(lead, seen)
    if lead.stage != Stage.BOFU:
        raise ValidationError(standing.happened_since(lead))
    owner = lead.rep or actor
    handoff = _open(lead, origin=Handoff.Origin.REQUALIFY, actor=actor, owner=owner, note=note, at=at)
    handoff.lane, handoff.accepted_at, handoff.accepted_by = Lane.SAL, at, owner
    sla.settle(handoff)
    handoff.save()
    pipeline.move(lead, Stage.MOFU, act="requalify", actor=actor, note=note, at=at)
    timeline.record(lead, kind="handoff:requalify", actor=actor, text=note, at=at)
    return handoff


@transaction.atomic
def churn(lead: Lead, *, actor: User, reason: Reason | None, verdict: str = "", seen: str = "") -> None:
    """A customer left, for a reason: back to nurture, to be won back."""
    lead, at = Lead.objects.lock(lead), clock.now()
    standing.check_seen(lead, seen)
    reason = standing.reason_for(Reason.Act.CHURN, reason)
    pipeline.move(lead, Stage.TOFU, act="churn", actor=actor, reason=reason.code, note=verdict, at=at)
    standing.look_again(lead, None, reason=reason, at=at)
    standing.learn(lead, Outcome.Kind.CHURNED, at=at, reason=reason)
    timeline.record(lead, kind="stage:churn", actor=actor, text=verdict, data={"reason": reason.label}, at=at)


@transaction.atomic
def reopen(lead: Lead, *, actor: User, note: str = "", consent: bool = False, seen: str = "") -> None:
    """Marketing brings back who was OUT; somebody who asked not to be contacted only with a new consent."""
    lead, at = Lead.objects.lock(lead), clock.now()
    standing.check_seen(lead, seen)
    if lead.stage != Stage.OUT:
        raise ValidationError(standing.happened_since(lead))
    if lead.do_not_contact and not consent:
        raise ValidationError(
            {"consent": _("%(lead)s asked not to be contacted: this needs their new consent.") % {"lead": lead}}
        )
    if lead.do_not_contact:
        lead.do_not_contact = False
        lead.save(update_fields=["do_not_contact"])
    pipeline.move(lead, Stage.TOFU, act="reopen", actor=actor, note=note, at=at)
    timeline.record(lead, kind="stage:reopen", actor=actor, text=note, data={"consent": consent}, at=at)


@transaction.atomic
def purchase(
    lead: Lead,
    *,
    at: datetime,
    fields: dict[str, Any] | None = None,
    imported: bool = False,
    actor: User | None = None,
) -> None:
    """The fast lane: whoever buys is a customer, wherever they stood; a customer stays one.

    A deal that is open meanwhile is left to sales: what was bought may be something else.
    """
    lead = Lead.objects.lock(lead)
    if lead.do_not_contact:
        raise ValidationError(_("%(lead)s asked not to be contacted. Nothing was changed.") % {"lead": lead})
    handoff = lead.handoffs.open().select_related("agreement").first()
    if handoff:
        handoff.lead = lead
        known = [handoff.offered_at, handoff.accepted_at, handoff.qualified_at]
        ended = max(at, *(moment for moment in known if moment))  # we may hear of a purchase after it happened
        standing.end(handoff, Handoff.End.PURCHASED, actor=actor, at=ended)
    deals.record_closed(lead, won=True, at=at, actor=actor, imported=imported, fields=fields)
    if lead.stage != Stage.CUSTOMER:
        pipeline.move(lead, Stage.CUSTOMER, act="purchase", actor=actor, at=at, imported=imported)
        standing.done_with(lead)


def _owned_by(handoff: Handoff, actor: User) -> None:
    if handoff.owner_id not in (None, actor.pk) and not actor.is_manager:
        raise ValidationError(
            _("%(who)s has claimed this lead, so this is theirs to do. Nothing was changed.") % {"who": handoff.owner}
        )
