"""When somebody is here: one's own days away and hours, or, for a manager, those of anybody."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import presence as known
from accounts.choices import Team
from accounts.forms import Away, Hours, Share
from accounts.models import User
from handoff.calendar import Calendar
from handoff.models import Agreement, Handoff
from leads import rights

FORMS = {"away": Away, "hours": Hours, "share": Share}


@login_required
@require_http_methods(["GET", "POST"])
def presence(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Days away, working hours, and (set by management) how much somebody takes at once."""
    person = whose(request.user, pk)
    act = request.POST.get("act", "") if request.method == "POST" else "show"
    if act == "back":
        return back(request, person)
    if act == "show":
        return page(request, person)
    if act not in FORMS:
        raise Http404
    form = FORMS[act](request.POST, person=person)
    if not form.attempt(actor=request.user):
        return page(request, person, status=422, **{act: form})
    messages.success(request, _("Saved: offers go by it from now on."))
    return redirect(request.path)


def whose(user: User, pk: int | None) -> User:
    """Oneself, or for a manager anybody."""
    if pk is None or pk == user.pk:
        return user
    rights.permit(user, "people")
    return get_object_or_404(User, pk=pk)


def back(request: HttpRequest, person: User) -> HttpResponse:
    number = request.POST.get("absence", "")
    found = get_object_or_404(person.absences, pk=number if number.isdecimal() else 0)
    known.be_back(found, actor=request.user)
    messages.success(request, _("These days are taken back."))
    return redirect(request.path)


def page(request: HttpRequest, person: User, *, status: int = 200, **forms: Any) -> HttpResponse:
    context = {
        "person": person,
        "own": person == request.user,
        "sells": person.team == Team.SALES,
        "today": timezone.localdate(timezone=person.zone),
        "absences": person.absences.select_related("entered_by"),
        "usual": Calendar.of(Agreement.objects.in_force()),
        "holds": Handoff.objects.open().filter(owner=person).count(),
        **{name: form(person=person) for name, form in FORMS.items()},
        **forms,
    }
    return render(request, "handoff/presence.html", context, status=status)
