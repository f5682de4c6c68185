"""What a choice reads, kept for as many leads as are chosen for: rules, queues, who knows whom, who said no."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import datetime
from functools import cached_property

from django.db.models import Exists, F, OuterRef, Q, Window
from django.db.models.functions import RowNumber

from accounts.models import User
from handoff.models import Handoff, Member, Queue, RoutingDecision, RoutingRule
from handoff.routing import turns
from handoff.routing.facts import Facts
from handoff.routing.presence import Presence
from leads.models import Lead
from personas.choices import Lane

#: Whoever has said no to a lead so often is not asked again.
NO_MEANS_NO = 2
#: How many of a company's leads are asked for the rep who works with it.
GROUP = 50


class Desk(Presence):
    """Who is here, and everything else that routing asks, read when it is first asked, once for all these leads."""

    def __init__(self, at: datetime, leads: Collection[int] = (), companies: Collection[int] = ()) -> None:
        super().__init__(at)
        self._leads, self._companies = leads, companies
        self._members: dict[int, list[Member]] = {}
        self._turns: dict[int, tuple[Queue, turns.Turns]] = {}

    @cached_property
    def rules(self) -> list[RoutingRule]:
        return list(RoutingRule.objects.active().select_related("rep", "queue"))

    @cached_property
    def everybody(self) -> Queue:
        return Queue.default()

    def members(self, queue: Queue) -> list[Member]:
        """A queue's active reps with their weights; in the queue of everybody that is every rep."""
        if queue.pk not in self._members:
            self._members[queue.pk] = self._read(queue)
        return self._members[queue.pk]

    def _read(self, queue: Queue) -> list[Member]:
        if queue.everybody:
            return [Member(queue=queue, rep=rep, weight=rep.weight) for rep in self.reps.values()]
        found = [one for one in sorted(queue.members.all(), key=lambda one: one.pk) if one.rep_id in self.reps]
        for one in found:
            one.weight = one.weight or self.reps[one.rep_id].weight
        return found

    def turns_of(self, queue: Queue) -> turns.Turns:
        """The state of a queue's round, as the leads chosen for so far have left it."""
        if queue.pk not in self._turns:
            self._turns[queue.pk] = (queue, turns.of(queue))
        return self._turns[queue.pk][1]

    @property
    def rounds(self) -> list[tuple[Queue, turns.Turns]]:
        """The rounds from which turns were taken, as they stand now."""
        return list(self._turns.values())

    def refusals(self, lead: int | None) -> Counter[int]:
        """How often each has said no to a lead: returned it, or passed on what was theirs."""
        return self._refusals.get(lead or 0, Counter())

    @cached_property
    def _refusals(self) -> dict[int, Counter[int]]:
        returned = Handoff.objects.filter(lead__in=self._leads, end=Handoff.End.RETURNED, ended_by__isnull=False)
        passed = RoutingDecision.objects.filter(
            handoff__lead__in=self._leads, actor__isnull=False, before__isnull=False
        ).values_list("handoff__lead", "before", "actor")
        said = list(returned.values_list("lead", "ended_by"))
        said += [(lead, before) for lead, before, actor in passed if before == actor]
        counted: dict[int, Counter[int]] = {}
        for lead, rep in said:
            if rep is not None:
                counted.setdefault(lead, Counter())[rep] += 1
        return counted

    def colleagues(self, facts: Facts) -> list[User]:
        """The reps who work with other leads of a company, the latest first."""
        found = self._colleagues.get(facts.company or 0, [])
        reps = dict.fromkeys(rep for lead, rep in found if lead != facts.lead)
        return [self.reps[rep] for rep in reps if rep in self.reps]

    @cached_property
    def _colleagues(self) -> dict[int, list[tuple[int, int]]]:
        """The latest leads of each company and who works with them, as lead and rep.

        Whom a rule or a turn has offered a lead does not work with it before they have answered.
        """
        ruled = Q(queue__isnull=False) | Q(decisions__rule__isnull=False)
        offers = Handoff.objects.open().filter(ruled, lane=Lane.MQL, claimed_at=F("offered_at"))
        routed = offers.filter(lead=OuterRef("pk"))
        latest = Window(RowNumber(), partition_by="company", order_by=["-last_activity_at", "-pk"])
        rows = (
            Lead.objects.filter(~Exists(routed), company__in=self._companies, rep__isnull=False)
            .annotate(place=latest)
            .filter(place__lte=GROUP)
            .order_by("company", "place")
            .values_list("company", "pk", "rep")
        )
        found: dict[int, list[tuple[int, int]]] = {}
        for company, lead, rep in rows:
            if company is not None and rep is not None:
                found.setdefault(company, []).append((lead, rep))
        return found
