"""Leads for machines: the door through which they come in, the list, and the record."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from leads import capture
from leads.models import Submission
from leads.rights import permit
from leads.tasks import nudge

#: Room for whose key it is, within `Submission.key`.
KEY_LENGTH = 100


class Conflict(APIException):
    status_code = 409
    default_code = "conflict"


class Leads(APIView):
    """GET lists leads, POST takes one in."""

    def post(self, request: Request) -> Response:
        """Keep what came and answer at once: 202, with where to ask what became of it."""
        permit(request.user, "add")
        if not isinstance(request.data, dict):
            raise ValidationError(_("Expected one lead as a JSON object."))
        key = own_key(request)
        submission = capture.accept(request.data, way=Submission.Way.API, actor=request.user, key=key)
        if key and submission.payload != capture.plain(request.data):
            raise Conflict(_("This Idempotency-Key came with another lead before. Nothing was added."))
        nudge()
        return Response(told(submission), status=202, headers={"Location": address(submission)})


class Submissions(APIView):
    """What became of a submission."""

    def get(self, request: Request, pk: int) -> Response:
        return Response(told(get_object_or_404(Submission.objects.visible_to(request.user), pk=pk)))


def own_key(request: HttpRequest | Request) -> str | None:
    """The sender's Idempotency-Key; two senders may use the same one."""
    said = request.headers.get("Idempotency-Key", "")
    if len(said) > KEY_LENGTH or not said.isprintable():
        raise ValidationError(_("An Idempotency-Key has up to %(n)d printable characters.") % {"n": KEY_LENGTH})
    return f"{request.user.pk}:{said}" if said else None


def told(submission: Submission) -> dict[str, Any]:
    return {
        "id": submission.pk,
        "state": submission.state,
        "lead": submission.lead_id,
        "error": submission.error,
        "url": address(submission),
    }


def address(submission: Submission) -> str:
    return f"/api/v1/submissions/{submission.pk}/"
