"""The lead page: one lead as both teams see it, what they say on it, and the touches they log."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from handoff import lifecycle, portrait, tasks
from handoff.forms import TOUCHES, Comment, Email, SaidForm, Touch, moves_from
from handoff.portrait import Portrait
from handoff.views.acts import done
from handoff.views.acts import refused as refuse
from handoff.views.asking import ask, sent, takes_files
from leads import rights
from leads.models import Lead
from leads.tasks import nudge

#: What stands above a timeline: everything, and the groups by which it is filtered.
GROUPS = {
    "": gettext_lazy("All"),
    "talks": gettext_lazy("Talks"),
    "web": gettext_lazy("Web"),
    "stages": gettext_lazy("Stages"),
    "comments": gettext_lazy("Comments"),
}


@login_required
@require_GET
def lead(request: HttpRequest, pk: int) -> HttpResponse:
    """One lead, whole."""
    return page(request, portrait.lead(request.user, pk))


@login_required
@require_GET
def timeline(request: HttpRequest, pk: int) -> HttpResponse:
    """The timeline by itself: another group, or, after a cursor, the next entries."""
    found = get_object_or_404(Lead.objects.visible_to(request.user), pk=pk)
    part = "handoff/_entries.html" if request.GET.get("after") else "handoff/_timeline.html"
    return render(request, part, told(request, Portrait(found)))


@csrf_exempt  # the token is asked for by takes_files, once it is settled how files are taken in
@login_required
@require_POST
@takes_files
def comment(request: HttpRequest, pk: int) -> HttpResponse:
    """Say something that both teams read."""
    found = portrait.lead(request.user, pk)
    rights.permit(request.user, "comment", found)
    form = Comment(request.POST, lead=found, actor=request.user, **sent(request))
    if form.attempt():
        return done(request, _("Your comment stands on the timeline."), to=found.get_absolute_url(), lead=found)
    return refused(request, found, "comment", form)


@login_required
@require_POST
def log(request: HttpRequest, pk: int) -> HttpResponse:
    """Log a touch: a call, an e-mail, a meeting, a note."""
    found = portrait.lead(request.user, pk)
    rights.permit(request.user, "log", found)
    form = Touch(request.POST, lead=found, actor=request.user)
    if form.attempt():
        nudge()
        return done(request, form.said, to=found.get_absolute_url(), lead=found)
    return refused(request, found, "log", form)


@login_required
@require_http_methods(["GET", "POST"])
def email(request: HttpRequest, pk: int) -> HttpResponse:
    """Write to the lead from here."""
    found = get_object_or_404(Lead.objects.visible_to(request.user).select_related("company"), pk=pk)
    rights.permit(request.user, "log", found)
    try:
        lifecycle.may_be_written_to(found, actor=request.user)
    except ValidationError as error:
        return refuse(request, error.messages[0], found)
    form = Email(request.POST if request.method == "POST" else None, lead=found, actor=request.user)
    if not (form.is_bound and form.attempt()):
        return ask(request, form, address=request.path, back=found.get_absolute_url(), about=str(found))
    nudge()
    transaction.on_commit(tasks.send_soon)
    return done(request, form.said, to=found.get_absolute_url(), lead=found)


def refused(request: HttpRequest, found: Lead, name: str, form: SaidForm) -> HttpResponse:
    """The same words with what is wrong: the form alone for htmx, the page for a plain browser."""
    if request.htmx and "tap" in request.POST:  # one of the inbox: there is no form of this kind to be answered
        return refuse(request, " ".join(str(e) for errors in form.errors.values() for e in errors), found)
    if request.htmx:
        return render(request, f"handoff/_{name}.html", {"lead": found, name: form, "touches": TOUCHES}, status=422)
    return page(request, found, **{name: form}, status=422)


def page(request: HttpRequest, found: Lead, *, status: int = 200, **forms: SaidForm) -> HttpResponse:
    shown, actor = Portrait(found), request.user
    context = {
        "comment": Comment(lead=found, actor=actor),
        "log": Touch(lead=found, actor=actor) if rights.may(actor, "log", found) else None,
        **forms,
        **told(request, shown),
        "touches": TOUCHES,
        "ratable": lifecycle.rated_by(actor),
        "moves": moves_from(shown.lane, actor),
        "may": what_may(actor, found),
        "who_logs": rights.whose("log", found),
        "seen": shown.seen,
    }
    return render(request, "handoff/lead.html", context, status=status)


def told(request: HttpRequest, shown: Portrait) -> dict[str, Any]:
    """One page of the timeline, in the group and from the cursor that the address names."""
    group = request.GET.get("group", "") if request.GET.get("group") in GROUPS else ""
    try:
        entries, following = shown.told(actor=request.user, group=group, after=request.GET.get("after", ""))
    except ValidationError as error:
        raise Http404(error.messages[0]) from error
    groups = [(name, words, name == group) for name, words in GROUPS.items()]
    return {"shown": shown, "lead": shown.lead, "entries": entries, "next": following, "group": group, "groups": groups}


def what_may(actor: User, found: Lead) -> dict[str, bool]:
    """Which buttons are open to this person; the page is the same for everybody."""
    acts = ("claim", "accept", "return", "log", "edit_deal")
    edit = rights.may(actor, "edit", found) or rights.may_edit(actor, "source", found)
    return {"edit": edit, **{act.replace("return", "send_back"): rights.may(actor, act, found) for act in acts}}
