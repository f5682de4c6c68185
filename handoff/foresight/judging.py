"""Whether an offer would have been made under another definition, and with how many points."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

from handoff.foresight.offers import Offer
from handoff.models import Agreement, Handoff
from leads import engagement, past, scoring
from leads.definition import FACTS, LASTS, Definition
from leads.engagement import Touches
from leads.models import Activity

#: Both halves of a score together.
MOST = 2 * scoring.HALF


class Recount:
    """The points that offers would have had by tables of points that name these kinds of activity, and any of theirs.

    What the brief noted is moved by what a table gives more or less than the table of that day, both counted from what
    was known at the offer.
    """

    def __init__(self, offers: Sequence[Offer], *tables: Mapping[str, Any]) -> None:
        self.offers, self._asked = offers, tables
        self._places = {offer.handoff.pk: place for place, offer in enumerate(offers)}
        self._then: dict[int, int] = {}
        self._counters: deque[tuple[Mapping[str, Any], past.Counter]] = deque(maxlen=4)

    def points(self, offer: Offer, table: Mapping[str, Any]) -> int | None:
        """None where the brief carries no points."""
        then = self._tables[offer.handoff.agreement_id]
        if offer.points is None or then == table:
            return offer.points
        key = offer.handoff.pk
        if key not in self._then:
            self._then[key] = self._total(offer, then)
        return max(0, min(MOST, offer.points + self._total(offer, table) - self._then[key]))

    def is_about(self, offer: Offer, table: Mapping[str, Any]) -> bool:
        """Whether some rule of a table gave an offer points, or took them."""
        counter = self._counter(table)
        return counter.is_about(self.facts(offer), self.touches(offer), at=offer.handoff.offered_at)

    def _total(self, offer: Offer, table: Mapping[str, Any]) -> int:
        return self._counter(table).total(self.facts(offer), self.touches(offer), at=offer.handoff.offered_at)

    def _counter(self, table: Mapping[str, Any]) -> past.Counter:
        """Tables are asked about one after the other, so the last few are kept."""
        known = next((counter for kept, counter in self._counters if kept is table), None)
        if known is None:
            known = past.Counter(table)
            self._counters.append((table, known))
        return known

    def facts(self, offer: Offer) -> dict[str, Any]:
        return self._facts[self._places[offer.handoff.pk]]

    def touches(self, offer: Offer) -> dict[str, Touches]:
        return self._touches[self._places[offer.handoff.pk]]

    @property
    def _moments(self) -> list[tuple[Any, datetime]]:
        return [(offer.handoff.lead, offer.handoff.offered_at) for offer in self.offers]

    @cached_property
    def _tables(self) -> dict[int, Mapping[str, Any]]:
        """The points of each agreement under which these were offered."""
        asked = Agreement.objects.filter(pk__in={offer.handoff.agreement_id for offer in self.offers})
        return dict(asked.values_list("pk", "scorecard__points"))

    @cached_property
    def _facts(self) -> list[dict[str, Any]]:
        found = past.facts_at(self._moments)
        for offer, facts in zip(self.offers, found, strict=True):
            if offer.company is not None:
                facts |= {name: offer.company.get(said) for name, said in COMPANY.items()}
            if (known := offer.known) is not None:  # what was known and has been emptied since is "yes"
                facts |= {name: (facts.get(name) or "yes") if name in known else None for name in FACTS}
        return found

    @cached_property
    def _touches(self) -> list[dict[str, Touches]]:
        tables = [*self._asked, *self._tables.values()]
        kinds = {kind for table in tables for kind in engagement.kinds(engagement.rules(table))}
        return past.touches_at([(lead.pk, at) for lead, at in self._moments], kinds)


#: Facts of the company, and what the brief calls them.
COMPANY = {"company": "name", "industry": "industry", "size": "size"}


class Judge:
    """Whether an offer would have been made under a definition, with the points that it has or would have had."""

    def __init__(
        self,
        definition: Definition,
        offers: Iterable[Offer],
        acts: dict[int, list[datetime]] | None = None,
        points: Callable[[Offer], int | None] = lambda offer: offer.points,
    ) -> None:
        self.definition, self.points = definition, points
        self.acts = self._acts([offer.handoff for offer in offers]) if acts is None else acts

    def keeps(self, offer: Offer) -> bool:
        """Offers that carry no points are kept: nothing is known against them."""
        points = self.points(offer)
        if points is None:
            return True
        missing = self.definition.missing(offer.facts, offer.persona)
        skips = any(self._counts(at, offer) for at in self.acts.get(offer.handoff.lead_id, ()))
        return self.definition.met(points, missing=missing, acted=skips)

    @staticmethod
    def _counts(at: datetime, offer: Offer) -> bool:
        """Whether it was done lately, while the lead stood in TOFU before this offer."""
        offered = offer.handoff.offered_at
        return offered - LASTS < at <= offered and (offer.tofu_since is None or at >= offer.tofu_since)

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
