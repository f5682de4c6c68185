"""How many points leads had at the moments of the past: what another definition would have made of them.

Interest is counted from the timeline as it faded then. What a record said at a past moment is not kept, so who
somebody is counts as it is known today.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from leads.models import Scorecard
from leads.scoring import HALF, HORIZON


def interest(leads: Collection[int], card: Scorecard, *, since: datetime, until: datetime) -> dict[int, int]:
    """The most points of engagement that each lead had at a touch in this time, while it stood in TOFU.

    Counted as `scoring.score` counts: decayed by the half-life, capped a kind and in sum. Touches from files count,
    but nobody crosses a line at one. Leads without a touch are left out.
    """
    if not leads:
        return {}
    half_life: float = card.points["half_life_days"]
    rules = [rule for rule in card.points["engagement"] if rule["cap"] > 0]
    sums = ", ".join(f"sum(weight) FILTER (WHERE kind = %s) OVER near AS w{n}" for n in range(len(rules)))
    parts = " + ".join(f"least(%s, round((%s * coalesce(w{n}, 0) * faded)::float8))" for n in range(len(rules)))
    query = f"""
        WITH touch AS (
            SELECT lead_id, kind, at, imported,
                   power(2::float8, date_part('epoch', at - %s::timestamptz) / %s) AS weight
              FROM leads_activity
             WHERE lead_id = ANY(%s) AND kind = ANY(%s) AND at > %s AND at <= %s),
        running AS (
            SELECT lead_id, at, imported,
                   power(2::float8, -date_part('epoch', at - %s::timestamptz) / %s) AS faded, {sums}
              FROM touch
            WINDOW near AS (PARTITION BY lead_id ORDER BY at
                            RANGE BETWEEN %s::interval PRECEDING AND CURRENT ROW))
        SELECT running.lead_id, max(least({HALF}, greatest(0, {parts})))::int
          FROM running
          JOIN leads_visit stay ON stay.lead_id = running.lead_id AND stay.stage = 'tofu'
               AND running.at >= stay.entered_at AND (stay.left_at IS NULL OR running.at < stay.left_at)
         WHERE running.at >= %s AND NOT running.imported
         GROUP BY running.lead_id
    """  # noqa: S608  # composed of our own words; what people agreed on goes in as parameters
    seconds, horizon = half_life * 86_400, timedelta(days=HORIZON * half_life)
    params: list[Any] = [since, seconds, list(leads), [rule["kind"] for rule in rules], since - horizon, until]
    params += [since, seconds, *(rule["kind"] for rule in rules), horizon]
    params += [value for rule in rules for value in (rule["cap"], rule["points"])]
    with connection.cursor() as cursor:
        cursor.execute(query, [*params, since])
        return dict(cursor.fetchall())


def acted_in(leads: Collection[int], actions: Collection[str], *, since: datetime, until: datetime) -> set[int]:
    """Those of these leads that did one of these actions in this time, while they stood in TOFU."""
    if not leads or not actions:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT done.lead_id FROM leads_activity done JOIN leads_visit stay "
            "ON stay.lead_id = done.lead_id AND stay.stage = 'tofu' AND done.at >= stay.entered_at "
            "AND (stay.left_at IS NULL OR done.at <= stay.left_at) "
            "WHERE done.lead_id = ANY(%s) AND done.kind = ANY(%s) AND done.at >= %s AND done.at <= %s "
            "AND NOT done.imported",
            [list(leads), list(actions), since, until],
        )
        return {lead for (lead,) in cursor.fetchall()}
