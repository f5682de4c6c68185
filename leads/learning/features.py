"""What was known of leads at a moment: facts as they stood then, and touches that fade at several speeds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from leads import past, scoring
from leads.definition import FACTS
from leads.engagement import HALF_LIVES, Touches, is_touch
from leads.identity import is_business_email
from leads.models import Lead, Scorecard
from leads.scoring import Counted

ANSWERS = ("call", "meeting", "message")
DAY = 86_400
#: Names of features that are sums of touches or times, not facts.
ALL, RECENCY, RESPONSE, KNOWN, MAIL, CAME = (
    "touches", "days_since_touch", "response_minutes", "facts_known", "mail", "came_by",
)  # fmt: skip

#: The first line of a timeline says how a lead came in; what later lines changed was otherwise before.
_FIRST = """
SELECT lead, (SELECT kind FROM leads_activity WHERE lead_id = lead ORDER BY at, id LIMIT 1)
  FROM unnest(%s::bigint[]) AS lead
"""


@dataclass
class Known:
    """What is known of one lead at one moment: features, agreed points, and what these are made of."""

    features: dict[str, Any]
    points: float
    parts: Sequence[Mapping[str, Any]] = ()


def known_now(counted: Counted) -> dict[int, Known]:
    """What is known of leads as they were just read and counted."""
    found = {}
    for lead in counted.leads:
        facts, done = _facts(lead, counted.facts[lead.pk]), counted.touches.get(lead.pk, {})
        done = {kind: touches for kind, touches in done.items() if is_touch(kind)}
        features = _features(lead, facts, done, lead.came or "", counted.at)
        points = counted.points[lead.pk]
        found[lead.pk] = Known(features, points.total, points.parts)
    return found


def known_at(moments: Sequence[tuple[int, datetime]]) -> list[Known]:
    """What was known of leads at moments, each pair a lead's key and a moment, in the same order.

    Touches are read from the timeline; facts that somebody filled in later are taken back.
    """
    pks = {pk for pk, _at in moments}
    rows = Lead.objects.filter(pk__in=pks).select_related("company", "source", "campaign", "persona")
    leads = {lead.pk: lead for lead in rows}
    card = Scorecard.objects.get(in_force=True)
    done_then = past.touches_at(moments)
    came = _came(pks)
    later = past.changes(pks)
    found = []
    for place, (pk, at) in enumerate(moments):
        lead, done = leads[pk], done_then[place]
        facts = _facts(lead, scoring.facts(lead))
        for changed_at, data in later.get(pk, ()):
            if changed_at > at:
                past.take_back(facts, data)
        points = scoring.score(facts, done, card.points, at=at).total
        found.append(Known(_features(lead, facts, done, came.get(pk, ""), at), points))
    return found


def _facts(lead: Lead, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts that rules read, and those that only learning does."""
    return {
        **facts,
        "campaign": lead.campaign.name if lead.campaign else "",
        "persona": str(lead.persona) if lead.persona else "",
        "value": float(lead.value) if lead.value is not None else None,
    }


def _features(
    lead: Lead, facts: Mapping[str, Any], done: Mapping[str, Touches], came: str, at: datetime
) -> dict[str, Any]:
    email = str(facts.get("email") or "")
    features: dict[str, Any] = {
        name: plain(facts.get(name))
        for name in ("source", "campaign", "country", "job_title", "industry", "size", "persona", "value")
    }
    features |= {name: plain(value) for name, value in facts.items() if name.startswith("custom.")}
    features[MAIL] = "" if not email else "business" if is_business_email(email) else "free"
    features[KNOWN] = sum(facts.get(name) not in (None, "") for name in FACTS)
    features[CAME] = came
    for half_life in (*HALF_LIVES, None):
        features[f"{ALL}:{half_life or 0}"] = round(sum(touches.worth(half_life) for touches in done.values()), 4)
    features |= {f"{ALL}:{kind}": round(touches.month, 4) for kind, touches in done.items()}
    if done:
        features[RECENCY] = round((at - max(touches.last for touches in done.values())).total_seconds() / DAY, 2)
    answers = [touches.answered for kind, touches in done.items() if kind.partition(":")[0] in ANSWERS]
    if answered := min(filter(None, answers), default=None):
        features[RESPONSE] = round((answered - lead.first_seen_at).total_seconds() / 60)
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


def _came(pks: Iterable[int]) -> dict[int, str]:
    with connection.cursor() as cursor:
        cursor.execute(_FIRST, [list(pks)])
        return {pk: kind for pk, kind in cursor.fetchall() if kind}


def filled_later(data: Mapping[str, Any]) -> list[str]:
    """The names of facts that a line of the timeline says were filled in or changed, with those a company brings."""
    names = list(data.get("changed") or ())
    for name, said in (data.get("changes") or {}).items():
        if name == "custom" and isinstance(said, list) and all(isinstance(one, dict) for one in said):
            names += [f"custom.{one}" for one in said[1] if said[0].get(one) != said[1][one]]
        else:
            names.append(name)
    return [*names, *(past.OF_COMPANY if "company" in names else ())]
