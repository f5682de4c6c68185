"""How people are told: one's own choices, one's own chat, mail that did not leave, and the webhooks of the company."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import measure
from accounts.models import User
from handoff.forms.notices import Choices, OwnChat, SharedHook
from handoff.models import Channel, Hook, Message
from handoff.notices import addresses, choosing, hooks
from handoff.notices.kinds import kind_of
from leads import rights

PAGE = 50


@login_required
@require_http_methods(["GET", "POST"])
def choices(request: HttpRequest) -> HttpResponse:
    """Kind by way, quiet hours and digests: for oneself."""
    form = Choices(request.POST if request.method == "POST" else None, person=request.user)
    if form.is_bound and form.attempt():
        messages.success(request, _("Saved. What still waits for you waits as you want it now."))
        return redirect("handoff:notice_choices")
    return choices_page(request, form=form)


def choices_page(request: HttpRequest, **forms: Any) -> HttpResponse:
    person = request.user
    context = {"form": Choices(person=person), "own": OwnChat(person=person), **forms}
    context |= {"chat": Hook.objects.filter(person_id=person.pk).first(), "mail_leaves": settings.EMAIL_CONFIGURED}
    status = 422 if any(form.errors for form in forms.values()) else 200
    return render(request, "handoff/notice_choices.html", context, status=status)


@login_required
@require_POST
def own_chat(request: HttpRequest) -> HttpResponse:
    """Connect one's own chat, or let go of it."""
    if "remove" in request.POST:
        hooks.disconnect(request.user)
        messages.success(request, _("Your chat is told nothing any more."))
        return redirect("handoff:notice_choices")
    form = OwnChat(request.POST, person=request.user)
    if not form.attempt():
        return choices_page(request, own=form)
    messages.success(request, _("Your chat is connected. Choose above what it is told."))
    return redirect("handoff:notice_choices")


@csrf_exempt
@require_http_methods(["GET", "POST"])
def leave(request: HttpRequest, token: str) -> HttpResponse:
    """The way out of digests that a mail carries: a click in the mail client posts here, signed in or not."""
    person = get_object_or_404(User, pk=addresses.read_leave_token(token) or 0, is_active=True)
    if request.method == "POST":
        choosing.leave_digests(person)
    return render(request, "handoff/notices_leave.html", {"person": person, "left": request.method == "POST"})


@login_required
@require_GET
def unsent(request: HttpRequest) -> HttpResponse:
    """Mail that has not left: one's own, and for managers everybody's, newest first."""
    everybody = rights.may(request.user, "settings") and request.GET.get("whose") == "all"
    found = Message.objects.filter(channel=Channel.MAIL, sent_at=None).select_related("person").order_by("-id")
    found = found if everybody else found.filter(person_id=request.user.pk)
    after = request.GET.get("after", "")
    found = found.filter(pk__lt=int(after)) if after.isdecimal() and len(after) < 19 else found
    mails = list(found.defer("html")[: PAGE + 1])
    context = {"mails": mails[:PAGE], "next": mails[PAGE - 1].pk if len(mails) > PAGE else "", "everybody": everybody}
    return render(request, "handoff/mail_unsent.html", {**context, "mail_leaves": settings.EMAIL_CONFIGURED})


@login_required
@require_GET
def unsent_mail(request: HttpRequest, pk: int) -> HttpResponse:
    """One such mail, in its words."""
    found = Message.objects.filter(channel=Channel.MAIL).select_related("person", "lead")
    found = found if rights.may(request.user, "settings") else found.filter(person_id=request.user.pk)
    context = {"mail": get_object_or_404(found, pk=pk), "mail_leaves": settings.EMAIL_CONFIGURED}
    return render(request, "handoff/mail.html", context)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def webhooks(request: HttpRequest) -> HttpResponse:
    """The company's webhooks; adding one shows its secret, this once."""
    rights.permit(request.user, "settings")
    form, made = SharedHook(request.POST if request.method == "POST" else None, actor=request.user), None
    if form.is_bound and form.attempt():
        form, made = SharedHook(actor=request.user), form.made
    found = [(hook, [kind_of(name).label for name in hook.kinds]) for hook in Hook.objects.shared().order_by("pk")]
    context = {"form": form, "made": made, "hooks": found}
    return render(request, "handoff/webhooks.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def webhook(request: HttpRequest, pk: int) -> HttpResponse:
    """One of them: name, kinds and address, and what was posted last."""
    rights.permit(request.user, "settings")
    hook = get_object_or_404(Hook.objects.shared(), pk=pk)
    form = SharedHook(request.POST if request.method == "POST" else None, actor=request.user, hook=hook)
    if form.is_bound and form.attempt():
        messages.success(request, _("%(name)s is saved.") % {"name": hook.name})
        return redirect("handoff:webhook", pk)
    return webhook_page(request, form, status=422 if form.errors else 200)


def webhook_page(request: HttpRequest, form: SharedHook, *, status: int) -> HttpResponse:
    posted = Message.objects.filter(hook=form.hook).order_by("-id")[:20]
    context = {"form": form, "hook": form.hook, "posted": posted}
    return render(request, "handoff/webhook.html", context, status=status)


@login_required
@require_POST
def webhook_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Try one, switch it off or on, or remove it."""
    rights.permit(request.user, "settings")
    hook = get_object_or_404(Hook.objects.shared(), pk=pk)
    if act not in HOOK_ACTS:
        raise Http404
    try:
        messages.success(request, HOOK_ACTS[act](hook, request.user))
    except measure.Spent as spent:
        messages.error(request, spent.messages[0])
        response = webhook_page(request, SharedHook(actor=request.user, hook=hook), status=429)
        response["Retry-After"] = str(spent.wait)
        return response
    except ValidationError as error:
        messages.error(request, error.messages[0])
    return redirect("handoff:webhooks") if act == "remove" else redirect("handoff:webhook", pk)


def _try(hook: Hook, actor: User) -> str:
    measure.spend(actor, "trial")
    return hooks.trial(hook)


def _remove(hook: Hook, _actor: User) -> str:
    hooks.remove(hook)
    return _("%(name)s is removed and told nothing any more.") % {"name": hook.name}


def _switch(hook: Hook, *, on: bool) -> str:
    hooks.switch(hook, on=on)
    said = _("%(name)s is told again, from now on.") if on else _("%(name)s is told nothing until it is switched on.")
    return said % {"name": hook.name}


HOOK_ACTS = {
    "try": _try,
    "off": lambda hook, _actor: _switch(hook, on=False),
    "on": lambda hook, _actor: _switch(hook, on=True),
    "remove": _remove,
}
