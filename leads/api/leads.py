"""Leads for machines: the list, and the record of one."""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.choices import Scope
from accounts.models import User
from leads import editing
from leads.api import capturing
from leads.api.changes import LeadChanges
from leads.api.listing import COMMON, asked_fields, following, limit
from leads.api.records import LISTED, RELATED, record
from leads.api.resource import Resource, Stale, VersionNeeded, known_only, tag_of, whole
from leads.filters import LABELS, LeadFilter
from leads.models import Lead
from leads.paging import page_of, read_cursor
from leads.tasks import nudge


class Leads(Resource):
    """GET lists leads, POST takes one in."""

    scopes = {"POST": Scope.CAPTURE}

    def get(self, request: Request) -> Response:
        """One page of leads, by the filters and sorts of the lead table; `next` is the address of the following one."""
        said = known_only(request.query_params.dict(), {*LABELS, "sort", *COMMON})
        chosen, names = LeadFilter(said, request.user), asked_fields(said, LISTED)
        if chosen.unknown:
            raise ValidationError(chosen.unknown)
        if said.get("after") and read_cursor(chosen.sort, said["after"]) is None:
            raise ValidationError({"after": _("This is no cursor of this list. Begin without it.")})
        leads = chosen.apply(Lead.objects.visible_to(request.user))
        page = page_of(chosen, leads, after=said.get("after", ""), size=limit(said))
        told = [{name: LISTED[name](row) for name in names} for row in page.rows]
        return Response({"results": told, "next": following(request, said, page.after)})

    def post(self, request: Request) -> Response:
        """Keep what came and answer at once: 202, with where to ask what became of it."""
        submission = capturing.take_in(request)
        nudge()
        told = capturing.became(submission)
        return Response(told, status=202, headers={"Location": told["url"]})


class OneLead(Resource):
    """A lead's record: GET reads it, PATCH changes what is named."""

    def get(self, request: Request, pk: int) -> Response:
        """The record whole, or what `fields` names of it; the ETag begins with its version."""
        return self.answer(request, self.find(request, pk))

    def patch(self, request: Request, pk: int) -> Response:
        """Change fields, if nobody else has since the version that is named."""
        lead, said = self.find(request, pk), whole(request)
        version = version_read(request, said)
        changes = LeadChanges(data=known_only(said, {*editing.FIELDS, "version"}), partial=True)
        changes.is_valid(raise_exception=True)
        self.edit(lead, request.user, dict(changes.validated_data), version)
        nudge()
        return self.answer(request, self.find(request, pk))

    @transaction.atomic
    def edit(self, lead: Lead, actor: User, changes: dict[str, Any], version: int) -> None:
        if changes.get("company"):
            changes["company"] = editing.company(changes["company"])
        try:
            editing.edit(lead, actor=actor, changes=changes, version=version)
        except ValidationError as error:
            if getattr(error, "code", "") == "stale":
                raise Stale from error
            raise

    def find(self, request: Request, pk: int) -> Lead:
        return get_object_or_404(Lead.objects.visible_to(request.user).select_related(*RELATED), pk=pk)

    def answer(self, request: Request, lead: Lead) -> Response:
        said, told = known_only(request.query_params.dict(), {"fields"}), self.told(request, lead)
        names = asked_fields(said, told)
        return Response({name: told[name] for name in names}, headers={"ETag": tag_of(told, lead.version)})

    def told(self, request: Request, lead: Lead) -> dict[str, Any]:
        return record(lead)


def version_read(request: Request, said: dict[str, Any]) -> int:
    """The version that the sender read: a number, or the ETag that begins with it."""
    version = str(said.get("version") or request.headers.get("If-Match", ""))
    found = re.fullmatch(r'(?:W/)?"?(\d{1,9})(?:\.[0-9a-f]{24})?"?', version)
    if found is None:
        raise VersionNeeded
    return int(found[1])
