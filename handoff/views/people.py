"""Settings: one's own profile, and for managers the people and the sample company."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import people as known
from accounts.forms import About, Colleague, NewColleague
from accounts.models import User
from handoff import holdings
from handoff import sample as company
from handoff.tasks import ask_for_sample, sample_is_coming
from leads import rights


@login_required
@require_http_methods(["GET", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    """One's own profile; a manager finds the people and the sample company here, too."""
    form = About(request.POST if request.method == "POST" else None, person=request.user)
    if form.is_bound and form.attempt():
        messages.success(request, _("Your profile is saved."))
        return redirect("handoff:settings")
    return settings_page(request, form, status=422 if form.is_bound else 200)


def settings_page(request: HttpRequest, form: About, *, status: int = 200, **context: Any) -> HttpResponse:
    context |= {"form": form, "may_sources": rights.may(request.user, "sources")}
    context["may_mend"] = rights.may(request.user, "submissions")
    context["may_websites"] = rights.may(request.user, "websites")
    context |= sample_standing() if rights.may(request.user, "settings") else {}
    return render(request, "handoff/settings.html", context, status=status)


def sample_standing() -> dict[str, Any]:
    return {"sample": company.count(), "coming": sample_is_coming(), "heirs": company.managers_who_stay()}


@login_required
@require_http_methods(["GET", "POST"])
def sample(request: HttpRequest) -> HttpResponse:
    """Fill the sample company in (the worker does it, and the panel asks until it is there) or take it away."""
    rights.permit(request.user, "settings")
    if request.method == "POST":
        return remove_sample(request) if "remove" in request.POST else fill_sample(request)
    if not request.htmx:
        return redirect("handoff:settings")
    return render(request, "handoff/_sample.html", sample_standing())


def fill_sample(request: HttpRequest) -> HttpResponse:
    if ask_for_sample():
        messages.success(request, _("The sample company is on its way; it takes about half a minute."))
    else:
        messages.error(request, _("The background worker cannot be reached, so nothing was filled in. Try again soon."))
    return redirect("handoff:settings")


def remove_sample(request: HttpRequest) -> HttpResponse:
    try:
        gone = company.remove(actor=request.user)
    except ValidationError as error:
        return settings_page(request, About(person=request.user), status=422, sample_errors=error.messages)
    if not known.can_sign_in(request.user):
        logout(request)  # a manager of the sample has removed themselves
    leads = ngettext("%(n)d sample lead is gone.", "%(n)d sample leads are gone.", gone.leads) % {"n": gone.leads}
    messages.success(request, leads)
    return redirect("handoff:settings")


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def people(request: HttpRequest) -> HttpResponse:
    """Everybody who can or could sign in; adding somebody shows their first password, this once."""
    rights.permit(request.user, "people")
    said = request.POST if request.method == "POST" else None
    zone = timezone.get_current_timezone_name()
    form, made = NewColleague(said, time_zone=zone), None
    if form.is_bound and form.attempt():
        form, made = NewColleague(time_zone=zone), form.made
    context = {"form": form, "made": made, "everybody": holdings.everybody()}
    return render(request, "handoff/people.html", context, status=422 if form.errors else 200)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """One colleague: what is said of them, what they own, and whether they can sign in."""
    rights.permit(request.user, "people")
    colleague = get_object_or_404(User, pk=pk)
    act = request.POST.get("act", "") if request.method == "POST" else "show"
    if act not in PERSON_ACTS:
        raise Http404
    return PERSON_ACTS[act](request, colleague)


def show_person(
    request: HttpRequest, colleague: User, form: Colleague | None = None, *, status: int = 200, **context: Any
) -> HttpResponse:
    form = form or Colleague(person=colleague)
    context |= {"colleague": colleague, "form": form, "owned": holdings.of(colleague)}
    context["here"] = holdings.here(colleague)
    return render(request, "handoff/person.html", context, status=status)


def save_person(request: HttpRequest, colleague: User) -> HttpResponse:
    form = Colleague(request.POST, person=colleague)
    if not form.attempt():
        return show_person(request, colleague, form, status=422)
    messages.success(request, _("%(who)s is saved.") % {"who": form.cleaned_data["name"]})
    return redirect("handoff:people")


def renew_password(request: HttpRequest, colleague: User) -> HttpResponse:
    password = known.renew_password(colleague)
    if colleague == request.user:
        colleague.refresh_from_db()
        update_session_auth_hash(request, colleague)
    return show_person(request, colleague, password=password)


def deactivate_person(request: HttpRequest, colleague: User) -> HttpResponse:
    try:
        known.deactivate(colleague)
    except ValidationError as error:
        return show_person(request, colleague, errors=error.messages, status=422)
    messages.success(request, _("%(who)s can no longer sign in. What they own keeps their name.") % {"who": colleague})
    if any(holdings.of(colleague)):
        return redirect("handoff:hand_over", pk=colleague.pk)
    return redirect("handoff:people")


def activate_person(request: HttpRequest, colleague: User) -> HttpResponse:
    known.activate(colleague)
    messages.success(request, _("%(who)s can sign in again.") % {"who": colleague})
    return redirect("handoff:people")


PERSON_ACTS = {
    "show": show_person,
    "save": save_person,
    "password": renew_password,
    "deactivate": deactivate_person,
    "activate": activate_person,
}
