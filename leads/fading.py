"""Interest that fades unseen, counted anew within the database for whoever stays on the same side of the MQL line.

The arithmetic is that of `leads.scoring`, over what is kept of engagement. Who crosses the line by it, or stands over
it by an action alone, is left to `scoring.rescore`, and so is whoever is counted by rules about what is no touch.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from leads.engagement import MOST, day, is_touch, kinds, rules
from leads.scoring import HALF, agreed, bound, changed_at, half_bound

#: The points of a list are those of at most so long ago.
LASTS = timedelta(days=1)
#: One statement fades so many times as many leads as are counted one by one in a transaction.
FOLD = 10
COLUMNS = ("label", "kind", "op", "points", "half_life", "value")

#: Interest that is held at nothing has parts: as they fade, something may be left.
_COUNTED = """score.engagement > 0 OR score.parts @> '[{"group": "engagement"}]'::jsonb"""
#: What is given for having been away has no part until its day.
_SEEN = "OR EXISTS (SELECT FROM leads_engagement done WHERE done.lead_id = score.lead_id)"
_DUE = """
SELECT lead.id FROM leads_leadscore score JOIN leads_lead lead ON lead.id = score.lead_id
 WHERE ({counted}) AND score.scored_at < %s
 ORDER BY score.scored_at LIMIT %s FOR NO KEY UPDATE OF lead SKIP LOCKED
"""
_FADE = """
WITH rule AS (
    SELECT * FROM unnest(%(label)s::text[], %(kind)s::text[], %(op)s::text[], %(points)s::float8[], %(cap)s::float8[],
                         %(half_life)s::float8[], %(value)s::float8[], %(over)s::text[], %(under)s::text[])
                  WITH ORDINALITY AS rule(label, kind, op, points, cap, half_life, value, over, under, place)),
kept AS (
    SELECT lead_id, kind, number, first_at, last_at, week - %(today)s / 7 AS week, month - %(today)s / 30 AS month,
           quarter - %(today)s / 90 AS quarter
      FROM leads_engagement WHERE lead_id = ANY(%(leads)s) AND last_at <= %(at)s),
done AS (
    SELECT lead_id, place, number, first_at, last_at,
           CASE half_life WHEN 7 THEN power(2, greatest(week, -1000)) WHEN 30 THEN power(2, greatest(month, -1000))
                          WHEN 90 THEN power(2, greatest(quarter, -1000)) ELSE number END AS fresh
      FROM kept JOIN rule USING (kind) WHERE op <> 'idle'
     UNION ALL
    SELECT lead_id, place, 1, max(last_at), max(last_at), 1
      FROM rule JOIN kept ON kept.kind = rule.kind OR (rule.kind = '' AND kept.kind = ANY(%(named)s))
     WHERE op = 'idle' GROUP BY lead_id, place),
given AS (
    SELECT *, CASE op WHEN 'count' THEN CASE WHEN number >= value THEN points ELSE 0 END
                      WHEN 'idle' THEN CASE WHEN %(at)s - last_at >= value * interval '1 day' THEN points ELSE 0 END
                      ELSE round(points * fresh) END AS worth
      FROM done JOIN rule USING (place)),
held AS (SELECT *, greatest(-cap, least(cap, worth)) AS held FROM given),
part AS (
    SELECT lead_id, place, 1 AS nth, worth AS points, jsonb_build_object(
               'group', 'engagement', 'label', label, 'points', worth::int, 'count', number,
               'first', to_char(first_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI"+00:00"'),
               'last', to_char(last_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI"+00:00"')) AS told
      FROM held WHERE held <> 0
     UNION ALL
    SELECT lead_id, place, 2, held - worth, jsonb_build_object(
               'group', 'engagement', 'label', CASE WHEN worth > 0 THEN over ELSE under END,
               'points', (held - worth)::int)
      FROM held WHERE held <> 0 AND held <> worth),
summed AS (
    SELECT lead_id, sum(points)::int AS points, jsonb_agg(told ORDER BY place, nth) AS told FROM part GROUP BY lead_id),
half AS (
    SELECT lead_id, points, told, greatest(0, least(%(half)s, points)) AS held FROM summed),
fresh AS (
    SELECT score.lead_id, coalesce(held, 0) AS engagement,
           (SELECT coalesce(jsonb_agg(one ORDER BY place), '[]') FROM jsonb_array_elements(parts)
              WITH ORDINALITY AS fit(one, place) WHERE one ->> 'group' = 'fit')
           || coalesce(told, '[]')
           || CASE WHEN held <> points THEN jsonb_build_array(jsonb_build_object(
                       'group', 'engagement', 'label', CASE WHEN points > 0 THEN %(above)s ELSE %(below)s END,
                       'points', held - points)) ELSE '[]' END AS parts
      FROM leads_leadscore score LEFT JOIN half USING (lead_id) WHERE score.lead_id = ANY(%(leads)s))
UPDATE leads_leadscore score
   SET engagement = fresh.engagement, total = score.fit + fresh.engagement, parts = fresh.parts, scored_at = %(at)s
  FROM fresh
 WHERE score.lead_id = fresh.lead_id AND score.scorecard_id = %(card)s AND score.scored_at >= %(changed)s
   AND CASE WHEN cardinality(score.missing) > 0 THEN NOT score.ready
            ELSE score.ready = (score.fit + fresh.engagement >= %(line)s) END
   AND NOT EXISTS (SELECT FROM leads_engagement ahead WHERE ahead.lead_id = score.lead_id AND ahead.last_at > %(at)s)
RETURNING score.lead_id
"""


def due(limit: int, *, at: datetime) -> list[int]:
    """Leads whose interest has faded unseen for a day, the longest first; locked, and nobody else is at them."""
    interest = rules(agreed()[0].points)
    may_rise = any(rule.op == "idle" and rule.points > 0 for rule in interest)
    with connection.cursor() as cursor:
        counted = f"{_COUNTED} {_SEEN}" if may_rise else _COUNTED
        cursor.execute(_DUE.format(counted=counted), [at - LASTS, limit])
        return [lead for (lead,) in cursor.fetchall()]


def fade(leads: Collection[int], *, at: datetime) -> list[int]:
    """Count the interest of these locked leads anew; return those that are left for `scoring.rescore`."""
    if not leads:
        return []
    (card, _personas), changed = agreed(), changed_at()
    interest = rules(card.points)
    if not all(map(is_touch, kinds(interest))):
        return list(leads)
    said: dict[str, Any] = {name: [getattr(rule, name) for rule in interest] for name in COLUMNS}
    said |= {
        "cap": [rule.cap if rule.is_each else MOST for rule in interest],
        "over": [bound(rule, 1) for rule in interest],
        "under": [bound(rule, -1) for rule in interest],
        "above": half_bound(1),
        "below": half_bound(-1),
        "named": kinds(interest),
        "leads": list(leads),
        "today": day(at),
        "at": at,
        "half": HALF,
        "card": card.pk,
        "line": card.mql_line,
        "changed": changed,
    }
    with connection.cursor() as cursor:
        cursor.execute(_FADE, said)
        faded = {lead for (lead,) in cursor.fetchall()}
    return [lead for lead in leads if lead not in faded]
