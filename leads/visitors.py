"""Whose a visitor is: the history of a browser joins the lead that its owner says to be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection

from leads.identity import Profile, origin
from leads.models import Lead, Visitor

#: What nobody has claimed goes to the first who says who they are; whoever comes after them in the same browser gets
#: what happens from then on.
JOIN = """
WITH said AS (SELECT * FROM unnest(%s::uuid[], %s::bigint[]) WITH ORDINALITY AS said(visitor, lead, place)),
     first AS (SELECT DISTINCT ON (visitor) visitor, lead FROM said ORDER BY visitor, place)
UPDATE leads_visitorevent AS event SET lead_id = first.lead
  FROM first WHERE event.visitor_id = first.visitor AND event.lead_id IS NULL
"""
BELONG = """
WITH said AS (SELECT * FROM unnest(%s::uuid[], %s::bigint[]) WITH ORDINALITY AS said(visitor, lead, place)),
     last AS (SELECT DISTINCT ON (visitor) visitor, lead FROM said ORDER BY visitor, place DESC)
UPDATE leads_visitor AS visitor SET lead_id = last.lead FROM last WHERE visitor.id = last.visitor
"""


class Known(NamedTuple):
    """A visitor who has said who they are, and since when they have been here."""

    visitor: UUID
    lead: Lead
    origin: origin.Origin
    at: datetime


def tell_first_touch(profiles: Sequence[Profile]) -> None:
    """Give profiles of visitors whom nobody has claimed their first touch, which was before they said who they are."""
    wanted = [profile.origin.visitor for profile in profiles if profile.origin.visitor]
    if not wanted:
        return
    found = Visitor.objects.filter(pk__in=wanted, lead=None).values_list("pk", "origin", "first_seen_at")
    firsts = {pk: (said, at) for pk, said, at in found}
    for profile in profiles:
        if profile.origin.visitor not in firsts:
            continue
        said, at = firsts[profile.origin.visitor]
        profile.first_seen_at = min(profile.first_seen_at or at, at)
        try:
            first = origin.read(said)
        except ValidationError:  # what an older version kept
            continue
        if first.tells:
            profile.come_from(first._replace(visitor=profile.origin.visitor))


def join(known: Sequence[Known]) -> None:
    """Let what these visitors did join the locked leads that they are; it comes onto their timelines by itself."""
    if not known:
        return
    rows = {one.visitor: one for one in reversed(known)}
    new = [
        Visitor(pk=pk, first_seen_at=one.at, last_seen_at=one.at, origin=one.origin.data())
        for pk, one in sorted(rows.items())
    ]
    Visitor.objects.bulk_create(new, ignore_conflicts=True)
    list(Visitor.objects.filter(pk__in=rows).order_by("pk").select_for_update(no_key=True).values_list("pk"))
    said: list[list[Any]] = [[str(one.visitor) for one in known], [one.lead.pk for one in known]]
    with connection.cursor() as cursor:
        cursor.execute(JOIN, said)
        cursor.execute(BELONG, said)
