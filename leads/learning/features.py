"""What was known of leads at a moment: facts as they stood then, and touches that fade at several speeds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from leads import past, scoring
from leads.definition import FACTS
from leads.engagement import HALF_LIVES, TOUCHES, Touches
from leads.identity import is_business_email
from leads.models import Lead, Scorecard

ANSWERS = ("call", "meeting", "message")
DAY = 86_400
#: Names of features that are sums of touches or times, not facts.
ALL, RECENCY, RESPONSE, KNOWN, MAIL, CAME = (
    "touches", "days_since_touch", "response_minutes", "facts_known", "mail", "came_by",
)  # fmt: skip

_TOUCHED = """
SELECT w.place, a.kind, min(a.at) FILTER (WHERE a.actor_id IS NOT NULL), count(*), min(a.at), max(a.at),
       sum(power(2, -least(date_part('epoch', w.at - a.at) / (7 * 86400), 1000))),
       sum(power(2, -least(date_part('epoch', w.at - a.at) / (30 * 86400), 1000))),
       sum(power(2, -least(date_part('epoch', w.at - a.at) / (90 * 86400), 1000)))
  FROM unnest(%s::bigint[], %s::timestamptz[]) WITH ORDINALITY AS w(lead, at, place)
  JOIN leads_activity a ON a.lead_id = w.lead AND a.at <= w.at
 WHERE split_part(a.kind, ':', 1) = ANY(%s)
 GROUP BY w.place, a.kind
"""
#: The first line of a timeline says how a lead came in; what later lines changed was otherwise before.
_FIRST = """
SELECT DISTINCT ON (lead_id) lead_id, kind FROM leads_activity WHERE lead_id = ANY(%s) ORDER BY lead_id, at, id
"""


@dataclass
class Known:
    """What is known of one lead at one moment."""

    features: dict[str, Any]
    points: float


@dataclass
class _Touched:
    kinds: dict[str, Touches] = field(default_factory=dict)
    answered: datetime | None = None


def known_at(moments: Sequence[tuple[int, datetime]], *, now: bool = False) -> list[Known]:
    """What was known of leads at moments, each pair a lead's key and a moment, in the same order.

    With `now` the facts are as they stand; else those that somebody filled in later are taken back.
    """
    pks = {pk for pk, _at in moments}
    rows = Lead.objects.filter(pk__in=pks).select_related("company", "source", "campaign", "persona")
    leads = {lead.pk: lead for lead in rows}
    card = Scorecard.objects.get(in_force=True)
    touched = _touched(moments)
    came = _came(pks)
    later = {} if now else past.changes(pks)
    found = []
    for place, (pk, at) in enumerate(moments):
        lead, sums = leads[pk], touched.get(place, _Touched())
        facts = {**scoring.facts(lead), "campaign": lead.campaign.name if lead.campaign else ""}
        facts["persona"] = str(lead.persona) if lead.persona else ""
        facts["value"] = float(lead.value) if lead.value is not None else None
        for changed_at, data in later.get(pk, ()):
            if changed_at > at:
                past.take_back(facts, data)
        points = scoring.score(facts, sums.kinds, card.points, at=at).total
        found.append(Known(_features(lead, facts, sums, came.get(pk, ""), at), points))
    return found


def _features(lead: Lead, facts: Mapping[str, Any], sums: _Touched, came: str, at: datetime) -> dict[str, Any]:
    email = str(facts.get("email") or "")
    features: dict[str, Any] = {
        name: plain(facts.get(name))
        for name in ("source", "campaign", "country", "job_title", "industry", "size", "persona", "value")
    }
    features |= {name: plain(value) for name, value in facts.items() if name.startswith("custom.")}
    features[MAIL] = "" if not email else "business" if is_business_email(email) else "free"
    features[KNOWN] = sum(facts.get(name) not in (None, "") for name in FACTS)
    features[CAME] = came
    done = sums.kinds
    for half_life in (*HALF_LIVES, None):
        features[f"{ALL}:{half_life or 0}"] = round(sum(touches.worth(half_life) for touches in done.values()), 4)
    features |= {f"{ALL}:{kind}": round(touches.month, 4) for kind, touches in done.items()}
    if done:
        features[RECENCY] = round((at - max(touches.last for touches in done.values())).total_seconds() / DAY, 2)
    if sums.answered:
        features[RESPONSE] = round((sums.answered - lead.first_seen_at).total_seconds() / 60)
    return features


def plain(value: Any) -> str | float | None:
    """A value as learning takes it: a word or a number."""
    if value is None or isinstance(value, str):
        return (value or "").strip()[:80].replace("\0", "")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return value if math.isfinite(value) and abs(value) < 1e300 else None
    return str(value)[:80]


def _touched(moments: Sequence[tuple[int, datetime]]) -> dict[int, _Touched]:
    found: dict[int, _Touched] = {}
    pks, ats = [pk for pk, _at in moments], [at for _pk, at in moments]
    with connection.cursor() as cursor:
        cursor.execute(_TOUCHED, [pks, ats, list(TOUCHES)])
        for place, kind, answered, *done in cursor.fetchall():
            one = found.setdefault(place - 1, _Touched())
            one.kinds[kind] = Touches(*done)
            if answered and kind.partition(":")[0] in ANSWERS:
                one.answered = min(filter(None, (one.answered, answered)))
    return found


def _came(pks: Iterable[int]) -> dict[int, str]:
    with connection.cursor() as cursor:
        cursor.execute(_FIRST, [list(pks)])
        return dict(cursor.fetchall())


def filled_later(data: Mapping[str, Any]) -> list[str]:
    """The names of facts that a line of the timeline says were filled in or changed."""
    names = list(data.get("changed") or ())
    for name, said in (data.get("changes") or {}).items():
        if name == "custom" and isinstance(said, list) and all(isinstance(one, dict) for one in said):
            names += [f"custom.{one}" for one in said[1] if said[0].get(one) != said[1][one]]
        else:
            names.append(name)
    return names
