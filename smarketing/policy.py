from __future__ import annotations

from csp.middleware import CSPMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase


class ContentPolicy(CSPMiddleware):
    """What a page may load. JSON loads nothing, and machines ask so often that composing its policy would show."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if "json" in response.headers.get("Content-Type", ""):
            return response
        return super().process_response(request, response)
