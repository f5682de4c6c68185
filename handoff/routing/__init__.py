"""Whom to offer a lead: who knows them, who works with the company, the rules in order, then all of sales."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.choices import Team
from accounts.models import User
from handoff.models import Handoff, Queue, RoutingDecision
from handoff.routing import turns
from handoff.routing.choosing import Choice, Considered, Route, Step
from handoff.routing.desk import Desk
from handoff.routing.facts import Facts
from handoff.routing.presence import Presence
from handoff.routing.turns import Turns
from leads import clock
from leads.composed import Columns
from leads.models import Lead
from personas.choices import Lane

__all__ = [
    "Choice", "Considered", "Desk", "Facts", "Presence", "Route", "Step", "Turns", "audience", "chosen", "claims",
    "decided", "had_by", "hold", "keep", "lay_down_defaults", "may_claim", "next_for", "reps_of", "route", "through",
    "trial", "trial_through",
]  # fmt: skip


def trial(facts: Facts, *, apart_from: Iterable[int] = (), must_own: bool = False) -> Route:
    """Who would get a lead now, step by step; nothing is changed, and `route` straight after gives the same."""
    return Choice(facts, _desk(facts), frozenset(apart_from), must_own).run()


def _desk(facts: Facts) -> Desk:
    return Desk(clock.now(), [facts.lead] if facts.lead else [], [facts.company] if facts.company else [])


@transaction.atomic
def route(lead: Lead, *, apart_from: Iterable[int] = (), must_own: bool = False) -> Route:
    """Who gets a locked lead. Where it goes round, the turn is taken, under a lock that others wait for."""
    facts, apart = Facts.of(lead), list(apart_from)
    found = trial(facts, apart_from=apart, must_own=must_own)
    if found.taken is None:
        return found
    turns.hold()
    return _take(trial(facts, apart_from=apart, must_own=must_own))


@transaction.atomic
def through(queue: Queue, lead: Lead, *, apart_from: Iterable[int] = (), must_own: bool = False) -> Route:
    """Give a locked lead to one queue that somebody has chosen: to the next in turn, or to be claimed there."""
    turns.hold()
    return _take(trial_through(queue, Facts.of(lead), apart_from=apart_from, must_own=must_own))


def trial_through(queue: Queue, facts: Facts, *, apart_from: Iterable[int] = (), must_own: bool = False) -> Route:
    """Who would get a lead that somebody gives to this queue."""
    choice = Choice(facts, _desk(facts), frozenset(apart_from), must_own)
    found = choice.through(Queue.objects.get(pk=queue.pk), None, last=True)
    assert found is not None
    return found


def chosen(
    lead: Lead,
    *,
    actor: User | None,
    to: User | None = None,
    queue: Queue | None = None,
    apart_from: Iterable[int] = (),
    must_own: bool = False,
) -> Route:
    """Where a locked lead goes: to whom somebody named, if they are here, else through a queue, else by the rules."""
    if to is None:
        if queue is None:
            return route(lead, apart_from=apart_from, must_own=must_own)
        return through(queue, lead, apart_from=apart_from, must_own=must_own)
    presence = Presence(clock.now())
    if to.pk not in presence.reps:
        raise ValidationError({"to": _("%(who)s is not an active rep of sales. Nothing was changed.") % {"who": to}})
    if to.pk in presence.absences and to != actor:
        words = {"who": to, "why": presence.why_not(to, known=True)}
        raise ValidationError(
            {"to": _("%(who)s is %(why)s. Nothing was changed; choose somebody else, or a queue.") % words}
        )
    return Route(to, None, _("%(who)s chose %(rep)s") % {"who": actor, "rep": to} if actor else _("the clock"))


def _take(found: Route) -> Route:
    if found.taken is not None and found.queue is not None:
        turns.keep(found.queue, found.taken)
    return found


@transaction.atomic
def next_for(handoff: Handoff) -> User | None:
    """The rep to whom an open hand-off goes on, other than whoever has had it; their turn is taken.

    None where nobody is free, or where a queue waits to be claimed from: `lifecycle.reassign(lead, to=None)` then puts
    an unanswered offer there. An accepted one must have a rep, so for it the queue's next in turn is named.
    """
    lead = Lead.objects.lock(handoff.lead_id)
    return route(lead, apart_from=had_by(handoff), must_own=handoff.lane != Lane.MQL).rep


def had_by(handoff: Handoff) -> set[int]:
    """Everybody who has or has had this hand-off."""
    before = handoff.decisions.filter(before__isnull=False).values_list("before", flat=True)
    return {rep for rep in (handoff.owner_id, *before) if rep is not None}


def decided(
    handoff: Handoff, found: Route, *, actor: User | None, before: User | None = None, by_clock: bool = False
) -> RoutingDecision:
    """Keep why a hand-off went where it went."""
    return RoutingDecision.objects.create(
        handoff=handoff, at=clock.now(), actor=actor, rep=found.rep, queue=found.queue, rule=found.rule,
        why=found.why[:300], before=before, by_clock=by_clock, **found.told(),
    )  # fmt: skip


def may_claim(actor: User, handoff: Handoff) -> bool:
    """Whether an unowned offer lies where this person may claim it; managers may everywhere."""
    return actor.is_manager or Queue.objects.claimed_by(actor).filter(pk=handoff.queue_id or 0).exists()


def claims(actor: User) -> frozenset[int]:
    """The queues from which this person may claim, by key; of no interest where the team claims nothing."""
    if actor.team != Team.SALES:
        return frozenset()
    return frozenset(pk for (pk,) in _claimed(actor.pk))


_claimed = Columns(lambda rep: Queue.objects.claimed_by(User(pk=rep)).order_by().values_list("pk"))


def audience(handoff: Handoff) -> list[User]:
    """Who hears of an offer: its rep, or whoever may claim it and is not away; where nobody is left, the managers."""
    return [handoff.owner] if handoff.owner else reps_of(handoff.queue)


def reps_of(queue: Queue | None) -> list[User]:
    """Who of a queue is here; where nobody is, all of it and the managers."""
    desk = Desk(clock.now())
    reps = [desk.reps[one.rep_id] for one in desk.members(queue)] if queue else list(desk.reps.values())
    here = [rep for rep in reps if rep.pk not in desk.absences]
    return here or [*reps, *User.objects.on(Team.MANAGEMENT)]


def hold() -> None:
    """Let nobody else give out a turn until this transaction ends; taken after the leads' locks."""
    turns.hold()


def keep(rounds: Iterable[tuple[Queue, Turns]]) -> None:
    """Write down how rounds stand after many leads; the caller holds the lock."""
    for queue, state in rounds:
        turns.keep(queue, state)


def lay_down_defaults() -> None:
    """A new database has the queue of everybody."""
    if not Queue.objects.filter(everybody=True).exists():
        Queue.objects.create(name="All of sales", everybody=True)
