"""What nobody needs any more goes: visitors who never said who they are, and events that timelines have."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

from leads import clock

#: So many rows go in one transaction.
LOT = 2_000
TAKEN = """
DELETE FROM leads_visitorevent WHERE id IN (
    SELECT id FROM leads_visitorevent WHERE recorded_at < %s AND taken_at IS NOT NULL LIMIT %s)
"""
#: With a lock that whoever writes or identifies one meanwhile would hold: such a visitor is no longer old.
ANONYMOUS = """
SELECT id FROM leads_visitor WHERE lead_id IS NULL AND last_seen_at < %s ORDER BY last_seen_at LIMIT %s
   FOR UPDATE SKIP LOCKED
"""


def forget() -> int:
    """Remove what is older than the days that are set; return how many rows went."""
    before, done = clock.now() - timedelta(days=settings.VISITOR_DAYS), 0
    for sweep in (_taken, _anonymous):
        while gone := sweep(before):
            done += gone
    return done


def _taken(before: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(TAKEN, [before, LOT])
        return int(cursor.rowcount)


@transaction.atomic
def _anonymous(before: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(ANONYMOUS, [before, LOT])
        visitors = [row[0] for row in cursor.fetchall()]
        cursor.execute("DELETE FROM leads_visitorevent WHERE visitor_id = ANY(%s::uuid[])", [list(map(str, visitors))])
        cursor.execute("DELETE FROM leads_visitor WHERE id = ANY(%s::uuid[])", [list(map(str, visitors))])
        return len(visitors)
