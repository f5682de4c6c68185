"""The pipeline as a board: TOFU, the shared middle with its three lanes, deals by step, customers."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.choices import Team
from accounts.models import User
from handoff import lanes
from handoff.forms import moves_from
from leads.filters import CAP, LeadFilter
from leads.models import Lead
from personas.choices import Lane as Stand
from personas.choices import Stage


@login_required
@require_GET
def board(request: HttpRequest) -> HttpResponse:
    """Every lane with its first cards, and where each lane's cards may be moved by this person."""
    chosen = LeadFilter(request.GET.dict(), request.user)
    found = lanes.board(chosen, Lead.objects.visible_to(request.user), moved=request.GET.get("moved", ""))
    context = {
        "chosen": chosen,
        "board": found,
        "lanes": found.lanes,
        "menus": partial(menus, request.user),
        "cap": CAP,
    }
    return render(request, "handoff/board.html", {**context, "open": opened(chosen, request.user)})


def menus(actor: User) -> list[dict[str, Any]]:
    """Where the cards of each lane may be moved: the same for a whole team, so the page asks once for all of them."""
    return [{"lane": name, "moves": moves_from(name, actor)} for name in lanes.LANES]


@login_required
@require_GET
def more(request: HttpRequest, lane: str) -> HttpResponse:
    """The next cards of one lane."""
    if lane not in lanes.LANES:
        raise Http404
    chosen, rest = LeadFilter(request.GET.dict(), request.user), request.GET.get("rest", "")
    leads, after = Lead.objects.visible_to(request.user), request.GET.get("after", "")
    found = lanes.more(chosen, leads, lane, after=after, rest=int(rest) if rest.isdecimal() and len(rest) < 5 else 0)
    return render(request, "handoff/_cards.html", {"chosen": chosen, "lane": found})


def opened(chosen: LeadFilter, actor: User) -> tuple[str, str]:
    """The stage and the lane of the middle that a phone shows first: what is filtered for, else the team's own."""
    asked = chosen.on.get("stage", "")
    if asked in Stand.values:
        return Stage.MOFU, asked
    home = Stage.TOFU if actor.team == Team.MARKETING else Stage.MOFU
    return asked if asked in Stage.values and asked != Stage.OUT else home, Stand.MQL
