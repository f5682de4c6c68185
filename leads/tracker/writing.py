"""Writing events: lots are copied into a staging table, and from there into their tables, each event once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from io import BytesIO
from typing import Any

from django.db import connection, transaction

STAGE = "CREATE TEMPORARY TABLE staged_event (said jsonb NOT NULL) ON COMMIT DROP"
#: Locks the visitors, in one order, so that whoever identifies one meanwhile sees these events or is seen by them.
VISITORS = """
INSERT INTO leads_visitor AS known (id, first_seen_at, last_seen_at, consented_at, origin)
SELECT id, min(at), max(at), min(recorded_at), (array_agg(first ORDER BY at))[1] FROM (
    SELECT (said->>'visitor')::uuid AS id, (said->>'at')::timestamptz AS at,
           (said->>'recorded_at')::timestamptz AS recorded_at, said->'first' AS first FROM {staged}
) AS seen GROUP BY id ORDER BY id
ON CONFLICT (id) DO UPDATE SET
    origin = CASE WHEN excluded.first_seen_at < known.first_seen_at AND excluded.origin <> '{{}}'
                  THEN excluded.origin ELSE known.origin END,
    first_seen_at = least(known.first_seen_at, excluded.first_seen_at),
    last_seen_at = greatest(known.last_seen_at, excluded.last_seen_at),
    consented_at = coalesce(known.consented_at, excluded.consented_at)
"""
EVENTS = """
INSERT INTO leads_visitorevent (id, visitor_id, lead_id, kind, url, title, data, at, recorded_at)
SELECT DISTINCT ON (event) event, visitor.id, visitor.lead_id, said->>'kind', said->>'url', said->>'title',
       said->'data', (said->>'at')::timestamptz, (said->>'recorded_at')::timestamptz
  FROM (SELECT said, (said->>'id')::uuid AS event, (said->>'visitor')::uuid AS who FROM {staged}) AS staged
  JOIN leads_visitor AS visitor ON visitor.id = who ORDER BY event
ON CONFLICT (id) DO NOTHING
"""


@transaction.atomic
def write_many(lines: bytes) -> int:
    """Write events, a JSON object a line, through a staging table; return how many of them are new."""
    with connection.cursor() as cursor:
        cursor.execute(STAGE)
        cursor.copy_expert("COPY staged_event FROM STDIN", BytesIO(lines.replace(b"\\", b"\\\\")))
        new = _write(cursor, "staged_event", [])
        cursor.execute("DROP TABLE staged_event")
        return new


@transaction.atomic
def write(events: Sequence[dict[str, Any]]) -> int:
    """The same for the few of one hit."""
    with connection.cursor() as cursor:
        return _write(cursor, "jsonb_array_elements(%s::jsonb) AS given(said)", [json.dumps(events)])


def _write(cursor: Any, staged: str, params: list[str]) -> int:
    cursor.execute(VISITORS.format(staged=staged), params)
    cursor.execute(EVENTS.format(staged=staged), params)
    return int(cursor.rowcount)
