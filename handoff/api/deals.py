"""Deals for machines: the list, and what is known of one."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import FilteredRelation, Q, QuerySet
from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from handoff.api.saying import performed, scalars
from handoff.deals import EDITABLE
from handoff.forms import EditDeal
from handoff.models import Deal
from leads import rights
from leads.api.listing import Filter, Listing, Rows, among, number, person
from leads.api.records import money
from leads.api.resource import check_unchanged, known_only, whole
from leads.models import Lead
from personas.choices import DealStep

LISTING = Listing(
    fields={"id": "pk", "name": "name", "lead": "main__lead", "company": "company__name", "amount": "amount",
            "currency": "currency", "step": "step", "step_since": "step_since", "status": "status",
            "close_on": "close_on", "opened_at": "opened_at", "closed_at": "closed_at", "owner": "owner__username",
            "reason": "reason__code", "competitor": "competitor"},
    filters={
        "status": among("status", Deal.Status.values),
        "step": among("step", DealStep.values),
        "owner": person("owner"),
        "lead": Filter("roles__lead", number),
        "company": Filter("company", number),
    },
    tell={"amount": money},
)  # fmt: skip


def with_primary(deals: QuerySet[Deal]) -> QuerySet[Deal]:
    """Deals with the lead that each is about first."""
    return deals.annotate(main=FilteredRelation("roles", condition=Q(roles__primary=True)))


class DealRows(Rows):
    listing = LISTING

    def rows(self, user: Any) -> QuerySet[Deal]:
        return with_primary(Deal.objects.visible_to(user))


class Deals(DealRows):
    """GET lists deals."""

    def get(self, request: Request) -> Response:
        """A page of deals, newest first."""
        return Response(LISTING.page(request, self.rows(request.user)))


class OneDeal(DealRows):
    """A deal: GET reads it, PATCH changes its name, amount, currency or expected close."""

    def get(self, request: Request, pk: int) -> Response:
        """The deal, or what `fields` names of it."""
        return self.answer(request, pk)

    def patch(self, request: Request, pk: int) -> Response:
        """Change fields, if nobody else has since the version that is named; step and end are acts on its lead."""
        lead = get_object_or_404(Lead, deal_roles__deal=pk, deal_roles__primary=True)
        rights.permit(request.user, "edit_deal", lead)
        said = known_only(scalars(whole(request)), set(EDITABLE))
        with transaction.atomic():
            Lead.objects.lock(lead)
            deal = Deal.objects.visible_to(request.user).select_for_update().get(pk=pk)
            check_unchanged(request, self.record(request, pk))
            now = {name: "" if (value := getattr(deal, name)) is None else str(value) for name in EDITABLE}
            performed(EditDeal({**shown(now), **now, **said}, deal=deal, actor=request.user, lead=lead))
        return self.answer(request, pk)


def shown(now: dict[str, str]) -> dict[str, str]:
    """What the form would have shown, had a person opened it now."""
    return {f"initial-{name}": value for name, value in now.items()}
