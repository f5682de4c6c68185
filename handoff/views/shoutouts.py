"""Shout-outs: thanks that everybody can read, newest first."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from handoff import shoutouts
from handoff.forms import Thank
from handoff.views.acts import done
from handoff.views.asking import ask
from leads import rights
from leads.models import Lead


@login_required
@require_http_methods(["GET", "POST"])
def feed(request: HttpRequest) -> HttpResponse:
    """A page of the feed by key, with the form that adds to it."""
    rights.permit(request.user, "thank")
    form = Thank(request.POST if request.method == "POST" else None, actor=request.user)
    if form.is_bound and form.attempt():
        return done(request, form.said, to=reverse("handoff:shoutouts"), lead=None)
    if form.errors and request.htmx:
        return render(request, "handoff/_thank.html", {"form": form}, status=422)
    after = request.GET.get("after", "")
    found, following = shoutouts.page(request.user, after=after, team=request.GET.get("team", ""))
    context = {"form": form, "found": found, "next": following, "first": not after, "team": request.GET.get("team", "")}
    return render(request, "handoff/shoutouts.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def on_lead(request: HttpRequest, pk: int) -> HttpResponse:
    """Thank somebody for what they did on this lead."""
    lead = get_object_or_404(Lead.objects.visible_to(request.user), pk=pk)
    rights.permit(request.user, "thank")
    form = Thank(request.POST if request.method == "POST" else None, actor=request.user, lead=lead)
    if form.is_bound and form.attempt():
        return done(request, form.said, to=lead.get_absolute_url(), lead=lead)
    return ask(request, form, address=request.path, back=lead.get_absolute_url(), about=str(lead))
