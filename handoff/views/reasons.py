"""The reasons that acts are given for: managers word them, both teams use them."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from handoff.forms.reason import ReasonForm
from handoff.models import Reason
from leads import rights


@login_required
@require_http_methods(["GET", "POST"])
def add_reason(request: HttpRequest, act: str) -> HttpResponse:
    """A new reason for one of the acts that ask for one."""
    rights.permit(request.user, "settings")
    if act not in Reason.Act.values:
        raise Http404
    return reason_page(request, ReasonForm(request.POST if request.method == "POST" else None, act=act))


@login_required
@require_http_methods(["GET", "POST"])
def edit_reason(request: HttpRequest, pk: int) -> HttpResponse:
    """Word a reason anew, change what follows from it, or retire it."""
    rights.permit(request.user, "settings")
    reason = get_object_or_404(Reason, pk=pk)
    said = request.POST if request.method == "POST" else None
    return reason_page(request, ReasonForm(said, act=reason.act, reason=reason))


def reason_page(request: HttpRequest, form: ReasonForm) -> HttpResponse:
    if form.is_bound and form.attempt():
        messages.success(request, _("The reason is saved."))
        return redirect("handoff:agreement")
    context = {"form": form, "act": Reason.Act(form.act).label}
    return render(request, "handoff/reason.html", context, status=422 if form.is_bound else 200)
