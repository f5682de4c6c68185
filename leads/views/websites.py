"""The websites that may tell of visits, and what stands on their pages for it."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from leads import rights
from leads.forms.site import SiteForm
from leads.models import TrackedSite
from leads.tracker import sites

SNIPPET = '<script async src="{address}/t.js"></script>'
CONSENT = "(window.smarketing ||= function () { (smarketing.q ||= []).push(arguments) })('consent')"


@login_required
@require_http_methods(["GET", "POST"])
def websites(request: HttpRequest) -> HttpResponse:
    """All of them, what to put onto their pages, and the form of another one."""
    rights.permit(request.user, "websites")
    form = SiteForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.attempt():
        messages.success(request, _("Visits of %(site)s count from now on.") % {"site": form.site})
        return redirect("leads:websites")
    context = {"form": form, "sites": TrackedSite.objects.all(), "consent": CONSENT}
    context["snippet"] = SNIPPET.format(address=settings.SITE_URL)
    return render(request, "leads/websites.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def website(request: HttpRequest, pk: int) -> HttpResponse:
    """One of them: its name, and what its pages are called."""
    rights.permit(request.user, "websites")
    site = get_object_or_404(TrackedSite, pk=pk)
    form = SiteForm(request.POST if request.method == "POST" else None, site=site)
    if form.is_bound and form.attempt():
        messages.success(request, _("%(site)s is saved.") % {"site": form.site})
        return redirect("leads:websites")
    return render(request, "leads/website.html", {"form": form, "site": site}, status=422 if form.errors else 200)


@login_required
@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Hear nothing more of it; what came so far stays."""
    rights.permit(request.user, "websites")
    site = get_object_or_404(TrackedSite, pk=pk)
    sites.remove(site)
    messages.success(request, _("Visits of %(site)s do not count any more. What came so far stays.") % {"site": site})
    return redirect("leads:websites")
