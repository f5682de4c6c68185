"""What visitors did comes onto the timelines of the leads they are, and counts as any other touch."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.db import transaction

from leads import capture, clock
from leads.models import Activity, Lead, VisitorEvent

#: So many events are taken in one transaction.
LOT = 1_000


def take() -> int:
    """Put what waits onto the timelines, each event once; return how many there were."""
    done = 0
    while taken := _take_lot():
        done += taken
    return done


@transaction.atomic
def _take_lot() -> int:
    """The leads are locked first, then their events: whoever else takes them waits, and finds them taken."""
    some = VisitorEvent.objects.waiting().values_list("lead_id", flat=True)[:LOT]
    leads = {lead.pk: lead for lead in Lead.objects.locked(set(some))}
    events = list(VisitorEvent.objects.waiting().filter(lead__in=leads).order_by("at", "pk")[:LOT])
    if not events:
        return 0
    lines = [_line(event, leads[event.lead_id]) for event in events if event.lead_id]
    capture.log_many(lines, by_themselves=True)
    VisitorEvent.objects.filter(pk__in=[event.pk for event in events]).update(taken_at=clock.now())
    return len(events)


def _line(event: VisitorEvent, lead: Lead) -> Activity:
    data: dict[str, Any] = {**event.data, "url": event.url}
    text = event.title or urlsplit(event.url).path
    return Activity(lead=lead, kind=event.kind, text=text, data=data, at=event.at, key=f"visit:{event.pk}")
