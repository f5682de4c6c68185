"""A leaver's work, or that of somebody who is away, goes to others: counted, shown, and done by one act."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import User
from handoff.forms.handover import HandOver
from leads import rights


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def hand_over(request: HttpRequest, pk: int) -> HttpResponse:
    """What is theirs and to whom; 'Preview' counts who would get what, 'Hand over' does it."""
    rights.permit(request.user, "people")
    person = get_object_or_404(User, pk=pk)
    form, plan = HandOver(request.POST if request.method == "POST" else None, person=person), None
    if form.is_bound and form.is_valid():
        if "preview" in request.POST:
            plan = form.preview()
        elif done := form.attempt(actor=request.user):
            given = len({str(holder) for holder, _counts in done.shares})
            words = {"whose": person, "n": given}
            messages.success(request, _("The work of %(whose)s is handed over; receivers: %(n)d.") % words)
            return redirect("handoff:person", pk=pk)
    context = {"form": form, "person": person, "plan": plan}
    return render(request, "handoff/handover.html", context, status=422 if form.errors else 200)
