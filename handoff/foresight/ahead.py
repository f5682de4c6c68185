"""A draft held against the last 90 days: which offers it would have made too, and who would have become an MQL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from handoff.foresight.crossing import CANDIDATES, could_cross, crossing
from handoff.foresight.judging import Judge, Recount
from handoff.foresight.offers import OFFERS, Offer, offers
from handoff.foresight.promises import Promises
from handoff.models import Handoff
from leads import clock, hindsight, past, scoring
from leads.definition import Definition
from leads.models import Lead, Visit
from personas.choices import Stage

LISTED = 12

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


class WouldBe(NamedTuple):
    """A lead that would have become an MQL: the most points it had, and how many of engagement it needs for that."""

    lead: Lead
    points: int
    needs: int


@dataclass
class Foresight(Promises):
    """A draft held against what happened since `since`."""

    @cached_property
    def repoints(self) -> bool:
        """Whether the draft changes the points."""
        return self.draft.points != self.current.points

    @cached_property
    def redefines(self) -> bool:
        """Whether the draft says otherwise what an MQL is."""
        return self.repoints or Definition.of(self.draft.scorecard) != Definition.of(self.current.scorecard)

    # the offers

    @cached_property
    def _offers(self) -> list[Offer]:
        return offers(since=self.since)

    @cached_property
    def kept_out(self) -> list[Offer]:
        """The offers that the draft would not have made, the newest first."""
        return self._not_made(self._offers)

    @cached_property
    def wins_lost(self) -> list[Offer]:
        """The customers won in this time, whenever they were offered, who would not have been offered then."""
        return self._not_made(offers(since=self.since, won_lately=True))

    def _not_made(self, made: list[Offer]) -> list[Offer]:
        table, recount = self.draft.points, Recount(made, self.draft.points)
        for offer in made:
            offer.anew = recount.points(offer, table)
        judge = Judge(Definition.of(self.draft.scorecard), made, points=lambda offer: offer.anew)
        return [offer for offer in made if not judge.keeps(offer)]

    @property
    def offered(self) -> list[Offer]:
        """The offers that the definition made in this time, the newest first."""
        return self._offers

    @property
    def unknown(self) -> int:
        """Offers whose brief carries no points, so that nothing is said about them."""
        return sum(offer.points is None for offer in self._offers)

    @property
    def table(self) -> list[Line]:
        """What became of the offers that the definition made, as it was and of those that the draft would make too."""
        lines = []
        for label, counts in COUNTED:
            before = sum(map(counts, self._offers))
            lines.append(Line(str(label), before, before - sum(map(counts, self.kept_out))))
        return lines

    @property
    def returned_kept_out(self) -> list[Offer]:
        return [offer for offer in self.kept_out if offer.is_returned]

    @cached_property
    def by_hand(self) -> int:
        """Offers of marketing that no definition decides: by hand, or of leads who asked to talk."""
        others = Handoff.objects.by_marketing().filter(offered_at__gte=self.since, imported=False)
        return others.exclude(origin=Handoff.Origin.LINE).count()

    @cached_property
    def not_made(self) -> set[int]:
        return {offer.handoff.pk for offer in self.kept_out} if self.redefines else set()

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
        if not self.draft.high_intent and not self.repoints:  # the others cannot reach the line, whatever they did
            leads = leads.filter(score__fit__gte=self.draft.mql_line - scoring.HALF)
        return list(leads.order_by("-last_activity_at").values_list("pk", flat=True)[: CANDIDATES + 1])

    @cached_property
    def too_many(self) -> bool:
        if not self.redefines:  # then nobody is looked for
            return len(self._offers) >= OFFERS
        near = could_cross(self.draft, self.current, at=self.now)[: CANDIDATES + 1].count()
        return max(len(self._candidates), near) > CANDIDATES or len(self._offers) >= OFFERS

    @property
    def would_be(self) -> list[tuple[Lead, int]]:
        """Leads that would have met the draft and did not meet what was agreed, with the most points they had."""
        return [(one.lead, one.points) for one in self._would_be]

    @cached_property
    def besides(self) -> list[tuple[Lead, datetime]]:
        """The same leads, each with the moment at which it would first have met the draft."""
        period = {"since": self.since, "until": self.now}
        needed = {one.lead.pk: one.needs for one in self._would_be}
        reached = hindsight.first_reached(needed, self.draft.scorecard, **period)
        acted = hindsight.acted_in(list(needed), Definition.of(self.draft.scorecard).actions, **period)
        moments = [(lead, reached.get(lead.pk), acted.get(lead.pk)) for lead, _points in self.would_be]
        return [(lead, min(at for at in both if at is not None)) for lead, *both in moments if any(both)]

    @cached_property
    def _would_be(self) -> list[WouldBe]:
        if not self.redefines:
            return []
        leads, new, old = self._candidates[:CANDIDATES], self.draft.scorecard, self.current.scorecard
        period = {"since": self.since, "until": self.now}
        interest = hindsight.interest(leads, new, **period)
        before = hindsight.interest(leads, old, **period) if self.repoints else interest
        by_new, by_old = (Definition.of(card) for card in (new, old))
        acts_new = hindsight.acted_in(leads, by_new.actions, **period)
        acts_old = hindsight.acted_in(leads, by_old.actions, **period)
        near = [pk for pk in leads if pk in acts_new or interest.get(pk, -1) >= by_new.line - scoring.HALF]
        found, fit, fitted = [], past.Counter(new.points).fit, past.Counter(old.points).fit
        for lead in Lead.objects.filter(pk__in=near).select_related("company", "source").order_by("pk"):
            facts = scoring.facts(lead)
            most = fit(facts) + interest.get(lead.pk, 0)
            was = fitted(facts) + before.get(lead.pk, 0) if self.repoints else most
            crossed = lead.pk in acts_new or (lead.pk in interest and most >= by_new.line)
            if not crossed or by_new.missing(facts, lead.persona_id):
                continue
            if not by_old.met(was, missing=by_old.missing(facts, lead.persona_id), acted=lead.pk in acts_old):
                found.append(WouldBe(lead, most, by_new.line - fit(facts)))
        return sorted(found, key=lambda one: (-one.points, one.lead.pk))

    @cached_property
    def at_once(self) -> list[Lead]:
        """Leads that stand in TOFU now and are offered as soon as the draft is in force."""
        return crossing(self.draft, self.current, at=self.now) if self.redefines else []
