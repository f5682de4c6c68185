"""The shared pages of figures, the lists behind their numbers, and both as files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from dashboards import charts, listing, tables
from dashboards.ended import Ended
from dashboards.figures import Filter
from dashboards.funnel import Funnel
from dashboards.names import Names
from dashboards.period import presets
from dashboards.promises import Promises
from dashboards.selection import Selection
from dashboards.truth import Truth
from dashboards.verdicts import Verdicts
from leads.export import BOM, row_writer
from leads.rights import permit


@login_required
@require_GET
def funnel(request: HttpRequest) -> HttpResponse:
    """The same figures for whoever looks."""
    figures = _funnel(request)
    context = {**bar("funnel", figures.chosen, figures.filters), "figures": figures, "chart": charts.months(figures)}
    return render(request, "dashboards/funnel.html", context)


@login_required
@require_GET
def verdicts(request: HttpRequest) -> HttpResponse:
    """What became of what was offered: the same figures for both teams."""
    figures = _verdicts(request)
    said = {} if figures.by == "source" else {"by": figures.by}
    context = {**bar("verdicts", figures.chosen, figures.filters, **said), "figures": figures}
    return render(request, "dashboards/verdicts.html", context)


@login_required
@require_GET
def visits(request: HttpRequest) -> HttpResponse:
    """The visits, leads or deals that a number counts, one page by key."""
    chosen, names = Selection.read(request.GET.dict(), viewer=request.user), Names()
    at = {name: request.GET.get(name, "") for name in ("before", "after")}
    context = {
        "chosen": chosen,
        "page": listing.page_of(chosen, names, **at),
        "total": chosen.rows().count(),
        "title": listing.title(chosen),
        "chips": listing.chips(chosen, names),
        "back": listing.back(chosen),
    }
    return render(request, "dashboards/visits.html", context)


@login_required
@require_GET
def promises(request: HttpRequest) -> HttpResponse:
    """What the teams promised each other, and how it was kept: both and their managers see the same."""
    figures = _promises(request)
    said = {} if figures.kind == "answer" else {"kind": figures.kind}
    context = {**bar("promises", figures.chosen, figures.filters, **said), "figures": figures}
    return render(request, "dashboards/promises.html", context)


@login_required
@require_GET
def truth(request: HttpRequest) -> HttpResponse:
    """Whether chances came true: anybody may read it, managers act on it."""
    figures = Truth(request.user)
    drawn = {"calibration": charts.calibration(figures), "wins": charts.wins(figures)}
    drawn |= {measure: charts.rolling(figures, measure) for measure in ("auc", "log_loss")}
    context = {"figures": figures, "charts": drawn}
    return render(request, "dashboards/truth.html", context)


@login_required
@require_GET
def ended(request: HttpRequest) -> HttpResponse:
    """The leads behind a tenth or a month of what was foretold."""
    chosen = Ended.read(request.GET.dict(), Truth(request.user))
    lines, after = chosen.page(request.GET.get("after", ""))
    return render(request, "dashboards/ended.html", {"chosen": chosen, "lines": lines, "after": after})


@login_required
@require_GET
def ended_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The same leads, all of them, as a file."""
    permit(request.user, "export")
    chosen = Ended.read(request.GET.dict(), Truth(request.user))
    return as_file("is-it-true-leads", chosen.cells())


@login_required
@require_GET
def table_csv(request: HttpRequest, page: str) -> StreamingHttpResponse:
    """One table of a page of figures as a file."""
    permit(request.user, "export")
    read, known = FILES[page]
    name = request.GET.get("table", next(iter(known)))
    if name not in known:
        raise Http404(_("There is no such table."))
    return as_file(f"{page}-{name}", known[name](read(request)))


@login_required
@require_GET
def truth_csv(request: HttpRequest) -> StreamingHttpResponse:
    """One table of the page that asks whether it is true."""
    permit(request.user, "export")
    name = request.GET.get("table", "tenths")
    if name not in tables.TRUTH:
        raise Http404(_("There is no such table."))
    return as_file(f"is-it-true-{name}", tables.TRUTH[name](Truth(request.user)))


@login_required
@require_GET
def visits_csv(request: HttpRequest) -> StreamingHttpResponse:
    """A whole list as a file, written while it is read."""
    permit(request.user, "export")
    chosen, names = Selection.read(request.GET.dict(), viewer=request.user), Names()
    return as_file(f"funnel-{chosen.counts}", [listing.columns(chosen)], listing.cells(chosen, names))


def _funnel(request: HttpRequest) -> Funnel:
    return Funnel(Selection.read(request.GET.dict(), viewer=request.user).shared)


def _verdicts(request: HttpRequest) -> Verdicts:
    chosen = Selection.read(request.GET.dict(), viewer=request.user)
    return Verdicts(chosen, by=request.GET.get("by", ""))


def _promises(request: HttpRequest) -> Promises:
    chosen = Selection.read(request.GET.dict(), viewer=request.user)
    return Promises(chosen, kind=request.GET.get("kind", ""))


#: How the figures of each page are read from its address, and the tables that a file may hold, the usual one first.
FILES: dict[str, tuple[Callable[[HttpRequest], Any], Mapping[str, Callable[[Any], Iterable[list[Any]]]]]] = {
    "funnel": (_funnel, tables.TABLES),
    "verdicts": (_verdicts, tables.VERDICTS),
    "promises": (_promises, tables.PROMISES),
}


def bar(page: str, chosen: Selection, filters: list[Filter], **said: str) -> dict[str, Any]:
    """What the bar of a page of figures shows: its period and its filters, and what else its address says."""
    kept = {one.name: one.on for one in filters if one.on} | said
    return {
        "here": reverse(f"dashboards:{page}"),
        "chosen": chosen,
        "presets": presets(chosen.period),
        "filters": filters,
        "said": said,
        "kept": kept,
        "and_kept": f"&{urlencode(kept)}" if kept else "",
    }


def as_file(name: str, *parts: Iterable[list[Any]]) -> StreamingHttpResponse:
    """CSV that spreadsheets read as UTF-8, a line at a time."""
    write = row_writer()

    def lines() -> Iterable[str]:
        yield BOM
        for part in parts:
            yield from map(write, part)

    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8", headers=headers)
