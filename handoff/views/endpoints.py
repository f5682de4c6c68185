"""Outbound webhooks: who is told of leads, hand-offs and deals, what was posted, and sending it again."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import measure
from accounts.models import User
from handoff import outgoing
from handoff.forms.endpoints import SetUpEndpoint
from handoff.models import Dispatch, Endpoint
from handoff.tasks import post_soon
from leads import rights
from leads.paging import bounded

PAGE = 50


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def endpoints(request: HttpRequest) -> HttpResponse:
    """All of them; setting one up shows its secret, this once."""
    rights.permit(request.user, "settings")
    form, made = SetUpEndpoint(request.POST if request.method == "POST" else None, actor=request.user), None
    if form.is_bound and form.attempt():
        form, made = SetUpEndpoint(actor=request.user), form.endpoint
    context = {"form": form, "made": made, "endpoints": Endpoint.objects.order_by("pk")}
    return render(request, "handoff/endpoints.html", context, status=422 if form.errors else 200)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def endpoint(request: HttpRequest, pk: int) -> HttpResponse:
    """One of them: what it is told, and what was posted to it."""
    rights.permit(request.user, "settings")
    found = get_object_or_404(Endpoint, pk=pk)
    form = SetUpEndpoint(request.POST if request.method == "POST" else None, actor=request.user, endpoint=found)
    if form.is_bound and form.attempt():
        messages.success(request, _("%(name)s is saved.") % {"name": found.name})
        return redirect("handoff:endpoint", pk)
    return page(request, found, form=form, status=422 if form.errors else 200)


def page(request: HttpRequest, found: Endpoint, *, status: int = 200, **more: Any) -> HttpResponse:
    """The page of an endpoint with its log, the newest first, paged by key."""
    after = request.GET.get("after", "")
    rows = found.dispatches.select_related("event__lead").order_by("-pk")
    try:
        rows = rows.filter(pk__lt=bounded(after)) if after else rows
    except ValueError:
        after = ""
    listed = list(rows[: PAGE + 1])
    context = {"endpoint": found, "form": SetUpEndpoint(actor=request.user, endpoint=found), **more}
    context |= {"dispatches": listed[:PAGE], "next": listed[PAGE - 1].pk if len(listed) > PAGE else ""}
    context |= {"lost": found.dispatches.given_up().exists()}
    return render(request, "handoff/endpoint.html", context, status=status)


@login_required
@never_cache
@require_POST
def act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Try it, renew its secret, switch it off or on, send again what was given up, or remove it."""
    rights.permit(request.user, "settings")
    found = get_object_or_404(Endpoint, pk=pk)
    if act == "renew":
        return page(request, renewed := outgoing.renew(found), made=renewed)
    if act not in ACTS:
        raise Http404
    try:
        messages.success(request, ACTS[act](found, request.user))
    except ValidationError as error:
        return refused(request, found, error)
    return redirect("handoff:endpoints") if act == "remove" else redirect("handoff:endpoint", pk)


def refused(request: HttpRequest, found: Endpoint, error: ValidationError) -> HttpResponse:
    messages.error(request, error.messages[0])
    if not isinstance(error, measure.Spent):
        return redirect("handoff:endpoint", found.pk)
    response = page(request, found, status=429)
    response["Retry-After"] = str(error.wait)
    return response


@login_required
@require_POST
def replay(request: HttpRequest, pk: int) -> HttpResponse:
    """Send one event once more, under the same id."""
    rights.permit(request.user, "settings")
    found = get_object_or_404(Dispatch.objects.select_related("endpoint"), pk=pk)
    try:
        outgoing.replay(found)
    except ValidationError as error:
        return refused(request, found.endpoint, error)
    post_soon()
    messages.success(request, _("It is sent again now."))
    return redirect("handoff:endpoint", found.endpoint_id)


def _try(found: Endpoint, actor: User) -> str:
    measure.spend(actor, "trial")
    dispatch = outgoing.trial(found)
    last = dispatch.log[-1]
    if not last["status"]:
        raise ValidationError(_("It could not be reached: %(why)s") % {"why": last["said"]})
    if not dispatch.arrived_at:
        said = {"status": last["status"], "words": last["said"] or "-"}
        raise ValidationError(_("It answered %(status)d: %(words)s") % said)
    return _("It arrived: %(place)s answered %(status)d.") % {"place": found.place, "status": last["status"]}


def _again(found: Endpoint, _actor: User) -> str:
    number = outgoing.replay_all(found)
    post_soon()
    return ngettext("%(n)d event is sent again.", "%(n)d events are sent again.", number) % {"n": number}


def _remove(found: Endpoint, _actor: User) -> str:
    outgoing.remove(found)
    return _("%(name)s is removed and told nothing any more.") % {"name": found.name}


def _switch(found: Endpoint, actor: User, *, on: bool) -> str:
    outgoing.switch(found, on=on, actor=actor)
    said = _("%(name)s is told again, from now on.") if on else _("%(name)s is told nothing until it is switched on.")
    return said % {"name": found.name}


ACTS = {
    "try": _try,
    "off": lambda found, actor: _switch(found, actor, on=False),
    "on": lambda found, actor: _switch(found, actor, on=True),
    "again": _again,
    "remove": _remove,
}
