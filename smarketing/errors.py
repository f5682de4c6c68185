"""What a person reads when something is refused, missing or broken."""

from __future__ import annotations

import json
import sys

from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

#: Conditions of PostgreSQL under which it is away, as opposed to a statement that it refused.
AWAY = ("08", "53", "57", "58")


def forbidden(request: HttpRequest, exception: PermissionDenied) -> HttpResponse:
    """403, saying who may."""
    reason = str(exception)
    response = render(request, "errors/403.html", {"reason": reason}, status=403)
    if request.headers.get("HX-Request") and reason:
        response["HX-Trigger"] = json.dumps({"toast": {"text": reason, "kind": "bad"}})
    return response


def missing(request: HttpRequest, exception: Http404) -> HttpResponse:
    return render(request, "errors/404.html", status=404)


def broke(request: HttpRequest) -> HttpResponse:
    """500; or 503 while PostgreSQL is away. Neither asks the database who is signed in."""
    error = sys.exc_info()[1]
    away = isinstance(error, OperationalError | InterfaceError) and is_away(error)
    status = 503 if away else 500
    if request.path.startswith("/api/"):
        detail = _("The database is away. Nothing was kept; try again in a moment.") if away else _("Something broke.")
        title = "unavailable" if away else "error"
        problem = {"type": "about:blank", "title": title, "status": status, "detail": detail}
        return HttpResponse(json.dumps(problem), status=status, content_type="application/problem+json")
    return render(None, f"errors/{status}.html", status=status)


def is_away(error: Exception) -> bool:
    code = getattr(error.__cause__, "pgcode", None)
    return isinstance(error, InterfaceError) or code is None or code.startswith(AWAY)
