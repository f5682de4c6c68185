"""One hand-off of the inbox: what it says, and what this person may do with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.functional import cached_property

from accounts.models import User
from handoff import brief, lifecycle, routing, sla
from handoff.inbox.lying import Lying
from handoff.models import Agreement, Handoff, Promise
from handoff.models.handoff import HandoffQuerySet
from leads import rights
from leads.composed import Composed
from personas.choices import Lane


@dataclass
class Offer(Lying):
    """One hand-off as one person sees it at one moment, and what they may do with it."""

    handoff: Handoff
    user: User
    now: datetime
    claims: frozenset[int] = frozenset()  # the queues from which this person may claim

    @cached_property
    def clock(self) -> sla.Countdown | None:
        return sla.countdown(self.handoff, self.now)

    @property
    def kind(self) -> Any:
        """The promise that runs, in a word."""
        return Promise.Kind(self.handoff.promise).label if self.handoff.promise else ""

    @property
    def pk(self) -> int:
        return self.handoff.pk

    @property
    def seen(self) -> str:
        """The standing this page was drawn for, as `standing.of` says it."""
        return f"mofu:{self.handoff.lane}:{self.handoff.pk}"

    @property
    def unanswered(self) -> bool:
        return self.handoff.is_open and self.handoff.lane == Lane.MQL

    @property
    def answerable(self) -> bool:
        """Whether this person may accept or return it: theirs, or in a queue that they claim from."""
        if not self.unanswered or not rights.may(self.user, "accept", self.handoff.lead):
            return False
        if self.handoff.owner_id is None:
            return self.user.is_manager or self.handoff.queue_id in self.claims
        return self.handoff.owner_id == self.user.pk or self.user.is_manager

    @property
    def passable(self) -> bool:
        """Whether this person may pass it on: who has it, or who may claim it, and management."""
        if not self.handoff.is_open or not rights.may(self.user, "reassign", self.handoff.lead):
            return False
        mine = self.handoff.owner_id == self.user.pk or (
            self.handoff.owner_id is None and self.handoff.queue_id in self.claims
        )
        return mine or self.user.is_manager

    @property
    def theirs(self) -> bool:
        """Whether this person follows it up: it is accepted, and theirs or they are a manager."""
        mine = self.handoff.owner_id == self.user.pk or self.user.is_manager
        return self.handoff.is_open and self.handoff.lane != Lane.MQL and mine

    @property
    def wakeable(self) -> bool:
        return self.snoozed and (self.handoff.owner_id == self.user.pk or self.user.is_manager)

    @property
    def unreachable(self) -> bool:
        """Whether the agreed attempts are made and nobody answered."""
        return lifecycle.is_unreachable(self.handoff)

    @property
    def lacks(self) -> list[str]:
        """What is not known of the lead yet."""
        return brief.lacking(self.handoff)

    @property
    def may_edit(self) -> bool:
        return rights.may(self.user, "edit", self.handoff.lead)

    @property
    def may_top_up(self) -> bool:
        return self.handoff.is_open and rights.may(self.user, "top_up", self.handoff.lead)

    @property
    def ratable(self) -> str:
        """What this person rates of it, by the name of its columns; empty for nothing."""
        return lifecycle.rated_by(self.user)

    @property
    def claimable(self) -> bool:
        return self.answerable and self.handoff.owner_id is None


#: What a line of a list never shows.
UNSEEN = ("brief", "lead__search", "lead__custom", "lead__company__custom", "lead__score__parts")


def offers(
    handoffs: HandoffQuerySet, user: User, now: datetime, number: int, claims: frozenset[int] | None = None
) -> list[Offer]:
    """The first of these hand-offs with what a line of a list shows."""
    whole = handoffs.select_related("lead__company", "lead__score", "owner", "reason").defer(*UNSEEN)
    claims = routing.claims(user) if claims is None else claims
    agreements: dict[int, Agreement] = {}
    found = list(whole[:number])
    for agreement in Agreement.objects.filter(pk__in={handoff.agreement_id for handoff in found}) if found else ():
        agreements[agreement.pk] = agreement
    for handoff in found:
        handoff.agreement = agreements[handoff.agreement_id]
    return [Offer(handoff, user, now, claims) for handoff in found]


_whole = Composed(
    lambda pk: (
        Handoff.objects.filter(pk=pk)
        .for_list()
        .select_related("agreement", "reason", "ended_by", "accepted_by", "queue", "snoozed_by", "named_by")
        .select_related("lead__chance")
        .defer("lead__search", "lead__company__custom")
    )
)


def one(user: User, pk: int, *, now: datetime | None = None, claims: frozenset[int] | None = None) -> Offer | None:
    """One hand-off with all that its page shows; whoever is signed in sees every one."""
    found = _whole(pk) if 0 < pk < 2**62 and user.is_authenticated and user.is_active else []
    if not found:
        return None
    return Offer(found[0], user, now or timezone.now(), routing.claims(user) if claims is None else claims)
