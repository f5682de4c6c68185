"""Inbound webhooks: the door for programs, and the pages on which people set them up."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from accounts import measure
from leads import inbound, rights, signed
from leads.forms.source import RenewSecret, SetUpSource
from leads.models import WebhookSource
from leads.tasks import nudge

#: A body is no longer, in bytes.
LONGEST = 256 * 1024
#: So many of the last messages are shown.
SHOWN = 20


@csrf_exempt
@require_POST
def receive(request: HttpRequest, ident: UUID) -> HttpResponse:
    """Take in one signed event: 202 once it is kept, and the same again for the same webhook-id."""
    if int(request.headers.get("Content-Length") or 0) > LONGEST:
        return problem(413, _("A body of up to %(n)d kB is taken.") % {"n": LONGEST // 1024})
    try:
        source = WebhookSource.objects.select_related("made_by").get(ident=ident)
        kept = inbound.receive(source, headers=request.headers, body=request.body)
    except (WebhookSource.DoesNotExist, inbound.Retired, signed.Forged, ValidationError) as error:
        return refused(error)
    nudge()
    return JsonResponse({"id": kept.pk, "state": kept.state, "error": kept.error}, status=202)


def refused(error: Exception) -> HttpResponse:
    """Why nothing was kept; whoever has not signed learns nothing."""
    if isinstance(error, WebhookSource.DoesNotExist):
        return problem(404, _("There is no such webhook."))
    if isinstance(error, inbound.Retired):
        return problem(410, _("Nothing is taken here any more."))
    if isinstance(error, measure.Spent):
        return problem(429, error.messages[0], {"Retry-After": str(error.wait)})
    if isinstance(error, ValidationError):
        return problem(400, " ".join(error.messages))
    return problem(401, _("The signature is missing, wrong, or too old."))


def problem(status: int, detail: str, headers: dict[str, str] | None = None) -> HttpResponse:
    """A refusal as RFC 9457 has it."""
    said = {"type": "about:blank", "title": "refused", "status": status, "detail": detail}
    return JsonResponse(said, status=status, headers=headers, content_type="application/problem+json")


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def sources(request: HttpRequest) -> HttpResponse:
    """All of them; setting one up shows its address and its secret, the secret this once."""
    rights.permit(request.user, "sources")
    form, made = SetUpSource(request.POST if request.method == "POST" else None, actor=request.user), None
    if form.is_bound and form.attempt():
        form, made = SetUpSource(actor=request.user), form.source
    found = WebhookSource.objects.order_by("retired_at", "pk")
    context = {"form": form, "made": made, "sources": found}
    return render(request, "leads/sources.html", context, status=422 if form.errors else 200)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def source(request: HttpRequest, pk: int) -> HttpResponse:
    """One of them: its address, what its words mean, and what came in last."""
    rights.permit(request.user, "sources")
    found = get_object_or_404(WebhookSource, pk=pk)
    form = SetUpSource(request.POST if request.method == "POST" else None, actor=request.user, source=found)
    if form.is_bound and form.attempt():
        messages.success(request, _("%(name)s is saved.") % {"name": found.name})
        return redirect("leads:source", pk)
    return source_page(request, found, form=form, status=422 if form.errors else 200)


def source_page(request: HttpRequest, found: WebhookSource, *, status: int = 200, **more: object) -> HttpResponse:
    context = {"source": found, "form": SetUpSource(actor=request.user, source=found), "renewal": RenewSecret(), **more}
    context["received"] = found.submissions.select_related("lead").order_by("-pk")[:SHOWN]
    return render(request, "leads/source.html", context, status=status)


@login_required
@never_cache
@require_POST
def renew(request: HttpRequest, pk: int) -> HttpResponse:
    """Another secret, shown this once; the one before is good for another day."""
    rights.permit(request.user, "sources")
    found, form = get_object_or_404(WebhookSource, pk=pk, retired_at=None), RenewSecret(request.POST)
    if not form.is_valid():
        return source_page(request, found, renewal=form, status=422)
    made = inbound.renew(found, secret=form.cleaned_data["secret"])
    return source_page(request, made, made=made)


@login_required
@require_POST
def retire(request: HttpRequest, pk: int) -> HttpResponse:
    """Take nothing more from it."""
    rights.permit(request.user, "sources")
    found = get_object_or_404(WebhookSource, pk=pk)
    inbound.retire(found)
    messages.success(request, _("Nothing more is taken from %(name)s.") % {"name": found.name})
    return redirect("leads:sources")
