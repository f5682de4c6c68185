"""What managers do about chances: which version counts, which fields are learned from, when, and at what win rate."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from kombu.exceptions import OperationalError

from handoff.forms.learning import Terms
from handoff.views.asking import ask
from leads import learning, rights, tasks
from leads.learning import training
from leads.models import LearnedModel, Suspect

PAGE = "dashboards:truth"
#: What a manager may decide of a field that may know the outcome already.
WORDS = {"trust": True, "keep-out": False}


@login_required
@require_POST
def go_live(request: HttpRequest, version: int) -> HttpResponse:
    """Let a version that was live before count again; a second click leads back."""
    rights.permit(request.user, "learning")
    try:
        model = learning.go_live(get_object_or_404(LearnedModel, version=version), actor=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        tasks.soon(tasks.refresh_chances)
        words = _("%(version)s counts now; every chance is said anew within minutes.")
        messages.success(request, words % {"version": model})
    return redirect(PAGE)


@login_required
@require_POST
def decide(request: HttpRequest, pk: int, word: str) -> HttpResponse:
    """Say whether a field may be learned from."""
    rights.permit(request.user, "learning")
    if word not in WORDS:
        raise Http404
    training.decide(get_object_or_404(Suspect, pk=pk), trusted=WORDS[word], actor=request.user)
    messages.success(request, _("Noted: the next training goes by it."))
    return redirect(PAGE)


@login_required
@require_POST
def train(request: HttpRequest) -> HttpResponse:
    """Ask the worker to learn now, unless somebody learns already."""
    rights.permit(request.user, "learning")
    if training.is_running():
        messages.info(request, _("Another training is on its way. Nothing was changed."))
        return redirect(PAGE)
    try:
        tasks.train.delay()
    except (OperationalError, OSError):
        messages.error(request, _("The worker cannot be asked now. What counts stays; try again in a minute."))
    else:
        messages.success(request, _("The worker learns now. What it says stands here once it is done."))
    return redirect(PAGE)


@login_required
@require_http_methods(["GET", "POST"])
def terms(request: HttpRequest) -> HttpResponse:
    """State the win rate, and whether 'accepted' may stand in for won."""
    rights.permit(request.user, "learning")
    form = Terms(request.POST if request.method == "POST" else None, actor=request.user)
    if form.is_bound and form.attempt():
        messages.success(
            request, _("Saved: chances by the points go by it within minutes, and so does the next training.")
        )
        return HttpResponse(headers={"HX-Redirect": reverse(PAGE)}) if request.htmx else redirect(PAGE)
    return ask(request, form, address=request.path, back=reverse(PAGE), about=_("Is it true?"))
