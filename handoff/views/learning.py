"""What managers do about chances: let another version count."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from leads import learning, rights
from leads.models import LearnedModel

PAGE = "dashboards:truth"


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
        messages.success(
            request, _("%(version)s counts now; every chance is said anew within minutes.") % {"version": model}
        )
    return redirect(PAGE)
