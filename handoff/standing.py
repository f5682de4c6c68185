"""Where a lead stands between the teams: its open hand-off or deal, how one ends, and where the lead goes back to."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Protocol

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from accounts.choices import Team
from accounts.models import User
from handoff import notices, routing, sla, watching
from handoff.models import Deal, Handoff, Reason
from leads import clock, learning, timeline
from leads.models import Lead, Outcome
from personas.choices import Lane, Stage

#: What an end writes on a hand-off, beside its clock.
ENDED = ("end", "ended_at", "ended_by", "reason", "verdict", "named_at", "named_by")
#: What marketing hears of an end, with and without somebody who did it.
VERDICTS: dict[str, tuple[str, str]] = {
    Handoff.End.QUALIFIED: (noop("%(who)s qualified %(lead)s"), noop("%(lead)s is qualified")),
    Handoff.End.RETURNED: (noop("%(who)s returned %(lead)s"), noop("%(lead)s is returned")),
    Handoff.End.DISQUALIFIED: (noop("%(who)s disqualified %(lead)s"), noop("%(lead)s is disqualified")),
    Handoff.End.RECYCLED: (noop("%(who)s sent %(lead)s back to nurture"), noop("%(lead)s goes back to nurture")),
    Handoff.End.WITHDRAWN: (
        noop("%(who)s took the offer of %(lead)s back"),
        noop("The offer of %(lead)s is taken back"),
    ),
    Handoff.End.PURCHASED: (noop("%(lead)s has bought"), noop("%(lead)s has bought")),
    Handoff.End.MERGED: (noop("%(lead)s is one with another lead"), noop("%(lead)s is one with another lead")),
}


class HasTeam(Protocol):
    @property
    def team(self) -> str: ...


def open_handoff(lead: Lead) -> Handoff:
    """The open hand-off of a locked lead; raise ValidationError telling what happened if there is none."""
    handoff = lead.handoffs.open().select_related("agreement", "owner", "named_by").first()
    if handoff is None:
        raise ValidationError(happened_since(lead))
    handoff.lead = lead
    return handoff


def of(lead: Lead) -> str:
    """A lead's standing in one word ('mofu:sal:12'): a form that was made for another standing is stale."""
    if lead.stage == Stage.MOFU:
        return word(lead.stage, handoff=lead.handoffs.open().first())
    if lead.stage == Stage.BOFU:
        return word(lead.stage, deal=lead.deals.open().order_by("pk").first())
    return lead.stage


def word(stage: str, *, handoff: Handoff | None = None, deal: Deal | None = None) -> str:
    """The same of a stage and the first open hand-off or deal, where they are known already."""
    if stage == Stage.MOFU and handoff:
        return f"mofu:{handoff.lane}:{handoff.pk}"
    if stage == Stage.BOFU and deal:
        return f"bofu:{deal.step}:{deal.pk}"
    return stage


def check_seen(lead: Lead, seen: str) -> None:
    """Raise ValidationError when a locked lead no longer stands where the form's reader saw it."""
    if seen and seen != of(lead):
        raise ValidationError(happened_since(lead))


def stands(lead: Lead) -> str:
    """Where a lead stands, in words: its stage and, in the middle, the stand of its hand-off."""
    stage, handoff = str(Stage(lead.stage).label), lead.handoffs.open().first() if lead.stage == Stage.MOFU else None
    return _("%(stage)s, %(lane)s") % {"stage": stage, "lane": Lane(handoff.lane).label} if handoff else stage


def happened_since(lead: Lead) -> str:
    """One sentence on the newest act, for somebody whose page is older than it."""
    last = lead.activities.of_kinds("handoff", "deal", "stage").select_related("actor").order_by("-at", "-id").first()
    stage = stands(lead)
    if last is None:
        return _("%(lead)s is in %(stage)s now. Nothing was changed.") % {"lead": lead, "stage": stage}
    when = date_format(timezone.localtime(last.recorded_at), "j M H:i")
    if last.actor:
        return _("%(who)s moved %(lead)s on at %(when)s; it is in %(stage)s now. Nothing was changed.") % {
            "who": last.actor,
            "lead": lead,
            "when": when,
            "stage": stage,
        }
    return _("%(lead)s moved on at %(when)s and is in %(stage)s now. Nothing was changed.") % {
        "lead": lead,
        "when": when,
        "stage": stage,
    }


def home(lead: Lead) -> str:
    """Where a lead goes back to from MOFU or BOFU without a win: a customer stays one, anybody else is nurtured."""
    last = lead.visits.filter(stage__in=[Stage.TOFU, Stage.CUSTOMER]).order_by("-seq").first()
    return Stage.CUSTOMER if last and last.stage == Stage.CUSTOMER else Stage.TOFU


def say_qualified(handoff: Handoff, *, actor: User, at: datetime) -> bool:
    """One person's word that an accepted hand-off is qualified. Returns whether it is now.

    Where the agreement asks for a name of each team the first one is kept and waits for the other team's; a manager's
    stands in for either. Reads `handoff.agreement`.
    """
    if handoff.agreement.both_qualify:
        first = handoff.named_by
        if first is None:
            _first_name(handoff, actor=actor, at=at)
            return False
        if first.pk == actor.pk or (first.team == actor.team and not actor.is_manager):
            raise ValidationError(
                _("%(who)s has said so already; it waits for the name of %(team)s. Nothing was changed.")
                % {"who": first, "team": awaited(first)}
            )
    qualified(handoff, actor=actor, at=at)
    return True


def awaited(first: HasTeam) -> str:
    """Whose name is missing once this person has given theirs, in words."""
    missing = [str(team.label).lower() for team in (Team.MARKETING, Team.SALES) if team != first.team]
    return _(" or ").join(missing)


def _first_name(handoff: Handoff, *, actor: User, at: datetime) -> None:
    lead = handoff.lead
    handoff.named_at, handoff.named_by = at, actor
    handoff.save(update_fields=["named_at", "named_by"])
    timeline.record(lead, kind="handoff:name", actor=actor, at=at)
    to: list[User] = []
    if actor.team != Team.SALES and handoff.owner:
        to.append(handoff.owner)
    if actor.team != Team.MARKETING:
        known = {one for one in (lead.marketer, handoff.offered_by) if one and one.team == Team.MARKETING}
        to += [one for one in known if one.is_active] or User.objects.on(Team.MARKETING)
    notices.write(
        kind="handoff:name",
        to=to,
        lead=lead,
        actor=actor,
        text=_("%(who)s says that %(lead)s is qualified. The agreement asks for a name of %(team)s, too.")
        % {"who": actor, "lead": lead, "team": awaited(actor)},
        event=f"handoff:{handoff.pk}:name:{at.isoformat()}",
    )


def qualified(handoff: Handoff, *, actor: User | None, at: datetime, imported: bool = False) -> None:
    """Write down that the hand-off meets the definition of SQL, and who says so."""
    handoff.lane, handoff.qualified_at, handoff.qualified_by = Lane.SQL, at, actor
    handoff.save(update_fields=["lane", "qualified_at", "qualified_by"])
    learn(handoff.lead, Outcome.Kind.QUALIFIED, at=at, imported=imported)
    watching.hear(timeline.record(handoff.lead, kind="handoff:qualify", actor=actor, at=at, imported=imported))


def end(
    handoff: Handoff,
    how: str,
    *,
    actor: User | None,
    at: datetime,
    reason: Reason | None = None,
    verdict: str = "",
) -> None:
    """End a hand-off with its verdict, stop its clock, and tell who offered it."""
    handoff.end, handoff.ended_at, handoff.ended_by = how, at, actor
    handoff.reason, handoff.verdict = reason, verdict
    if handoff.qualified_at is None:
        handoff.named_at = handoff.named_by = None  # its other half will not come
    sla.settle(handoff)
    handoff.save(update_fields=[*ENDED, *sla.COLUMNS])
    if handoff.owner_id is None:
        _known_again(handoff)
    if handoff.imported:
        return
    lead = handoff.lead
    notices.write(
        kind=f"handoff:{how}",
        to=[person for person in {handoff.offered_by, lead.marketer} if person and person.team == Team.MARKETING],
        lead=lead,
        actor=actor,
        text=_verdict(handoff, lead),
        event=f"handoff:{handoff.pk}:{how}",
    )


def _known_again(handoff: Handoff) -> None:
    """An offer that no rep took leaves the lead with the rep who had it before: they know it, and are asked first.

    Where nobody had, with whoever had an earlier hand-off of it; with nobody who has left.
    """
    lead, known = handoff.lead, handoff.brief.get("known_by")
    if known is None:
        owners = lead.handoffs.counted().filter(owner__isnull=False).order_by("-id")
        known = owners.values_list("owner", flat=True).first()
    if rep := User.objects.filter(pk=known, is_active=True).first():
        lead.rep = rep
        lead.save(update_fields=["rep"])


def _verdict(handoff: Handoff, lead: Lead) -> str:
    by, alone = VERDICTS[handoff.end]
    said = _(by if handoff.ended_by else alone) % {"who": handoff.ended_by, "lead": lead}
    if handoff.reason:
        said = _("%(said)s because: %(why)s") % {"said": said, "why": handoff.reason.label}
    return notices.sentences(said, handoff.verdict)


def close_deals(lead: Lead, *, actor: User | None, at: datetime, note: str) -> None:
    """Close what is still open on a lead that leaves the pipeline without a win."""
    lead.deals.open().filter(roles__lead=lead, roles__primary=True).update(
        status=Deal.Status.LOST, closed_at=at, closed_by=actor, note=note
    )


def done_with(lead: Lead) -> None:
    """What sales meant to do next is done with: the lead leaves MOFU or BOFU, or it has been done."""
    lead.next_action, lead.next_action_at = "", None
    lead.save(update_fields=["next_action", "next_action_at"])


#: Outcomes that chances are learned from; what was known then is kept.
DECISIVE = frozenset({Outcome.Kind.WON, Outcome.Kind.LOST, Outcome.Kind.DISQUALIFIED, Outcome.Kind.RETURNED})


def learn(lead: Lead, kind: str, *, at: datetime, reason: Reason | None = None, imported: bool = False) -> None:
    """Leave the verdict or outcome that scores learn from."""
    Outcome.objects.create(
        lead=lead,
        kind=kind,
        reason=reason.code if reason else "",
        reason_class=reason.return_class if reason else "",
        at=at,
        imported=imported,
    )
    if not imported and kind in DECISIVE:
        learning.snapshot([lead.pk], "outcome", at=at)


def look_again(lead: Lead, on: date | None, *, reason: Reason | None, at: datetime) -> date | None:
    """Set the day on which to look again: the chosen one, else the reason's usual distance. Returns it."""
    if on is not None and on <= clock.today():
        raise ValidationError({"look_again_on": _("This day is past. Everything else was kept; choose a later one.")})
    days = reason.look_again_days if reason else 0
    lead.look_again_on = on or (timezone.localdate(at) + timedelta(days=days) if days else None)
    lead.save(update_fields=["look_again_on"])
    return lead.look_again_on


def reason_for(act: str, reason: Reason | None) -> Reason:
    """The given reason if it is one for this act; a reason is never guessed."""
    if reason is None or reason.act != act:
        raise ValidationError({"reason": _("Choose a reason. Everything else was kept.")})
    return reason


def owned_by(handoff: Handoff, actor: User) -> None:
    """Raise ValidationError when somebody else has claimed it, or may; a manager may step in."""
    if handoff.owner_id is None and not routing.may_claim(actor, handoff):
        raise ValidationError(
            _("%(lead)s lies in %(queue)s, from which its reps claim. Nothing was changed.")
            % {"lead": handoff.lead, "queue": handoff.queue}
        )
    if handoff.owner_id not in (None, actor.pk) and not actor.is_manager:
        raise ValidationError(
            _("%(who)s has claimed this lead, so this is theirs to do. Nothing was changed.") % {"who": handoff.owner}
        )
