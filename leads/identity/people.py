"""Finding the person behind a profile by their signs, and keeping those signs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b

from django.core.exceptions import ValidationError
from django.db import connection

from leads.identity.profile import Key, Profile, normalise_email
from leads.models import Identity, Lead


def hold(profiles: Iterable[Profile]) -> None:
    """Let nobody else look up or make these people and companies until this transaction ends.

    Always in one order, and before any lead is locked, so that two batches cannot wait for each other.
    """
    names = {":".join(key) for profile in profiles for key in profile.naming_keys}
    names |= {f"company:{name.casefold()}" for p in profiles for name in (p.company_domain, p.company_name) if name}
    if names:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(n) FROM "
                "(SELECT DISTINCT hashtextextended(name, 0) AS n FROM unnest(%s::text[]) AS name ORDER BY 1) AS keys",
                [sorted(names)],
            )


def known(profiles: Iterable[Profile]) -> dict[Key, list[int]]:
    """Who carries each sign of these profiles: one lead, or several where colleagues share a phone."""
    wanted = {value for profile in profiles for _kind, _system, value in profile.keys}
    rows = Identity.objects.filter(value__in=wanted).order_by("lead_id")
    carriers: dict[Key, list[int]] = {}
    for kind, system, value, lead in rows.values_list("kind", "system", "value", "lead_id"):
        carriers.setdefault((kind, system, value), []).append(lead)
    return carriers


def resolve(profiles: Sequence[Profile], carriers: dict[Key, list[int]] | None = None) -> list[int | None]:
    """For each profile the lead its surest sign names, if any."""
    carriers = known(profiles) if carriers is None else carriers
    named = {key: leads[0] for key, leads in carriers.items() if len(leads) == 1}
    return [next((named[key] for key in p.naming_keys if key in named), None) for p in profiles]


def leave_to_others(
    profile: Profile, lead: Lead, carriers: Mapping[Key, Sequence[int]], fresh: Mapping[Key, Lead]
) -> str:
    """Take an e-mail out of a profile of this lead where it names somebody else; return what was taken out.

    `fresh` holds whoever is only just being made. Nobody is merged by what comes in: that is for a person to do.
    """
    email, key = profile.email, (Identity.Kind.EMAIL.value, "", profile.email)
    others, first = carriers.get(key, ()), fresh.get(key, lead)
    if not email or (first is lead and (not others or lead.pk in others)):
        return ""
    profile.email = ""
    return email


def sign(key: Key) -> int:
    """A sign as 64 bits, signed: for tables and locks that need no more than to tell signs apart."""
    return int.from_bytes(blake2b("\0".join(key).encode(), digest_size=8).digest(), signed=True)


def remember(signs: Iterable[tuple[int, Key]]) -> None:
    """Keep signs of leads; one that already names somebody else stays theirs."""
    Identity.objects.bulk_create(
        [Identity(lead_id=lead, kind=kind, system=system, value=value) for lead, (kind, system, value) in signs],
        ignore_conflicts=True,
    )


def first_lead(keys: Iterable[Key]) -> Lead | None:
    """The lead that the first known of these signs names."""
    for kind, system, value in keys:
        identity = Identity.objects.filter(kind=kind, system=system, value=value).select_related("lead").first()
        if identity:
            return identity.lead
    return None


def known_by_email(raw: str) -> int | None:
    """The key of the lead that this e-mail names, if it is an e-mail and names one."""
    try:
        email = normalise_email(raw)
    except ValidationError:
        return None
    return Identity.objects.filter(kind=Identity.Kind.EMAIL, value=email).values_list("lead_id", flat=True).first()
