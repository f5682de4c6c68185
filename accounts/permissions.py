"""What a program may do with its token, and how often: asked before each request of the API."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.permissions import SAFE_METHODS, IsAuthenticated
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts import measure
from accounts.authentication import Grant
from accounts.choices import Scope
from accounts.models import User


def scope_of(view: Any, method: str) -> str:
    """What a request needs of its token: to read, unless it changes something, or what its view says."""
    said: dict[str, str] = getattr(view, "scopes", {})
    return said.get(method) or (Scope.READ if method in SAFE_METHODS else Scope.WRITE)


def token_of(request: Request) -> str | None:
    """Which token a request came with; None for a person's own session."""
    grant: Any = request.auth
    return grant.digest if isinstance(grant, Grant) else None


class InScope(IsAuthenticated):
    """Somebody who is signed in; a token must have been made for what is asked of it."""

    message = ""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not super().has_permission(request, view):
            return False
        needed = scope_of(view, request.method or "")
        grant: Any = request.auth
        if not isinstance(grant, Grant) or needed in grant.scopes:
            return True
        self.message = _("This token was not made for the scope “%(scope)s”. Make one that is, in your settings.") % {
            "scope": needed
        }
        return False


class Measured(BaseThrottle):
    """So much may one token read and change within a minute; what it brings in is counted by the lead."""

    MEASURES = {Scope.READ: "reading", Scope.WRITE: "writing"}

    def allow_request(self, request: Request, view: Any) -> bool:
        """Whether it may go on; raise `measure.Spent`, which says when, if not."""
        if what := self.MEASURES.get(Scope(scope_of(view, request.method or ""))):
            assert isinstance(request.user, User)  # who is nobody has not come so far
            measure.spend(request.user, what, token=token_of(request))
        return True
