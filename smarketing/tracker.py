"""The tracker's two addresses, answered before anything else of a request is done: browsers of strangers ask often.

`/t.js` is what websites load, `/t` is where it tells of visits. Neither knows sessions or cookies.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from functools import lru_cache

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.utils.translation import gettext as _

from accounts.outsiders import address_of
from leads import tracker
from leads.tasks import nudge

SCRIPT, DOOR = "/t.js", "/t"
#: Browsers ask for the script again after so many seconds, and get it only if it is another one.
KEPT_SECONDS = 3600


def answer(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Answer the tracker, and hand on every other request."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path_info == DOOR:
            return hear(request)
        return script(request) if request.path_info == SCRIPT else get_response(request)

    return middleware


def hear(request: HttpRequest) -> HttpResponse:
    """204 where a hit is taken, or its sender wants nothing kept; else why not, in a sentence."""
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "POST"})
    if request.META.get("HTTP_DNT") == "1" or request.META.get("HTTP_SEC_GPC") == "1":
        return HttpResponse(status=204)
    try:
        if tracker.hear(body(request), page=request.META.get("HTTP_ORIGIN", ""), address=address_of(request)):
            nudge()
    except tracker.Refused as refused:
        return said(refused.status, str(refused))
    except (OperationalError, InterfaceError):
        return said(503, _("This cannot be kept at the moment."))
    return HttpResponse(status=204)


def body(request: HttpRequest) -> bytes:
    """The body, unless it is longer than a hit may be: then it is not read."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > tracker.MOST_BYTES:
        raise tracker.Refused(413, _("A hit has up to %(n)d bytes. Nothing was kept.") % {"n": tracker.MOST_BYTES})
    try:
        return request.read(int(length))
    except UnreadablePostError as error:
        raise tracker.Refused(400, _("The hit ended in the middle.")) from error


def said(status: int, sentence: str) -> HttpResponse:
    response = HttpResponse(sentence, status=status, content_type="text/plain; charset=utf-8")
    if status == 429:
        response.headers["Retry-After"] = "60"
    return response


def script(request: HttpRequest) -> HttpResponse:
    """The script, small and the same for everybody."""
    if request.method not in ("GET", "HEAD"):
        return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
    plain, packed, tag = built()
    headers = {
        "ETag": tag,
        "Cache-Control": f"public, max-age={KEPT_SECONDS}",
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    if request.headers.get("If-None-Match") == tag:
        return HttpResponse(status=304, headers=headers)
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        plain, headers = packed, {**headers, "Content-Encoding": "gzip"}
    return HttpResponse(plain, content_type="text/javascript; charset=utf-8", headers=headers)


@lru_cache(maxsize=1)
def built() -> tuple[bytes, bytes, str]:
    """The script as it is built: plain, packed, and its mark."""
    text = (settings.BASE_DIR / "static" / "dist" / "tracker.js").read_bytes()
    return text, gzip.compress(text, mtime=0), f'W/"{hashlib.sha256(text).hexdigest()[:16]}"'
