"""Two weeks counted again from the ledgers, in plain Python, minute by minute. It shares no code with what it checks."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from handoff.models import Deal, Handoff, Notice, Promise, Task
from leads.models import Activity, Lead, Signal, StageChange, Visit

MINUTE, WEEK = timedelta(minutes=1), timedelta(days=7)
#: The holiday of Austria that lies in these two weeks.
HOLIDAYS = {date(2026, 10, 26)}
ATTEMPTS = {"call:no_answer", "call:left_message", "call:spoke", "email:sent", "email:reply", "meeting:met"}
CONTACTS = {"call:spoke", "email:reply", "meeting:met"}
COLUMNS = [
    "offered", "waiting", "accepted", "qualified", "won", "under_way", "lost", "procedural", "clerical", "definitional",
    "recycled", "disqualified", "withdrawn",
]  # fmt: skip


def minutes(agreement, begin, end):
    """Each minute from one moment to another that lies in working hours, counted one by one."""
    zone, counted = ZoneInfo(agreement.time_zone), 0
    while begin < end:
        local = begin.astimezone(zone)
        works = local.weekday() in agreement.weekdays and local.date() not in HOLIDAYS
        counted += works and agreement.opens <= local.time() < agreement.closes
        begin += MINUTE
    return counted


def handoffs():
    """Every hand-off that counts; what was undone never was, and what came back from a deal is no offer."""
    return [
        each
        for each in Handoff.objects.select_related("reason", "agreement", "lead", "owner", "offered_by")
        if each.end != "undone" and each.origin != "requalify"
    ]


# Verdicts


def became(handoff, won, lost):
    yield "offered"
    if handoff.accepted_at is None and handoff.ended_at is None:
        yield "waiting"
    if handoff.accepted_at:
        yield "accepted"
    if handoff.qualified_at:
        yield "qualified"
    if handoff.pk in won:
        yield "won"
    elif handoff.pk in lost:
        yield "lost"
    elif handoff.end == "returned":
        yield handoff.reason.return_class
    elif handoff.end in ("recycled", "disqualified", "withdrawn"):
        yield handoff.end
    elif handoff.accepted_at:
        yield "under_way"


def verdicts():
    """The Monday of each week -> what became of the offers of that week, in the order of the page's columns."""
    won, lost = ({deal.handoff_id for deal in Deal.objects.filter(status=status)} for status in ("won", "lost"))
    weeks = defaultdict(Counter)
    for handoff in handoffs():
        day = handoff.offered_at.astimezone(UTC).date()
        weeks[day - timedelta(days=day.weekday())].update(became(handoff, won, lost))
    return {monday: [row[name] for name in COLUMNS] for monday, row in weeks.items()}


# Promises


def state(promise, now):
    if promise.outcome:
        return promise.outcome
    return "broken" if promise.due_at < now else "running"


def promises(now):
    """Kind of promise -> how many were given, kept, broken, still run, or became needless."""
    told = defaultdict(Counter)
    for promise in Promise.objects.all():
        told[promise.kind].update(["given", state(promise, now)])
    return {kind: [row[name] for name in ("given", "kept", "broken", "running", "moot")] for kind, row in told.items()}


def what_happened(promise):
    """When that which was promised was done, by the hand-off and the timeline; None if it was not."""
    handoff = promise.handoff
    if promise.kind == "answer":
        answers = handoff.end in ("returned", "recycled", "disqualified")
        return handoff.accepted_at or (handoff.ended_at if answers else None)
    return touched(handoff, ATTEMPTS if promise.kind == "attempt" else CONTACTS)


def touched(handoff, kinds):
    """The first touch of these kinds by sales while a hand-off ran."""
    found = Activity.objects.filter(lead=handoff.lead_id, kind__in=kinds, actor__team="sales").order_by("at", "pk")
    ended = handoff.ended_at or datetime.max.replace(tzinfo=UTC)
    return next((touch.at for touch in found if handoff.offered_at <= touch.at <= ended), None)


def taken(now):
    """(lead, promise, given) -> business minutes agreed and taken, and how it was kept, of every promise."""
    told = {}
    for promise in Promise.objects.select_related("handoff__lead", "handoff__agreement"):
        how, took = state(promise, now), None
        if promise.settled_at and how in ("kept", "broken"):
            took = minutes(promise.handoff.agreement, promise.started_at, promise.settled_at)
        told[promise.handoff.lead.name, promise.get_kind_display(), promise.started_at] = (promise.term, took, how)
    return told


def is_told_truly(promise, now):
    """Whether the outcome of a promise is what its minutes say, and it was due at the end of the minute agreed."""
    agreement, done = promise.handoff.agreement, what_happened(promise)
    assert minutes(agreement, promise.started_at, promise.due_at) == promise.term
    assert minutes(agreement, promise.started_at, promise.due_at - MINUTE) == promise.term - 1
    stopped = promise.settled_at or now
    late = minutes(agreement, promise.started_at, stopped) > promise.term
    if promise.settled_at and promise.settled_at != done:  # it ended otherwise, or began anew in other hands
        return promise.outcome == ("broken" if late else "moot")
    return state(promise, now) == ("broken" if late else "kept" if promise.settled_at else "running")


def steps(handoff):
    """How long each step of an accepted hand-off took, in minutes of business time; what took none is left out."""
    called, spoken = touched(handoff, ATTEMPTS), touched(handoff, CONTACTS)
    ways = [("answer", handoff.offered_at, handoff.accepted_at), ("attempt", handoff.accepted_at, called),
            ("contact", called, spoken)]  # fmt: skip
    took = {name: minutes(handoff.agreement, began, ended) for name, began, ended in ways if began and ended}
    return {name: n for name, n in took.items() if n}


def whose_time(handoff, now):
    """Whose business minutes a hand-off took: from what the lead showed to the offer, to its end, until it was mended."""
    agreement, ended = handoff.agreement, handoff.ended_at or now
    kinds = {"line": "mql_line", "hand_raise": "hand_raise"}
    asked = Signal.objects.filter(lead=handoff.lead, kind=kinds.get(handoff.origin, "none")).order_by("-at").first()
    mending = Task.objects.filter(handoff=handoff).first()
    return {
        "system": minutes(agreement, asked.at, handoff.offered_at) if asked else 0,
        "sales": minutes(agreement, handoff.offered_at, ended),
        "marketing": minutes(agreement, ended, mending.done_at) if mending else 0,
    }


# The funnel


def funnel():
    """Step -> how many stays: of stages by the ledger of moves, of lanes by the hand-offs' own moments."""
    moves = Counter(StageChange.objects.filter(undone=False).values_list("new", flat=True))
    assert moves == Counter(Visit.objects.values_list("stage", flat=True))
    counted = handoffs()
    lanes = {"mql": len(counted), "sal": sum(each.accepted_at is not None for each in counted),
             "sql": sum(each.qualified_at is not None for each in counted)}  # fmt: skip
    assert moves["mofu"] == len(counted) - sum(each.origin == "rerouted" for each in counted)
    return {step: {**moves, **lanes}.get(step, 0) for step in ("tofu", "mql", "sal", "sql", "bofu", "customer", "out")}


# My day


def kept_by(rep, now):
    """Kind of promise -> how many of the last seven days a rep kept, of how many."""
    told = defaultdict(lambda: [0, 0])
    for promise in Promise.objects.filter(owner=rep).exclude(outcome__in=["", "moot"]):
        if promise.due_at > now - WEEK:
            told[promise.kind][0] += promise.outcome == "kept"
            told[promise.kind][1] += 1
    return dict(told)


def became_of_the_week(marketer, now):
    """What became of a marketer's offers over the last seven days."""
    told, since = Counter(), now - WEEK
    for handoff in handoffs():
        mine = handoff.offered_by == marketer or (
            handoff.offered_by is None and handoff.lead.marketer_id == marketer.pk
        )
        moments = [handoff.ended_at, handoff.accepted_at, None if handoff.ended_at else handoff.offered_at]
        if not mine or not any(moment and moment > since for moment in moments):
            continue
        won = handoff.lead.stage == "customer" and handoff.end == "qualified"
        word = "Customer" if won else "Qualified" if handoff.qualified_at else "Returned" if handoff.end == "returned" else (
            "Recycled or out" if handoff.ended_at else "Accepted by sales" if handoff.accepted_at else "Waiting for an answer"
        )  # fmt: skip
        told[word] += 1
    return told


def running(now):
    """Whose promises run, by name: how many hand-offs, how many are over their time, and how many never touched."""
    told = defaultdict(lambda: [0, 0, 0])
    for handoff in handoffs():
        open_ones = [promise for promise in handoff.promises.all() if promise.settled_at is None]
        if handoff.ended_at is None and open_ones:
            row = told[handoff.owner.name if handoff.owner else ""]
            row[0] += 1
            row[1] += min(promise.due_at for promise in open_ones) < now
            row[2] += handoff.accepted_at is not None and touched(handoff, ATTEMPTS) is None
    return dict(told)


# Notices


def heard():
    """(person, kind) -> how many notices the ledgers say that somebody has to have had, of the kinds that they tell."""
    told = Counter()
    for handoff in Handoff.objects.select_related("lead__marketer", "offered_by", "accepted_by", "ended_by"):
        if handoff.accepted_at and handoff.offered_by and handoff.offered_by != handoff.accepted_by:
            told[handoff.offered_by, "handoff:accept"] += 1
        if handoff.end in ("returned", "recycled", "disqualified", "withdrawn", "qualified"):
            for person in {handoff.offered_by, handoff.lead.marketer} - {handoff.ended_by, None}:
                if person.team == "marketing":
                    told[person, f"handoff:{handoff.end}"] += 1
    for lead in Lead.objects.select_related("marketer", "rep"):
        for _again in lead.activities.filter(kind="lead:again"):
            for person in {lead.marketer, lead.rep} - {None}:
                told[person, "handoff:again"] += 1
    for activity in Activity.objects.filter(kind="handoff:claim_early").select_related("lead__marketer"):
        told[activity.lead.marketer, "handoff:claim_early"] += 1
    return told


def told_of(kinds):
    found = Notice.objects.filter(kind__in=kinds).select_related("person")
    return Counter((notice.person, notice.kind) for notice in found)
