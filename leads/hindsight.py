"""How many points leads had at the moments of the past: what another definition would have made of them.

Interest is counted from the timeline as it faded then. What a record said at a past moment is not kept, so who
somebody is counts as it is known today.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

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
    return _of_touches("max(points)", "true", [], leads, card, since=since, until=until)


def first_reached(
    needed: Mapping[int, int], card: Scorecard, *, since: datetime, until: datetime
) -> dict[int, datetime]:
    """When each lead first had as many points of engagement as it needed, counted as `interest` counts them."""
    leads = list(needed)
    reached = "points >= (SELECT points FROM unnest(%s::bigint[], %s::int[]) n(lead, points) WHERE lead = lead_id)"
    params = [leads, [needed[lead] for lead in leads]]
    return _of_touches("min(at)", reached, params, leads, card, since=since, until=until)


def _of_touches(
    asked: str,
    where: str,
    given: list[Any],
    leads: Collection[int],
    card: Scorecard,
    *,
    since: datetime,
    until: datetime,
) -> dict[int, Any]:
    """What is asked of the points of engagement at each touch, by lead."""
    agreed = rules(card.points)
    if not leads or not kinds(agreed):
        return {}
    measured: list[str] = []
    params: list[str] = []
    worth: list[str] = []
    for number, rule in enumerate(agreed):
        measure, gives = _rule(rule, f"r{number}")
        measured.append(f"{measure} AS r{number}")
        params += [rule.kind] * measure.count("%s")
        worth.append(gives.format(**rule._asdict()))
    query = f"""
        WITH touch AS (
            SELECT lead_id, kind, at, imported, date_part('epoch', at - %s::timestamptz) / 86400 AS since
              FROM leads_activity
             WHERE lead_id = ANY(%s) AND kind = ANY(%s) AND at <= %s),
        running AS (
            SELECT lead_id, at, imported, {", ".join(measured)}
              FROM touch
            WINDOW near AS (PARTITION BY lead_id ORDER BY at)),
        counted AS (
            SELECT running.lead_id, running.at, least({HALF}, greatest(0, {" + ".join(worth)}))::int AS points
              FROM running
              JOIN leads_visit stay ON stay.lead_id = running.lead_id AND stay.stage = 'tofu'
                   AND running.at >= stay.entered_at AND (stay.left_at IS NULL OR running.at < stay.left_at)
             WHERE running.at >= %s AND NOT running.imported)
        SELECT lead_id, {asked} FROM counted WHERE {where} GROUP BY lead_id
    """  # noqa: S608  # composed of our own words and of numbers; what people wrote goes in as parameters
    with connection.cursor() as cursor:
        cursor.execute(query, [since, list(leads), kinds(agreed), until, *params, since, *given])
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


def acted_in(
    leads: Collection[int], actions: Collection[str], *, since: datetime, until: datetime
) -> dict[int, datetime]:
    """When those of these leads that did one of these actions in this time, while in TOFU, first did."""
    if not leads or not actions:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT done.lead_id, min(done.at) FROM leads_activity done JOIN leads_visit stay "
            "ON stay.lead_id = done.lead_id AND stay.stage = 'tofu' AND done.at >= stay.entered_at "
            "AND (stay.left_at IS NULL OR done.at <= stay.left_at) "
            "WHERE done.lead_id = ANY(%s) AND done.kind = ANY(%s) AND done.at >= %s AND done.at <= %s "
            "AND NOT done.imported GROUP BY done.lead_id",
            [list(leads), list(actions), since, until],
        )
        return dict(cursor.fetchall())
