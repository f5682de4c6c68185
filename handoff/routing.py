"""Whom to offer a lead: the rep who knows them, or the pool of sales."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from django.utils.translation import gettext as _

from accounts.choices import Team
from accounts.models import User
from leads.models import Lead


class Route(NamedTuple):
    """Who gets the offer (None: the pool, from which any rep may claim), and why, in words."""

    rep: User | None
    why: str


def route(lead: Lead) -> Route:
    """The lead's own rep first, then a rep who works with the company, then the pool."""
    if lead.rep and lead.rep.is_active and lead.rep.team == Team.SALES:
        return Route(lead.rep, _("%(rep)s has worked with this lead") % {"rep": lead.rep})
    colleague = (
        Lead.objects.filter(company=lead.company_id, rep__is_active=True, rep__team=Team.SALES)
        .exclude(pk=lead.pk)
        .select_related("rep")
        .order_by("-last_activity_at")
        .first()
        if lead.company_id
        else None
    )
    if colleague:
        return Route(colleague.rep, _("%(rep)s works with this company") % {"rep": colleague.rep})
    return Route(None, _("any rep may claim it"))


def candidates(rep: User | None) -> Iterable[User]:
    """Who hears of an offer: its rep, or every rep when it lies in the pool."""
    return [rep] if rep else User.objects.on(Team.SALES)
