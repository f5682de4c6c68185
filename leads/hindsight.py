"""How many points leads had at the moments of the past: what another definition would have made of them.

Interest is counted from the timeline as it faded then. What a record said at a past moment is not kept, so who
somebody is counts as it is known today.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import connection

from leads.engagement import Rule, kinds, rules
from leads.models import Scorecard
from leads.scoring import HALF

#: The sum of a rule's touches up to a touch; whatever is over a thousand half-lives old weighs nothing.
_FADING = (
    "sum(power(2::float8, greatest(since / {days}, -1000))) FILTER (WHERE kind = %s) OVER near"
    " * power(2::float8, -greatest(since / {days}, -1000))"
)
_COUNT = "count(*) FILTER (WHERE kind = %s) OVER near"


def interest(leads: Collection[int], card: Scorecard, *, since: datetime, until: datetime) -> dict[int, int]:
    """The most points of engagement that each lead had at a touch in this time, while it stood in TOFU.

    Counted as `scoring.score` counts: each rule with its own half-life and cap, and all of them capped in sum. Touches
    from files count, but nobody crosses a line at one. Leads without a touch of a kind that a rule names are left out.
    """
    agreed = rules(card.points)
    if not leads or not kinds(agreed):
        return {}
    measured: list[str] = []
    params: list[str] = []
    worth: list[str] = []
    for number, rule in enumerate(agreed):
        measure, given = _rule(rule, f"r{number}")
        measured.append(f"{measure} AS r{number}")
        params += [rule.kind] * measure.count("%s")
        worth.append(given.format(**rule._asdict()))
    query = f"""
        WITH touch AS (
            SELECT lead_id, kind, at, imported, date_part('epoch', at - %s::timestamptz) / 86400 AS since
              FROM leads_activity
             WHERE lead_id = ANY(%s) AND kind = ANY(%s) AND at <= %s),
        running AS (
            SELECT lead_id, at, imported, {", ".join(measured)}
              FROM touch
            WINDOW near AS (PARTITION BY lead_id ORDER BY at))
        SELECT running.lead_id, max(least({HALF}, greatest(0, {" + ".join(worth)})))::int
          FROM running
          JOIN leads_visit stay ON stay.lead_id = running.lead_id AND stay.stage = 'tofu'
               AND running.at >= stay.entered_at AND (stay.left_at IS NULL OR running.at < stay.left_at)
         WHERE running.at >= %s AND NOT running.imported
         GROUP BY running.lead_id
    """  # noqa: S608  # composed of our own words and of numbers; what people wrote goes in as parameters
    with connection.cursor() as cursor:
        cursor.execute(query, [since, list(leads), kinds(agreed), until, *params, since])
        return dict(cursor.fetchall())


def _rule(rule: Rule, column: str) -> tuple[str, str]:
    """What a rule measures at each touch, and the points it gives for that."""
    if rule.op == "idle":
        measure = "max(at) FILTER (WHERE kind = %s) OVER near" if rule.kind else "max(at) OVER near"
        return measure, f"CASE WHEN at - {column} >= interval '{{value}} days' THEN {{points}} ELSE 0 END"
    if rule.op == "count":
        return _COUNT, f"CASE WHEN {column} >= {{value}} THEN {{points}} ELSE 0 END"
    measure = _FADING.format(days=rule.half_life) if rule.half_life else _COUNT
    worth = f"round(({{points}} * coalesce({column}, 0))::float8)"
    return measure, f"least({{cap}}, greatest(-{{cap}}, {worth}))"


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
