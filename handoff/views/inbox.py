"""The inbox: the list of hand-offs, and beside it the chosen one with its clock, its reasons and the verdict."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from handoff import brief, lifecycle, routing
from handoff import inbox as desk
from handoff.forms import TOUCHES
from handoff.models import Handoff
from handoff.views.acts import done, refused


@login_required
@require_GET
def inbox(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """A tab of the inbox, and one hand-off: the one asked for, else the most urgent."""
    now, tab = timezone.now(), request.GET.get("show", "open")
    tab = tab if tab in desk.TABS else "open"
    claims = routing.claims(request.user)
    page = desk.page(request.user, tab, after=request.GET.get("after", ""), now=now)
    first = page.lines[0].pk if page.lines else 0
    offer = desk.one(request.user, pk or first, now=now, claims=claims)
    if pk and offer is None:
        raise Http404
    context: dict[str, Any] = {"tab": tab, "page": page, "offer": offer, "is_open": pk is not None, "now": now}
    context["cap"] = desk.CAP
    context |= {"tabs": tabs(request, tab, now), "keep": kept(request, tab), "next_page": kept(request, tab, page.next)}
    return render(request, "handoff/inbox.html", context | beside(page, offer, context["keep"]))


def tabs(request: HttpRequest, chosen: str, now: datetime) -> list[dict[str, Any]]:
    counts = desk.counts(request.user, now)
    return [
        {"label": label, "count": counts[name], "on": name == chosen, "query": f"?show={name}"}
        for name, label in desk.TABS.items()
    ]


def kept(request: HttpRequest, tab: str, after: str | None = None) -> str:
    """The query that keeps tab and page: every link of the list carries it."""
    after = request.GET.get("after", "") if after is None else after
    said = {"show": tab if tab != "open" else "", "after": after}
    said = {name: value for name, value in said.items() if value}
    return f"?{urlencode(said)}" if said else ""


def beside(page: desk.Page, offer: desk.Offer | None, keep: str) -> dict[str, Any]:
    """The neighbours of the chosen hand-off, where a verdict leads, and what the verdict needs."""
    before, after = page.beside(offer.pk if offer else None)
    following = after or before
    place = reverse("handoff:inbox_item", args=[following.pk]) if following else reverse("handoff:inbox")
    context: dict[str, Any] = {"before": before, "after": after, "next": f"{place}{keep}"}
    if offer is None:
        return context
    told = brief.told(offer.handoff.brief, lead=offer.handoff.lead if offer.handoff.is_open else None)
    context |= {"touches": TOUCHES, "lead": offer.handoff.lead, "handoff": offer.handoff, "ratable": offer.ratable}
    return context | {"told": told}


@login_required
@require_GET
def whole_brief(request: HttpRequest, pk: int) -> HttpResponse:
    """The whole brief of a hand-off, for the page of its lead."""
    offer = desk.one(request.user, pk)
    if offer is None:
        raise Http404
    handoff = offer.handoff
    told = {"handoff": handoff, "lead": handoff.lead, "now": timezone.now()}
    told |= {"told": brief.told(handoff.brief, lead=handoff.lead if handoff.is_open else None)}
    told |= {"may_top_up": offer.may_top_up, "lacks": offer.lacks, "may_edit": offer.may_edit}
    return render(request, "handoff/_brief.html", told)


@login_required
@require_POST
def rate(request: HttpRequest, pk: int) -> HttpResponse:
    """Each side rates the other's work on a hand-off in one tap; the same tap again takes it away."""
    handoff = get_object_or_404(Handoff.objects.visible_to(request.user).select_related("lead"), pk=pk)
    good = {"yes": True, "no": False}.get(request.POST.get("good", ""))
    try:
        lifecycle.rate(handoff, actor=request.user, good=good)
    except ValidationError as error:
        return refused(request, error.messages[0], handoff.lead)
    said = _("Kept; both sides see it.") if good is not None else _("The rating is taken away.")
    return done(request, said, to=handoff.lead.get_absolute_url(), lead=handoff.lead)
