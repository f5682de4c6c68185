"""The REST API for machines: its routes, and errors as RFC 9457 problems."""

from __future__ import annotations

from typing import Any, cast

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import path
from drf_standardized_errors.handler import exception_handler
from drf_standardized_errors.types import ExceptionHandlerContext
from rest_framework import exceptions
from rest_framework.response import Response

from accounts import measure
from handoff import api as handoff
from leads import api as leads


def schema(request: HttpRequest) -> HttpResponseBase:
    """The OpenAPI description; what composes it is loaded only when somebody asks."""
    from smarketing.schema import Schema

    return Schema.as_view()(request)


app_name = "api"
urlpatterns = [
    path("leads/", leads.Leads.as_view(), name="leads"),
    path("leads/<int:pk>/", handoff.OneLead.as_view(), name="lead"),
    path("leads/<int:pk>/acts/<slug:name>/", handoff.Acts.as_view(), name="act"),
    path("leads/<int:pk>/email/", handoff.Emails.as_view(), name="email"),
    path("leads/<int:pk>/activities/", handoff.Activities.as_view(), name="activities"),
    path("handoffs/<int:pk>/claim/", handoff.Claim.as_view(), name="claim"),
    path("deals/<int:pk>/", handoff.OneDeal.as_view(), name="deal"),
    path("schema/", schema, name="schema"),
    path("submissions/<int:pk>/", leads.Submissions.as_view(), name="submission"),
]
#: 400 is for what cannot be read at all; what can be read and not be done is 422, as on the pages.
REFUSED = 422


def problem(error: Exception, context: dict[str, Any]) -> Response | HttpResponse | None:
    """Any API error as application/problem+json (RFC 9457)."""
    response = exception_handler(translated(error), cast(ExceptionHandlerContext, context))
    if response is None:
        return None
    said = response.data
    if said["type"] == "validation_error":
        response.status_code = REFUSED
    response.data = {
        "type": "about:blank",
        "title": said["type"].replace("_", " "),
        "status": response.status_code,
        "detail": said["errors"][0]["detail"],
        "errors": said["errors"],
    }
    response.content_type = "application/problem+json"
    return response


class TooMany(exceptions.APIException):
    """More than a person or a token may do within a time; `Retry-After` says when to go on."""

    status_code = 429
    default_code = "too_many"

    def __init__(self, spent: measure.Spent) -> None:
        super().__init__(spent.messages[0])
        self.wait = spent.wait


def translated(error: Exception) -> Exception:
    """Our own refusals in DRF's words, with the sentence kept."""
    if isinstance(error, measure.Spent):
        return TooMany(error)
    if isinstance(error, ValidationError):
        return exceptions.ValidationError(error.message_dict if hasattr(error, "error_dict") else error.messages)
    if isinstance(error, PermissionDenied) and str(error):
        return exceptions.PermissionDenied(str(error))
    if isinstance(error, RecursionError):
        return exceptions.ParseError()
    return error
