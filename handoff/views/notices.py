"""What a person was told, newest first. Opening the list reads it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from handoff.models import Notice
from handoff.notices import read

PAGE = 50


@login_required
@require_http_methods(["GET", "POST"])
def notices(request: HttpRequest) -> HttpResponse:
    """One page of notices by key; what it shows is read by that, and a POST reads all the others too."""
    if request.method == "POST":
        number = read(request.user)
        messages.success(request, ngettext("%(n)d notice is read.", "%(n)d notices are read.", number) % {"n": number})
        return redirect("handoff:notices")
    mine, after = Notice.objects.filter(person_id=request.user.pk), request.GET.get("after", "")
    page = mine.filter(pk__lt=int(after)) if after.isdecimal() and len(after) < 19 else mine
    found = list(page.select_related("actor", "lead").order_by("-id")[: PAGE + 1])
    shown = found[:PAGE]
    if any(notice.read_at is None for notice in shown):
        read(request.user, shown=shown)
    context = {"told": shown, "next": shown[-1].pk if len(found) > PAGE else "", "first": not after}
    return render(request, "handoff/notices.html", context)
