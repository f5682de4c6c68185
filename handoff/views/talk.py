"""What becomes of what is said on a lead: replies, edits, deletions, their trace; files, watchers, both sides."""

from __future__ import annotations

import logging

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from accounts.models import User
from handoff import attachments, sides, telling, threads, watching
from handoff.forms import Comment, DeleteComment, EditComment, RemoveFile, Side
from handoff.models import Attachment, Wording
from handoff.views.acts import done
from handoff.views.asking import ask, part, sent, takes_files
from leads import rights
from leads.models import Activity, Lead

log = logging.getLogger(__name__)
FILES = 200


@login_required
@require_GET
def colleagues(request: HttpRequest) -> HttpResponse:
    """Whom a comment may mention; asked for once somebody begins to write one."""
    found = {"people": telling.People().mentionable}
    return JsonResponse(found, headers={"Cache-Control": "private, max-age=60"})


def comment_of(user: User, pk: int) -> Activity:
    """A comment on a lead that this person may see."""
    visible = Activity.objects.filter(kind="comment", lead__in=Lead.objects.visible_to(user))
    return get_object_or_404(visible.select_related("lead", "actor"), pk=pk)


@csrf_exempt  # the token is asked for by takes_files, once it is settled how files are taken in
@login_required
@require_http_methods(["GET", "POST"])
@takes_files
def reply(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer a comment, where it stands."""
    said = comment_of(request.user, pk)
    rights.permit(request.user, "comment", said.lead)
    posted = {**request.POST.dict(), "reply_to": pk} if request.method == "POST" else None
    form = Comment(posted, lead=said.lead, actor=request.user, **sent(request))
    if form.is_bound and form.attempt():
        return done(request, _("Your reply stands below the comment."), to=said.lead.get_absolute_url(), lead=said.lead)
    context = {"said": said, "lead": said.lead, "form": form}
    return part(request, "handoff/_reply.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Word one's own comment anew."""
    said = comment_of(request.user, pk)
    rights.permit_keeper(request.user, said.actor_id, managers=False)
    form = EditComment(request.POST if request.method == "POST" else None, said=said, actor=request.user)
    to = said.lead.get_absolute_url()
    if form.is_bound and form.attempt():
        return done(request, _("Changed; the earlier wording stays readable."), to=to, lead=said.lead)
    return ask(request, form, address=request.path, back=to, about=str(said.lead))


@login_required
@require_http_methods(["GET", "POST"])
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a comment from view: its author, or a manager."""
    said = comment_of(request.user, pk)
    rights.permit_keeper(request.user, said.actor_id)
    form = DeleteComment(request.POST if request.method == "POST" else None, said=said, actor=request.user)
    to = said.lead.get_absolute_url()
    if form.is_bound and form.attempt():
        return done(request, _("Deleted. The timeline says who deleted it."), to=to, lead=said.lead)
    return ask(request, form, address=request.path, back=to, about=str(said.lead))


@login_required
@require_GET
def trace(request: HttpRequest, pk: int) -> HttpResponse:
    """How a comment was worded before: for everybody, or for managers once it is deleted."""
    said = comment_of(request.user, pk)
    manages = rights.may_keep(request.user)
    if "deleted" in said.data and not manages:
        raise PermissionDenied(_("What was deleted is for management to read. Nothing was changed."))
    wordings = Wording.objects.filter(comment=said.pk).order_by("-pk")[:FILES]
    removed = said.attachments.exclude(removed_at=None) if manages else []
    context = {"said": said, "lead": said.lead, "wordings": wordings, "removed": removed}
    return part(request, "handoff/_trace.html", context)


@login_required
@require_GET
def thread(request: HttpRequest, pk: int) -> HttpResponse:
    """One comment with all its replies; of a reply, the thread it belongs to."""
    said = comment_of(request.user, pk)
    if root := said.data.get("thread"):
        said = comment_of(request.user, root)
    line = threads.whole(said, telling.People())
    return part(request, "handoff/_whole_thread.html", {"line": line, "lead": said.lead, "whole": True})


@login_required
@require_safe
def file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A file as a download, whatever it is: never shown in a page of ours, never run."""
    found = file_of(request.user, pk)
    try:
        content = attachments.opened(found)
    except FileNotFoundError:
        log.error("the bytes of attachment %s are not in MEDIA_ROOT", found.pk)
        raise Http404 from None
    response = FileResponse(content, as_attachment=True, filename=found.name, content_type="application/octet-stream")
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"
    return response


def file_of(user: User, pk: int) -> Attachment:
    found = Attachment.objects.visible_to(user).filter(activity__lead__in=Lead.objects.visible_to(user))
    return get_object_or_404(found.select_related("activity__lead"), pk=pk)


@login_required
@require_http_methods(["GET", "POST"])
def remove_file(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a file from view: who put it there, or a manager."""
    found = file_of(request.user, pk)
    rights.permit_keeper(request.user, found.added_by_id)
    form = RemoveFile(request.POST if request.method == "POST" else None, attachment=found, actor=request.user)
    lead = found.activity.lead
    if form.is_bound and form.attempt():
        return done(request, _("%(name)s is removed.") % {"name": found.name}, to=lead.get_absolute_url(), lead=lead)
    return ask(request, form, address=request.path, back=lead.get_absolute_url(), about=found.name)


@login_required
@require_GET
def files(request: HttpRequest, pk: int) -> HttpResponse:
    """The files of a lead, the newest first."""
    lead = get_object_or_404(Lead.objects.visible_to(request.user), pk=pk)
    found = Attachment.objects.visible_to(request.user).filter(activity__lead=lead)
    context = {"lead": lead, "files": found.select_related("added_by").order_by("-pk")[:FILES]}
    return part(request, "handoff/_files.html", context)


@login_required
@require_POST
def watch(request: HttpRequest, pk: int) -> HttpResponse:
    """Hear of what happens to a lead, or no more."""
    lead = get_object_or_404(Lead.objects.visible_to(request.user), pk=pk)
    rights.permit(request.user, "view", lead)
    on = request.POST.get("on") == "1"
    watching.choose(lead, actor=request.user, on=on)
    said = (
        _("You hear of what happens to %(lead)s.")
        if on
        else _("You no longer hear of %(lead)s, except when somebody names you.")
    )
    return done(request, said % {"lead": lead}, to=lead.get_absolute_url(), lead=lead)


@login_required
@require_http_methods(["GET", "POST"])
def side(request: HttpRequest, pk: int, team: str) -> HttpResponse:
    """How one team sees a lead: edited by that team, read by both."""
    lead = get_object_or_404(Lead.objects.visible_to(request.user), pk=pk)
    if team not in sides.SIDES:
        raise Http404
    rights.permit_to_speak_for(request.user, team)
    posted = request.POST if request.method == "POST" else None
    form = Side(posted, lead=lead, actor=request.user, team=team, note=sides.newest(lead).get(team))
    if form.is_bound and form.attempt():
        return done(request, _("Both teams can read it now."), to=lead.get_absolute_url(), lead=lead)
    address = reverse("handoff:side", args=[pk, team])
    return ask(request, form, address=address, back=lead.get_absolute_url(), about=str(lead))


@login_required
@require_GET
def side_history(request: HttpRequest, pk: int, team: str) -> HttpResponse:
    """How a team saw a lead before."""
    lead = get_object_or_404(Lead.objects.visible_to(request.user), pk=pk)
    notes = lead.side_notes.filter(team=team).select_related("by").order_by("-version")[:FILES]
    context = {"lead": lead, "team": team, "notes": notes}
    return part(request, "handoff/_side_history.html", context)
