"""Who may be meant: leads that are like somebody of whom one has only begun to tell."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from leads.identity.profile import normalise_email, normalise_phone
from leads.models import Identity, Lead
from leads.models.lead import LeadQuerySet

MOST = 3
#: Shorter names are like too many.
ENOUGH = 4


class Alike(NamedTuple):
    """A lead that may be meant; `sure` where their sign says so, and why in words."""

    lead: Lead
    sure: bool
    why: str


def alike(said: dict[str, Any], leads: LeadQuerySet) -> list[Alike]:
    """Up to three of these leads: who has the e-mail, who has the phone, and whose name holds every word."""
    found: dict[int, Alike] = {}
    rows = leads.select_related("company")
    for kind, value, sure, why in _signs(said):
        for lead in rows.filter(identities__kind=kind, identities__value=value).order_by("pk")[:MOST]:
            found.setdefault(lead.pk, Alike(lead, sure, why))
    name = str(said.get("name", ""))
    if len(name) >= ENOUGH and len(found) < MOST:
        for lead in rows.search(name).exclude(pk__in=found).order_by("-pk")[: MOST - len(found)]:
            found[lead.pk] = Alike(lead, False, _("has such a name"))
    return list(found.values())[:MOST]


def _signs(said: dict[str, Any]) -> list[tuple[str, str, bool, str]]:
    signs = []
    for name, kind, reader, sure, why in (
        ("email", Identity.Kind.EMAIL, normalise_email, True, _("is here already")),
        ("phone", Identity.Kind.PHONE, normalise_phone, False, _("has this phone")),
    ):
        try:
            if said.get(name):
                signs.append((kind.value, reader(said[name]), sure, why))
        except ValidationError:
            continue  # half typed: it names nobody yet
    return signs
