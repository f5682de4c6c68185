"""Campaigns for machines: the list, a new one, and what is known of one."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from leads import campaigns
from leads.api.changes import CampaignSaid
from leads.api.listing import Filter, Listing, Rows, words
from leads.api.records import money
from leads.api.resource import changes_read, check_unchanged
from leads.models import Campaign
from leads.rights import permit

LISTING = Listing(
    fields={"id": "pk", "name": "name", "source": "source__slug", "starts_on": "starts_on", "ends_on": "ends_on",
            "cost": "cost", "currency": "currency"},
    tell={"cost": money},
    filters={
        "name": Filter("lower", lambda text, user: words(text, user).lower()),
        "source": Filter("source__slug", words),
    },
)  # fmt: skip


class CampaignRows(Rows):
    listing = LISTING

    def rows(self, user: Any) -> QuerySet[Campaign]:
        return Campaign.objects.visible_to(user).annotate(lower=Lower("name"))


class Campaigns(CampaignRows):
    """GET lists campaigns, POST adds one."""

    def get(self, request: Request) -> Response:
        """A page of campaigns, newest first; `name` finds one exactly."""
        return Response(LISTING.page(request, self.rows(request.user)))

    def post(self, request: Request) -> Response:
        """Add a campaign; leads that name it belong to it."""
        permit(request.user, "campaigns")
        made = campaigns.add(**changes_read(CampaignSaid, request))
        answer = self.answer(request, made.pk, status=201)
        answer["Location"] = f"/api/v1/campaigns/{made.pk}/"
        return answer


class OneCampaign(CampaignRows):
    """A campaign: GET reads it, PATCH changes what is named."""

    def get(self, request: Request, pk: int) -> Response:
        """The record, or what `fields` names of it."""
        return self.answer(request, pk)

    def patch(self, request: Request, pk: int) -> Response:
        """Change fields, if nobody else has since the version that is named."""
        permit(request.user, "campaigns")
        changes = changes_read(CampaignSaid, request, partial=True)
        with transaction.atomic():
            campaign = get_object_or_404(Campaign.objects.visible_to(request.user).select_for_update(), pk=pk)
            check_unchanged(request, self.record(request, pk))
            campaigns.edit(campaign, changes=changes)
        return self.answer(request, pk)
