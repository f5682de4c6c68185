"""A person's own API tokens."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import tokens as own
from accounts.forms import NewToken
from accounts.models import ApiToken


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """One's tokens; a new one is shown in the answer to its form, and never again."""
    form, made = NewToken(request.POST or None, person=request.user), None
    if form.is_bound and form.attempt():
        form, made = NewToken(person=request.user), form.made
    found = ApiToken.objects.filter(user=request.user)
    context = {"form": form, "made": made, "tokens": found, "most": own.MOST}
    return render(request, "accounts/tokens.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def revoke(request: HttpRequest) -> HttpResponse:
    """End a token: what used it is signed out at once."""
    if not own.revoke(request.user, request.POST.get("digest", "")):
        raise Http404
    messages.success(request, _("The token is revoked. Whatever used it is signed out."))
    return redirect("accounts:tokens")
