"""The lead table, and the forms by which a person adds and edits a lead."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from leads import identity, rights
from leads.export import lines
from leads.filters import CAP, LeadFilter
from leads.forms import AddLead, EditLead
from leads.models import Lead
from leads.paging import counted, page_of
from leads.tasks import nudge


@login_required
@require_GET
def table(request: HttpRequest) -> HttpResponse:
    """Leads as rows: filtered, sorted, one page by key."""
    chosen = LeadFilter(request.GET.dict(), request.user)
    leads = chosen.apply(Lead.objects.visible_to(request.user))
    before, after = request.GET.get("before", ""), request.GET.get("after", "")
    leads, total = counted(chosen, leads, first=not (before or after))
    context = {"chosen": chosen, "page": page_of(chosen, leads, before=before, after=after), "total": total, "cap": CAP}
    return render(request, "leads/table.html", context)


@login_required
@require_GET
def export(request: HttpRequest) -> StreamingHttpResponse:
    """The leads that the table lists, all of them, as a file that is sent while it is read."""
    rights.permit(request.user, "export")
    chosen = LeadFilter(request.GET.dict(), request.user)
    leads = chosen.apply(Lead.objects.visible_to(request.user))
    name = f"leads-{timezone.localdate():%Y-%m-%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingHttpResponse(lines(chosen, leads), content_type="text/csv; charset=utf-8", headers=headers)


@login_required
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """A lead by hand: processed at once, so that the person sees it."""
    rights.permit(request.user, "add")
    form = AddLead(request.POST if request.method == "POST" else None, actor=request.user)
    if form.is_bound and form.attempt():
        nudge()
        messages.success(request, form.said)
        return redirect(form.lead)
    return render(request, "leads/add.html", {"form": form}, status=422 if form.errors else 200)


@login_required
@require_GET
def known(request: HttpRequest) -> HttpResponse:
    """While an e-mail is typed: who has it already."""
    found = identity.known_by_email(request.GET.get("email", ""))
    lead = Lead.objects.visible_to(request.user).filter(pk=found).select_related("company").first() if found else None
    return render(request, "leads/_known.html", {"lead": lead})


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """A lead's record, as this person may edit it."""
    whole = Lead.objects.visible_to(request.user).select_related("company", "persona")
    lead = get_object_or_404(whole, pk=pk)
    if not rights.may_edit(request.user, "source", lead):
        rights.permit(request.user, "edit", lead)
    form = EditLead(request.POST if request.method == "POST" else None, lead=lead, actor=request.user)
    if form.is_bound and form.attempt():
        nudge()
        messages.success(request, _("Saved."))
        return redirect(lead)
    return render(request, "leads/edit.html", {"form": form, "lead": lead}, status=422 if form.errors else 200)
