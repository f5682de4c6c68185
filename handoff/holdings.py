"""What a colleague holds: the leads, the open hand-offs and the open deals that are theirs."""

from __future__ import annotations

from typing import NamedTuple

from django.db.models import Q

from accounts.models import User
from handoff.models import Handoff
from leads.models import Lead
from personas.choices import Stage

MARKETING_OWNS, SALES_OWNS = (Stage.TOFU, Stage.OUT), (Stage.MOFU, Stage.BOFU, Stage.CUSTOMER)


class Holdings(NamedTuple):
    """How much somebody holds, counted."""

    leads: int
    offers: int
    deals: int


def of(colleague: User) -> Holdings:
    """Counted as the lead table filters by owner, so that a click on the number shows as many."""
    theirs = Q(marketer=colleague, stage__in=MARKETING_OWNS) | Q(rep=colleague, stage__in=SALES_OWNS)
    return Holdings(
        leads=Lead.objects.filter(theirs).count(),
        offers=Handoff.objects.open().filter(owner=colleague).count(),
        deals=colleague.deals.open().count(),
    )
