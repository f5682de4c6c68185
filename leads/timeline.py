"""The timeline of a lead: what happened, told once, read in pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import User
from leads import clock, engagement, pulse
from leads.composed import Composed
from leads.models import Activity, Campaign, Lead

#: The filters above a timeline, and the namespaces each one shows.
GROUPS: dict[str, tuple[str, ...]] = {
    "talks": ("call", "email", "meeting", "message"),
    "web": ("web", "form", "event"),
    "stages": ("stage", "handoff", "deal"),
    "comments": ("comment", "note"),
}
PAGE = 50


class Page(NamedTuple):
    """Entries newest first, and the cursor of the next page (empty at the end)."""

    entries: list[Activity]
    next: str


def record(
    lead: Lead,
    *,
    kind: str,
    actor: User | None = None,
    text: str = "",
    data: dict[str, Any] | None = None,
    campaign: Campaign | None = None,
    at: datetime | None = None,
    imported: bool = False,
) -> Activity:
    """Write one line on a locked lead's timeline."""
    activity = Activity(
        lead=lead,
        kind=kind,
        actor=actor,
        text=text,
        data=data or {},
        campaign=campaign,
        at=at or clock.now(),
        imported=imported,
    )
    record_many([activity])
    return activity


def record_many(activities: Sequence[Activity]) -> None:
    """Write many lines at once; their leads are locked, and hear of their last activity and of their touches.

    A line whose key is here already is the same event, and adds nothing.
    """
    activities = _new(activities)
    Activity.objects.bulk_create(activities)
    engagement.record(activities)
    pulse.beat(pulse.LEADS)
    newest = {lead: at for lead, at in _newest_by_lead(activities).items() if at > lead.last_activity_at}
    if not newest:
        return
    for lead, at in newest.items():
        lead.last_activity_at = at
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE leads_lead SET last_activity_at = greatest(last_activity_at, newest.at) "
            "FROM unnest(%s::bigint[], %s::timestamptz[]) AS newest(id, at) WHERE leads_lead.id = newest.id",
            [[lead.pk for lead in newest], list(newest.values())],
        )


def _new(activities: Sequence[Activity]) -> Sequence[Activity]:
    keys = {activity.key for activity in activities if activity.key}
    if not keys:
        return activities
    seen: set[str | None] = set(Activity.objects.filter(key__in=keys).values_list("key", flat=True))
    found = []
    for activity in activities:
        if activity.key not in seen:
            found.append(activity)
        if activity.key:
            seen.add(activity.key)
    return found


def _newest_by_lead(activities: Sequence[Activity]) -> dict[Lead, datetime]:
    newest: dict[Lead, datetime] = {}
    for activity in activities:
        newest[activity.lead] = max(activity.at, newest.get(activity.lead, activity.at))
    return newest


def page(lead: Lead, *, group: str = "", after: str = "") -> Page:
    """One page of a timeline, newest first. `after` is the `next` of the page before; a broken one is refused."""
    if not group and not after:
        return _cut(_newest(lead.pk))
    entries = lead.activities.order_by("-at", "-id")
    if group in GROUPS:
        entries = entries.of_kinds(*GROUPS[group])
    if after:
        at, pk = _place(after)
        entries = entries.filter(Q(at__lt=at) | Q(at=at, pk__lt=pk))
    return _cut(list(entries[: PAGE + 1]))


_newest = Composed(lambda lead: Activity.objects.filter(lead=lead).order_by("-at", "-id")[: PAGE + 1])


def _cut(found: list[Activity]) -> Page:
    more = found[PAGE - 1] if len(found) > PAGE else None
    return Page(found[:PAGE], f"{more.at.isoformat()}_{more.pk}" if more else "")


def _place(cursor: str) -> tuple[datetime, int]:
    try:
        moment, pk = cursor.rsplit("_", 1)
        at, number = datetime.fromisoformat(moment), int(pk)
    except ValueError:
        number = -1
    if not 0 <= number < 2**63 or at.tzinfo is None:
        raise ValidationError({"after": _("There is no such page of this timeline. Begin with its first one.")})
    return at, number
