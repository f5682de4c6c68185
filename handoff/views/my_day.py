"""My day: a page for each team, ordered by what is due."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.choices import Team
from handoff import backlog, lifecycle, undo
from handoff.day import Day
from handoff.models import Task
from handoff.planning import Plan
from handoff.views.acts import done, refused
from leads import rights
from leads.filters import CAP
from leads.models import Lead
from personas.choices import Stage

MINE = {
    "over": (_("Next actions overdue"), {"owner": "me", "due": "over"}),
    "today": (_("Next actions later today"), {"owner": "me", "due": "today"}),
}


@login_required
@require_GET
def my_day(request: HttpRequest) -> HttpResponse:
    """What this person has to do today, as their team does it."""
    day = Day(request.user)
    context = {**DAYS[day.user.team](day), "now": day.now, "cap": CAP}
    return render(request, f"handoff/day_{day.user.team}.html", context)


def of_sales(day: Day) -> dict[str, Any]:
    asked = {
        **MINE,
        "inbox": (_("Offers to answer"), None),
        "bofu": (_("In a deal"), {"owner": "me", "stage": "bofu"}),
    }
    lists = {"queue": day.queue(), "duties": day.duties(), "quiet": day.quiet(), "said": day.said()}
    lists["again"] = day.look_again()
    return {**lists, "figures": day.figures(asked), "worth": day.worth(), "promises": day.promises()}


def of_marketing(day: Day) -> dict[str, Any]:
    asked = {
        **MINE,
        "again": (_("To look at again"), {"owner": "me", "again": "due"}),
        "inbox": (_("Waiting for an answer"), None),
    }
    (near, agreed), (mend, to_mend) = day.near_the_line(), day.to_mend()
    lists = {"mend": mend, "to_mend": to_mend, "duties": day.duties(), "again": day.look_again()}
    lists |= {"near": near, "said": day.said(), "today": timezone.localdate(day.now)}
    return {**lists, "figures": day.figures(asked), "became": day.became(), "agreed": agreed}


def of_management(day: Day) -> dict[str, Any]:
    month = timezone.localdate(day.month).isoformat()
    asked = {
        "inbox": (_("Waiting for an answer"), None),
        "nobody": (_("Unowned offers"), {"due": "unclaimed"}),
        "over": (_("Next actions overdue"), {"due": "over"}),
        "won": (_("Customers this month"), {"stage": "customer", "customer_from": month}),
        "tofu_over": (_("TOFU: next actions overdue"), {"stage": "tofu", "due": "over"}),
        "again": (_("TOFU: to look at again"), {"stage": "tofu", "again": "due"}),
        "bofu_over": (_("BOFU: next actions overdue"), {"stage": "bofu", "due": "over"}),
        "unplanned": (_("BOFU: nothing planned"), {"stage": "bofu", "due": "none"}),
    }
    lists = {"running": day.running_out(), "queue": day.queue(unclaimed=True), "said": day.said()}
    lists |= {"duties": day.tasks(), "thanks": day.thanks()}
    return {**lists, "figures": day.figures(asked), "reps": day.by_rep(), "won": day.won(), "work": day.work()}


DAYS: dict[str, Callable[[Day], dict[str, Any]]] = {
    Team.SALES: of_sales,
    Team.MARKETING: of_marketing,
    Team.MANAGEMENT: of_management,
}


@login_required
@require_GET
def waiting(request: HttpRequest, name: str) -> HttpResponse:
    """What one of the numbers of "What waits" counts, the oldest first."""
    rights.permit(request.user, "settings")
    if name not in backlog.KINDS:
        raise Http404
    lines, following = backlog.page(name, after=request.GET.get("after", ""))
    context = {"lines": lines, "next": following, "name": name, "kinds": backlog.KINDS, "kind": backlog.KINDS[name]}
    return render(request, "handoff/waiting.html", context)


@login_required
@require_POST
def mended(request: HttpRequest, pk: int) -> HttpResponse:
    """What was returned is mended, and its lead is offered again: one click."""
    mending = Task.objects.visible_to(request.user).filter(handoff__isnull=False).select_related("lead__company")
    task = get_object_or_404(mending, pk=pk, lead__isnull=False)
    assert task.lead
    rights.permit(request.user, "expand" if task.lead.stage == Stage.CUSTOMER else "offer", task.lead)
    try:
        lifecycle.offer_mended(task, actor=request.user)
    except ValidationError as error:
        return refused(request, error.messages[0], task.lead)
    said = _("%(lead)s is mended and offered to sales.") % {"lead": task.lead}
    deed = next(iter(undo.open_to(request.user, [task.lead.pk])), None)
    return done(request, said, to=task.lead.get_absolute_url(), lead=task.lead, deed=deed)


@login_required
@require_http_methods(["GET", "POST"])
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    """Plan what is next on a lead, or say that what was planned is done."""
    lead = get_object_or_404(Lead.objects.visible_to(request.user), pk=pk)
    rights.permit(request.user, "edit", lead)
    form = Plan(request.POST if request.method == "POST" else None, lead=lead, actor=request.user)
    if form.is_bound and form.attempt():
        return done(request, form.said, to=lead.get_absolute_url(), lead=lead)
    if form.errors and request.htmx and "now" in request.POST:
        return refused(request, " ".join(str(error) for errors in form.errors.values() for error in errors), lead)
    template = "handoff/_plan.html" if request.htmx else "handoff/plan.html"
    return render(request, template, {"form": form, "lead": lead}, status=422 if form.errors else 200)
