"""Where the sample company's leads go from now on: two queues, a few rules, and a rep on holiday."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from accounts.models import Absence, User
from handoff.models import Handoff, Member, Queue, RoutingDecision, RoutingRule, SampleMark
from handoff.routing import rules
from handoff.sample.standing import marked

Kind = SampleMark.Kind
#: name, how it is shared, its reps with their weights
QUEUES: list[tuple[str, str, dict[str, int]]] = [
    ("East and DACH", Queue.Way.TURNS, {"sam": 2, "tomasz": 1}),
    ("West and South", Queue.Way.TURNS, {"priya": 1, "lucia": 1}),
]
RULES: list[tuple[str, dict[str, Any], str, str]] = [
    ("The North", {"countries": ["NO", "SE", "DK", "FI"]}, "erik", ""),
    ("Large works", {"size_from": 500}, "sam", ""),
    ("West and South", {"countries": ["GB", "IE", "NL", "BE", "FR", "ES", "PT", "IT"]}, "", "West and South"),
    ("East and DACH", {"countries": ["AT", "DE", "CH", "PL", "CZ"]}, "", "East and DACH"),
]


def lay_out(colleagues: dict[str, User], end: datetime) -> None:
    """Write queues, rules and the holiday; where rules of the installation's own stand, they are left alone."""
    erik, first, last = colleagues["erik"], end - timedelta(days=1), end + timedelta(days=6)
    erik.absences.all().delete()  # from an earlier sample
    Absence.objects.create(person=erik, begins_on=first.date(), ends_on=last.date(), note="On holiday", entered_by=erik)
    queues = {name: _queue(name, way, members, colleagues) for name, way, members in QUEUES}
    for name, conditions, rep, queue in RULES:
        target = {"rep": colleagues[rep]} if rep else {"queue": queues[queue]}
        _mark(Kind.RULE, rules.save_rule(name=name, **conditions, **target).pk)


def _queue(name: str, way: str, members: dict[str, int], colleagues: dict[str, User]) -> Queue:
    taken = Queue.objects.active().filter(name__iexact=name).exists()
    queue = Queue.objects.create(name=f"{name} (sample)" if taken else name, way=way)
    Member.objects.bulk_create(
        Member(queue=queue, rep=colleagues[rep], weight=weight) for rep, weight in members.items()
    )
    _mark(Kind.QUEUE, queue.pk)
    return queue


def _mark(kind: str, row: int) -> None:
    SampleMark.objects.create(kind=kind, row=row)


def take_up() -> None:
    """Use them no more; a queue to which somebody's own rule leads stays, what waits in others is everybody's."""
    RoutingRule.objects.filter(pk__in=marked(Kind.RULE)).update(retired=True)
    for queue in Queue.objects.active().filter(pk__in=marked(Kind.QUEUE)):
        if not queue.rules.filter(retired=False).exists():
            rules.retire_queue(queue)


def gone() -> None:
    """Delete what no decision or rule of the installation's own names."""
    named = RoutingDecision.objects.filter(rule__in=marked(Kind.RULE)).values("rule")
    RoutingRule.objects.filter(pk__in=marked(Kind.RULE), retired=True).exclude(pk__in=named).delete()
    used = [
        RoutingRule.objects.filter(queue__in=marked(Kind.QUEUE)).values("queue"),
        RoutingDecision.objects.filter(queue__in=marked(Kind.QUEUE)).values("queue"),
        Handoff.objects.filter(queue__in=marked(Kind.QUEUE)).values("queue"),
    ]
    queues = Queue.objects.filter(pk__in=marked(Kind.QUEUE), retired=True)
    for rows in used:
        queues = queues.exclude(pk__in=rows)
    queues.delete()
