"""The door for machines: leads come in, one or a thousand at once, and each says what became of it."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Case, CharField, Q, Value, When
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import measure
from accounts.choices import Scope
from accounts.permissions import token_of
from leads import batch, capture
from leads.api.listing import Filter, Listing, among, number
from leads.api.resource import Conflict, Resource, TooLarge, known_only, whole
from leads.models import Submission
from leads.models.submission import MAX_ATTEMPTS
from leads.payload import plain
from leads.rights import permit
from leads.tasks import nudge

#: Room for whose key it is, within `Submission.key`.
KEY_LENGTH = 100


def take_in(request: Request) -> Submission:
    """Keep the lead that a body tells of; the same Idempotency-Key gives the submission that is here already."""
    permit(request.user, "add")
    said, key = whole(request), own_key(request)
    measure.spend(request.user, "capture", token=token_of(request))
    submission = capture.accept(said, way=Submission.Way.API, actor=request.user, key=key)
    if key and submission.payload != plain(said):
        raise Conflict(_("This Idempotency-Key came with another lead before. Nothing was added."))
    return submission


class Batch(Resource):
    """POST takes up to a thousand leads in."""

    scopes = {"POST": Scope.CAPTURE}

    def post(self, request: Request) -> Response:
        """Keep each lead that can be one, refuse each that cannot, and say of every row which it was."""
        permit(request.user, "add")
        rows, key = self.rows(request), own_key(request)
        measure.spend(request.user, "capture", len(rows), token=token_of(request))
        try:
            answers = batch.accept(rows, actor=request.user, key=key)
        except batch.OtherBatch as error:
            raise Conflict(error.messages[0]) from error
        nudge()
        results = [result(index, answer) for index, answer in enumerate(answers)]
        refused = sum(row["state"] == "refused" for row in results)
        return Response({"accepted": len(results) - refused, "refused": refused, "results": results}, status=202)

    def rows(self, request: Request) -> list[Any]:
        rows = known_only(whole(request), {"leads"}).get("leads")
        if not isinstance(rows, list) or not rows:
            raise ValidationError({"leads": _("Expected a list of leads.")})
        if len(rows) > batch.MOST:
            raise TooLarge(_("%(most)d leads are as many as come at once. Nothing was kept.") % {"most": batch.MOST})
        return rows


def result(index: int, answer: Submission | ValidationError) -> dict[str, Any]:
    """What became of one row of a batch."""
    if isinstance(answer, Submission):
        return {"index": index, **became(answer), "errors": []}
    by_field = answer.message_dict if hasattr(answer, "error_dict") else {None: answer.messages}
    errors = [
        {"code": "invalid", "detail": sentence, "attr": name}
        for name, sentences in by_field.items()
        for sentence in sentences
    ]
    return {"index": index, "id": None, "state": "refused", "lead": None, "error": "", "url": None, "errors": errors}


def own_key(request: HttpRequest | Request) -> str | None:
    """The sender's Idempotency-Key; two senders may use the same one."""
    said = request.headers.get("Idempotency-Key", "")
    if len(said) > KEY_LENGTH or not said.isprintable():
        raise ValidationError(_("An Idempotency-Key has up to %(n)d printable characters.") % {"n": KEY_LENGTH})
    return f"{request.user.pk}:{said}" if said else None


def became(submission: Submission) -> dict[str, Any]:
    return {
        "id": submission.pk,
        "state": submission.state,
        "lead": submission.lead_id,
        "error": submission.error,
        "url": address(submission.pk),
    }


def address(pk: int) -> str:
    return f"/api/v1/submissions/{pk}/"


#: The conditions of `Submission.state`, and their words in the statement.
IS = {
    "processed": Q(processed_at__isnull=False),
    "failed": Q(processed_at=None, attempts__gte=MAX_ATTEMPTS) & ~Q(error=""),
    "waiting": Q(processed_at=None) & (Q(attempts__lt=MAX_ATTEMPTS) | Q(error="")),
}
STATE = Case(*(When(condition, then=Value(state)) for state, condition in IS.items()), output_field=CharField())
LISTING = Listing(
    fields={"id": "pk", "way": "way", "state": STATE, "lead": "lead", "error": "error", "at": "at",
            "received_at": "received_at", "url": "pk"},
    filters={
        "state": Filter("", lambda text, user: IS[among("", IS).read(text, user)], choices=tuple(IS)),
        "way": among("way", Submission.Way.values),
        "lead": Filter("lead", number),
    },
    tell={"url": address},
)  # fmt: skip


class Submissions(Resource):
    """What came in, by whichever way, newest first."""

    def get(self, request: Request) -> Response:
        """A page of submissions: with `state=failed` those that wait for a person, each with its reason."""
        return Response(LISTING.page(request, Submission.objects.visible_to(request.user)))


class OneSubmission(Resource):
    """What became of a submission."""

    def get(self, request: Request, pk: int) -> Response:
        """`waiting`, `processed` (and its lead), or `failed` with the reason."""
        return Response(became(get_object_or_404(Submission.objects.visible_to(request.user), pk=pk)))
