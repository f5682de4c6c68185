"""Deals: what is open by step, what was won and lost, and the form that mends one."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from handoff.dealbook import DEAL, LEAD, Dealbook
from handoff.forms import EditDeal, moves_from
from handoff.models import Deal
from handoff.views.acts import done
from handoff.views.asking import came_from
from leads import rights
from personas.choices import DealStep

#: What a deal's menu offers; the other moves of its lead are on the board and on the lead's page.
DEAL_ACTS = ("advance", "win", "lose")


@login_required
@require_GET
def deals(request: HttpRequest) -> HttpResponse:
    """Deals as rows: one tab, filtered, one page by key, with what they are worth together."""
    book = Dealbook(request.GET.dict(), request.user, menus=menus(request))
    context = {"book": book, "page": book.page(request.GET.get("after", ""))}
    return render(request, "handoff/deals.html", context)


def menus(request: HttpRequest) -> dict[str, str]:
    """What may be done with a deal, as HTML by its step ("" where it does not go on): the same for each of its rows."""
    edits = rights.allowed(request.user, rights.SALES)

    def menu(moves: list[dict[str, Any]]) -> str:
        known = {"lead": LEAD, "deal": DEAL, "moves": moves, "edits": edits}
        return render_to_string("handoff/_deal_menu.html", known, request) if moves or edits else ""

    acts = {step: [m for m in moves_from(step, request.user) if m["act"] in DEAL_ACTS] for step in DealStep.values}
    return {"": menu([]), **{step: menu(moves) for step, moves in acts.items()}}


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Mend a deal's name, amount, currency or expected close."""
    deal = get_object_or_404(Deal.objects.visible_to(request.user).select_related("company"), pk=pk)
    lead = deal.leads.get(deal_roles__primary=True)
    rights.permit(request.user, "edit_deal", lead)
    form = EditDeal(request.POST or None, deal=deal, actor=request.user, lead=lead)
    if form.is_bound and form.attempt():
        said = _("%(deal)s is saved.") % {"deal": form.result}
        return done(request, said, to=lead.get_absolute_url(), lead=lead)
    context = {"deal": deal, "lead": lead, "form": form, "back": came_from(request) or lead.get_absolute_url()}
    return render(request, "handoff/deal_edit.html", context, status=422 if form.errors else 200)
