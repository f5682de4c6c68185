"""Promises of both teams, counted again by plain Python over the rows. It shares no code with what it checks."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

import holidays

from handoff.models import Handoff, Promise

HANDED = ("marketing", "line", "hand_raise")


def business_minutes(agreement, start, end):
    """Minute by opening: each day's hours, as far as they lie between two moments."""
    zone, total = ZoneInfo(agreement.time_zone), timedelta()
    day, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    while day <= last:
        free = holidays.country_holidays(agreement.holidays, years=day.year) if agreement.holidays else {}
        if day.weekday() in agreement.weekdays and day not in free and day not in agreement.days_off:
            opens = datetime.combine(day, agreement.opens, zone).astimezone(UTC)
            closes = datetime.combine(day, agreement.closes, zone).astimezone(UTC)
            total += max(timedelta(), min(closes, end) - max(opens, start))
        day += timedelta(days=1)
    return total.total_seconds() / 60


def state(promise, now):
    if promise.outcome == "broken" or (promise.settled_at is None and promise.due_at < now):
        return "broken"
    return "running" if promise.settled_at is None else promise.outcome


def of_sales(by, kind, now, first=None, last=None):
    """By kind, week or person: (kept, broken, running, moot) and the median minutes of those done."""
    counts, took = defaultdict(Counter), defaultdict(list)
    for promise in Promise.objects.select_related("handoff__agreement"):
        day = promise.started_at.astimezone(UTC).date()
        if promise.handoff.end == "undone":
            continue
        if (first and day < first) or (last and day > last) or (by != "kind" and promise.kind != kind):
            continue
        year, week, _day = day.isocalendar()
        whose = promise.owner_id or promise.handoff.owner_id
        key = {"kind": promise.kind, "week": f"{year}-W{week:02}", "person": str(whose or "none")}[by]
        found = state(promise, now)
        counts[key][found] += 1
        if found in ("kept", "broken") and promise.settled_at:
            minutes = business_minutes(promise.handoff.agreement, promise.started_at, promise.settled_at)
            took[key].append(minutes)
    return {
        key: (*(row[name] for name in ("kept", "broken", "running", "moot")), median(took[key]) if took[key] else None)
        for key, row in counts.items()
    }


FACTS = {"name", "email", "phone", "job_title", "company", "industry", "size", "country"}


def facts_known(handoff):
    if "known" in handoff.brief:
        return len(FACTS & set(handoff.brief["known"]))
    lead, company = handoff.lead, handoff.lead.company
    facts = [lead.name, lead.email, lead.phone, lead.job_title, lead.country or (company and company.country)]
    facts += [company and company.name, company and company.industry, company and company.size]
    return sum(1 for fact in facts if fact not in (None, ""))


def of_marketing(by):
    """By month or marketer: leads handed over, their value by currency, and how many facts are known of them."""
    leads, worth, known = Counter(), defaultdict(Counter), Counter()
    for handoff in Handoff.objects.select_related("lead__company"):
        if handoff.origin not in HANDED or handoff.end == "undone":
            continue
        whose = handoff.offered_by_id or handoff.lead.marketer_id
        key = f"{handoff.offered_at.astimezone(UTC):%Y-%m}" if by == "month" else str(whose or "none")
        leads[key] += 1
        worth[key][handoff.lead.currency] += handoff.value
        known[key] += facts_known(handoff)
    return {
        key: (n, {name: total for name, total in worth[key].items() if total}, known[key]) for key, n in leads.items()
    }
