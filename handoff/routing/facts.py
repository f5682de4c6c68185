"""What rules ask of a lead, and whether a rule's conditions hold. Pure: plain facts in, words out."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from accounts.models import User
from handoff.models import RoutingRule
from leads.models import Lead

#: Letters with a stroke or joined ones, which no decomposition takes apart.
STROKES = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ħ": "h", "æ": "ae", "œ": "oe", "ı": "i"})


@dataclass(frozen=True)
class Facts:
    """A lead as rules see it; a lead that is only imagined has facts, too."""

    country: str = ""
    places: tuple[str, ...] = ()  # city and region
    industry: str = ""
    size: int | None = None
    source: str = ""
    value: Decimal | None = None
    persona: int | None = None
    company: int | None = None
    rep: User | None = None
    lead: int | None = None

    @classmethod
    def of(cls, lead: Lead) -> Facts:
        company = lead.company
        regions = (lead.custom.get("region"), company.custom.get("region") if company else None)
        return cls(
            country=lead.country or (company.country if company else ""),
            places=tuple(str(place) for place in (company.city if company else "", *regions) if place),
            industry=company.industry if company else "",
            size=company.size if company else None,
            source=lead.source.slug if lead.source else "",
            value=lead.value,
            persona=lead.persona_id,
            company=lead.company_id,
            rep=lead.rep,
            lead=lead.pk,
        )


def misses(rule: RoutingRule, facts: Facts) -> str:
    """Why a rule does not hold for these facts, in words; empty where it does."""
    for told, wanted, found in (
        (_("country"), rule.countries, [facts.country]),
        (_("place"), rule.places, facts.places),
        (_("industry"), rule.industries, [facts.industry]),
        (_("source"), rule.sources, [facts.source]),
    ):
        if wanted and not _folded(wanted) & _folded(found):
            has = ", ".join(value for value in found if value)
            return _("%(what)s is %(found)s") % {"what": told, "found": has or _("not known")}
    if rule.personas and facts.persona not in rule.personas:
        return _("another persona") if facts.persona else _("persona is not known")
    return _outside(_("staff"), facts.size, rule.size_from, rule.size_to) or _outside(
        _("value"), facts.value, rule.value_from, rule.value_to
    )


def _outside(told: str, value: int | Decimal | None, least: int | Decimal | None, most: int | Decimal | None) -> str:
    if least is None and most is None:
        return ""
    if value is None:
        return _("%(what)s is not known") % {"what": told}
    if (least is not None and value < least) or (most is not None and value > most):
        return _("%(what)s is %(found)s") % {"what": told, "found": f"{value:,}"}
    return ""


def _folded(words: Iterable[str]) -> set[str]:
    """Words as they are compared: case and accents aside."""
    plain = (unicodedata.normalize("NFKD", word.strip().casefold().translate(STROKES)) for word in words if word)
    return {"".join(sign for sign in word if not unicodedata.combining(sign)) for word in plain}
