"""Whoever is not signed in: the address that they come from."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """The address that a request comes from: behind `TRUSTED_PROXIES` proxies, what the outermost of them has seen.

    Each proxy adds to X-Forwarded-For whom it talks to, at its end; what stands before that is anybody's claim.
    """
    behind = settings.TRUSTED_PROXIES
    seen = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    if behind and len(seen) >= behind:
        return str(seen[-behind])[:64]
    return str(request.META.get("REMOTE_ADDR", ""))
