"""What a draft would have changed over the last 90 days, counted from the ledgers before anybody signs it.

Counted exactly: which offers the definition made, with the points that each brief recorded; what became of them; and
how each promise ends when its moments are held against the new terms and the new calendar. Counted anew: who would
have become an MQL, from the timeline as its interest faded then. A record's past is not kept, so facts and personas
count as they were noted with the offer, and else as they are today.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import copy
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.fields.json import KT
from django.utils.translation import gettext_lazy as _

from handoff import sla, wording
from handoff.brief import WORKED_WITH
from handoff.models import Agreement, Deal, Handoff, Reason
from leads import clock, hindsight, scoring
from leads.definition import LASTS, Definition, acted
from leads.models import Activity, Lead, LeadScore, Visit
from personas.choices import Stage

SPAN, MONTH = timedelta(days=90), timedelta(days=30)
#: So many are counted, the newest first; beyond that the page says so.
OFFERS, CANDIDATES = 20_000, 20_000
LISTED = 12


@dataclass
class Offer:
    """An offer that the definition made: what was known then, and what became of it."""

    handoff: Handoff
    points: int | None
    known: list[str] | None = None
    noted: int | None = None
    tofu_since: datetime | None = None
    missing: list[str] = field(default_factory=list)
    won: bool = False

    @cached_property
    def facts(self) -> dict[str, Any]:
        """The facts that the brief noted; of an older one, those of the record today."""
        return scoring.facts(self.handoff.lead) if self.known is None else dict.fromkeys(self.known, "yes")

    @property
    def persona(self) -> int | None:
        """The persona that the brief noted; of an older one, that of the lead today."""
        return self.handoff.lead.persona_id if self.known is None else self.noted

    @property
    def is_definitional(self) -> bool:
        reason = self.handoff.reason
        return self.is_returned and reason is not None and reason.return_class == Reason.ReturnClass.DEFINITIONAL

    @property
    def is_returned(self) -> bool:
        return self.handoff.end == Handoff.End.RETURNED

    @property
    def is_answered(self) -> bool:
        return self.is_returned or self.handoff.accepted_at is not None


#: What is counted of offers, in the order of the table.
COUNTED: list[tuple[Any, Callable[[Offer], bool]]] = [
    (_("Offered by the definition"), lambda offer: True),
    (_("Accepted"), lambda offer: offer.handoff.accepted_at is not None),
    (_("Returned"), lambda offer: offer.is_returned),
    (_("Returned as not what we agreed on"), lambda offer: offer.is_definitional),
    (_("Qualified"), lambda offer: offer.handoff.qualified_at is not None),
    (_("Became customers, of these offers"), lambda offer: offer.won),
]


class Line(NamedTuple):
    """One row of the table: how it was, and how it would have been."""

    label: str
    before: int
    after: int

    @property
    def change(self) -> int:
        return self.after - self.before


class Kept(NamedTuple):
    """A promise: how many ended, how many of them in time as it was agreed then, and under the draft."""

    label: str
    number: int
    before: int
    after: int


class Asked(NamedTuple):
    """A promise of marketing: what each month brought, and in how many of them the draft's promise was kept."""

    label: str
    values: list[str]
    after: int
    number: int


class Month(NamedTuple):
    """What marketing offered in thirty days, counted as Promises counts it."""

    since: date
    until: date
    leads: int
    value: Decimal
    known: int  # percent


class Judge:
    """Whether an offer would have been made under a definition."""

    def __init__(
        self, definition: Definition, offers: Iterable[Offer], acts: dict[int, list[datetime]] | None = None
    ) -> None:
        self.definition = definition
        self.acts = self._acts([offer.handoff for offer in offers]) if acts is None else acts

    def keeps(self, offer: Offer) -> bool:
        """Offers that carry no points are kept: nothing is known against them."""
        if offer.points is None:
            return True
        offer.missing = self.definition.missing(offer.facts, offer.persona)
        skips = any(self._counts(at, offer) for at in self.acts.get(offer.handoff.lead_id, ()))
        return self.definition.met(offer.points, missing=offer.missing, acted=skips)

    @staticmethod
    def _counts(at: datetime, offer: Offer) -> bool:
        """Whether it was done while the lead stood in TOFU before this offer."""
        return at <= offer.handoff.offered_at and (offer.tofu_since is None or at >= offer.tofu_since)

    def _acts(self, handoffs: list[Handoff]) -> dict[int, list[datetime]]:
        """When each of these leads did what skips the line."""
        found: dict[int, list[datetime]] = {}
        if not self.definition.actions:
            return found
        leads = {handoff.lead_id for handoff in handoffs}
        kinds = self.definition.actions
        rows = Activity.objects.filter(lead__in=leads, kind__in=kinds, imported=False).values_list("lead", "at")
        for lead, at in rows:
            found.setdefault(lead, []).append(at)
        return found


def offers(*, since: datetime, won_lately: bool = False) -> list[Offer]:
    """The offers that the definition made since then, or those that led to the deals won since then."""
    entered = Visit.objects.filter(lead=OuterRef("lead"), stage=Stage.TOFU, left_at=OuterRef("offered_at"))
    rows: QuerySet[Handoff] = Handoff.objects.offered().filter(origin=Handoff.Origin.LINE, imported=False)
    won = Deal.objects.won().filter(handoff=OuterRef("pk"), imported=False)
    asked = rows.filter(Exists(won.filter(closed_at__gte=since))) if won_lately else rows.filter(offered_at__gte=since)
    found = (
        asked.annotate(
            points=KT("brief__score__total"),
            known=F("brief__known"),
            persona=F("brief__persona_id"),
            tofu_since=entered.values("entered_at")[:1],
            won=Exists(won),
        )
        .select_related("lead__company", "lead__source", "reason", "owner")
        .defer("brief", "lead__search")
        .order_by("-offered_at", "-pk")[:OFFERS]
    )
    return [_noted(row) for row in found]


def _noted(row: Any) -> Offer:
    """An offer with what its brief noted."""
    points = None if row.points is None else int(row.points)
    return Offer(row, points, row.known, row.persona, row.tofu_since, won=row.won)


@dataclass
class Foresight:
    """A draft held against what happened since `since`."""

    draft: Agreement
    current: Agreement
    now: datetime = field(default_factory=clock.now)

    @property
    def since(self) -> datetime:
        return self.now - SPAN

    # the definition

    @cached_property
    def redefines(self) -> bool:
        """Whether the draft says otherwise what an MQL is."""
        return Definition.of(self.draft.scorecard) != Definition.of(self.current.scorecard)

    @cached_property
    def _offers(self) -> list[Offer]:
        return offers(since=self.since)

    @cached_property
    def _kept(self) -> list[Offer]:
        judge = Judge(Definition.of(self.draft.scorecard), self._offers)
        return [offer for offer in self._offers if judge.keeps(offer)]

    @cached_property
    def kept_out(self) -> list[Offer]:
        """The offers that the draft would not have made, the newest first."""
        kept = {offer.handoff.pk for offer in self._kept}
        return [offer for offer in self._offers if offer.handoff.pk not in kept]

    @property
    def unknown(self) -> int:
        """Offers whose brief carries no points, so that nothing is said about them."""
        return sum(offer.points is None for offer in self._offers)

    @property
    def table(self) -> list[Line]:
        """What became of the offers that the definition made, as it was and of those that the draft would make too."""
        return [
            Line(str(label), sum(map(counts, self._offers)), sum(map(counts, self._kept))) for label, counts in COUNTED
        ]

    @property
    def returned_kept_out(self) -> list[Offer]:
        return [offer for offer in self.kept_out if offer.is_returned]

    @cached_property
    def wins_lost(self) -> list[Offer]:
        """The customers won in this time, whenever they were offered, who would not have been offered then."""
        won = offers(since=self.since, won_lately=True)
        judge = Judge(Definition.of(self.draft.scorecard), won)
        return [offer for offer in won if not judge.keeps(offer)]

    @cached_property
    def by_hand(self) -> int:
        """Offers of marketing that no definition decides: by hand, or of leads who asked to talk."""
        others = Handoff.objects.by_marketing().filter(offered_at__gte=self.since, imported=False)
        return others.exclude(origin=Handoff.Origin.LINE).count()

    # who would have become one

    @cached_property
    def _candidates(self) -> list[int]:
        """Leads that did something in this time, were in TOFU, may be written to, and were not offered."""
        offered = Handoff.objects.filter(lead=OuterRef("pk"), offered_at__gte=self.since)
        stays = Visit.objects.filter(
            Q(left_at=None) | Q(left_at__gte=self.since), lead=OuterRef("pk"), stage=Stage.TOFU
        )
        waited = Q(look_again_on=None) | Q(look_again_on__lte=clock.today())
        leads = Lead.objects.filter(
            waited, Exists(stays), ~Exists(offered), last_activity_at__gte=self.since, do_not_contact=False
        )
        if not self.draft.high_intent:  # the others cannot reach the line, whatever they did
            leads = leads.filter(score__fit__gte=self.draft.mql_line - scoring.HALF)
        return list(leads.order_by("-last_activity_at").values_list("pk", flat=True)[: CANDIDATES + 1])

    @property
    def too_many(self) -> bool:
        return len(self._candidates) > CANDIDATES or len(self._offers) >= OFFERS

    @cached_property
    def would_be(self) -> list[tuple[Lead, int]]:
        """Leads that would have met the draft and did not meet what was agreed, with the most points they had."""
        if not self.redefines:
            return []
        leads, new, old = self._candidates[:CANDIDATES], self.draft.scorecard, self.current.scorecard
        period = {"since": self.since, "until": self.now}
        interest = hindsight.interest(leads, new, **period)
        by_new, by_old = (Definition.of(card) for card in (new, old))
        acts_new = hindsight.acted_in(leads, by_new.actions, **period)
        acts_old = hindsight.acted_in(leads, by_old.actions, **period)
        fits = dict(LeadScore.objects.filter(lead__in=leads).values_list("lead", "fit"))
        points = {lead: fits.get(lead, 0) + interest[lead] for lead in interest}
        near = [lead for lead in leads if lead in acts_new or points.get(lead, 0) >= by_new.line]
        found = []
        for lead in Lead.objects.filter(pk__in=near).select_related("company", "source").order_by("pk"):
            facts, most = scoring.facts(lead), points.get(lead.pk, fits.get(lead.pk, 0))
            met = by_new.met(most, missing=by_new.missing(facts, lead.persona_id), acted=lead.pk in acts_new)
            if met and not by_old.met(most, missing=by_old.missing(facts, lead.persona_id), acted=lead.pk in acts_old):
                found.append((lead, most))
        return sorted(found, key=lambda one: (-one[1], one[0].pk))

    @cached_property
    def at_once(self) -> list[Lead]:
        """Leads that stand in TOFU now and are offered as soon as the draft is in force."""
        return crossing(self.draft, self.current, at=self.now) if self.redefines else []

    # the promises

    @cached_property
    def _offered(self) -> list[Handoff]:
        """Every offer of this time: sales promises the same for each of them."""
        rows = Handoff.objects.offered().filter(offered_at__gte=self.since, imported=False)
        rows = rows.annotate(known=F("brief__known"))
        rows = rows.select_related("agreement", "lead__company", "lead__source")
        return list(rows.defer("brief", "note", "verdict", "lead__search").order_by("-offered_at", "-pk")[:OFFERS])

    @cached_property
    def promises(self) -> list[Kept]:
        """How many promises of sales were kept, as they were agreed then and under the draft's terms and calendar.

        One that still runs counts once its time is over, under both.
        """
        told = []
        for kind, label in PROMISES:
            before, after, number = 0, 0, 0
            for handoff in self._offered:
                was, would = self._in_time(handoff, kind, handoff.agreement), self._in_time(handoff, kind, self.draft)
                if was is None or would is None:
                    continue
                number, before, after = number + 1, before + was, after + would
            told.append(Kept(str(label), number, before, after))
        return told

    def _in_time(self, handoff: Handoff, kind: str, terms: Agreement) -> bool | None:
        """Whether a promise was kept under these terms; None when it was never given, or still may be kept."""
        began, ended = moments(handoff, kind)
        if began is None:
            return None
        judged = copy(handoff)
        judged.agreement = terms
        allowed = terms.contact_within if kind == "contact" else sla.term(judged, kind)
        used = sla.Calendar.of(terms).minutes(began, ended or handoff.ended_at or self.now)
        if used <= allowed:
            return None if ended is None else True
        return False

    @property
    def retimes(self) -> bool:
        """Whether the draft changes what sales promises or the calendar it is counted on."""
        return any(getattr(self.draft, name) != getattr(self.current, name) for name in TIMED)

    # what marketing promises

    @cached_property
    def months(self) -> list[Month]:
        """The last three times thirty days, newest first: what marketing offered, its value, and the facts known."""
        return [self._month(number) for number in range(SPAN // MONTH)]

    def _month(self, number: int) -> Month:
        until = self.now - number * MONTH
        handed = [
            one
            for one in self._offered
            if until - MONTH <= one.offered_at < until and one.origin in Handoff.BY_MARKETING
        ]
        known = sum(known_share(one) for one in handed)
        return Month(
            (until - MONTH).date(),
            until.date(),
            len(handed),
            sum((one.value for one in handed if one.lead.currency == Agreement.CURRENCY), Decimal()),
            round(100 * known / len(handed)) if handed else 0,
        )

    @property
    def marketing(self) -> list[Asked]:
        """In how many of these months marketing would have kept what the draft asks for."""
        asked = []
        for term, label, name in (
            ("leads_a_month", _("Leads offered"), "leads"),
            ("value_a_month", _("Expected value offered, in euros"), "value"),
            ("completeness", _("Facts known when offered"), "known"),
        ):
            promised, got = getattr(self.draft, term), [getattr(month, name) for month in self.months]
            if promised:
                told = [wording.words(term, value, {}) for value in got]
                asked.append(Asked(str(label), told, sum(value >= promised for value in got), len(got)))
        return asked


#: What sales promises, and the calendar it is counted on.
TIMED = (
    "accept_within", "attempt_within", "hand_raise_within", "contact_within", "weekdays", "opens", "closes",
    "hours", "time_zone", "holidays", "days_off",
)  # fmt: skip
#: The promises of sales, in their order.
PROMISES = [
    ("answer", _("Accepted or returned in time")),
    ("attempt", _("First attempt in time")),
    ("contact", _("Two-way contact in time")),
]


def moments(handoff: Handoff, kind: str) -> tuple[datetime | None, datetime | None]:
    """When a promise began to run and when what it promised happened."""
    if kind == "answer":
        answered = handoff.accepted_at or (handoff.ended_at if handoff.end == Handoff.End.RETURNED else None)
        return handoff.offered_at, answered
    return handoff.accepted_at, handoff.first_attempt_at if kind == "attempt" else handoff.first_contact_at


def known_share(handoff: Any) -> float:
    """Which share of the facts that sales works with was known when this was offered; else, is known today."""
    known = handoff.known
    if known is None:
        facts = scoring.facts(handoff.lead)
        known = [name for name in WORKED_WITH if facts.get(name) not in (None, "")]
    return len(set(known) & set(WORKED_WITH)) / len(WORKED_WITH)


def crossing(draft: Agreement, current: Agreement, *, at: datetime) -> list[Lead]:
    """The leads that cross the line when the draft comes into force: they meet it now and did not meet what counted.

    Counted as `scoring.rescore` will count them, so that what is shown is what happens.
    """
    definition = Definition.of(draft.scorecard)
    waited = Q(lead__look_again_on=None) | Q(lead__look_again_on__lte=clock.today())
    below = Q(ready=False) | Q(ready=None, total__lt=F("scorecard__mql_line"))
    standing = LeadScore.objects.filter(waited, below, lead__stage=Stage.TOFU, lead__do_not_contact=False)
    may = Q(total__gte=definition.line)
    if definition.actions:
        done = Activity.objects.filter(lead=OuterRef("lead"), kind__in=definition.actions, at__gt=at - LASTS)
        may |= Q(Exists(done), lead__last_activity_at__gt=at - LASTS)
    near = standing.filter(may).order_by("-total", "-lead").values_list("lead", flat=True)[:CANDIDATES]
    leads = list(Lead.objects.filter(pk__in=list(near)).select_related("company", "source").order_by("pk"))
    points = scoring.points_now(leads, draft.scorecard, at=at)
    acts = acted([lead.pk for lead in leads], definition.actions, at=at)
    return [
        lead
        for lead in leads
        if definition.met(
            points[lead.pk],
            missing=definition.missing(scoring.facts(lead), lead.persona_id),
            acted=lead.pk in acts,
        )
    ]
