"""Files in: upload, map, try out, hand to the worker, watch, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from defusedcsv import csv
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.files.uploadhandler import FileUploadHandler, StopUpload, TemporaryFileUploadHandler
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from handoff import answers
from leads import exchange, rights
from leads.forms.mapping import MappingForm
from leads.models import Import, ImportProblem
from leads.tasks import nudge

PAGE = 20
SAID = 50
#: A file of at most so many bytes, some hundred rows, is brought in at once, since a person waits for it.
AT_ONCE = 64 * 1024
TOO_LARGE = "sent_too_large"
SEPARATORS = {
    ",": gettext_lazy("Comma"),
    ";": gettext_lazy("Semicolon"),
    "\t": gettext_lazy("Tab"),
    "|": gettext_lazy("Bar"),
}


class Limit(FileUploadHandler):
    """Lets no file become larger than may be, whatever its sender says of its length."""

    left = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        self.left = settings.IMPORT_MAX_BYTES

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self.left -= len(raw_data)
        if self.left < 0:
            setattr(self.request, TOO_LARGE, True)
            raise StopUpload
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None


@csrf_exempt  # the token is asked for below, once it is settled how the file is taken in
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Take a file, or show the files that were imported."""
    rights.permit(request.user, "import")
    request.upload_handlers = [Limit(request), TemporaryFileUploadHandler(request)]
    return _upload(request)


@csrf_protect
def _upload(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return files(request)
    try:
        received = _received(request)
    except ValidationError as error:
        return files(request, errors=error.messages)
    return redirect("handoff:import_show", received.pk)


def _received(request: HttpRequest) -> Import:
    most = filesizeformat(settings.IMPORT_MAX_BYTES)
    sent = request.FILES.get("file")
    if hasattr(request, TOO_LARGE):
        raise ValidationError(_("This file is larger than %(most)s. Nothing was kept; split it.") % {"most": most})
    if sent is None:
        raise ValidationError(_("Choose a file first."))
    return exchange.receive(sent.name or _("file"), sent.chunks(), actor=request.user)


def files(request: HttpRequest, errors: list[str] | None = None) -> HttpResponse:
    """The form, and the files that were imported, newest first."""
    before = request.GET.get("before", "")
    imports = Import.objects.visible_to(request.user).select_related("actor")
    if before.isdecimal() and len(before) < 19:
        imports = imports.filter(pk__lt=int(before))
    shown = list(imports[: PAGE + 1])
    more = shown[PAGE - 1].pk if len(shown) > PAGE else 0
    context = {"imports": shown[:PAGE], "more": more, "errors": errors, "most": settings.IMPORT_MAX_BYTES}
    return render(request, "handoff/import.html", context, status=422 if errors else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One import as it stands: its mapping, what it would do, how far it is, or what became of it."""
    rights.permit(request.user, "import")
    found = get_object_or_404(Import.objects.visible_to(request.user).select_related("actor"), pk=pk)
    if request.method == "POST" or (not found.is_begun and (not found.mapping or "map" in request.GET)):
        return mapping(request, found)
    if not found.is_begun:
        return trial(request, found)
    template = "handoff/_import.html" if request.htmx else "handoff/import_show.html"
    return render(request, template, {"import": found, **told(found)})


def mapping(request: HttpRequest, found: Import) -> HttpResponse:
    """What each column means; refused for an import that has begun."""
    if found.is_begun:
        messages.error(request, _("This import has begun, so its mapping stands. Nothing was changed."))
        return redirect("handoff:import_show", found.pk)
    asked = request.GET.get("separator", "")
    separator = asked if asked in SEPARATORS else found.mapping.get("separator", "")
    seen = exchange.look(found, separator)
    form = MappingForm(request.POST if request.method == "POST" else None, upload=found, look=seen)
    if form.is_bound and form.attempt():
        return redirect("handoff:import_show", found.pk)
    context = {"import": found, "form": form, "look": seen, "earlier": exchange.earlier(found)}
    context["separators"] = SEPARATORS.items()
    return render(request, "handoff/import_map.html", context, status=422 if form.is_bound else 200)


def trial(request: HttpRequest, found: Import) -> HttpResponse:
    """What the import would do, before anything is written."""
    tried = exchange.attempt(found, most=SAID)
    context = {
        "import": found,
        "trial": tried,
        "counts": counted(tried.counts),
        "problems": tried.problems,
        "most": SAID,
    }
    context["earlier"] = exchange.earlier(found)
    return render(request, "handoff/import_try.html", context)


LABELS = {
    "new": gettext_lazy("New"),
    "updated": gettext_lazy("Updated"),
    "unchanged": gettext_lazy("Unchanged"),
    "refused": gettext_lazy("Refused"),
    "warnings": gettext_lazy("Warnings"),
}


def counted(counts: dict[str, int]) -> list[tuple[Any, int]]:
    return [(label, counts.get(kind, 0)) for kind, label in LABELS.items()]


def told(found: Import) -> dict[str, Any]:
    """The counts of an import that has begun, and, when it is over, its first problems."""
    problems = found.problems.order_by("id")[: SAID + 1] if found.is_over else []
    return {"counts": counted(found.counts), "problems": list(problems)[:SAID], "more": len(problems) > SAID}


@login_required
@require_POST
def start(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin, once however often it is clicked; a short file at once, a long one by the worker."""
    rights.permit(request.user, "import")
    found = get_object_or_404(Import.objects.visible_to(request.user), pk=pk)
    if exchange.start(found, actor=request.user):
        if found.size <= AT_ONCE:
            exchange.run(found, between=answers.answer_imported)
        else:
            nudge()
    return redirect("handoff:import_show", pk)


@login_required
@require_POST
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget a file that was not imported."""
    rights.permit(request.user, "import")
    found = get_object_or_404(Import.objects.visible_to(request.user), pk=pk)
    if not exchange.discard(found):
        messages.error(request, _("This import has begun, so it is kept."))
        return redirect("handoff:import_show", pk)
    messages.success(request, _("%(file)s was put away. Nothing was imported.") % {"file": found.name})
    return redirect("handoff:import")


@login_required
@require_GET
def problems(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """Every problem: row, column, expected, found."""
    rights.permit(request.user, "import")
    found = get_object_or_404(Import.objects.visible_to(request.user), pk=pk)
    return download(f"{found.name}-problems.csv", problem_lines(found))


@login_required
@require_GET
def refused(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """The refused rows as they came, with why: to be mended and imported again."""
    rights.permit(request.user, "import")
    found = get_object_or_404(Import.objects.visible_to(request.user), pk=pk)
    return download(f"{found.name}-refused.csv", refused_lines(found))


def problem_lines(found: Import) -> Iterator[list[Any]]:
    yield ["row", "column", "expected", "found", "kind"]
    for problem in found.problems.order_by("id").iterator(2_000):
        kind = "refused" if problem.refused else "warning"
        yield [problem.row, problem.column, problem.expected, problem.found, kind]


def refused_lines(found: Import) -> Iterator[list[Any]]:
    width = len(found.header)
    yield [*found.header, "refused because"]
    for problem in found.problems.filter(refused=True, cells__isnull=False).order_by("id").iterator(2_000):
        cells = problem.cells or []
        yield [*cells, *[""] * (width - len(cells)), _because(problem)]


def _because(problem: ImportProblem) -> str:
    said = {"row": problem.row, "column": problem.column, "expected": problem.expected, "found": problem.found}
    return _("row %(row)d, %(column)s: expected %(expected)s, found %(found)s") % said


class Line:
    """A file for the csv module that hands each line on instead of keeping it."""

    def write(self, text: str) -> str:
        return text


def download(name: str, rows: Iterator[list[Any]]) -> StreamingHttpResponse:
    """Rows as a CSV that a spreadsheet opens without running anything in it."""
    writer = csv.writer(Line())
    lines = (writer.writerow(row).encode() for row in rows)
    response = StreamingHttpResponse(_marked(lines), content_type="text/csv; charset=utf-8")
    safe = "".join(char if char.isalnum() or char in "-_." else "_" for char in name)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(safe)}"
    return response


def _marked(lines: Iterator[bytes]) -> Iterator[bytes]:
    yield b"\xef\xbb\xbf"  # so that Excel reads it as UTF-8
    yield from lines
