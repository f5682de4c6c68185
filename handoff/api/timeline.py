"""What happened to leads, for machines: one lead's timeline, what is new on all of them, and what is added."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from handoff import tasks
from handoff.api.saying import spoken
from handoff.forms import Comment, Email, Touch
from leads import rights, timeline
from leads.api.listing import Filter, Listing, Rows, asked_fields, following, moment, number, words
from leads.api.resource import Resource, known_only, whole
from leads.models import Activity, Lead
from leads.tasks import nudge


def of_kind(text: str, user: User) -> Q:
    """A kind, or with its namespace alone all of them: `call` finds `call:spoke`."""
    kind = words(text, user)[:40]
    return Q(kind=kind) | Q(kind__startswith=f"{kind}:")


LISTING = Listing(
    fields={"id": "pk", "lead": "lead", "kind": "kind", "text": "text", "data": "data", "actor": "actor__username",
            "at": "at", "recorded_at": "recorded_at"},
    filters={
        "lead": Filter("lead", number),
        "kind": Filter("", of_kind),
        "since": Filter("recorded_at__gte", moment),
    },
    order=("recorded_at", "pk"),
)  # fmt: skip


class Activities(Rows):
    """What happened to any lead."""

    listing = LISTING

    def rows(self, user: Any) -> QuerySet[Activity]:
        return Activity.objects.visible_to(user)

    def get(self, request: Request) -> Response:
        """A page of what was recorded on all leads, newest first; `since` leaves out what is known already.

        A `kind` is looked for on one `lead` or `since` a moment: else a rare one would be looked for in all there is.
        """
        if request.GET.get("kind") and not (request.GET.get("lead") or request.GET.get("since")):
            raise ValidationError({"kind": _("Name a lead with it, or since when.")})
        return Response(LISTING.page(request, self.rows(request.user)))


class Timeline(Resource):
    """A lead's timeline: GET reads it, POST logs a touch or says something."""

    def get(self, request: Request, pk: int) -> Response:
        """Newest first, a page at a time; `group` as on the page."""
        said = known_only(request.query_params.dict(), {"group", "after", "fields"})
        names = asked_fields(said, LISTING.fields)
        lead = get_object_or_404(Lead.objects.visible_to(request.user), pk=pk)
        page = timeline.page(lead, group=said.get("group", ""), after=said.get("after", ""))
        told = [{name: line[name] for name in names} for line in entries(page.entries)]
        return Response({"results": told, "next": following(request, said, page.next)})

    def post(self, request: Request, pk: int) -> Response:
        """`kind` is `comment`, or that of a touch; a touch counts for clocks and points as on the page."""
        lead = get_object_or_404(Lead.objects.visible_to(request.user), pk=pk)
        comment = whole(request).get("kind") == "comment"
        rights.permit(request.user, "comment" if comment else "log", lead)
        form = spoken(Comment if comment else Touch, lead, request, passed_over={"kind"} if comment else set())
        nudge()
        return Response(entries([form.result])[0], status=201)


class Emails(Resource):
    """POST writes an e-mail to a lead."""

    def post(self, request: Request, pk: int) -> Response:
        """Its line on the timeline: an attempt, or `email:kept` without a mail server. The same `ident` is one mail."""
        lead = get_object_or_404(Lead.objects.visible_to(request.user).select_related("company"), pk=pk)
        rights.permit(request.user, "log", lead)
        form = spoken(Email, lead, request)
        nudge()
        transaction.on_commit(tasks.send_soon)
        return Response(entries([form.result])[0], status=201)


def entries(lines: Sequence[Activity]) -> list[dict[str, Any]]:
    """Lines of a timeline; who did it is read for all of them at once."""
    known = dict(User.objects.filter(pk__in={line.actor_id for line in lines}).values_list("pk", "username"))
    return [
        {
            "id": line.pk,
            "lead": line.lead_id,
            "kind": line.kind,
            "text": line.text,
            "data": line.data,
            "actor": known.get(line.actor_id) if line.actor_id else None,
            "at": line.at,
            "recorded_at": line.recorded_at,
        }
        for line in lines
    ]
