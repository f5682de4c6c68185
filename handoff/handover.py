"""What somebody holds goes to others at once: a leaver's work, or that of who is away. One act, however much it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.choices import Team
from accounts.models import User
from handoff import notices, routing
from handoff.models import DealLead, Handoff, Queue, RoutingDecision, Task
from handoff.routing import Choice, Desk, Facts, Route, Turns
from leads import clock, timeline
from leads.models import Activity, Lead
from personas.choices import Lane, Stage

#: What may be handed over, and how it is counted.
KINDS = ("handoffs", "deals", "leads", "tasks")
IN_TURN, RULES = "turns", "rules"


class Holder(NamedTuple):
    """Who gets something: a person, or a queue from which its reps claim."""

    person: User | None
    queue: Queue | None = None

    def __str__(self) -> str:
        return str(self.person or self.queue or "")


@dataclass
class Holding:
    """Everything of one person that would go on, read in a fixed number of queries."""

    person: User
    handoffs: dict[int, Handoff] = field(default_factory=dict)  # by lead
    deals: dict[int, int] = field(default_factory=dict)  # deal -> its primary lead
    sold: dict[int, str] = field(default_factory=dict)  # leads they are the rep of -> stage
    nurtured: set[int] = field(default_factory=set)  # leads they are the marketer of
    tasks: dict[int, int | None] = field(default_factory=dict)  # task -> its lead

    @classmethod
    def of(cls, person: User, kinds: Collection[str] = KINDS) -> Holding:
        """What of these kinds is theirs. A lead in MOFU goes with its hand-off, one in BOFU with its deals."""
        held = cls(person)
        stages = [stage for stage, kind in KIND_OF.items() if kind in kinds]
        if "handoffs" in kinds:
            held.handoffs = {one.lead_id: one for one in Handoff.objects.open().filter(owner=person).order_by("pk")}
        if "deals" in kinds:
            primary = DealLead.objects.filter(primary=True, deal__owner=person, deal__closed_at=None)
            held.deals = dict(primary.values_list("deal", "lead"))
        if stages:
            mine = Lead.objects.filter(rep=person, stage__in=stages).values_list("pk", "stage")
            held.sold = dict(mine)
        if "leads" in kinds:
            held.nurtured = set(Lead.objects.filter(marketer=person).values_list("pk", flat=True))
        if "tasks" in kinds:
            held.tasks = dict(Task.objects.open().filter(owner=person).values_list("pk", "lead"))
        return held

    @property
    def selling(self) -> list[int]:
        """The leads that go to somebody of sales: hand-offs, deals, the rest, so that each kind is spread."""
        rest = set(self.sold) - set(self.handoffs) - set(self.deals.values())
        return list(dict.fromkeys([*sorted(self.handoffs), *sorted(self.deals.values()), *sorted(rest)]))

    @property
    def counts(self) -> dict[str, int]:
        others = sum(KIND_OF[Stage(stage)] == "leads" for stage in self.sold.values())
        return {
            "handoffs": len(self.handoffs),
            "deals": len(self.deals),
            "leads": others + len(self.nurtured),
            "tasks": len(self.tasks),
        }

    def __bool__(self) -> bool:
        return any(self.counts.values())


KIND_OF = {
    Stage.TOFU: "leads", Stage.OUT: "leads", Stage.CUSTOMER: "leads", Stage.MOFU: "handoffs", Stage.BOFU: "deals",
}  # fmt: skip


@dataclass
class Plan:
    """Who gets what, before it is done and after."""

    held: Holding
    sales: dict[int, Route] = field(default_factory=dict)  # by lead
    marketing: dict[int, User] = field(default_factory=dict)
    tasks: dict[int, User] = field(default_factory=dict)
    rounds: list[tuple[Queue, Turns]] = field(default_factory=list)

    @property
    def stays(self) -> int:
        """How many leads and tasks nobody could be found for."""
        wanted = len(self.held.selling) + len(self.held.nurtured) + len(self.held.tasks)
        return wanted - len(self.sales) - len(self.marketing) - len(self.tasks)

    @property
    def shares(self) -> list[tuple[Holder, str]]:
        """Each receiver and what they get, in words, by name."""
        counted: dict[Holder, Counter[str]] = {}

        def add(holder: Holder, kind: str) -> None:
            counted.setdefault(holder, Counter())[kind] += 1

        for lead, found in self.sales.items():
            holder = Holder(found.rep, None if found.rep else found.queue)
            if lead in self.held.handoffs:
                add(holder, "handoffs")
            elif lead in self.held.sold and KIND_OF[Stage(self.held.sold[lead])] == "leads":
                add(holder, "leads")
        for lead in self.held.deals.values():
            if (given := self.sales.get(lead)) and given.rep:
                add(Holder(given.rep), "deals")
        for marketer in self.marketing.values():
            add(Holder(marketer), "leads")
        for person in self.tasks.values():
            add(Holder(person), "tasks")
        return [(holder, said(counts)) for holder, counts in sorted(counted.items(), key=lambda each: str(each[0]))]


def receivers(person: User, team: str) -> list[User]:
    """Who of a team is here and could take over from somebody, by name."""
    away = Desk(clock.now()).absences
    return [one for one in User.objects.on(team) if one.pk != person.pk and one.pk not in away]


def plan(held: Holding, *, sales: User | str = IN_TURN, marketing: User | str = IN_TURN) -> Plan:
    """Find who gets what: one person, everybody of the team in turn by weight, or (sales) whom the rules say."""
    found = Plan(held)
    if held.selling:
        found.sales = _by_rules(found) if sales == RULES else _given(held, sales)
    if held.nurtured:
        marketers = _dealt(sorted(held.nurtured), _takers(held.person, marketing, Team.MARKETING))
        found.marketing = marketers
    _tasks(found, sales, marketing)
    return found


def _takers(person: User, to: User | str, team: str) -> list[User]:
    return [to] if isinstance(to, User) else receivers(person, team)


def _dealt(keys: Iterable[int], people: list[User]) -> dict[int, User]:
    """These keys to these people in turn, by weight."""
    known, weights, turns = {one.pk: one for one in people}, {one.pk: one.weight for one in people}, Turns()
    return {key: known[turns.take(weights)] for key in keys} if people else {}


def _given(held: Holding, to: User | str) -> dict[int, Route]:
    given = _dealt(held.selling, _takers(held.person, to, Team.SALES))
    why = _("handed over from %(who)s") % {"who": held.person}
    return {lead: Route(rep, None, why) for lead, rep in given.items()}


def _by_rules(found: Plan) -> dict[int, Route]:
    """Each lead by the rules as if it were offered anew, apart from who hands it over; queues' rounds go on."""
    held, routes = found.held, {}
    leads = list(Lead.objects.filter(pk__in=held.selling).select_related("company", "source", "rep").order_by("pk"))
    companies = {lead.company_id for lead in leads if lead.company_id}
    desk = Desk(clock.now(), [lead.pk for lead in leads], companies)
    for lead in leads:
        handoff = held.handoffs.get(lead.pk)
        must_own = handoff is None or handoff.lane != Lane.MQL
        route = Choice(Facts.of(lead), desk, frozenset([held.person.pk]), must_own).run()
        if route.rep is None and must_own:
            continue
        routes[lead.pk] = route
        if handoff and route.rep and route.rep.pk in desk.held:
            desk.held[route.rep.pk] += 1
    found.rounds = desk.rounds
    return routes


def _tasks(found: Plan, sales: User | str, marketing: User | str) -> None:
    """A task goes with its lead; one of a lead that stays elsewhere, or of none, to whom the rest goes."""
    held, rest = found.held, []
    for task, lead in held.tasks.items():
        given = found.sales.get(lead or 0)
        taker = given.rep if given and given.rep else found.marketing.get(lead or 0)
        if taker:
            found.tasks[task] = taker
        else:
            rest.append(task)
    to = marketing if held.person.team == Team.MARKETING else sales
    team = held.person.team
    found.tasks |= _dealt(sorted(rest), _takers(held.person, IN_TURN if to == RULES else to, team))


@transaction.atomic
def hand_over(
    person: User,
    *,
    actor: User,
    kinds: Collection[str] = KINDS,
    sales: User | str = IN_TURN,
    marketing: User | str = IN_TURN,
    note: str = "",
) -> Plan:
    """Hand over what of these kinds is somebody's: all in one transaction, in as many queries for one as for 5,000.

    Each lead's timeline tells it once; each receiver hears of it once, with the counts.
    """
    _check(person, sales, Team.SALES)
    _check(person, marketing, Team.MARKETING)
    asked = Holding.of(person, kinds)
    Lead.objects.locked({*asked.selling, *asked.nurtured})
    held = Holding.of(person, kinds)  # as it stands now that nobody else can change it
    if not held:
        raise ValidationError(_("%(who)s holds nothing of this. Nothing was changed.") % {"who": person})
    routing.hold()
    found, at = plan(held, sales=sales, marketing=marketing), clock.now()
    routing.keep(found.rounds)
    _write(found, at)
    _record(found, actor=actor, note=note, at=at)
    _tell(found, actor=actor, note=note, at=at)
    return found


def _check(person: User, to: User | str, team: str) -> None:
    if isinstance(to, User) and (to.pk == person.pk or to.team != team or not to.is_active):
        raise ValidationError(_("%(who)s cannot take this over. Nothing was changed.") % {"who": to})


def _write(found: Plan, at: datetime) -> None:
    """Each table in one statement."""
    held, deals = found.held, found.held.deals
    handoffs = [(held.handoffs[lead].pk, *_keys(route)) for lead, route in found.sales.items() if lead in held.handoffs]
    reps = [(lead, *_keys(route)) for lead, route in found.sales.items() if lead in held.sold or lead in held.handoffs]
    sold = [(deal, given.rep.pk) for deal, lead in deals.items() if (given := found.sales.get(lead)) and given.rep]
    with connection.cursor() as cursor:
        for statement, rows in (
            (HANDOFFS, handoffs),
            (REPS, [row[:2] for row in reps]),
            (MARKETERS, [(lead, one.pk) for lead, one in found.marketing.items()]),
            (DEALS, sold),
            (TASKS, [(task, one.pk) for task, one in found.tasks.items()]),
        ):
            if rows:
                columns = [list(column) for column in zip(*rows, strict=True)]
                cursor.execute(statement, [*columns, *([at] if statement is HANDOFFS else [])])


def _keys(route: Route) -> tuple[int | None, int | None]:
    return (route.rep.pk if route.rep else None, route.queue.pk if route.queue else None)


HANDOFFS = """
UPDATE handoff_handoff SET owner_id = given.rep, queue_id = given.queue,
       claimed_at = CASE WHEN given.rep IS NOT NULL THEN moment.at END
  FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS given(id, rep, queue), (SELECT %s::timestamptz AS at) moment
 WHERE handoff_handoff.id = given.id
"""
GIVEN = "FROM unnest(%s::bigint[], %s::bigint[]) AS given(id, person)"
REPS = f"UPDATE leads_lead SET rep_id = given.person {GIVEN} WHERE leads_lead.id = given.id"  # noqa: S608
MARKETERS = f"UPDATE leads_lead SET marketer_id = given.person {GIVEN} WHERE leads_lead.id = given.id"  # noqa: S608
DEALS = f"UPDATE handoff_deal SET owner_id = given.person {GIVEN} WHERE handoff_deal.id = given.id"  # noqa: S608
TASKS = (
    f"UPDATE handoff_task SET owner_id = given.person, version = version + 1 {GIVEN} WHERE handoff_task.id = given.id"  # noqa: S608
)


def _record(found: Plan, *, actor: User, note: str, at: datetime) -> None:
    """One line on each lead's timeline, and the decision of each hand-off."""
    held = found.held
    to = {lead: str(route.rep or route.queue) for lead, route in found.sales.items()}
    for lead, marketer in found.marketing.items():
        to[lead] = f"{to[lead]}, {marketer}" if lead in to else str(marketer)
    leads = Lead.objects.filter(pk__in=to).only("last_activity_at")
    timeline.record_many(
        [
            Activity(
                lead=lead, kind="lead:handover", actor=actor, text=note, at=at,
                data={"from": str(held.person), "to": to[lead.pk]},
            )
            for lead in leads
        ]
    )  # fmt: skip
    RoutingDecision.objects.bulk_create(
        RoutingDecision(
            handoff=held.handoffs[lead], at=at, actor=actor, rep=route.rep, queue=route.queue, rule=route.rule,
            why=route.why[:300], before=held.person, **route.told(),
        )
        for lead, route in found.sales.items()
        if lead in held.handoffs
    )  # fmt: skip


def _tell(found: Plan, *, actor: User, note: str, at: datetime) -> None:
    """One notice a receiver, with what they got, and one to whose work it was; a queue's reps hear, too."""
    event = f"handover:{found.held.person.pk}:{at.timestamp():.3f}"
    for holder, what in found.shares:
        words = {"who": actor, "whose": found.held.person, "what": what, "queue": holder.queue}
        if holder.person:
            text, people = _("%(who)s handed you work of %(whose)s: %(what)s") % words, [holder.person]
        else:
            text = _("%(who)s put work of %(whose)s into %(queue)s: %(what)s") % words
            people = routing.reps_of(holder.queue)
        place = holder.queue.pk if holder.queue else 0
        told = notices.sentences(text, note)
        notices.write(kind="handover", to=people, actor=actor, text=told, event=f"{event}:{place}")
    if found.held.person.is_active and found.shares:
        given = "; ".join(f"{holder}: {what}" for holder, what in found.shares)
        text = notices.sentences(_("%(who)s gave work of yours to others: %(given)s") % {"who": actor, "given": given})
        notices.write(kind="handover", to=[found.held.person], actor=actor, text=text, event=f"{event}:from")


def said(counts: Mapping[str, int]) -> str:
    """'3 hand-offs, 1 deal': counts as a sentence says them, without what there is none of."""
    words = {
        "handoffs": ngettext("%(n)d hand-off", "%(n)d hand-offs", counts["handoffs"]),
        "deals": ngettext("%(n)d deal", "%(n)d deals", counts["deals"]),
        "leads": ngettext("%(n)d lead", "%(n)d leads", counts["leads"]),
        "tasks": ngettext("%(n)d task", "%(n)d tasks", counts["tasks"]),
    }
    return ", ".join(words[kind] % {"n": counts[kind]} for kind in KINDS if counts[kind]) or _("nothing")
