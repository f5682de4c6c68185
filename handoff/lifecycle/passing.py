"""What moves a lead past the hand-off: a purchase, a customer who leaves, somebody who is brought back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from accounts.choices import Team
from accounts.models import User
from handoff import deals, notices, standing, undo, watching
from handoff.models import Handoff, Reason
from leads import clock, pipeline, timeline
from leads.models import Activity, Lead, Outcome
from personas.choices import Stage


@undo.able("churn")
@transaction.atomic
def churn(lead: Lead, *, actor: User, reason: Reason | None, verdict: str = "", seen: str = "") -> None:
    """A customer left, for a reason: back to nurture, to be won back."""
    lead, at = Lead.objects.lock(lead), clock.now()
    standing.check_seen(lead, seen)
    reason = standing.reason_for(Reason.Act.CHURN, reason)
    pipeline.move(lead, Stage.TOFU, act="churn", actor=actor, reason=reason.code, note=verdict, at=at)
    standing.look_again(lead, None, reason=reason, at=at)
    standing.learn(lead, Outcome.Kind.CHURNED, at=at, reason=reason)
    data = {"reason": reason.label}
    watching.hear(timeline.record(lead, kind="stage:churn", actor=actor, text=verdict, data=data, at=at))


@undo.able("reopen")
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
    data = {"consent": consent}
    watching.hear(timeline.record(lead, kind="stage:reopen", actor=actor, text=note, data=data, at=at))


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
    brought = _brought_by(lead) or handoff
    if handoff:
        handoff.lead = lead
        known = [handoff.offered_at, handoff.accepted_at, handoff.qualified_at]
        ended = max(at, *(moment for moment in known if moment))  # we may hear of a purchase after it happened
        standing.end(handoff, Handoff.End.PURCHASED, actor=actor, at=ended)
    deals.record_closed(lead, won=True, at=at, actor=actor, imported=imported, fields=fields, handoff=brought)
    if lead.stage != Stage.CUSTOMER:
        pipeline.move(lead, Stage.CUSTOMER, act="purchase", actor=actor, at=at, imported=imported)
        standing.done_with(lead)


def _brought_by(lead: Lead) -> Handoff | None:
    """The hand-off that led to the deal which is open on a lead: marketing's offer, whoever closes the sale."""
    if lead.stage not in (Stage.MOFU, Stage.BOFU):
        return None
    deal = lead.deals.open().filter(roles__lead=lead, roles__primary=True).select_related("handoff").first()
    return deal.handoff if deal else None


def look_again(limit: int = 500) -> int:
    """Whoever is to be looked at again today comes back: to the day of the rep who knows them and of their marketer,
    who are told, and with a line on the timeline. Once for each such day; any number of sweeps may run at once.

    The lead stays in nurture: from now on crossing the line offers it again, and the rep may claim it early.
    """
    now, today = clock.now(), clock.today()
    told = Activity.objects.filter(lead=OuterRef("pk"), kind="lead:again", at__date__gte=OuterRef("look_again_on"))
    due = Lead.objects.filter(look_again_on__lte=today, look_again_on__gt=today - MISSED, stage__in=RESTING)
    due = due.filter(~Exists(told)).order_by("look_again_on", "pk").select_related("rep", "marketer")
    with transaction.atomic():
        leads = list(due.select_for_update(skip_locked=True, no_key=True, of=("self",))[:limit])
        timeline.record_many(
            [Activity(lead=lead, kind="lead:again", at=now, data={"on": str(lead.look_again_on)}) for lead in leads]
        )
        for lead in leads:
            people = {person for person in (lead.rep, lead.marketer) if person and person.is_active}
            notices.write(
                kind="handoff:again",
                to=people or User.objects.on(Team.MARKETING),
                lead=lead,
                text=_("%(lead)s is to be looked at again today.") % {"lead": lead},
                event=f"lead:{lead.pk}:again:{lead.look_again_on}",
            )
    return len(leads)


#: Where somebody rests until they are looked at again.
RESTING = (Stage.TOFU, Stage.CUSTOMER)
#: A day to look again that lies so far back was known before anybody was told of such days.
MISSED = timedelta(days=30)
