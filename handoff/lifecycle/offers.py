"""An offer: made, hastened, claimed, accepted, and opened again from a deal."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from handoff import brief, notices, routing, sla, standing, undo, watching
from handoff.models import Agreement, Handoff, Queue
from leads import clock, learning, pipeline, prepared, pulse, timeline
from leads.models import Activity, Lead, Outcome
from personas.choices import Lane, Stage


def begin(
    lead: Lead,
    *,
    origin: str,
    at: datetime,
    actor: User | None = None,
    owner: User | None = None,
    to: User | None = None,
    queue: Queue | None = None,
    note: str = "",
    imported: bool = False,
) -> Handoff:
    """Open a hand-off on a locked lead; its caller moves the lead in the same transaction.

    Who does it for themselves is its `owner`; else it goes to whom or where somebody said, or where the rules say.
    In the middle a lead is its hand-off's: its rep is whom the offer went to, and none while it lies in a queue.
    """
    route = routing.Route(owner, None, "") if owner else routing.chosen(lead, actor=actor, to=to, queue=queue)
    handoff = Handoff(
        lead=lead,
        origin=origin,
        agreement=Agreement.objects.in_force(),
        note=note,
        value=lead.value or 0,
        offered_at=at,
        offered_by=actor,
        owner=route.rep,
        queue=route.queue,
        claimed_at=at if route.rep else None,
        imported=imported,
    )
    handoff.brief = brief.write(lead, origin=origin, why_this_rep=route.why)
    handoff.brief["known_by"] = lead.rep_id  # whom the lead goes back to if no rep takes the offer
    if origin == Handoff.Origin.LINE:
        handoff.brief["by_itself"] = note  # the first line says as much: what somebody adds to it is shown
    if not imported and origin != Handoff.Origin.REQUALIFY:  # that one is accepted already
        sla.promise(handoff, "answer", at=at)
    handoff.save()
    if not imported:
        learning.snapshot([lead.pk], "offered", at=at)
    if not owner:
        routing.decided(handoff, route, actor=actor)
    lead.rep, lead.look_again_on = route.rep, None
    lead.save(update_fields=["rep", "look_again_on"])
    return handoff


def announce(handoff: Handoff, *, actor: User | None, event: str = "offer") -> None:
    lead = handoff.lead
    notices.write(
        kind=f"handoff:{event}",
        to=routing.audience(handoff),
        lead=lead,
        actor=actor,
        text=notices.sentences(
            _("%(lead)s is offered to sales: %(why)s")
            % {"lead": lead, "why": handoff.note or Handoff.Origin(handoff.origin).label}
        ),
        event=f"handoff:{handoff.pk}:{event}",
    )


@transaction.atomic
def hasten(handoff: Handoff, *, note: str, at: datetime) -> Handoff:
    """Somebody whose offer still waits asks to talk: the shorter clock counts, from the moment they asked."""
    lead = Lead.objects.lock(handoff.lead_id)
    handoff = standing.open_handoff(lead)
    if handoff.lane != Lane.MQL or handoff.origin == Handoff.Origin.HAND_RAISE:
        return handoff
    handoff.origin, handoff.note = Handoff.Origin.HAND_RAISE, note or handoff.note
    sla.hasten(handoff, at=at)
    handoff.save()
    timeline.record(lead, kind="handoff:hasten", text=note, at=at)
    announce(handoff, actor=None, event="hand_raise")
    return handoff


@undo.able("offer")
@transaction.atomic
def offer(
    lead: Lead,
    *,
    actor: User | None = None,
    note: str = "",
    origin: str = Handoff.Origin.MARKETING,
    to: User | None = None,
    queue: Queue | None = None,
    seen: str = "",
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
    handoff = begin(lead, origin=origin, actor=actor, to=to, queue=queue, note=note, at=at)
    pipeline.move(lead, Stage.MOFU, act=act, actor=actor, note=note, at=at)
    timeline.record(lead, kind="handoff:offer", actor=actor, text=note, data={"origin": origin}, at=at)
    announce(handoff, actor=actor)
    return handoff


@undo.able("claim_early")
@transaction.atomic
def claim_early(lead: Lead, *, actor: User, note: str, seen: str = "") -> Handoff:
    """Sales takes a TOFU lead into the middle, saying why."""
    if not note.strip():
        raise ValidationError({"note": _("Say why now: marketing reads it.")})
    lead, at = Lead.objects.lock(lead), clock.now()
    standing.check_seen(lead, seen)
    if lead.stage != Stage.TOFU:
        raise ValidationError(standing.happened_since(lead))
    handoff = begin(lead, origin=Handoff.Origin.CLAIMED, actor=actor, owner=actor, note=note, at=at)
    pipeline.move(lead, Stage.MOFU, act="claim_early", actor=actor, note=note, at=at)
    timeline.record(lead, kind="handoff:claim_early", actor=actor, text=note, at=at)
    if lead.marketer:
        notices.write(
            kind="handoff:claim_early",
            to=[lead.marketer],
            lead=lead,
            actor=actor,
            text=notices.sentences(
                _("%(who)s took %(lead)s to the middle: %(why)s") % {"who": actor, "lead": lead, "why": note}
            ),
            event=f"handoff:{handoff.pk}:claim_early",
        )
    return handoff


#: One statement, since the first to come is served: the lead is locked, one UPDATE decides, and only whoever it lets
#: through leaves the rep on the lead, the line on the timeline, and what undoing it needs.
CLAIM = """
WITH standing AS MATERIALIZED (
    SELECT lead.id, lead.rep_id, EXISTS (SELECT FROM handoff_hook)
           OR EXISTS (SELECT FROM handoff_watch watch WHERE watch.lead_id = lead.id AND watch.on) AS heard
      FROM leads_lead lead JOIN handoff_handoff claimed ON claimed.lead_id = lead.id
     WHERE claimed.id = %(handoff)s FOR NO KEY UPDATE OF lead),
won AS (
    UPDATE handoff_handoff offered SET owner_id = %(actor)s, claimed_at = %(at)s FROM standing
     WHERE offered.id = %(handoff)s AND offered.owner_id IS NULL AND offered.ended_at IS NULL
       AND (%(whole)s OR NOT standing.heard) AND (%(manager)s OR EXISTS (
           SELECT FROM handoff_queue queue WHERE queue.id = offered.queue_id AND (queue.everybody OR EXISTS (
               SELECT FROM handoff_member member WHERE member.queue_id = queue.id AND member.rep_id = %(actor)s))))
    RETURNING offered.*, standing.rep_id, standing.heard),
led AS (
    UPDATE leads_lead SET rep_id = %(actor)s, last_activity_at = greatest(last_activity_at, %(at)s)
      FROM won WHERE leads_lead.id = won.lead_id),
line AS (
    INSERT INTO leads_activity (lead_id, kind, text, data, actor_id, at, recorded_at, imported)
    SELECT lead_id, 'handoff:claim', '', '{}', %(actor)s::bigint, %(at)s::timestamptz, %(at)s::timestamptz, false
      FROM won RETURNING id),
deed AS (
    INSERT INTO handoff_deed (lead_id, act, actor_id, at, line, changes)
    SELECT won.lead_id, 'claim', %(actor)s::bigint, %(at)s::timestamptz, line.id, jsonb_build_object(
           'made', '{}'::jsonb, 'moved', '{}'::jsonb, 'outcomes', '[]'::jsonb, 'tasks', '[]'::jsonb,
           'lines', jsonb_build_array(line.id), 'leads', jsonb_build_array(won.lead_id),
           'rows', jsonb_build_object(
               'handoff:' || won.id, jsonb_build_object(
                   'owner_id', jsonb_build_array(NULL, %(actor)s::bigint),
                   'claimed_at', jsonb_build_array(NULL, %(stamp)s::text)))
               || CASE WHEN won.rep_id IS DISTINCT FROM %(actor)s THEN jsonb_build_object(
                   'lead:' || won.lead_id, jsonb_build_object(
                       'rep_id', jsonb_build_array(won.rep_id, %(actor)s::bigint)))
                  ELSE '{}'::jsonb END)
      FROM won, line WHERE %(keep)s)
SELECT line.id, won.heard, queue.id, queue.name, offering.id, offering.username, offering.name, offering.email,
       won.lead_id, won.lane, won.origin, won.note, won.offered_at, won.promise, won.due_at, won.accepted_at,
       won.first_attempt_at, won.first_contact_at, won.qualified_at, won.snoozed_until, won.verdict
  FROM won CROSS JOIN line LEFT JOIN handoff_queue queue ON queue.id = won.queue_id
  LEFT JOIN accounts_user offering ON offering.id = won.offered_by_id
"""
ANSWERED = (
    "lead_id", "lane", "origin", "note", "offered_at", "promise", "due_at", "accepted_at", "first_attempt_at",
    "first_contact_at", "qualified_at", "snoozed_until", "verdict",
)  # fmt: skip


def claim(handoff: Handoff, *, actor: User) -> Handoff:
    """First come, first served: one UPDATE decides; the others are told who was first. Reps claim from their queues.

    Only the key of the hand-off need be known: it says afterwards what it is and whose, and so does its lead, where
    that is known. Raises Handoff.DoesNotExist.
    """
    at = clock.now()
    said: dict[str, Any] = {
        "handoff": handoff.pk, "actor": actor.pk, "at": at, "stamp": at.isoformat(), "manager": actor.is_manager,
        "keep": undo.keeps(actor),
    }  # fmt: skip
    won = None if connection.in_atomic_block else _claimed(said, whole=False)  # by itself it needs no transaction
    if won is None:
        with transaction.atomic():
            won = _claimed(said, whole=True)
            if won and won[1]:  # somebody listens
                watching.hear(Activity.objects.select_related("lead", "actor").get(pk=won[0]))
    if won is None:
        return _claimed_before(handoff, actor)
    queue, who = won[2:4], won[4:8]
    for name, value in zip(ANSWERED, won[8:], strict=True):
        setattr(handoff, name, value)
    handoff.queue = Queue.from_db("default", ["id", "name"], queue) if queue[0] else None
    handoff.offered_by = User.from_db("default", ["id", "username", "name", "email"], who) if who[0] else None
    handoff.owner, handoff.claimed_at = actor, at
    if Handoff.lead.is_cached(handoff):
        handoff.lead.rep = actor
    return handoff


def _claimed(said: dict[str, Any], *, whole: bool) -> tuple[Any, ...] | None:
    """What a claim answers, if it was the first; one of which somebody wants to hear must be made whole."""
    won = next(iter(prepared.rows(CLAIM, {**said, "whole": whole})), None)
    if won:
        pulse.beat(pulse.LEADS)
    return won


def _claimed_before(handoff: Handoff, actor: User) -> Handoff:
    """Why a claim came to nothing; who has it already may claim it as often as they like."""
    handoff = Handoff.objects.select_related("owner", "agreement", "queue", "lead").get(pk=handoff.pk)
    if handoff.ended_at:
        raise ValidationError(standing.happened_since(handoff.lead))
    if handoff.owner is None:
        raise ValidationError(
            _("%(lead)s lies in %(queue)s, from which its reps claim. Nothing was changed.")
            % {"lead": handoff.lead, "queue": handoff.queue}
        )
    if handoff.owner_id != actor.pk:
        raise ValidationError(_("%(who)s has claimed this lead already. Nothing was changed.") % {"who": handoff.owner})
    return handoff


@undo.able("accept")
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
    standing.owned_by(handoff, actor)
    handoff.lane, handoff.accepted_at, handoff.accepted_by = Lane.SAL, at, actor
    sla.promise(handoff, "attempt", at=at)
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


@undo.able("requalify")
@transaction.atomic
def requalify(lead: Lead, *, actor: User, note: str = "", seen: str = "") -> Handoff:
    """From BOFU back to the middle: closes no deal, opens a hand-off already accepted by that rep."""
    lead, at = Lead.objects.lock(lead), clock.now()
    standing.check_seen(lead, seen)
    if lead.stage != Stage.BOFU:
        raise ValidationError(standing.happened_since(lead))
    owner = lead.rep or actor
    handoff = begin(lead, origin=Handoff.Origin.REQUALIFY, actor=actor, owner=owner, note=note, at=at)
    handoff.lane, handoff.accepted_at, handoff.accepted_by = Lane.SAL, at, owner
    handoff.save()
    pipeline.move(lead, Stage.MOFU, act="requalify", actor=actor, note=note, at=at)
    watching.hear(timeline.record(lead, kind="handoff:requalify", actor=actor, text=note, at=at))
    return handoff
