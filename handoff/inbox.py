"""The inbox: what sales has still to answer, the most urgent first; what is claimed, and what came back."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from itertools import groupby
from typing import Any, NamedTuple

from django.db.models import CharField, Q, Value
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.choices import Team
from accounts.models import User
from handoff import lifecycle, routing, sla
from handoff.models import Agreement, Handoff, Promise
from handoff.models.handoff import HandoffQuerySet
from leads import rights
from leads.composed import Composed
from personas.choices import Lane

PAGE = 50
#: Counting stops here: beyond it a tab says "99+".
CAP = 99
#: How far back the last returns reach.
RETURNED_WITHIN = timedelta(days=30)
TABS = {
    "open": gettext_lazy("Open"),
    "claimed": gettext_lazy("Claimed"),
    "snoozed": gettext_lazy("Put off"),
    "returned": gettext_lazy("Returned"),
}
GROUPS = {
    "over": gettext_lazy("Over its time"),
    "hour": gettext_lazy("Due within the hour"),
    "today": gettext_lazy("Due today"),
    "later": gettext_lazy("Later"),
    "none": gettext_lazy("No clock runs"),
    "returned": gettext_lazy("Returned in the last 30 days"),
}
ORIGINS = {
    Handoff.Origin.MARKETING: ("megaphone", gettext_lazy("Offered")),
    Handoff.Origin.LINE: ("trending-up", gettext_lazy("Score")),
    Handoff.Origin.HAND_RAISE: ("hand", gettext_lazy("Asked to talk")),
    Handoff.Origin.CLAIMED: ("zap", gettext_lazy("Claimed early")),
    Handoff.Origin.REROUTED: ("route", gettext_lazy("Sent on")),
    Handoff.Origin.REQUALIFY: ("corner-up-left", gettext_lazy("From the deal")),
    Handoff.Origin.EXPANSION: ("repeat", gettext_lazy("Expansion")),
    Handoff.Origin.IMPORTED: ("file-text", gettext_lazy("From a file")),
}


@dataclass
class Offer:
    """One hand-off as one person sees it at one moment."""

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
    def group(self) -> str:
        if self.handoff.ended_at:
            return "returned"
        if self.clock is None or self.clock.due_at is None:
            return "none"
        if self.clock.left < 0:
            return "over"
        if self.clock.left <= 60:
            return "hour"
        zone = self.clock.calendar.zone
        today = self.now.astimezone(zone).date()
        return "today" if self.clock.due_at.astimezone(zone).date() <= today else "later"

    @property
    def why(self) -> str:
        """Why it lies here, in a line: the words of who offered or ended it, else what set it off."""
        handoff = self.handoff
        if handoff.ended_at:
            return handoff.verdict or (handoff.reason.label if handoff.reason else "")
        return handoff.note or str(Handoff.Origin(handoff.origin).label)

    @property
    def tag(self) -> tuple[str, Any]:
        """Icon and words: how it came back, who has it, or what set it off."""
        handoff = self.handoff
        if handoff.ended_at and handoff.reason:
            return "undo-2", handoff.reason.get_return_class_display() or handoff.get_end_display()
        if self.snoozed:
            return "alarm-clock", date_format(timezone.localtime(handoff.snoozed_until), "j M H:i")
        if handoff.untouched:
            return "phone-off", _("Never touched")
        if handoff.owner_id == self.user.pk:
            return "user-round-check", _("Yours")
        if handoff.owner and handoff.origin != Handoff.Origin.HAND_RAISE:
            return "user-round", handoff.owner.get_short_name()
        return ORIGINS[Handoff.Origin(handoff.origin)]

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
    def snoozed(self) -> bool:
        until = self.handoff.snoozed_until
        return self.handoff.is_open and until is not None and until > self.now

    @property
    def wakeable(self) -> bool:
        return self.snoozed and (self.handoff.owner_id == self.user.pk or self.user.is_manager)

    @property
    def unreachable(self) -> bool:
        """Whether the agreed attempts are made and nobody answered."""
        return lifecycle.is_unreachable(self.handoff)

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


class Page(NamedTuple):
    """One page of a tab, and the cursor of the next one (empty at the end)."""

    offers: list[Offer]
    next: str

    @property
    def groups(self) -> list[tuple[Any, list[Offer]]]:
        return [(GROUPS[name], list(offers)) for name, offers in groupby(self.offers, lambda offer: offer.group)]

    def beside(self, pk: int | None) -> tuple[Offer | None, Offer | None]:
        """The offers before and after one; where it is not listed, the first comes after it."""
        keys = [offer.pk for offer in self.offers]
        if pk not in keys:
            return None, self.offers[0] if self.offers else None
        at = keys.index(pk)
        return self.offers[at - 1] if at else None, self.offers[at + 1] if at + 1 < len(keys) else None


def listed(user: User, tab: str, now: datetime) -> HandoffQuerySet:
    """The hand-offs of a tab, in its order."""
    handoffs = Handoff.objects.visible_to(user)
    sales = user.team == Team.SALES
    if tab == "claimed":
        mine = Q(owner=user) if sales else Q(owner__isnull=False)
        found = handoffs.open().filter(mine).order_by("due_at", "-value", "id")
        return found.awake(now) if sales else found
    if tab == "snoozed":
        mine = Q(owner=user) if sales else Q()
        return handoffs.open().filter(mine, snoozed_until__gt=now).order_by("due_at", "-value", "id")
    if tab == "returned":
        mine = Q(ended_by=user) if sales else Q()
        recent = Q(end=Handoff.End.RETURNED, ended_at__gt=now - RETURNED_WITHIN)
        return handoffs.filter(mine & recent).order_by("-ended_at", "-id")
    return handoffs.waiting_for(user)


def counts(user: User, now: datetime) -> dict[str, int]:
    """How many hand-offs each tab holds, up to `CAP` + 1, in one query."""
    parts = [
        listed(user, tab, now).order_by().values_list(Value(tab, CharField()), flat=True)[: CAP + 1] for tab in TABS
    ]
    return dict.fromkeys(TABS, 0) | Counter(parts[0].union(*parts[1:], all=True))


def page(
    user: User, tab: str, *, after: str = "", now: datetime | None = None, claims: frozenset[int] | None = None
) -> Page:
    """One page of a tab: the hand-offs after the one that a cursor names; a broken cursor is the beginning."""
    now = now or timezone.now()
    handoffs = listed(user, tab, now).filter(_beyond(tab, after))
    found = offers(handoffs, user, now, PAGE + 1, claims)
    return Page(found[:PAGE], _cursor(tab, found[PAGE - 1].handoff) if len(found) > PAGE else "")


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
        .select_related("agreement", "reason", "ended_by", "accepted_by", "queue", "snoozed_by")
        .defer("lead__search", "lead__custom", "lead__company__custom")
    )
)


def one(user: User, pk: int, *, now: datetime | None = None, claims: frozenset[int] | None = None) -> Offer | None:
    """One hand-off with all that its page shows; whoever is signed in sees every one."""
    found = _whole(pk) if 0 < pk < 2**62 and user.is_authenticated and user.is_active else []
    if not found:
        return None
    return Offer(found[0], user, now or timezone.now(), routing.claims(user) if claims is None else claims)


def _cursor(tab: str, handoff: Handoff) -> str:
    moment = handoff.ended_at if tab == "returned" else handoff.due_at
    stamp = moment.astimezone(UTC).isoformat() if moment else ""
    return f"{stamp}_{handoff.value}_{handoff.pk}"


def _beyond(tab: str, cursor: str) -> Q:
    """What comes after a cursor in the order of its tab."""
    try:
        stamp, worth, number = cursor.split("_")
        at = datetime.fromisoformat(stamp) if stamp else None
        value, pk = Decimal(worth), int(number)
        if (at and at.tzinfo is None) or not value.is_finite() or abs(value) > 10**12 or not 0 <= pk < 2**63:
            return Q()
    except (ValueError, InvalidOperation):
        return Q()
    if tab == "returned":
        return Q(ended_at__lte=at) & (Q(ended_at__lt=at) | Q(pk__lt=pk)) if at else Q()
    same = Q(due_at=at) & (Q(value__lt=value) | Q(value=value, pk__gt=pk))
    return same | Q(due_at__gt=at) | Q(due_at=None) if at else same
