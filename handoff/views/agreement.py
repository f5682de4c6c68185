"""The agreement for everybody to read; for managers its next version, and the reasons that acts are given for."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from handoff.agreement import standing_at
from handoff.models import Agreement, Reason
from handoff.sla import Calendar
from handoff.terms import ReasonForm, TermsForm, countries
from leads import rights
from leads.filters import CAP
from leads.tasks import nudge

EARLIER = 20


@login_required
@require_GET
def agreement(request: HttpRequest) -> HttpResponse:
    """What is in force, where everybody can look it up."""
    current = Agreement.objects.select_related("agreed_by").in_force()
    earlier = (
        Agreement.objects.signed().exclude(ended_at=None).select_related("scorecard", "agreed_by").order_by("-version")
    )
    context = {
        "current": current,
        "calendar": Calendar.of(current),
        "holidays": dict(countries()).get(current.holidays, current.holidays),
        "earlier": earlier[:EARLIER],
        "reasons": by_act(),
    }
    return render(request, "handoff/agreement.html", context)


def by_act() -> list[tuple[str, str, list[Reason]]]:
    """Each act, its words and its reasons, those first that are still offered."""
    reasons = list(Reason.objects.order_by("retired", "position", "pk"))
    return [(act.value, str(act.label), [one for one in reasons if one.act == act]) for act in Reason.Act]


@login_required
@require_http_methods(["GET", "POST"])
def renew(request: HttpRequest) -> HttpResponse:
    """The next version: a form that begins from the one in force."""
    rights.permit(request.user, "settings")
    current = Agreement.objects.in_force()
    form = TermsForm(request.POST if request.method == "POST" else None, current=current)
    if form.is_bound and (made := form.attempt(actor=request.user)):
        nudge()
        messages.success(request, _("v%(version)d is in force. Leads are counted anew.") % {"version": made.version})
        return redirect("handoff:agreement")
    context = {"form": form, "current": current, **preview_of(form["mql_line"].value(), current)}
    return render(request, "handoff/agreement_edit.html", context, status=422 if form.is_bound else 200)


@login_required
@require_GET
def preview(request: HttpRequest) -> HttpResponse:
    """One sentence: what a line would mean for the leads that are here now."""
    rights.permit(request.user, "settings")
    context = preview_of(request.GET.get("mql_line"), Agreement.objects.in_force())
    return render(request, "handoff/_agreement_preview.html", context)


def preview_of(said: object, current: Agreement) -> dict[str, object]:
    line = int(str(said)) if str(said).isdecimal() and len(str(said)) < 4 else 0
    if not 1 <= line <= 100:
        return {"line": None}
    ready, now = standing_at(line, cap=CAP + 1), standing_at(current.mql_line, cap=CAP + 1)
    return {"line": line, "line_now": current.mql_line, "ready": ready, "ready_now": now, "cap": CAP}


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
