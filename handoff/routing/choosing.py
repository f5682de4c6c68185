"""Whom to offer a lead: asked step by step, each step told, so that a dry run is the same as the real thing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from accounts.models import User
from handoff.models import Member, Queue, RoutingRule
from handoff.routing import turns
from handoff.routing.desk import NO_MEANS_NO, Desk
from handoff.routing.facts import Facts, misses


class Step(NamedTuple):
    """One question and what came of it; the last one decided."""

    asked: str
    answer: str
    decided: bool = False


class Considered(NamedTuple):
    """Somebody who might have got the lead, and why they did not (empty: they did, or it was another's turn)."""

    rep: User
    why_not: str


@dataclass
class Route:
    """Who gets the offer (None: it lies in the queue, from which its reps may claim), and why, in words."""

    rep: User | None
    queue: Queue | None
    why: str
    rule: RoutingRule | None = None
    steps: list[Step] = field(default_factory=list)
    considered: list[Considered] = field(default_factory=list)
    taken: turns.Turns | None = None  # the state of the queue's round once this lead is given

    def told(self) -> dict[str, Any]:
        """The steps and the people as the audit keeps them."""
        return {
            "steps": [[step.asked, step.answer, step.decided] for step in self.steps],
            "considered": [[one.rep.pk, str(one.rep), one.why_not] for one in self.considered],
        }


@dataclass
class Choice:
    """One lead on its way through the rules."""

    facts: Facts
    desk: Desk
    apart_from: frozenset[int] = frozenset()  # who has had it
    must_own: bool = False  # an accepted lead has a rep: where it would lie in a queue, the next in turn gets it
    steps: list[Step] = field(default_factory=list)
    considered: dict[int, Considered] = field(default_factory=dict)

    def run(self) -> Route:
        """Own rep, the company's rep, the rules in order, then everybody."""
        return self._known() or self._company() or self._by_rules() or self._everybody()

    def _everybody(self) -> Route:
        route = self.through(self.desk.everybody, None, last=True)
        assert route is not None
        return route

    def _known(self) -> Route | None:
        rep = self.facts.rep
        if rep is None:
            self.steps.append(Step(_("Who has worked with this lead?"), _("nobody yet")))
            return None
        return self._give(rep, _("Who has worked with this lead?"), _("%(rep)s has worked with this lead"))

    def _company(self) -> Route | None:
        asked = _("Who works with this company?")
        reps = self._colleagues()
        if not reps:
            self.steps.append(Step(asked, _("nobody yet") if self.facts.company else _("no company is known")))
        for rep in reps:
            if route := self._give(rep, asked, _("%(rep)s works with this company")):
                return route
        return None

    def _colleagues(self) -> list[User]:
        """Whoever works with other leads of the company, the latest first."""
        reps = self.desk.colleagues(self.facts)
        return [rep for rep in reps if self.facts.rep is None or rep.pk != self.facts.rep.pk]

    def _why_not(self, rep: User, *, known: bool = False) -> str:
        if rep.pk in self.apart_from:
            return _("has had it")
        if self.desk.refusals(self.facts.lead)[rep.pk] >= NO_MEANS_NO:
            return _("said no to this lead twice")
        return self.desk.why_not(rep, known=known)

    def _give(self, rep: User, asked: str, why: str, rule: RoutingRule | None = None) -> Route | None:
        why_not = self._why_not(rep, known=rep == self.facts.rep)
        if not why_not and rule and rule.only_in_hours and not self.desk.works(rep):
            why_not = _("does not work at this hour")
        self._note(rep, why_not)
        if why_not:
            self.steps.append(Step(asked, _("%(rep)s, but: %(why)s") % {"rep": rep, "why": why_not}))
            return None
        self.steps.append(Step(asked, str(rep), decided=True))
        return self._route(rep, None, why % {"rep": rep}, rule)

    def _by_rules(self) -> Route | None:
        for rule in self.desk.rules:
            asked = _("Rule: %(rule)s") % {"rule": rule}
            if why := misses(rule, self.facts):
                self.steps.append(Step(asked, _("does not hold: %(why)s") % {"why": why}))
                continue
            why = _("rule %(rule)s") % {"rule": rule}
            found = self._give(rule.rep, asked, why, rule) if rule.rep else self._queued(rule)
            if found:
                return found
        return None

    def _queued(self, rule: RoutingRule) -> Route | None:
        return self.through(rule.queue, rule) if rule.queue else None

    def through(self, queue: Queue, rule: RoutingRule | None, *, last: bool = False) -> Route | None:
        """A queue: to one of its reps in turn, or left there. A queue without anybody leads on to the next rule."""
        asked = _("Rule: %(rule)s") % {"rule": rule} if rule else _("Queue: %(queue)s") % {"queue": queue}
        members = self.desk.members(queue)
        if not members and not last:
            self.steps.append(Step(asked, _("nobody is in %(queue)s") % {"queue": queue}))
            return None
        way = (rule.way if rule else "") or queue.way
        if way == Queue.Way.POOL and not self.must_own:
            return self._leave(queue, asked, _("any rep of %(queue)s may claim it"), rule)
        may = self._may(members, only_in_hours=bool(rule and rule.only_in_hours))
        if not may:
            return self._leave(queue, asked, _("nobody of %(queue)s is free: whoever is first claims it"), rule)
        state = self.desk.turns_of(queue)
        rep = self.desk.reps[state.take({one.rep_id: one.weight or 1 for one in may})]
        self.steps.append(Step(asked, _("it is the turn of %(rep)s in %(queue)s") % {"rep": rep, "queue": queue}, True))
        why = _("it was the turn of %(rep)s in %(queue)s") % {"rep": rep, "queue": queue}
        return self._route(rep, queue, why, rule, taken=state)

    def _may(self, members: Sequence[Member], *, only_in_hours: bool) -> list[Member]:
        """Who of them takes part now: not away, not full, and, while anybody is at work, only who works now."""
        full, free = self.desk.full(members), []
        for one in members:
            rep = self.desk.reps[one.rep_id]
            why = self._why_not(rep) or (
                _("holds %(n)d of this queue, as many as agreed") % {"n": one.capacity} if rep.pk in full else ""
            )
            self._note(rep, why)
            if not why:
                free.append(one)
        at_work = [one for one in free if self.desk.works(self.desk.reps[one.rep_id])]
        if not at_work and not only_in_hours:
            return free
        for one in free:
            if one not in at_work:
                self._note(self.desk.reps[one.rep_id], _("does not work at this hour"))
        return at_work

    def _leave(self, queue: Queue, asked: str, why: str, rule: RoutingRule | None) -> Route:
        words = why % {"queue": queue}
        self.steps.append(Step(asked, words, decided=True))
        return self._route(None, queue, words, rule)

    def _route(
        self, rep: User | None, queue: Queue | None, why: str, rule: RoutingRule | None, taken: Any = None
    ) -> Route:
        if rule and queue:
            why = _("%(why)s, by the rule %(rule)s") % {"why": why, "rule": rule}
        return Route(rep, queue, why, rule, self.steps, list(self.considered.values()), taken)

    def _note(self, rep: User, why_not: str) -> None:
        self.considered[rep.pk] = Considered(rep, why_not)
