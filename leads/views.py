"""The lead table, and the forms by which a person adds and edits a lead."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from leads.filters import CAP, LeadFilter, page_of
from leads.models import Lead


@login_required
@require_GET
def table(request: HttpRequest) -> HttpResponse:
    """Leads as rows: filtered, sorted, one page by key."""
    chosen = LeadFilter(request.GET.dict(), request.user)
    leads = chosen.apply(Lead.objects.visible_to(request.user))
    page = page_of(chosen, leads, before=request.GET.get("before", ""), after=request.GET.get("after", ""))
    context = {"chosen": chosen, "page": page, "total": leads.order_by()[: CAP + 1].count(), "cap": CAP}
    return render(request, "leads/table.html", context)


@login_required
def add(request: HttpRequest, **kwargs: object) -> HttpResponse:
    return render(request, "base.html")


@login_required
def edit(request: HttpRequest, **kwargs: object) -> HttpResponse:
    return render(request, "base.html")
