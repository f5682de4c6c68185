"""A lead's record for machines, with where it stands between the teams."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request

from handoff import standing
from handoff.api import deals, handoffs
from handoff.forms import ACTS
from handoff.models import Deal
from leads import rights
from leads.api.leads import OneLead as Record
from leads.models import Lead


class OneLead(Record):
    """A lead's record with where it stands between the teams."""

    def told(self, request: Request, lead: Lead) -> dict[str, Any]:
        of_lead = deals.with_primary(Deal.objects.filter(leads=lead)).order_by("-pk")[:50]
        return {
            **super().told(request, lead),
            "standing": standing.of(lead),
            "handoff": next(iter(handoffs.LISTING.several(lead.handoffs.open())), None),
            "deals": deals.LISTING.several(of_lead),
            "acts": [name for name in ACTS if rights.may(request.user, name, lead)],
        }
