"""How a lead is told to machines: the whole record, and a row of a list."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from operator import attrgetter
from typing import Any

from leads import clock, identity, learning, scoring
from leads.filters import Row
from leads.models import Chance, Lead, LeadScore

RELATED = ("company", "source", "campaign", "persona", "marketer", "rep", "score", "chance")
#: Columns of a lead that are told as they are.
PLAIN = (
    "name", "email", "phone", "job_title", "country", "currency", "preferred_contact", "next_action",
    "next_action_at", "look_again_on", "custom", "stage", "stage_since", "customer_since", "do_not_contact",
    "first_seen_at", "last_activity_at", "version",
)  # fmt: skip


def record(lead: Lead) -> dict[str, Any]:
    """A lead as PATCH takes it back, and what only the pipeline writes."""
    company = lead.company
    return {
        "id": lead.pk,
        **{name: getattr(lead, name) for name in PLAIN},
        "value": money(lead.value),
        "company": {n: getattr(company, n) for n in ("id", "name", *identity.COMPANY_FILLED, "domain")}
        if company
        else None,
        "source": lead.source.slug if lead.source else None,
        "campaign": lead.campaign.name if lead.campaign else None,
        "persona": lead.persona.name if lead.persona else None,
        "marketer": lead.marketer.username if lead.marketer else None,
        "rep": lead.rep.username if lead.rep else None,
        "score": points(lead.score) if hasattr(lead, "score") else None,
        "chance": chance_of(lead.chance) if hasattr(lead, "chance") else None,
        "page": lead.get_absolute_url(),
    }


def money(amount: Decimal | None) -> str | None:
    """A sum as text: no machine should make a binary fraction of it."""
    return None if amount is None else str(amount)


def points(score: LeadScore) -> dict[str, Any]:
    """The agreed points; the parts sum to the total exactly, and the reasons are the strongest of them in words."""
    now = clock.now()
    return {
        "total": score.total,
        "grade": score.grade,
        "fit": score.fit,
        "engagement": score.engagement,
        "parts": scoring.told(score.parts, at=now),
        "reasons": scoring.reasons(score.parts, at=now),
    }


def chance_of(found: Chance) -> dict[str, Any]:
    """The learned chance; the parts are log-odds and sum with `base` to `log_odds` exactly."""
    return {
        "probability": found.probability,
        "log_odds": found.logit,
        "base": found.base,
        "parts": [{"name": name, "value": value, "log_odds": logit} for name, value, logit in found.parts],
        "reasons": [str(reason) for reason in learning.reasons(found.parts)],
    }


def _owner(row: Row) -> str | None:
    owner = row.owner
    return owner["username"] if owner else None


#: What a row of the list says, by field.
LISTED: dict[str, Callable[[Row], Any]] = {
    "id": attrgetter("pk"),
    "name": attrgetter("named"),
    **{
        name: attrgetter(name)
        for name in ("email", "phone", "job_title", "stage", "lane", "stage_since", "company", "currency",
                     "next_action", "next_action_at", "look_again_on", "last_activity_at", "score")
    },
    "value": lambda row: money(row.value),
    "grade": attrgetter("grade"),
    "owner": _owner,
    "source": lambda row: row.source_slug or None,
}  # fmt: skip
