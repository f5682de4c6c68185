"""What a person was told, newest first. Opening the list reads it; the bell shows the newest without reading them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from handoff.models import Notice
from handoff.notices import read
from handoff.notices.kinds import GROUPS, KINDS, kind_of

PAGE, NEWEST = 50, 6


@login_required
@require_http_methods(["GET", "POST"])
def notices(request: HttpRequest) -> HttpResponse:
    """One page of notices by key; what it shows is read by that, and a POST reads all the others too."""
    if request.method == "POST":
        number = read(request.user)
        messages.success(request, ngettext("%(n)d notice is read.", "%(n)d notices are read.", number) % {"n": number})
        return redirect("handoff:notices")
    after, about = request.GET.get("after", ""), request.GET.get("about", "")
    found = marked(page_of(request.user.pk, about=about, after=after))
    shown = found[:PAGE]
    if any(notice.read_at is None for notice in shown):
        read(request.user, shown=shown)
    context = {"told": by_lead(shown), "next": shown[-1].pk if len(found) > PAGE else "", "first": not after}
    tabs = [("", "", not about), *((name, label, name == about) for name, label in GROUPS.items())]
    return render(request, "handoff/notices.html", {**context, "about": about, "tabs": tabs})


def page_of(person: int, *, about: str, after: str) -> QuerySet[Notice]:
    """The notices behind a cursor, one more than a page shows: all of them, or those of one group."""
    mine = Notice.objects.filter(person_id=person)
    if about in GROUPS:
        mine = mine.filter(kind__in=[name for name, kind in KINDS.items() if kind.group == about])
    if after.isdecimal() and len(after) < 19:
        mine = mine.filter(pk__lt=int(after))
    return mine.select_related("actor", "lead__company").order_by("-id")[: PAGE + 1]


def marked(found: Iterable[Notice]) -> list[Notice]:
    """With the icon of each kind."""
    notices = list(found)
    for notice in notices:
        notice.icon = kind_of(notice.kind).icon
    return notices


def by_lead(shown: list[Notice]) -> list[tuple[Any, list[Notice]]]:
    """The notices of a lead stand together, where the newest of them stands."""
    groups: dict[Any, list[Notice]] = {}
    for notice in shown:
        groups.setdefault(notice.lead_id or f"n{notice.pk}", []).append(notice)
    return [(group[0].lead, group) for group in groups.values()]


@login_required
@require_http_methods(["GET", "POST"])
def bell(request: HttpRequest) -> HttpResponse:
    """What the bell opens: the newest, unread or not. A POST reads one of them, or all."""
    mine, pk = Notice.objects.filter(person_id=request.user.pk), request.POST.get("notice", "")
    if request.method == "POST":
        read(request.user, shown=mine.filter(pk=int(pk)) if pk.isdecimal() and len(pk) < 19 else None)
    if not request.htmx:
        return redirect("handoff:notices")
    newest = None if "counts" in request.GET else marked(mine.select_related("actor", "lead").order_by("-id")[:NEWEST])
    return render(request, "handoff/_bell.html", {"newest": newest})


@login_required
@require_GET
def follow(request: HttpRequest, pk: int) -> HttpResponse:
    """Read one notice by going where it leads."""
    notice = get_object_or_404(Notice.objects.select_related("lead").filter(person_id=request.user.pk), pk=pk)
    read(request.user, shown=[notice])
    return redirect(notice)
