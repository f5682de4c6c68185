"""The page on routing: each rule in words, each queue with its reps and what waits there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from accounts.models import User
from handoff.models import Handoff, Queue, RoutingDecision, RoutingRule
from handoff.routing import Desk
from leads import clock
from leads.models import Source
from personas.models import Persona

#: How many of the last decisions are told.
DECISIONS = 15


@dataclass
class Told:
    """A rule as a sentence."""

    rule: RoutingRule
    conditions: list[str]
    target: str
    worry: str = ""  # why it leads nowhere now


@dataclass
class Place:
    """A queue, who is in it, and how much waits there."""

    queue: Queue
    members: list[tuple[User, int, int | None, str]]  # weight, limit, why not now
    waiting: int


def shown() -> dict[str, Any]:
    """What the page shows, whoever looks at it."""
    desk = Desk(clock.now())
    every = list(RoutingRule.objects.select_related("rep", "queue"))
    personas = dict(Persona.objects.values_list("pk", "name"))
    sources = dict(Source.objects.values_list("slug", "name"))
    told = [_told(rule, desk, personas, sources) for rule in every]
    return {
        "rules": [one for one in told if not one.rule.retired],
        "retired": [one for one in told if one.rule.retired],
        "queues": _queues(desk),
        "everybody": desk.everybody,
        "decisions": RoutingDecision.objects.select_related("handoff__lead", "rep", "queue", "before")[:DECISIONS],
    }


def _queues(desk: Desk) -> list[Place]:
    waiting = dict(
        Handoff.objects.open().filter(owner=None).order_by().values_list("queue").annotate(number=Count("pk"))
    )
    return [
        Place(
            queue,
            [
                (rep, one.weight or 1, one.capacity, desk.why_not(rep))
                for one in sorted(desk.members(queue), key=lambda member: str(desk.reps[member.rep_id]))
                if (rep := desk.reps[one.rep_id])
            ],
            waiting.get(queue.pk, 0),
        )
        for queue in Queue.objects.active().prefetch_related("members")
    ]


def _told(rule: RoutingRule, desk: Desk, personas: dict[int, str], sources: dict[str, str]) -> Told:
    said = [
        _("country %(what)s") % {"what": _or(rule.countries)} if rule.countries else "",
        _("in %(what)s") % {"what": _or(rule.places)} if rule.places else "",
        _("industry %(what)s") % {"what": _or(rule.industries)} if rule.industries else "",
        _("staff %(what)s") % {"what": span} if (span := _span(rule.size_from, rule.size_to)) else "",
        _("value %(what)s") % {"what": span} if (span := _span(rule.value_from, rule.value_to)) else "",
        _("source %(what)s") % {"what": _or([sources.get(slug, slug) for slug in rule.sources])}
        if rule.sources
        else "",
        _("persona %(what)s") % {"what": _or([personas.get(pk, _("one that is gone")) for pk in rule.personas])}
        if rule.personas
        else "",
    ]
    way = rule.way or (rule.queue.way if rule.queue else "")
    target = f"{rule.queue}: {Queue.Way(way).label}" if rule.queue else str(rule.rep)
    if rule.only_in_hours:
        target = _("%(target)s, only to who works at this hour") % {"target": target}
    worry = desk.why_not(rule.rep) if rule.rep else ""
    return Told(rule, [one for one in said if one], target, worry)


def _or(words: list[str]) -> str:
    return _(" or ").join(words) if len(words) < 3 else ", ".join(words)


def _span(least: Any, most: Any) -> str:
    low, high = (number_format(one, force_grouping=True) if one is not None else "" for one in (least, most))
    if low and high:
        return _("%(low)s to %(high)s") % {"low": low, "high": high}
    if low:
        return _("from %(low)s") % {"low": low}
    return _("up to %(high)s") % {"high": high} if high else ""
