"""One box, on every page, by which somebody is added in one line."""

from __future__ import annotations

import json

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from leads import rights
from leads.forms import QuickAdd
from leads.models import Lead
from leads.tasks import nudge


@login_required
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """The box, and what was said in it: processed at once, and the page one is on stays."""
    rights.permit(request.user, "add")
    form = QuickAdd(request.POST if request.method == "POST" else None, actor=request.user)
    if form.is_bound and form.attempt():
        nudge()
        return added(request, form)
    template = "leads/_quick.html" if request.htmx else "leads/quick.html"
    return render(request, template, {"form": form}, status=422 if form.errors else 200)


def added(request: HttpRequest, form: QuickAdd) -> HttpResponse:
    """Say who was added, with the way to their page."""
    if not request.htmx:
        messages.success(request, form.said)
        return redirect(form.lead)
    toast = {"text": form.said, "href": form.lead.get_absolute_url(), "action": _("Open")}
    return HttpResponse(status=204, headers={"HX-Trigger": json.dumps({"close-dialog": {}, "toast": toast})})


@login_required
@require_GET
def alike(request: HttpRequest) -> HttpResponse:
    """While one types: what is understood, and who is here that may be meant."""
    form = QuickAdd({"line": request.GET.get("line", "")}, actor=request.user)
    context = {"said": form.understood, "alike": form.alike(Lead.objects.visible_to(request.user))}
    return render(request, "leads/_alike.html", context)
