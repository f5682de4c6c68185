"""Hand-offs for machines: the list, what is known of one, and the claim of an offer."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from handoff import lifecycle
from handoff.api.saying import NotNow
from handoff.models import Handoff
from leads import rights
from leads.api.listing import Filter, Listing, Rows, among, number, person
from leads.models import Lead
from personas.choices import Lane, Stage

FIELDS = (
    "lane", "origin", "note", "offered_at", "claimed_at", "accepted_at", "first_attempt_at", "first_contact_at",
    "qualified_at", "promise", "due_at", "snoozed_until", "ended_at", "end", "verdict",
)  # fmt: skip
IS_OPEN = {"yes": Q(ended_at=None), "no": Q(ended_at__isnull=False)}


def opened(text: str, user: User) -> Q:
    """Those that are open, or those that have ended."""
    return IS_OPEN[among("", IS_OPEN).read(text, user)]


LISTING = Listing(
    fields={"id": "pk", "lead": "lead", "owner": "owner__username", "queue": "queue__name",
            "offered_by": "offered_by__username", "reason": "reason__code", **{name: name for name in FIELDS}},
    filters={
        "open": Filter("", opened, choices=tuple(IS_OPEN)),
        "lane": among("lane", Lane.values),
        "origin": among("origin", Handoff.Origin.values),
        "end": among("end", Handoff.End.values),
        "owner": person("owner"),
        "lead": Filter("lead", number),
    },
)  # fmt: skip

#: Names of columns, where a field's own name would fetch the row that it leads to.
COLUMNS = {field.name: field.attname for field in Handoff._meta.concrete_fields}


class HandoffRows(Rows):
    listing = LISTING

    def rows(self, user: Any) -> QuerySet[Handoff]:
        return Handoff.objects.visible_to(user)


class Handoffs(HandoffRows):
    """GET lists hand-offs."""

    def get(self, request: Request) -> Response:
        """A page of hand-offs, newest first: those that are open, and how the others ended."""
        return Response(LISTING.page(request, self.rows(request.user)))


class OneHandoff(HandoffRows):
    """A hand-off."""

    def get(self, request: Request, pk: int) -> Response:
        """The hand-off, or what `fields` names of it."""
        return self.answer(request, pk)


class Claim(HandoffRows):
    """POST takes an offer that nobody has: the first to come gets it."""

    def post(self, request: Request, pk: int) -> Response:
        """The hand-off as it is now; 409 says who was first."""
        rights.permit(request.user, "claim", Lead(stage=Stage.MOFU))  # where offers lie; all of them are seen by all
        try:
            handoff = lifecycle.claim(Handoff(pk=pk), actor=request.user)
        except Handoff.DoesNotExist as error:
            raise Http404 from error
        except ValidationError as error:
            raise NotNow(error.messages[0]) from error
        return self.tell(request, {name: read(handoff, path) for name, path in LISTING.fields.items()})


def read(handoff: Handoff, path: str) -> Any:
    """What a list would tell of a hand-off that is known already: many claim at once, and none asks again."""
    name, _, rest = path.partition("__")
    if not rest:
        return getattr(handoff, COLUMNS.get(name, name))
    related = getattr(handoff, name)
    return related and getattr(related, rest)
