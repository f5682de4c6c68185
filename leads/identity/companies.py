"""Finding or making what profiles name beside the person: companies, sources and campaigns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Q
from django.db.models.functions import Lower

from leads.identity.profile import COMPANY_FILLED, Profile
from leads.models import Campaign, Company, Source


def companies(profiles: Sequence[Profile]) -> list[Company | None]:
    """For each profile its company, joined by domain, then by name, or made; empty fields are filled."""
    found = match_companies(profiles)
    here = [company for company in found if company]
    new = {id(company): company for company in here if company.pk is None}  # unsaved, so without a hash
    Company.objects.bulk_create(new.values())
    filled = {c.pk: c for c, profile in zip(found, profiles, strict=True) if c and fill_company(c, profile)}
    Company.objects.bulk_update([filled[pk] for pk in sorted(filled)], COMPANY_FILLED)
    return found


def fill_company(company: Company, profile: Profile) -> bool:
    """Take over what is empty here; return whether anything was."""
    empty = [n for n in COMPANY_FILLED if profile.company.get(n) and getattr(company, n) in (None, "")]
    for name in empty:
        setattr(company, name, profile.company[name])
    return bool(empty)


def match_companies(profiles: Sequence[Profile]) -> list[Company | None]:
    """For each profile its company, joined by domain, then by name; one that is not here yet is not saved yet."""
    domains = {profile.company_domain for profile in profiles} - {""}
    names = {profile.company_name.lower() for profile in profiles} - {""}
    if not names:
        return [None] * len(profiles)
    found = (
        Company.objects.annotate(lower=Lower("name")).filter(Q(domain__in=domains) | Q(lower__in=names)).order_by("pk")
    )
    by_domain: dict[str, Company] = {}
    by_name: dict[str, Company] = {}
    for company in found:
        by_domain.setdefault(company.domain, company)
        by_name.setdefault(company.name.lower(), company)
    answers: list[Company | None] = []
    for profile in profiles:
        domain, name = profile.company_domain, profile.company_name
        if not name:
            answers.append(None)
            continue
        here = by_domain.get(domain) if domain else None
        namesake = by_name.get(name.lower())
        if here is None and namesake is not None and (not domain or not namesake.domain):
            here = namesake
        if here is None:
            here = Company(**{"name": name, **profile.company, "domain": domain})
        by_domain.setdefault(domain, here)
        by_name.setdefault(name.lower(), here)
        answers.append(here)
    return answers


def sources(profiles: Sequence[Profile]) -> dict[str, Source]:
    """The sources these profiles name, made where they are new."""
    return {
        source.slug: source for source in _named(Source, "slug", {p.source for p in profiles if p.source}, _new_source)
    }


def campaigns(profiles: Sequence[Profile]) -> dict[str, Campaign]:
    """The campaigns these profiles name, by lower-case name, made where they are new."""
    return {
        c.name.lower(): c for c in _named(Campaign, "name", {p.campaign for p in profiles if p.campaign}, _new_campaign)
    }


def _new_source(slug: str) -> Source:
    return Source(slug=slug, name=slug.replace("_", " ").capitalize())


def _new_campaign(name: str) -> Campaign:
    return Campaign(name=name)


def _named(model: Any, column: str, wanted: set[str], new: Any) -> list[Any]:
    if not wanted:
        return []
    lowered = {text.lower() for text in wanted}

    def found() -> list[Any]:
        return list(model.objects.annotate(lowered=Lower(column)).filter(lowered__in=lowered))

    here = found()
    missing = lowered - {getattr(row, column).lower() for row in here}
    if missing:
        fresh = {text.lower(): text for text in wanted if text.lower() in missing}
        model.objects.bulk_create([new(text) for text in fresh.values()], ignore_conflicts=True)
        here = found()
    return here
