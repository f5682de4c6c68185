"""Tasks: one's own, what one asked of others, the team's; and what is done to one."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from handoff import notices, todo
from handoff.chores import Chores
from handoff.forms import Drop, ToDo
from handoff.models import Task
from handoff.views.acts import done
from handoff.views.asking import ask, came_from, part, told_why_not
from leads import rights
from leads.models import Lead


@login_required
@require_GET
def tasks(request: HttpRequest) -> HttpResponse:
    """A page of tasks by key, in one of the tabs, filtered."""
    chores = Chores(request.GET.dict(), request.user)
    return render(request, "handoff/tasks.html", {"chores": chores, **chores.page()})


@login_required
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Add a task: on a lead, or by itself."""
    lead = get_object_or_404(Lead.objects.visible_to(request.user), pk=pk) if pk else None
    rights.permit(request.user, "task")
    form = ToDo(request.POST if request.method == "POST" else None, actor=request.user, lead=lead)
    if form.is_bound and form.attempt():
        return done(request, form.said, to=place(request, lead), lead=lead)
    return ask(request, form, address=request.path, back=place(request, lead), about=str(lead or ""))


@login_required
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Say a task anew, or give it to a colleague."""
    task = task_of(request.user, pk)
    form = ToDo(request.POST if request.method == "POST" else None, actor=request.user, task=task)
    if form.is_bound and form.attempt():
        return done(request, form.said, to=place(request, task.lead), lead=task.lead)
    return ask(request, form, address=request.path, back=place(request, task.lead), about=str(task.lead or ""))


@login_required
@require_POST
def finish(request: HttpRequest, pk: int) -> HttpResponse:
    """Done, in one tap."""
    task = task_of(request.user, pk)
    try:
        following = todo.finish(task, actor=request.user)
    except ValidationError as error:
        return told_why_not(request, error.messages[0], to=place(request, task.lead))
    said = notices.sentences(_("Done: “%(what)s”") % {"what": task})
    if following:
        said = _("Done: “%(what)s”. The next one is planned.") % {"what": task}
    return done(request, said, to=place(request, task.lead), lead=task.lead)


@login_required
@require_POST
def reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """Not done after all."""
    task = task_of(request.user, pk)
    try:
        todo.reopen(task, actor=request.user)
    except ValidationError as error:
        return told_why_not(request, error.messages[0], to=place(request, task.lead))
    return done(request, _("“%(what)s” is open again.") % {"what": task}, to=place(request, task.lead), lead=task.lead)


@login_required
@require_http_methods(["GET", "POST"])
def drop(request: HttpRequest, pk: int) -> HttpResponse:
    """Need not be done any more: asked once."""
    task = task_of(request.user, pk)
    form = Drop(request.POST if request.method == "POST" else None, actor=request.user, task=task)
    if form.is_bound and form.attempt():
        return done(request, form.said, to=place(request, task.lead), lead=task.lead)
    return ask(request, form, address=request.path, back=place(request, task.lead), about=task.title)


def task_of(user: User, pk: int) -> Task:
    """A task that this person may change: who does it, who asked for it, or a manager."""
    task = get_object_or_404(Task.objects.visible_to(user).for_list(), pk=pk)
    rights.permit_keeper(user, task.owner_id, task.created_by_id)
    return task


@login_required
@require_GET
def of_lead(request: HttpRequest, pk: int) -> HttpResponse:
    """The tasks of a lead that are over."""
    lead = get_object_or_404(Lead.objects.visible_to(request.user), pk=pk)
    over = Task.objects.visible_to(request.user).filter(lead=lead).exclude(todo.OPEN)
    context = {"lead": lead, "tasks": over.select_related("owner", "done_by", "dropped_by").order_by("-pk")[:50]}
    return part(request, "handoff/_tasks_over.html", context)


def place(request: HttpRequest, lead: Lead | None) -> str:
    """Where a plain browser goes on: the page that the form names, else the lead, else one's tasks."""
    return came_from(request) or (lead.get_absolute_url() if lead else reverse("handoff:tasks"))
