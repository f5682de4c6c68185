"""The words of an event: what happened, as the ledger has it, and the lead as it stands when they are written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from accounts.models import User
from handoff.models import Deal, Handoff
from handoff.notices import addresses
from handoff.outgoing.kinds import LINES
from leads.models import Activity, Lead, StageChange

Row = Activity | StageChange


def kind_of(row: Row) -> str:
    """Which event a row of a ledger is; empty if none."""
    if isinstance(row, StageChange):
        return "lead.stage_changed" if row.old else "lead.created"
    return LINES.get(row.kind) or ("lead.updated" if row.data.get("changed") else "")


def write(rows: Sequence[tuple[Row, str]]) -> list[dict[str, Any]]:
    """The bodies of many events, in a fixed number of queries."""
    keys = {row.lead_id for row, _kind in rows}
    leads = Lead.objects.select_related("company", "source", "campaign", "marketer", "rep", "score").in_bulk(keys)
    newest = (
        Handoff.objects.filter(lead__in=keys).order_by("lead", "-pk").distinct("lead").select_related("owner", "reason")
    )
    handoffs = {handoff.lead_id: handoff for handoff in newest}
    lines = [row for row, kind in rows if isinstance(row, Activity) and kind.startswith("deal.")]
    deals = Deal.objects.in_bulk({row.data["deal"] for row in lines if "deal" in row.data})
    actors = _actors(rows)
    found: list[dict[str, Any]] = []
    for row, kind in rows:
        data: dict[str, Any] = {"lead": _lead(leads[row.lead_id]), "actor": actors.get(row.actor_id)}
        if isinstance(row, StageChange):
            data["change"] = _change(row)
        elif kind == "lead.updated":
            data["changed"] = sorted(row.data.get("changed") or row.data.get("changes") or ())
        elif kind.startswith("handoff."):
            data["handoff"] = _handoff(handoffs.get(row.lead_id), row)
        elif kind.startswith("deal."):
            data["deal"] = _deal(deals.get(row.data.get("deal")), row)
        found.append({"type": kind, "timestamp": row.at.isoformat(), "data": data})
    return found


def _actors(rows: Sequence[tuple[Row, str]]) -> dict[int | None, dict[str, Any]]:
    people = User.objects.in_bulk({row.actor_id for row, _kind in rows if row.actor_id})
    return {pk: {"username": one.username, "name": str(one), "team": one.team} for pk, one in people.items()}


def _lead(lead: Lead) -> dict[str, Any]:
    company, score = lead.company, getattr(lead, "score", None)
    return {
        "id": lead.pk,
        "name": lead.name,
        "email": lead.email,
        "phone": lead.phone,
        "job_title": lead.job_title,
        "country": lead.country,
        "company": {"name": company.name, "domain": company.domain} if company else None,
        "source": lead.source.slug if lead.source else None,
        "campaign": lead.campaign.name if lead.campaign else None,
        "stage": lead.stage,
        "marketer": lead.marketer.username if lead.marketer else None,
        "rep": lead.rep.username if lead.rep else None,
        "score": score.total if score else None,
        "grade": score.grade if score else None,
        "do_not_contact": lead.do_not_contact,
        "version": lead.version,
        "url": addresses.absolute(lead.get_absolute_url()),
    }


def _change(row: StageChange) -> dict[str, Any]:
    said = {"from": row.old or None, "to": row.new, "act": row.act, "reason": row.reason, "note": row.note}
    return {**said, "skipped": row.skipped}


def _handoff(handoff: Handoff | None, row: Activity) -> dict[str, Any]:
    """The hand-off as it stands, and what was said with the act."""
    said: dict[str, Any] = {"act": row.kind.partition(":")[2], "note": row.text}
    if handoff is None:
        return said
    return {
        "id": handoff.pk,
        "lane": handoff.lane,
        "owner": handoff.owner.username if handoff.owner else None,
        "offered_at": handoff.offered_at.isoformat(),
        "end": handoff.end,
        "reason": handoff.reason.code if handoff.reason else "",
        **said,
    }


def _deal(deal: Deal | None, row: Activity) -> dict[str, Any]:
    """The deal as the timeline told it then; what is of it now besides, unless it is gone."""
    said = {"id": row.data.get("deal"), "amount": row.data.get("amount") or None, "currency": row.data.get("currency")}
    if deal is None:
        return {**said, "name": row.text}
    return {**said, "name": deal.name, "status": deal.status, "step": deal.step}
