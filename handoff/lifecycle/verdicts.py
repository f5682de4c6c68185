"""How a hand-off ends without a deal: returned, recycled, withdrawn, disqualified."""

from __future__ import annotations

from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from handoff import routing, sla, standing, watching
from handoff.lifecycle.offers import announce
from handoff.models import Agreement, Handoff, Reason
from leads import clock, pipeline, timeline
from leads.models import Lead, Outcome
from personas.choices import Stage


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
    standing.owned_by(handoff, actor)
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
    route = routing.chosen(lead, actor=actor, to=to, apart_from={actor.pk})
    lead.rep = route.rep
    lead.save(update_fields=["rep"])
    following = Handoff(
        lead=lead,
        origin=Handoff.Origin.REROUTED,
        agreement=Agreement.objects.in_force(),
        brief={**handoff.brief, "routed": route.why},
        note=handoff.note,
        value=handoff.value,
        offered_at=at,
        offered_by=handoff.offered_by,
        owner=route.rep,
        queue=route.queue,
        claimed_at=at if route.rep else None,
    )
    sla.promise(following, "answer", at=at)
    following.save()
    routing.decided(following, route, actor=None)
    timeline.record(lead, kind="handoff:offer", actor=actor, data={"origin": following.origin}, at=at)
    announce(following, actor=actor)
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
    out = timeline.record(lead, kind="stage:disqualify", actor=actor, text=verdict, data=data, at=at)
    if not handoff:  # its end has told them
        watching.hear(out)
