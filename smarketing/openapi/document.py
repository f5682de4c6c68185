"""The document itself, as it is served."""

from __future__ import annotations

from drf_spectacular.views import SpectacularAPIView

from smarketing.openapi import operations

__all__ = ["Schema", "operations"]


class Schema(SpectacularAPIView):
    """GET describes this API (YAML, or JSON with `?format=json`)."""
