"""What came in and could not be processed: the list, and one of them to be mended, run again or put away."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from leads import mending, rights, tracker
from leads.forms.mending import Mend, PutAway
from leads.models import Submission
from leads.paging import bounded
from leads.tasks import nudge

PAGE = 50


@login_required
@require_GET
def submissions(request: HttpRequest) -> HttpResponse:
    """What waits for somebody to look at it, or, with `?put_away`, what somebody has put away; the newest first."""
    rights.permit(request.user, "submissions")
    away = "put_away" in request.GET
    rows = Submission.objects.put_away() if away else Submission.objects.to_mend()
    after = _after(request.GET.get("after", ""))
    rows = rows.filter(pk__lt=after) if after else rows
    found = list(rows.select_related("hook", "settled_by").order_by("-pk")[: PAGE + 1])
    following = found[PAGE - 1].pk if len(found) > PAGE else ""
    spoiled: list[Any] = [] if away or after else tracker.spoiled(PAGE)
    context: dict[str, Any] = {"found": found[:PAGE], "next": following, "away": away, "spoiled": spoiled}
    return render(request, "leads/submissions.html", context)


def _after(said: str) -> int:
    try:
        return bounded(said)
    except ValueError:
        return 0


@login_required
@require_http_methods(["GET", "POST"])
def submission(request: HttpRequest, pk: int) -> HttpResponse:
    """One of them: what came, what is wrong with it, and the form that mends it and runs it again."""
    rights.permit(request.user, "submissions")
    found = get_object_or_404(Submission.objects.select_related("lead", "hook", "settled_by"), pk=pk)
    if found.lead:
        return redirect(found.lead)
    form = Mend(request.POST if request.method == "POST" else None, submission=found, actor=request.user)
    if request.method == "POST" and form.attempt():
        return mended(request, form)
    return page(request, found, form=form, status=422 if request.method == "POST" else 200)


def mended(request: HttpRequest, form: Mend) -> HttpResponse:
    nudge()
    assert form.done
    messages.success(request, _("Mended: it is %(lead)s now.") % {"lead": form.done.lead})
    return redirect("leads:submissions")


def page(request: HttpRequest, found: Submission, *, status: int, **forms: Any) -> HttpResponse:
    raw = json.dumps(found.payload if found.raw is None else found.raw, ensure_ascii=False, indent=2)
    context = {"form": Mend(submission=found, actor=request.user), "away": PutAway(), **forms}
    return render(request, "leads/submission.html", {**context, "submission": found, "raw": raw}, status=status)


@login_required
@require_POST
def put_away(request: HttpRequest, pk: int) -> HttpResponse:
    """Nothing is made of it, because."""
    rights.permit(request.user, "submissions")
    found, form = get_object_or_404(Submission, pk=pk), PutAway(request.POST)
    if not form.is_valid():
        return page(request, found, away=form, status=422)
    try:
        mending.put_away(found, actor=request.user, why=form.cleaned_data["why"])
    except ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        messages.success(request, _("Put away. It stays here as it came."))
    return redirect("leads:submissions")


@login_required
@require_POST
def run_again(request: HttpRequest) -> HttpResponse:
    """All that waits is tried once more as it came."""
    rights.permit(request.user, "submissions")
    number = mending.run_again()
    nudge()
    said = ngettext("%(n)d is tried again now.", "%(n)d are tried again now.", number)
    messages.success(request, said % {"n": number})
    return redirect("leads:submissions")
