"""Companies for machines: the list, and what is known of one."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from leads import companies
from leads.api.changes import CompanyChanges
from leads.api.listing import Filter, Listing, Rows, words
from leads.api.resource import changes_read, check_unchanged
from leads.models import Company
from leads.rights import permit

LISTING = Listing(
    fields={name: name for name in ("id", "name", "domain", "industry", "size", "country", "city", "custom",
                                    "created_at")},
    filters={
        "name": Filter("lower", lambda text, user: words(text, user).lower()),
        "domain": Filter("domain", lambda text, user: words(text, user).lower()),
        "industry": Filter("industry", words),
        "country": Filter("country", words),
    },
)  # fmt: skip


class CompanyRows(Rows):
    listing = LISTING

    def rows(self, user: Any) -> QuerySet[Company]:
        return Company.objects.visible_to(user).annotate(lower=Lower("name"))


class Companies(CompanyRows):
    """GET lists companies."""

    def get(self, request: Request) -> Response:
        """A page of companies, newest first; `name` and `domain` find one exactly."""
        return Response(LISTING.page(request, self.rows(request.user)))


class OneCompany(CompanyRows):
    """A company: GET reads it, PATCH changes what is named."""

    def get(self, request: Request, pk: int) -> Response:
        """The record, or what `fields` names of it."""
        return self.answer(request, pk)

    def patch(self, request: Request, pk: int) -> Response:
        """Change fields, if nobody else has since the version that is named; its leads are scored anew."""
        permit(request.user, "companies")
        changes = changes_read(CompanyChanges, request, partial=True)
        with transaction.atomic():
            try:
                company = companies.lock(pk, names=changes)
            except Company.DoesNotExist as error:
                raise Http404 from error
            check_unchanged(request, self.record(request, pk))
            companies.edit(company, actor=request.user, changes=changes)
        return self.answer(request, pk)
