"""The points: those in force with how many leads have them, and those of the draft, which marketing edits."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from handoff import agreement, tally
from handoff.forms.points import PointsForm
from handoff.models import Agreement
from handoff.sheet import Sheet
from handoff.tally import Tally
from handoff.views.agreement import MOST_BEHIND
from leads import rights, scoring


@login_required
@require_GET
def points(request: HttpRequest) -> HttpResponse:
    """The points in force, how many leads have points by each rule now, and which versions changed them."""
    current = Agreement.objects.in_force()
    draft = Agreement.objects.drafts().select_related("drafted_by").first()
    shown = Tally(current, tally.fired())
    may = {"may_draft": rights.may(request.user, "agreement"), "may_change": rights.may(request.user, "points")}
    context: dict[str, Any] = {"tally": shown, "current": current, "draft": draft, "history": tally.history(), **may}
    context |= {"behind": scoring.behind(MOST_BEHIND)}
    return render(request, "handoff/points.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest) -> HttpResponse:
    """The draft's points: marketing changes them in a form, whose first save begins a draft; sales reads them."""
    rights.permit(request.user, "agreement")
    if not rights.may(request.user, "points"):
        return read_only(request, agreement.coming())
    leads = Tally(Agreement.objects.in_force(), tally.fired()).leads
    form = PointsForm(request.POST if request.method == "POST" else None, draft=agreement.coming(), leads=leads)
    if not form.is_bound or form.rearrange(request.POST.get("do", "")):
        return page(request, form.draft, form)
    if saved := form.attempt(actor=request.user):
        messages.success(request, _("The points of %(version)s are saved.") % {"version": saved})
        return redirect("handoff:agreement_draft")
    return page(request, form.draft, form, status=422)


def read_only(request: HttpRequest, draft: Agreement) -> HttpResponse:
    """The points for those who sign them and do not write them."""
    if request.method == "POST":
        raise PermissionDenied(_("Marketing writes the points, and both teams sign them. Nothing was changed."))
    return page(request, draft, None)


def page(request: HttpRequest, draft: Agreement, form: PointsForm | None, *, status: int = 200) -> HttpResponse:
    sheet = Sheet.of(draft, before=Agreement.objects.in_force())
    context = {"form": form, "draft": draft, "sheet": sheet, "tally": Tally(draft), "next": agreement.next_version()}
    return render(request, "handoff/points_edit.html", context, status=status)
