"""What was known of leads at moments of the past: their facts as they stood, and what they had done until then.

Exact is what the timeline tells: what people did, and each fact whose change was written down with what it was before.
A fact of which it is only said that it was filled in was not known before, nor was what is known of a company that the
lead did not have yet. What nobody wrote down, and what is known of the company it had, counts as it is today.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from json import loads
from typing import Any

from django.db import connection

from leads import scoring
from leads.engagement import TOUCHES, Touches, idle_for
from leads.engagement import Rule as Interest
from leads.identity import is_business_email
from leads.models import Lead

#: What may have been filled in later: unless its earlier value is known, it was unknown before.
PLAIN = {"source", "campaign", "country", "job_title", "persona", "value", "email", "phone", "name", "company"}
#: Facts of which the timeline keeps what they were before a change.
KEPT = ("country", "job_title", "email", "phone", "name", "value")
#: What is known of a lead through its company alone.
OF_COMPANY = ("industry", "size")

_CHANGED = """
SELECT a.lead_id, a.at, a.data FROM leads_activity a
 WHERE a.lead_id = ANY(%s) AND (a.data ? 'changed' OR a.data ? 'changes') AND a.kind NOT LIKE 'deal%%'
 ORDER BY a.lead_id, a.at DESC, a.id DESC
"""
_TOUCHED = """
SELECT w.place - 1, a.kind, count(*), min(a.at), max(a.at),
       sum(power(2, -least(date_part('epoch', w.at - a.at) / (7 * 86400), 1000))),
       sum(power(2, -least(date_part('epoch', w.at - a.at) / (30 * 86400), 1000))),
       sum(power(2, -least(date_part('epoch', w.at - a.at) / (90 * 86400), 1000))),
       min(a.at) FILTER (WHERE a.actor_id IS NOT NULL)
  FROM unnest(%(leads)s::bigint[], %(ats)s::timestamptz[]) WITH ORDINALITY AS w(lead, at, place)
  JOIN leads_activity a ON a.lead_id = w.lead AND a.at <= w.at
 WHERE a.kind = ANY(%(kinds)s) OR split_part(a.kind, ':', 1) = ANY(%(namespaces)s)
 GROUP BY w.place, a.kind
"""


def facts_at(moments: Sequence[tuple[Lead, datetime]]) -> list[dict[str, Any]]:
    """The facts of leads, read with company and source, at a moment each, in the same order."""
    later, found = changes({lead.pk for lead, _at in moments}), []
    for lead, at in moments:
        facts = scoring.facts(lead)
        for changed_at, data in later.get(lead.pk, ()):
            if changed_at > at:
                take_back(facts, data)
        found.append(facts)
    return found


def touches_at(
    moments: Sequence[tuple[int, datetime]], kinds: Collection[str] | None = None
) -> list[dict[str, Touches]]:
    """What leads, by their keys, had done up to a moment each, in the same order: of these kinds, or all touches."""
    found: list[dict[str, Touches]] = [{} for _moment in moments]
    if not moments or (kinds is not None and not kinds):
        return found
    said: dict[str, Any] = {"leads": [pk for pk, _at in moments], "ats": [at for _pk, at in moments]}
    said |= {"kinds": list(kinds or ()), "namespaces": list(TOUCHES) if kinds is None else []}
    with connection.cursor() as cursor:
        cursor.execute(_TOUCHED, said)
        for place, kind, *done in cursor.fetchall():
            found[place][kind] = Touches(*done)
    return found


def changes(leads: Iterable[int]) -> dict[int, list[tuple[datetime, dict[str, Any]]]]:
    """What the timelines of leads tell of changed facts, the newest first."""
    found: dict[int, list[tuple[datetime, dict[str, Any]]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_CHANGED, [list(leads)])
        for pk, at, data in cursor.fetchall():
            found.setdefault(pk, []).append((at, data if isinstance(data, dict) else loads(data)))
    return found


def take_back(facts: dict[str, Any], data: Mapping[str, Any]) -> None:
    """Facts as they were before a change; what was not written down was not known."""
    for name in data.get("changed") or ():
        if name in facts and (name in PLAIN or name.startswith("custom.")):
            facts[name] = None
            if name == "company":
                facts |= dict.fromkeys(OF_COMPANY)
    for name, said in (data.get("changes") or {}).items():
        was = said[0] if isinstance(said, list) and len(said) == 2 else None
        if name == "custom" and isinstance(was, dict):
            for one in [key for key in facts if key.startswith("custom.")]:
                facts[one] = was.get(one[7:])
        elif name in KEPT:
            facts[name] = was
        elif name == "company":
            facts |= {"company": was, **dict.fromkeys(OF_COMPANY)}
        elif name in ("source", "campaign", "persona"):
            facts[name] = None
    email = str(facts.get("email") or "")
    facts["business_email"] = "yes" if email and is_business_email(email) else ""


class Counter:
    """A table of points read once, to count many moments: what `scoring.score` counts, without saying why."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self._fit, self._engagement, self._among = scoring.Table.read(table)

    def total(self, facts: Mapping[str, Any], touches: Mapping[str, Touches], *, at: datetime) -> int:
        return self.fit(facts) + _held(sum(self._interest(rule, touches, at) for rule in self._engagement))

    def fit(self, facts: Mapping[str, Any]) -> int:
        return _held(sum(rule.points for rule in self._fit if rule.holds(facts)))

    def is_about(self, facts: Mapping[str, Any], touches: Mapping[str, Touches], *, at: datetime) -> bool:
        """Whether some rule gives points, or takes them."""
        given = (self._interest(rule, touches, at) for rule in self._engagement)
        return any(rule.holds(facts) for rule in self._fit) or any(given)

    def _interest(self, rule: Interest, touches: Mapping[str, Touches], at: datetime) -> int:
        if rule.op == "idle":
            return rule.points if idle_for(touches, rule, self._among, at=at) else 0
        done = touches.get(rule.kind)
        if done is None:
            return 0
        if rule.op == "count":
            return rule.points if done.number >= rule.value else 0
        return rule.held(round(rule.points * done.worth(rule.half_life)))


def _held(points: int) -> int:
    return max(0, min(scoring.HALF, points))
