"""The REST API for machines: its routes, and errors as RFC 9457 problems."""

from __future__ import annotations

from typing import Any, cast

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig, ValidationError
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import path
from django.utils.translation import gettext as _
from drf_standardized_errors.handler import exception_handler
from drf_standardized_errors.types import ExceptionHandlerContext
from rest_framework import exceptions
from rest_framework.response import Response

from accounts import measure
from handoff.api import acts, deals, handoffs, timeline
from handoff.api.leads import OneLead as Record
from leads.api import campaigns, capturing, companies, leads
from leads.api.resource import TooLarge
from smarketing.errors import Away, is_away


def schema(request: HttpRequest) -> HttpResponseBase:
    """The OpenAPI description; what composes it is loaded only when somebody asks."""
    from smarketing.openapi.document import Schema

    return Schema.as_view()(request)


def docs(request: HttpRequest) -> HttpResponseBase:
    """The same for people."""
    from smarketing.openapi.page import page

    return page(request)


app_name = "api"
urlpatterns = [
    path("leads/", leads.Leads.as_view(), name="leads"),
    path("leads/batch/", capturing.Batch.as_view(), name="batch"),
    path("leads/<int:pk>/", Record.as_view(), name="lead"),
    path("leads/<int:pk>/acts/<slug:name>/", acts.Acts.as_view(), name="act"),
    path("leads/<int:pk>/email/", timeline.Emails.as_view(), name="email"),
    path("leads/<int:pk>/activities/", timeline.Timeline.as_view(), name="timeline"),
    path("activities/", timeline.Activities.as_view(), name="activities"),
    path("companies/", companies.Companies.as_view(), name="companies"),
    path("companies/<int:pk>/", companies.OneCompany.as_view(), name="company"),
    path("campaigns/", campaigns.Campaigns.as_view(), name="campaigns"),
    path("campaigns/<int:pk>/", campaigns.OneCampaign.as_view(), name="campaign"),
    path("handoffs/", handoffs.Handoffs.as_view(), name="handoffs"),
    path("handoffs/<int:pk>/", handoffs.OneHandoff.as_view(), name="handoff"),
    path("handoffs/<int:pk>/claim/", handoffs.Claim.as_view(), name="claim"),
    path("deals/", deals.Deals.as_view(), name="deals"),
    path("deals/<int:pk>/", deals.OneDeal.as_view(), name="deal"),
    path("submissions/", capturing.Submissions.as_view(), name="submissions"),
    path("submissions/<int:pk>/", capturing.OneSubmission.as_view(), name="submission"),
    path("schema/", schema, name="schema"),
    path("docs/", docs, name="docs"),
]
#: 400 is for what cannot be read at all; what can be read and not be done is 422, as on the pages.
REFUSED = 422
#: Larger bodies are refused before they are read.
MOST_BYTES: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE


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
    if isinstance(error, RequestDataTooBig):
        return TooLarge(_("This is larger than %(n)d MB. Nothing was kept.") % {"n": MOST_BYTES // 2**20})
    if isinstance(error, OperationalError | InterfaceError) and is_away(error):
        return Away()
    if isinstance(error, RecursionError):
        return exceptions.ParseError()
    return error
