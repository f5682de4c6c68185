"""Offers that the definition made: what was known of them then, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.fields.json import KT

from handoff.models import Deal, Handoff, Reason
from leads import scoring
from leads.models import Visit
from personas.choices import Stage

SPAN = timedelta(days=90)
#: So many are counted, the newest first; beyond that the page says so.
OFFERS = 20_000


@dataclass
class Offer:
    """An offer that the definition made: what was known then, and what became of it."""

    handoff: Handoff
    points: int | None
    known: list[str] | None = None
    noted: int | None = None
    company: dict[str, Any] | None = None
    tofu_since: datetime | None = None
    won: bool = False
    #: The points that it would have had by a draft.
    anew: int | None = None

    @cached_property
    def facts(self) -> dict[str, Any]:
        """The facts that the brief noted; of an older one, those of the record today."""
        return scoring.facts(self.handoff.lead) if self.known is None else dict.fromkeys(self.known, "yes")

    @property
    def persona(self) -> int | None:
        """The persona that the brief noted; of an older one, that of the lead today."""
        return self.handoff.lead.persona_id if self.known is None else self.noted

    @property
    def is_definitional(self) -> bool:
        reason = self.handoff.reason
        return self.is_returned and reason is not None and reason.return_class == Reason.ReturnClass.DEFINITIONAL

    @property
    def is_returned(self) -> bool:
        return self.handoff.end == Handoff.End.RETURNED

    @property
    def is_answered(self) -> bool:
        return self.is_returned or self.handoff.accepted_at is not None


def offers(*, since: datetime, won_lately: bool = False) -> list[Offer]:
    """The offers that the definition made since then, or those that led to the deals won since then."""
    entered = Visit.objects.filter(lead=OuterRef("lead"), stage=Stage.TOFU, left_at=OuterRef("offered_at"))
    rows: QuerySet[Handoff] = Handoff.objects.offered().filter(origin=Handoff.Origin.LINE, imported=False)
    won = Deal.objects.won().filter(handoff=OuterRef("pk"), imported=False)
    asked = rows.filter(Exists(won.filter(closed_at__gte=since))) if won_lately else rows.filter(offered_at__gte=since)
    found = (
        asked.annotate(
            points=KT("brief__score__total"),
            known=F("brief__known"),
            persona=F("brief__persona_id"),
            company=F("brief__company"),
            tofu_since=entered.values("entered_at")[:1],
            won=Exists(won),
        )
        .select_related("lead__company", "lead__source", "reason", "owner")
        .defer("brief", "lead__search")
        .order_by("-offered_at", "-pk")[:OFFERS]
    )
    return [_noted(row) for row in found]


def _noted(row: Any) -> Offer:
    """An offer with what its brief noted."""
    points = None if row.points is None else int(row.points)
    return Offer(row, points, row.known, row.persona, row.company, row.tofu_since, won=row.won)
