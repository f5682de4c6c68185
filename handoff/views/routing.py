"""Settings, routing: rules in their order, queues and their reps, and a lead to try them with."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from handoff import routing as step
from handoff import wayfinding
from handoff.forms.routing import QueueForm, Rule, TryFacts
from handoff.models import Queue, RoutingRule
from handoff.routing import rules
from leads import rights
from leads.models import Lead

RULE_ACTS = {
    "up": partial(rules.move_rule, up=True),
    "down": partial(rules.move_rule, up=False),
    "retire": partial(rules.retire_rule, retired=True),
    "ask": partial(rules.retire_rule, retired=False),
}
#: How many leads a search for one to try offers.
FOUND = 8


@login_required
@require_GET
def routing(request: HttpRequest) -> HttpResponse:
    """Everybody may read where leads go, and try it; management writes it."""
    return page(request)


def page(request: HttpRequest, *, status: int = 200, **context: Any) -> HttpResponse:
    context = {**wayfinding.shown(), **tried(request), **context}
    return render(request, "handoff/routing.html", context, status=status)


def tried(request: HttpRequest) -> dict[str, Any]:
    """The lead that is asked about, or the facts; who would get it, step by step."""
    words, number = request.GET.get("q", "").strip(), request.GET.get("lead", "")
    leads = Lead.objects.visible_to(request.user).select_related("company", "source", "rep")
    asked = {name: request.GET[name] for name in TryFacts.base_fields if name in request.GET}
    form = TryFacts(asked or None)
    if number.isdecimal() and (lead := leads.filter(pk=number[:18]).first()):
        return {"facts": form, "tried": lead, "route": step.trial(step.Facts.of(lead)), "q": str(lead)}
    if words:
        return {"facts": form, "q": words, "found": leads.search(words).order_by("-id")[:FOUND]}
    if form.is_bound and form.is_valid():
        return {"facts": form, "tried": _("a lead like this"), "route": step.trial(form.facts)}
    return {"facts": form}


@login_required
@require_http_methods(["GET", "POST"])
def rule(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Write a rule, or change one."""
    rights.permit(request.user, "settings")
    found = get_object_or_404(RoutingRule, pk=pk) if pk else None
    form = Rule(request.POST if request.method == "POST" else None, rule=found)
    if form.is_bound and form.attempt():
        messages.success(request, _("The rule is saved: the next offer goes by it."))
        return redirect("handoff:routing")
    return render(request, "handoff/rule.html", {"form": form, "rule": found}, status=422 if form.errors else 200)


@login_required
@require_POST
def rule_act(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Put a rule earlier or later, retire it, or ask it again."""
    rights.permit(request.user, "settings")
    if name not in RULE_ACTS:
        raise Http404
    try:
        RULE_ACTS[name](get_object_or_404(RoutingRule, pk=pk))
    except ValidationError as error:
        return page(request, status=422, errors=error.messages)
    return redirect(f"{reverse('handoff:routing')}#rule-{pk}")


@login_required
@require_http_methods(["GET", "POST"])
def queue(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Write a queue and who is in it."""
    rights.permit(request.user, "settings")
    found = get_object_or_404(Queue.objects.active(), pk=pk) if pk else None
    form = QueueForm(request.POST if request.method == "POST" else None, queue=found)
    if form.is_bound and form.attempt():
        messages.success(request, _("The queue is saved."))
        return redirect("handoff:routing")
    return render(request, "handoff/queue.html", {"form": form, "queue": found}, status=422 if form.errors else 200)


@login_required
@require_POST
def queue_retire(request: HttpRequest, pk: int) -> HttpResponse:
    """Use a queue no more; what lies there goes to everybody."""
    rights.permit(request.user, "settings")
    try:
        moved = rules.retire_queue(get_object_or_404(Queue, pk=pk))
    except ValidationError as error:
        return page(request, status=422, errors=error.messages)
    said = ngettext("%(n)d open hand-off went to everybody.", "%(n)d open hand-offs went to everybody.", moved)
    messages.success(request, _("The queue is retired. %(moved)s") % {"moved": said % {"n": moved}})
    return redirect("handoff:routing")
