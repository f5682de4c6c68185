"""The one door through which pages do acts: a form per act, answered to htmx and to plain browsers alike."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from handoff import standing
from handoff import undo as undoing
from handoff.forms import ACTS, moves_from, permitted
from handoff.models import Deed
from handoff.views.asking import came_from
from leads.models import Lead
from personas.choices import Stage

#: Forms that stand on a page, by the element which htmx swaps (less its key); every other one comes in a dialog.
IN_PLACE = {"form#return": "handoff/_return.html"}


@login_required
@require_http_methods(["GET", "POST"])
def act(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Show the form of an act (as a page, or for a dialog), or do the act."""
    if name not in ACTS:
        raise Http404
    lead = get_object_or_404(Lead.objects.visible_to(request.user).select_related("company"), pk=pk)
    try:
        permitted(request.user, name, lead)
    except ValidationError as error:
        return refused(request, error.messages[0], lead)
    said = request.POST if request.method == "POST" else None
    form = ACTS[name](said, lead=lead, actor=request.user, initial=request.GET.dict())
    if form.is_bound and form.attempt():
        deed = next(iter(undoing.open_to(request.user, [lead.pk])), None)
        return done(request, form.said, to=lead.get_absolute_url(), lead=lead, deed=deed)
    return show(request, form, lead)


def show(request: HttpRequest, form: Any, lead: Lead) -> HttpResponse:
    """The form itself; where one click was refused there is nothing to fill in, so the refusal is said."""
    if form.errors and not form.asks:
        return refused(request, " ".join(str(error) for errors in form.errors.values() for error in errors), lead)
    place = (request.htmx.target or "").partition("-")[0]
    template = IN_PLACE.get(place, "handoff/_act.html") if request.htmx else "handoff/act.html"
    return render(request, template, {"form": form, "lead": lead}, status=422 if form.errors else 200)


def done(request: HttpRequest, said: str, *, to: str, lead: Lead | None, deed: Deed | None = None) -> HttpResponse:
    """Say what happened and show where things stand now: the page the form names as `next`, else the page the person
    is on, freshly drawn; without htmx, that `next` or `to`.

    An act that can be taken back brings its Undo with the toast: without htmx a link to the page that asks once more.
    """
    if not request.htmx:
        messages.success(request, said, extra_tags=reverse("handoff:undo", args=[deed.pk]) if deed else "")
        return redirect(came_from(request) or to)
    response = HttpResponse(status=204)
    response["HX-Location"] = json.dumps(place_after(request, to, lead))
    toast = {"text": said, **({"undo": reverse("handoff:undo", args=[deed.pk])} if deed else {})}
    response["HX-Trigger"] = json.dumps({"close-dialog": {}, "toast": toast})
    return response


def place_after(request: HttpRequest, to: str, lead: Lead) -> dict[str, str]:
    """Where the page goes on after an act, as htmx reads it: what is fetched anew, and whether the address changes."""
    current, following = urlsplit(request.htmx.current_url or to), came_from(request)
    here = urlsplit(following) if following else current
    query = QueryDict(here.query, mutable=True)
    if lead and here.path == reverse("handoff:board"):
        query["moved"] = f"{lane_of(lead)}:{lead.pk}"
    path = f"{here.path}?{query.urlencode()}" if query else here.path
    place = {"path": path, "target": "#main", "select": "#main", "swap": "outerMorph"}
    place["selectOOB"] = "#nav:outerMorph,#tabbar:outerMorph"  # their counts
    return {**place, "push": "false" if here.path == current.path else path}


def refused(request: HttpRequest, why: str, lead: Lead) -> HttpResponse:
    """Say why nothing was done; a card that was dragged goes back."""
    if not request.htmx:
        return render(request, "handoff/refused.html", {"why": why, "lead": lead}, status=422)
    response = HttpResponse(status=422)
    response["HX-Reswap"] = "none"
    response["HX-Trigger"] = json.dumps({"toast": {"text": why, "kind": "bad"}, "refused": {"lead": lead.pk}})
    return response


@login_required
@require_http_methods(["GET", "POST"])
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an act back, from the toast, the timeline or the page that asks once more."""
    deed = get_object_or_404(Deed.objects.visible_to(request.user).select_related("lead", "actor"), pk=pk)
    if request.method == "GET":
        return render(request, "handoff/undo.html", {"deed": deed, "lead": deed.lead})
    try:
        undoing.undo(deed, actor=request.user)
    except ValidationError as error:
        return refused(request, error.messages[0], deed.lead)
    lead = Lead.objects.get(pk=deed.lead_id)
    said = _("Undone: %(lead)s is where it was.") % {"lead": lead}
    return done(request, said, to=lead.get_absolute_url(), lead=lead)


@login_required
@require_GET
def moves(request: HttpRequest, pk: int) -> HttpResponse:
    """The 'Move to...' menu of one lead."""
    lead = get_object_or_404(Lead.objects.visible_to(request.user), pk=pk)
    context = {"lead": lead, "moves": moves_from(lane_of(lead), request.user), "seen": standing.of(lead)}
    return render(request, "handoff/_moves.html", context)


def lane_of(lead: Lead) -> str:
    """The lane of the board in which a lead lies: its stage, the stand of its hand-off, or the step of its deal."""
    if lead.stage in (Stage.MOFU, Stage.BOFU):
        return standing.of(lead).split(":")[1]
    return lead.stage
