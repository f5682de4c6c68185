"""The REST API for machines: its routes, and errors as RFC 9457 problems."""

from __future__ import annotations

from typing import Any, cast

from django.http import HttpResponse
from drf_standardized_errors.handler import exception_handler
from drf_standardized_errors.types import ExceptionHandlerContext
from rest_framework.response import Response
from rest_framework.routers import DefaultRouter

router = DefaultRouter()


def problem(error: Exception, context: dict[str, Any]) -> Response | HttpResponse | None:
    """Any API error as application/problem+json (RFC 9457)."""
    response = exception_handler(error, cast(ExceptionHandlerContext, context))
    if response is None:
        return None
    said = response.data
    response.data = {
        "type": "about:blank",
        "title": said["type"].replace("_", " "),
        "status": response.status_code,
        "detail": said["errors"][0]["detail"],
        "errors": said["errors"],
    }
    response.content_type = "application/problem+json"
    return response
