"""Deals in BOFU: open, advance, win, lose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.choices import Team
from accounts.models import User
from handoff import notices, standing, undo, watching
from handoff.models import Deal, DealLead, Handoff, Reason
from leads import clock, pipeline, timeline
from leads.models import Activity, Lead, Outcome
from personas.choices import DealStep, Lane, Stage

#: What a person may change on a deal.
EDITABLE = ("name", "amount", "currency", "close_on")


@undo.able("open_deal")
@transaction.atomic
def open_deal(
    lead: Lead,
    *,
    actor: User,
    name: str = "",
    amount: Decimal | None = None,
    currency: str = "EUR",
    close_on: date | None = None,
    seen: str = "",
) -> Deal:
    """Open a deal for a qualified lead, which enters BOFU; its hand-off ends as qualified.

    From SAL this is the same click as qualifying. A deal left open by *needs more qualifying* goes on.
    """
    lead, at = Lead.objects.lock(lead), clock.now()
    standing.check_seen(lead, seen)
    handoff = standing.open_handoff(lead)
    if handoff.lane == Lane.MQL:
        raise ValidationError(_("Accept the hand-off first: a deal begins with an accepted lead."))
    check_named(handoff)
    if handoff.lane == Lane.SAL:
        standing.say_qualified(handoff, actor=actor, at=at)
    standing.end(handoff, Handoff.End.QUALIFIED, actor=actor, at=at)
    deal = lead.deals.open().filter(roles__primary=True, roles__lead=lead).first()
    if deal is None:
        deal = Deal(step_since=at, opened_at=at, company=lead.company, handoff=handoff, owner=handoff.owner)
    deal.name = name or deal.name or str(lead.company or lead)
    deal.amount = amount if amount is not None else deal.amount if deal.pk else lead.value
    deal.currency, deal.close_on = currency, close_on or deal.close_on
    deal.full_clean(exclude=["handoff", "owner", "company"])
    deal.save()
    DealLead.objects.get_or_create(deal=deal, lead=lead, defaults={"primary": True})
    pipeline.move(lead, Stage.BOFU, act="open_deal", actor=actor, at=at)
    watching.hear(timeline.record(lead, kind="deal:open", actor=actor, text=deal.name, data=_told(deal), at=at))
    return deal


def check_named(handoff: Handoff) -> None:
    """Raise ValidationError while the agreement asks for a name of each team and nobody has given the first."""
    if handoff.lacks_first_name:
        raise ValidationError(
            _("The agreement asks for a name of each team: qualify first, and the other team is asked for theirs.")
        )


@undo.able("advance")
@transaction.atomic
def advance(deal: Deal, *, actor: User, step: str, seen: str = "") -> Deal:
    """Move an open deal to another step."""
    lead, deal, at = *_lock(deal, seen), clock.now()
    if step not in DealStep.values:
        raise ValidationError({"step": _("This is not a step of a deal. Nothing was changed.")})
    if step != deal.step:
        before, deal.step, deal.step_since = deal.get_step_display(), step, at
        deal.save(update_fields=["step", "step_since"])
        data = {**_told(deal), "from": before, "to": deal.get_step_display()}
        watching.hear(timeline.record(lead, kind="deal:step", actor=actor, text=deal.name, data=data, at=at))
    return deal


@transaction.atomic
def edit(deal: Deal, *, actor: User, changes: dict[str, Any], was: Mapping[str, Any] | None = None) -> Deal:
    """Change the name, amount, currency or expected close of a deal.

    `was` is what the form's reader saw; a field that has changed since is shown to them, never overwritten.
    """
    lead = Lead.objects.lock(_primary(deal).pk)
    deal = Deal.objects.select_for_update(of=("self",)).get(pk=deal.pk)
    said, clashes = {}, {}
    for name in EDITABLE:
        now = getattr(deal, name)
        if name in changes and changes[name] != now:
            if was is not None and was[name] != now:
                clashes[name] = _("This is %(now)s since you opened it. Your words are kept here.") % {
                    "now": now if now not in (None, "") else _("empty")
                }
            said[name] = [str(now if now is not None else ""), str(changes[name] if changes[name] is not None else "")]
            setattr(deal, name, changes[name])
    if clashes:
        raise ValidationError(clashes)
    if said:
        deal.full_clean(exclude=["handoff", "owner", "company", "reason", "closed_by"])
        deal.save(update_fields=list(said))
        timeline.record(lead, kind="deal:edit", actor=actor, text=deal.name, data={**_told(deal), "changes": said})
    return deal


@undo.able("win")
@transaction.atomic
def win(deal: Deal, *, actor: User, amount: Decimal | None = None, seen: str = "") -> Deal:
    """Win a deal: its leads in BOFU become customers, and marketing hears of it."""
    lead, deal, at = *_lock(deal, seen), clock.now()
    if amount is not None:
        deal.amount = amount
    _close(deal, Deal.Status.WON, actor=actor, at=at)
    for member in _leaving_bofu(deal):
        pipeline.move(member, Stage.CUSTOMER, act="win", actor=actor, at=at)
        standing.done_with(member)
        standing.learn(member, Outcome.Kind.WON, at=at)
        timeline.record(member, kind="deal:win", actor=actor, text=deal.name, data=_told(deal), at=at)
    notices.write(
        kind="deal:win",
        to=[person for person in [lead.marketer, *User.objects.on(Team.MANAGEMENT)] if person],
        lead=lead,
        actor=actor,
        text=_("%(lead)s is a customer: the deal “%(deal)s” is won.") % {"lead": lead, "deal": deal},
        event=f"deal:{deal.pk}:win",
    )
    return deal


@undo.able("lose")
@transaction.atomic
def lose(
    deal: Deal,
    *,
    actor: User,
    reason: Reason | None,
    competitor: str = "",
    note: str = "",
    look_again_on: date | None = None,
    seen: str = "",
) -> Deal:
    """Lose a deal for a reason: its leads go back to nurture with a date, or OUT when the reason is final."""
    _lead, deal, at = *_lock(deal, seen), clock.now()
    reason = standing.reason_for(Reason.Act.LOSE, reason)
    deal.reason, deal.competitor, deal.note = reason, competitor[:120], note
    _close(deal, Deal.Status.LOST, actor=actor, at=at)
    for member in _leaving_bofu(deal):
        back = standing.home(member)
        to = Stage.OUT if reason.final and back != Stage.CUSTOMER else back
        pipeline.move(member, to, act="lose", actor=actor, at=at, reason=reason.code, note=note)
        standing.done_with(member)
        if to == Stage.TOFU:
            standing.look_again(member, look_again_on, reason=reason, at=at)
        standing.learn(member, Outcome.Kind.LOST, at=at, reason=reason)
        data = {**_told(deal), "reason": reason.label}
        lost = timeline.record(member, kind="deal:lose", actor=actor, text=note or deal.name, data=data, at=at)
        watching.hear(lost)
    return deal


class Closed(NamedTuple):
    """A deal that was closed elsewhere, on a locked lead: how, when, and what is known of it."""

    lead: Lead
    won: bool
    at: datetime
    fields: Mapping[str, Any]
    handoff: Handoff | None = None


def record_closed(
    lead: Lead,
    *,
    won: bool,
    at: datetime,
    actor: User | None = None,
    imported: bool = False,
    fields: Mapping[str, Any] | None = None,
    handoff: Handoff | None = None,
) -> Deal:
    """Add a deal that was closed elsewhere, by a purchase or before this pipeline began, to a locked lead.

    `handoff` is the one that had brought the lead so far.
    """
    return record_closed_many([Closed(lead, won, at, fields or {}, handoff)], actor=actor, imported=imported)[0]


@transaction.atomic
def record_closed_many(endings: Sequence[Closed], *, actor: User | None = None, imported: bool = False) -> list[Deal]:
    """The same for many: each leaves its deal, its outcome and its line on the timeline."""
    made = [_closed_deal(ending, actor=actor, imported=imported) for ending in endings]
    Deal.objects.bulk_create(made)
    outcomes, lines = [], []
    for deal, (lead, won, at, *_rest) in zip(made, endings, strict=True):
        known = {"lead": lead, "at": at, "imported": imported}
        outcomes.append(Outcome(kind=Outcome.Kind.WON if won else Outcome.Kind.LOST, **known))
        kind = "deal:win" if won else "deal:lose"
        lines.append(Activity(kind=kind, actor=actor, text=deal.name, data=_told(deal), **known))
    DealLead.objects.bulk_create(
        DealLead(deal=deal, lead=ending.lead, primary=True) for deal, ending in zip(made, endings, strict=True)
    )
    Outcome.objects.bulk_create(outcomes)
    timeline.record_many(lines)
    return made


def _closed_deal(ending: Closed, *, actor: User | None, imported: bool) -> Deal:
    lead, won, at, fields, handoff = ending
    deal = Deal(
        handoff=handoff,
        name=str(fields.get("name") or lead.company or lead)[:200],
        company=lead.company,
        owner_id=lead.rep_id,
        amount=fields.get("amount"),
        currency=fields.get("currency") or lead.currency,
        step=DealStep.NEGOTIATION,
        step_since=at,
        opened_at=at,
        closed_at=at,
        closed_by=actor,
        status=Deal.Status.WON if won else Deal.Status.LOST,
        custom=fields.get("custom") or {},
        imported=imported,
    )
    deal.clean_fields(exclude=["handoff", "owner", "company", "reason", "closed_by"])
    return deal


def _primary(deal: Deal) -> Lead:
    return deal.leads.filter(deal_roles__primary=True).get()


def _lock(deal: Deal, seen: str) -> tuple[Lead, Deal]:
    """The primary lead, then the deal; raise ValidationError when it is no longer open."""
    leads = Lead.objects.locked(deal.leads.values_list("pk", flat=True))
    primary = next(lead for lead in leads if lead.pk == _primary(deal).pk)
    standing.check_seen(primary, seen)
    deal = Deal.objects.select_for_update(of=("self",)).get(pk=deal.pk)
    if deal.status != Deal.Status.OPEN:
        raise ValidationError(standing.happened_since(primary))
    if primary.stage != Stage.BOFU:
        raise ValidationError(
            _("%(lead)s is in %(stage)s: qualify again before this deal goes on. Nothing was changed.")
            % {"lead": primary, "stage": Stage(primary.stage).label}
        )
    return primary, deal


def _close(deal: Deal, status: str, *, actor: User | None, at: datetime) -> None:
    deal.status, deal.closed_at, deal.closed_by = status, at, actor
    deal.full_clean(exclude=["handoff", "owner", "company", "reason", "closed_by"])
    deal.save()


def _leaving_bofu(deal: Deal) -> list[Lead]:
    """The deal's leads that are in BOFU and have no other deal open."""
    members = deal.leads.filter(stage=Stage.BOFU).exclude(deal_roles__deal__status=Deal.Status.OPEN)
    return Lead.objects.locked(members.values_list("pk", flat=True))


def _told(deal: Deal) -> dict[str, Any]:
    return {"deal": deal.pk, "amount": str(deal.amount) if deal.amount is not None else "", "currency": deal.currency}
