"""How a hand-off ends without a deal: returned, recycled, withdrawn, disqualified."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.choices import Team
from accounts.models import User
from handoff import routing, sla, standing, telling, todo, undo, watching
from handoff.lifecycle.following import is_unreachable
from handoff.lifecycle.offers import announce, offer
from handoff.models import Agreement, Handoff, Reason, Task
from leads import clock, pipeline, timeline
from leads.models import Lead, Outcome
from personas.choices import Lane, Stage

#: The reason that the agreed attempts lead to.
UNREACHABLE = "unreachable"


@undo.able("return")
@transaction.atomic
def return_to_marketing(
    lead: Lead,
    *,
    actor: User,
    reason: Reason | None,
    verdict: str = "",
    to: User | None = None,
    fields: Sequence[str] = (),
    seen: str = "",
) -> Handoff | None:
    """Give a lead back before contact, with a coded reason.

    Procedural: closes this hand-off and opens the next at once, for `to` or for whom the rules name, and returns it.
    Clerical gives marketing a task to mend the record, naming the `fields` that are missing or wrong; definitional
    goes back to nurture and becomes evidence for scoring, so it says in words what was not as agreed.
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
    fields = fields if reason.return_class == Reason.ReturnClass.CLERICAL else ()
    _check_told(reason, verdict, fields)
    standing.end(handoff, Handoff.End.RETURNED, actor=actor, at=at, reason=reason, verdict=verdict)
    standing.learn(lead, Outcome.Kind.RETURNED, at=at, reason=reason)
    data = {"reason": reason.label, "class": reason.return_class, **({"fields": list(fields)} if fields else {})}
    timeline.record(lead, kind="handoff:return", actor=actor, text=verdict, data=data, at=at)
    if reason.return_class == Reason.ReturnClass.PROCEDURAL:
        return _reroute(lead, handoff, to, actor=actor, at=at)
    standing.close_deals(lead, actor=actor, at=at, note=reason.label)
    pipeline.move(lead, standing.home(lead), act="return", actor=actor, reason=reason.code, note=verdict, at=at)
    standing.look_again(lead, None, reason=reason, at=at)
    standing.done_with(lead)
    if reason.return_class == Reason.ReturnClass.CLERICAL:
        _ask_to_mend(lead, handoff, actor=actor, fields=fields)
    return None


def _check_told(reason: Reason, verdict: str, fields: Sequence[str]) -> None:
    """Raise ValidationError where marketing could do nothing with a return, since it does not say what was wrong."""
    if verdict.strip():
        return
    if reason.return_class == Reason.ReturnClass.CLERICAL and not fields:
        raise ValidationError(
            {"fields_wrong": _("Tick what is missing or wrong, or say it: marketing mends it. All was kept.")}
        )
    if reason.return_class == Reason.ReturnClass.DEFINITIONAL:
        raise ValidationError({"verdict": _("Say what would have made it right: the next lead is better for it.")})


def _ask_to_mend(lead: Lead, handoff: Handoff, *, actor: User, fields: Sequence[str]) -> None:
    """A task for the marketer of the lead, or who offered it; due tomorrow, since somebody waits to buy."""
    owner = next(
        (p for p in (lead.marketer, handoff.offered_by) if p and p.is_active and p.team == Team.MARKETING), None
    )
    owner = owner or User.objects.on(Team.MARKETING).order_by("pk").first() or actor
    named = ", ".join(str(telling.FIELD_NAMES.get(name, name)) for name in fields)
    assert handoff.reason
    what = _("Mend %(what)s") % {"what": named} if named else ""
    what = what or _("Mend: %(what)s") % {"what": handoff.verdict or handoff.reason.label}
    said = handoff.verdict if named or len(what) > todo.LONGEST else ""  # else the title says it
    todo.add(
        what[: todo.LONGEST],
        actor=actor, owner=owner, lead=lead, handoff=handoff, fields=fields,
        due_on=timezone.localdate(clock.now()) + timedelta(days=1), note=said[: todo.LONGEST_NOTE],
    )  # fmt: skip


@transaction.atomic
def offer_mended(task: Task, *, actor: User) -> Handoff:
    """What a clerical return asked for is done, and the lead is offered again, with what was mended as the reason.

    Raises ValidationError while none of the fields that the return named has changed since.
    """
    assert task.lead
    lead = Lead.objects.lock(task.lead)
    task.refresh_from_db()
    if task.is_open:
        if task.fields and not _changed_since(lead, task):
            raise ValidationError(
                _("Nothing of this has changed since the return: %(what)s. Mend it first; if it was right all along, "
                  "tick the task off and hand the lead over with a word on why.") % {"what": ", ".join(task.to_mend)}
            )  # fmt: skip
        todo.finish(task, actor=actor)
    named = ", ".join(str(telling.FIELD_NAMES.get(name, name)) for name in task.fields)
    note = _("Mended: %(what)s") % {"what": named} if named else _("Mended as sales asked")
    before = task.handoff.note if task.handoff else ""
    return offer(lead, actor=actor, note=f"{before}\n{note}".strip())


def _changed_since(lead: Lead, task: Task) -> bool:
    """Whether a field that is to be mended was edited, or came in anew, after the task was given."""
    since = Q(at__gte=task.created_at) | Q(recorded_at__gte=task.created_at)  # a sender may tell of it later
    changing = Q(data__has_key="changes") | Q(data__has_key="changed")
    lines = lead.activities.filter(since, changing).exclude(kind__startswith="deal:")
    for data in lines.values_list("data", flat=True):
        if {*(data.get("changes") or ()), *(data.get("changed") or ())} & set(task.fields):
            return True
    return False


def _reroute(lead: Lead, handoff: Handoff, to: User | None, *, actor: User, at: datetime) -> Handoff:
    """The next hand-off at once: for the rep who was named, else for whom the rules name, never the same one again."""
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


@undo.able("recycle")
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
def recycle_unreachable(lead: Lead, *, actor: User, seen: str = "") -> Handoff:
    """The same in one click, once the agreed attempts are made and nobody has answered."""
    lead = Lead.objects.lock(lead)
    standing.check_seen(lead, seen)
    handoff = standing.open_handoff(lead)
    if not is_unreachable(handoff):
        left = max(0, handoff.agreement.attempts - handoff.attempts_made)
        raise ValidationError(
            ngettext("%(n)d attempt is still agreed on.", "%(n)d attempts are still agreed on.", left) % {"n": left}
            if left
            else _("%(lead)s has been reached: recycle with another reason.") % {"lead": lead}
        )
    reason = Reason.objects.filter(act=Reason.Act.RECYCLE, code=UNREACHABLE).first()
    if reason is None:
        raise ValidationError(
            _("The teams have no reason %(code)s any more: recycle with another.") % {"code": UNREACHABLE}
        )
    return recycle(lead, actor=actor, reason=reason)


@undo.able("withdraw")
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


@undo.able("disqualify")
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
        if actor.team == Team.SALES and not reason.do_not_contact and not _have_talked(handoff):
            raise ValidationError(
                _("Nobody has spoken with %(lead)s yet: before contact it is Return, or Recycle when they cannot be "
                  "reached. If you have spoken, log it first. Nothing was changed.") % {"lead": lead}
            )  # fmt: skip
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


def _have_talked(handoff: Handoff) -> bool:
    """Whether somebody has spoken with the lead: in this hand-off, before it, or on the way to a deal."""
    known = handoff.lane == Lane.SQL or handoff.origin == Handoff.Origin.REQUALIFY or handoff.imported
    return known or Handoff.objects.filter(lead=handoff.lead_id, first_contact_at__isnull=False).exists()
