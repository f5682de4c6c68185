"""What became of offers, counted again by plain Python over the rows. It shares no code with what it checks."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta

from handoff.models import Deal, Handoff
from leads.models import Activity, Lead

#: What a row of a table counts, in the order of the page.
COLUMNS = [
    "offered", "waiting", "accepted", "qualified", "won", "under_way", "lost", "procedural", "clerical", "definitional",
    "recycled", "disqualified", "withdrawn", "merged", "lead", "lead_good", "follow_up", "follow_up_good",
]  # fmt: skip
SYSTEM = ("stage:", "handoff:", "deal:", "task:", "comment")


def first_touches():
    first = {}
    for activity in sorted(Activity.objects.all(), key=lambda activity: (activity.at, activity.pk)):
        if not activity.kind.startswith(SYSTEM) and activity.lead_id not in first:
            named = activity.text and (activity.kind == "form:submit" or activity.kind.startswith("event:"))
            first[activity.lead_id] = f"{activity.kind}|{activity.text[:60]}" if named else activity.kind
    return first


def offers(first=None, last=None, marketer=None):
    """Every offer of the days, with its lead and the deals that it led to."""
    deals = defaultdict(list)
    for deal in Deal.objects.all():
        deals[deal.handoff_id].append(deal)
    leads = {lead.pk: lead for lead in Lead.objects.select_related("source", "campaign", "persona")}
    for handoff in Handoff.objects.select_related("reason"):
        lead, day = leads[handoff.lead_id], handoff.offered_at.astimezone(UTC).date()
        whose = handoff.offered_by_id or lead.marketer_id
        if handoff.origin == "requalify" or handoff.end == "undone":
            continue
        if (first and day < first) or (last and day > last) or (marketer and whose != marketer):
            continue
        yield handoff, lead, deals[handoff.pk]


def became(handoff, deals):
    """All that is true of an offer, by the names of the columns."""
    yield "offered"
    if handoff.accepted_at is None and handoff.ended_at is None:
        yield "waiting"
    if handoff.accepted_at:
        yield "accepted"
    if handoff.qualified_at:
        yield "qualified"
    won = handoff.end == "purchased" or any(deal.status == "won" for deal in deals)
    lost = not won and {deal.status for deal in deals} == {"lost"}
    if won:
        yield "won"
    elif lost:
        yield "lost"
    elif handoff.end == "returned":
        yield handoff.reason.return_class
    elif handoff.end in ("recycled", "disqualified", "withdrawn", "merged"):
        yield handoff.end
    elif handoff.accepted_at or handoff.qualified_at:
        yield "under_way"
    for name in ("lead", "follow_up"):
        if getattr(handoff, f"{name}_good") is not None:
            yield name
        if getattr(handoff, f"{name}_good"):
            yield f"{name}_good"


def key_of(by, lead, touches):
    if by == "source":
        return lead.source.slug if lead.source else "none"
    if by == "form":
        return touches.get(lead.pk, "none")
    found = getattr(lead, f"{by}_id")
    return str(found) if found else "none"


def counted(by, **said):
    """By week ('2026-W07') or by where they came from: the counts, and the value won by currency."""
    counts, value, touches = defaultdict(Counter), defaultdict(Counter), first_touches()
    for handoff, lead, deals in offers(**said):
        year, week, _day = handoff.offered_at.astimezone(UTC).isocalendar()
        key = f"{year}-W{week:02}" if by == "week" else key_of(by, lead, touches)
        counts[key].update(became(handoff, deals))
        for deal in deals:
            if deal.status == "won" and deal.amount is not None:
                value[key][deal.currency] += deal.amount
    return {key: tuple(row[name] for name in COLUMNS) for key, row in counts.items()}, dict(value)


def monday(moment: datetime):
    return moment.date() - timedelta(days=moment.weekday())
