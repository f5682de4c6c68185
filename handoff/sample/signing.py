"""The sample company's agreement: signed at the beginning, renewed once, and a draft that waits for marketing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db.models import Q

from accounts.models import User
from handoff import agreement
from handoff.models import Agreement, Handoff, Notice, SampleMark, Signature
from handoff.models.agreement import PARTIES
from handoff.sample.standing import marked
from leads import clock
from leads.models import LeadScore, Scorecard, StageChange

#: What the two teams of the sample agreed on, and what they learned to agree on later.
FIRST = {"leads_a_month": 20, "completeness": 60, "time_zone": "Europe/Vienna", "holidays": "AT"}
LATER = {"attempt_within": 180, "leads_a_month": 25, "completeness": 70, "high_intent": ["meeting:met"]}
WHY_LATER = "Whoever was called within three hours answered twice as often. Trade fairs bring us people we have met."
WHY_NOW = "Some of what we return stands just above the line. Let us try a higher one for a quarter."


def may_sign() -> bool:
    """Only where nobody has signed anything: what real people agreed on is theirs."""
    return not Signature.objects.exists() and Agreement.objects.count() == 1


def first(people: Mapping[str, User], *, begin: datetime) -> None:
    """Both teams sign on the day on which the story begins; what came with the house is told as older than that."""
    Agreement.objects.filter(in_force_since__gte=begin).update(in_force_since=begin - timedelta(days=1))
    with clock.at(begin):
        _both(agreement.begin(actor=_of(people, "marketing"), why="", **FIRST), people)


def renew(people: Mapping[str, User]) -> None:
    """Told at its moment of the story."""
    _both(agreement.begin(actor=_of(people, "marketing"), why=WHY_LATER, **LATER), people)


def propose(people: Mapping[str, User]) -> None:
    """Sales has proposed a higher line and signed it; marketing has still to look."""
    sales, current = _of(people, "sales"), Agreement.objects.in_force()
    draft = agreement.begin(actor=sales, why=WHY_NOW, mql_line=min(100, current.mql_line + 5))
    agreement.sign(draft, actor=sales, team="sales", seen=draft.edit)


def _both(draft: Agreement, people: Mapping[str, User]) -> None:
    for team in PARTIES:
        agreement.sign(draft, actor=_of(people, team), team=team, seen=draft.edit)


def _of(people: Mapping[str, User], team: str) -> User:
    return next(person for person in people.values() if person.team == team)


def unsign() -> None:
    """Take away the versions that only the sample signed, the newest first, as far as no hand-off names them.

    What came with the house was drafted by nobody: there it ends.
    """
    ours = set(marked(SampleMark.Kind.PERSON))
    Notice.objects.filter(kind__startswith="agreement:", actor__in=ours).delete()
    while version := Agreement.objects.select_related("scorecard").order_by("-version").first():
        signers = set(version.signatures.values_list("person", flat=True))
        made_here = version.drafted_by_id in ours and signers <= ours
        if not made_here or Handoff.objects.filter(agreement=version).exists():
            break
        _forget(version)


def _forget(version: Agreement) -> None:
    """Delete one version; where it was in force, the one before it is again."""
    was_in_force, card = version.in_force_since is not None and version.ended_at is None, version.scorecard
    version.delete()
    before = Agreement.objects.signed().select_related("scorecard").order_by("-version").first()
    if was_in_force and before:
        if before.scorecard_id != card.pk:
            Scorecard.objects.filter(in_force=True).update(in_force=False)
            Scorecard.objects.filter(pk=before.scorecard_id).update(in_force=True, in_force_since=clock.now())
        before.ended_at = None
        if not before.signatures.exists():
            before.in_force_since = max(before.in_force_since or clock.now(), before.scorecard.created_at)
        before.save(update_fields=["ended_at", "in_force_since"])
    names_it = Q(scorecard=card)
    if not Agreement.objects.filter(names_it).exists():
        LeadScore.objects.filter(names_it).update(scorecard=None, ready=None)
        StageChange.objects.filter(names_it).update(scorecard=None)
        card.delete()
