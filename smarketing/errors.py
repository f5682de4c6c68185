"""What a person reads when something is refused, missing or broken."""

from __future__ import annotations

import json
import logging
import sys

from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException

#: Conditions of PostgreSQL under which it is away, as opposed to a statement that it refused.
AWAY = ("08", "53", "57", "58")


def forbidden(request: HttpRequest, exception: PermissionDenied) -> HttpResponse:
    """403, saying who may."""
    reason = str(exception)
    response = render(request, "errors/403.html", {"reason": reason}, status=403)
    if request.headers.get("HX-Request") and reason:
        response["HX-Trigger"] = json.dumps({"toast": {"text": reason, "kind": "bad"}})
    return response


def stale(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form whose sign-in has changed since it was drawn (a wrong CSRF token); `reason` is for the log."""
    said = _("This form was drawn for another sign-in, or cookies are off. Open its page anew, then send it again.")
    response = render(None, "errors/stale.html", {"said": said}, status=403)
    if request.headers.get("HX-Request"):
        response["HX-Trigger"] = json.dumps({"toast": {"text": said, "kind": "bad"}})
    return response


def missing(request: HttpRequest, exception: Http404) -> HttpResponse:
    """404, to machines as a problem."""
    if request.path.startswith("/api/"):
        return problem(404, "not found", _("There is nothing at this address."))
    return render(request, "errors/404.html", status=404)


def broke(request: HttpRequest) -> HttpResponse:
    """500; or 503 while PostgreSQL is away. Neither asks the database who is signed in."""
    error = sys.exc_info()[1]
    away = isinstance(error, OperationalError | InterfaceError) and is_away(error)
    status = 503 if away else 500
    if request.path.startswith("/api/"):
        detail = _("The database is away. Nothing was kept; try again in a moment.") if away else _("Something broke.")
        title = "unavailable" if away else "error"
        return problem(status, title, detail)
    return render(None, f"errors/{status}.html", status=status)


def problem(status: int, title: str, detail: str) -> HttpResponse:
    """A refusal as machines read it (RFC 9457), where no view of the API was asked."""
    said = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return HttpResponse(json.dumps(said), status=status, content_type="application/problem+json")


class Away(APIException):
    """PostgreSQL is away, as the API says it; `Retry-After` says when to ask again."""

    status_code = 503
    default_code = "unavailable"
    wait = 5

    def __init__(self) -> None:
        super().__init__(_("The database is away. Nothing was kept; try again in a moment."))


class InOneSentence(logging.Filter):
    """While PostgreSQL is away every request and task fails for one reason: it is said without a traceback each."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if (isinstance(error, OperationalError | InterfaceError) and is_away(error)) or isinstance(error, Away):
            first = record.getMessage().partition("\n")[0][:120]
            record.msg, record.args = f"{first}: the database is away", ()
            record.exc_info = record.exc_text = None
        return True


def is_away(error: Exception) -> bool:
    code = getattr(error.__cause__, "pgcode", None)
    return isinstance(error, InterfaceError) or code is None or code.startswith(AWAY)
