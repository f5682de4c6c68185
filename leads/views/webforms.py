"""Where marketing builds the forms of its websites, and everybody sees what comes of them."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from leads import rights
from leads.models import Submission, WebForm
from leads.webforms import building, showing
from leads.webforms.builder import Builder
from leads.webforms.entry import Entry
from leads.webforms.fields import stored

LAST = 20


@login_required
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Every form, with what came of it."""
    forms = WebForm.objects.visible_to(request.user).counted()
    return render(request, "leads/webforms/list.html", {"forms": forms, "may": rights.may(request.user, "forms")})


@login_required
@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One form: how it stands on websites, what came last, and the words that people agreed to."""
    form = get_object_or_404(
        WebForm.objects.visible_to(request.user).select_related("consent", "source", "campaign").counted(), pk=pk
    )
    came = Submission.objects.filter(webform=form).select_related("lead").order_by("-received_at")
    context = {
        "form": form,
        "fields": stored(form.fields),
        "came": came[:LAST],
        "wordings": form.wordings.select_related("written_by"),
        "snippets": showing.snippets(form),
        "may": rights.may(request.user, "forms"),
    }
    return render(request, "leads/webforms/detail.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Build a form, new or one that is there; buttons that move rows come here too, and save nothing."""
    rights.permit(request.user, "forms")
    form = get_object_or_404(WebForm.objects.select_related("consent"), pk=pk) if pk else WebForm()
    builder = Builder(request.POST if request.method == "POST" else None, form=form, actor=request.user)
    if act := request.POST.get("act"):
        return built(request, builder.rearranged(act), status=200)
    if builder.is_bound and builder.attempt():
        messages.success(request, _("%(form)s is saved.") % {"form": builder.instance})
        return redirect(builder.instance)
    return built(request, builder, status=422 if builder.is_bound else 200)


def built(request: HttpRequest, builder: Builder, *, status: int) -> HttpResponse:
    shown = builder.previewed()
    drawn = showing.drawing(shown, Entry(shown), token="", inert=True)
    context = {"builder": builder, "drawn": drawn, "told": status == 422}
    return render(request, "leads/webforms/edit.html", context, status=status)


@login_required
@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """How the form would look while it is typed."""
    rights.permit(request.user, "forms")
    form = Builder(request.POST, form=WebForm(), actor=request.user).previewed()
    return render(
        request, "leads/webforms/_preview.html", {"drawn": showing.drawing(form, Entry(form), token="", inert=True)}
    )


@login_required
@require_POST
def act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Take a form out of use, or put it to use again."""
    form = get_object_or_404(WebForm.objects.visible_to(request.user), pk=pk)
    if act not in ACTS:
        raise Http404
    do, said = ACTS[act]
    do(form, actor=request.user)
    messages.success(request, _(said) % {"form": form})
    return redirect(form)


ACTS = {
    "retire": (building.retire, "%(form)s is out of use: its page says so."),
    "revive": (building.revive, "%(form)s is in use again."),
}
