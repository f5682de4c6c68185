"""A hand-off goes on to another rep, or back to a queue: the same offer, the same agreement, other hands."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.models import User
from handoff import notices, routing, sla, standing, undo
from handoff.models import Handoff, Queue
from leads import clock, timeline
from leads.models import Lead
from personas.choices import Lane


@undo.able("reassign")
@transaction.atomic
def reassign(
    lead: Lead,
    *,
    actor: User | None,
    to: User | None = None,
    queue: Queue | None = None,
    note: str = "",
    by_clock: bool = False,
    seen: str = "",
) -> Handoff:
    """Give an open hand-off to a rep, to a queue, or, where neither is named, to whom the rules say.

    Whoever has it may pass it on, and management; an offer in a queue, whoever may claim it. By the clock (`actor` is
    None) it is counted in `reassigned` and the promise that runs begins anew: the next rep has the whole time. By hand
    the clock goes on. An accepted hand-off always has a rep: given to a queue, it goes to the next in turn there.
    """
    lead, at = Lead.objects.lock(lead), clock.now()
    standing.check_seen(lead, seen)
    handoff = standing.open_handoff(lead)
    before = handoff.owner
    if actor is not None:
        _may_pass_on(handoff, actor)
    if to is not None and to == before:
        raise ValidationError({"to": _("%(who)s has this lead already. Nothing was changed.") % {"who": to}})
    had, must_own = routing.had_by(handoff), handoff.lane != Lane.MQL
    found = routing.chosen(lead, actor=actor, to=to, queue=queue, apart_from=had, must_own=must_own)
    if found.rep is None and must_own:
        raise ValidationError(
            _("Nobody is free for %(lead)s now, and an accepted lead needs a rep. Nothing was changed.")
            % {"lead": lead}
        )
    if found.rep is None and before is None and found.queue and found.queue.pk == handoff.queue_id:
        raise ValidationError(_("%(lead)s lies in %(queue)s already.") % {"lead": lead, "queue": found.queue})
    if (
        not Handoff.objects.open()
        .filter(pk=handoff.pk, owner=before)
        .update(
            owner=found.rep,
            queue=found.queue,
            claimed_at=at if found.rep else None,
            snoozed_until=None,
            snoozed_by=None,
            snooze_reason="",
            reassigned=F("reassigned") + int(by_clock),
        )
    ):
        raise ValidationError(standing.happened_since(lead))
    handoff.refresh_from_db()
    handoff.lead = lead
    if by_clock:
        _begin_anew(handoff, at)
    lead.rep = found.rep
    lead.save(update_fields=["rep"])
    routing.decided(handoff, found, actor=actor, before=before, by_clock=by_clock)
    data = {
        "to": str(found.rep or found.queue or ""), "from": str(before or ""), "by_clock": by_clock, "why": found.why,
    }  # fmt: skip
    written = timeline.record(lead, kind="handoff:reassign", actor=actor, text=note, data=data, at=at)
    _tell(handoff, before, actor=actor, note=note, event=f"handoff:{handoff.pk}:reassign:{written.pk}")
    return handoff


def _may_pass_on(handoff: Handoff, actor: User) -> None:
    if handoff.owner_id == actor.pk or actor.is_manager:
        return
    if handoff.owner is not None:
        raise ValidationError(
            _("%(who)s has %(lead)s, so passing it on is theirs or a manager's. Nothing was changed.")
            % {"who": handoff.owner, "lead": handoff.lead}
        )
    if not routing.may_claim(actor, handoff):
        raise ValidationError(
            _("%(lead)s lies in %(queue)s: its reps may pass it on. Nothing was changed.")
            % {"lead": handoff.lead, "queue": handoff.queue}
        )


def _begin_anew(handoff: Handoff, at: datetime) -> None:
    """Whoever gets it by the clock has the whole time of the promise that runs."""
    if handoff.promise:
        sla.promise(handoff, handoff.promise, at=at)
        handoff.save(update_fields=sla.COLUMNS)


def _tell(handoff: Handoff, before: User | None, *, actor: User | None, note: str, event: str) -> None:
    lead, to = handoff.lead, handoff.owner or handoff.queue
    words = {"lead": lead, "who": actor, "to": to, "note": note}
    if handoff.owner:
        text = _("%(who)s passed %(lead)s on to you") if actor else _("%(lead)s comes to you: it waited too long")
    else:
        text = _("%(lead)s lies in %(to)s: claim it") if actor else _("%(lead)s waited too long and lies in %(to)s")
    kind = "handoff:reassign"
    people = routing.audience(handoff)
    notices.write(kind=kind, to=people, lead=lead, actor=actor, text=notices.sentences(text % words, note), event=event)
    if before and before not in people:
        gone = _("%(lead)s went on to %(to)s.") % words
        notices.write(kind=kind, to=[before], lead=lead, actor=actor, text=gone, event=event)
