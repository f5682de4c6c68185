"""A form that asks one thing: in a dialog for htmx, as a page for a plain browser; and files within their limit."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadhandler import (
    FileUploadHandler,
    MemoryFileUploadHandler,
    StopUpload,
    TemporaryFileUploadHandler,
)
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_protect

from handoff.attachments import MOST

TOO_LARGE = "sent_too_large"


def came_from(request: HttpRequest) -> str:
    """The page that the form or the address names as `next`, if it is one of ours: where one goes on or back to."""
    named = request.POST.get("next") or request.GET.get("next", "")
    return named if url_has_allowed_host_and_scheme(named, {request.get_host()}) else ""


def ask(request: HttpRequest, form: Any, *, address: str, back: str, about: str = "") -> HttpResponse:
    """Show a form; 422 where it was refused."""
    template = "handoff/_ask.html" if request.htmx else "handoff/ask.html"
    context = {"form": form, "address": address, "back": back, "about": about}
    return render(request, template, context, status=422 if form.errors else 200)


def part(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """A part alone for htmx, or as the only thing on a page for a plain browser."""
    if request.htmx:
        return render(request, template, context, status=status)
    return render(request, "handoff/alone.html", {**context, "part": template}, status=status)


def told_why_not(request: HttpRequest, why: str, *, to: str) -> HttpResponse:
    """Say why one click did nothing."""
    if not request.htmx:
        messages.error(request, why)
        return redirect(to)
    response = HttpResponse(status=422)
    response["HX-Reswap"] = "none"
    response["HX-Trigger"] = json.dumps({"toast": {"text": why, "kind": "bad"}})
    return response


class Limit(FileUploadHandler):
    """Lets no file, and not all of them together, become larger than may be, whatever their sender says."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.left, self.all_left = 0, settings.ATTACHMENT_MAX_BYTES * MOST

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        self.left = settings.ATTACHMENT_MAX_BYTES

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self.left -= len(raw_data)
        self.all_left -= len(raw_data)
        if self.left < 0 or self.all_left < 0:
            setattr(self.request, TOO_LARGE, True)
            raise StopUpload
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None


def takes_files(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Take in files within their limit. The view is `csrf_exempt` outside, since the token comes with the files."""
    protected = csrf_protect(view)

    @wraps(view)
    def limited(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        request.upload_handlers = [
            Limit(request),
            MemoryFileUploadHandler(request),
            TemporaryFileUploadHandler(request),
        ]
        return protected(request, *args, **kwargs)

    return limited


def sent(request: HttpRequest) -> dict[str, Any]:
    """The files that came with a form, as its `files` and `too_large`."""
    too_large = bool(request.POST) and hasattr(request, TOO_LARGE)  # reading the form takes the files in
    return {"files": request.FILES.getlist("files"), "too_large": too_large}
