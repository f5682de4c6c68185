"""The fields that a file's columns can mean: what each is called, expects and holds, and which a header suggests."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy

from leads import identity

#: The file column that is the row itself: for files without a key of their own.
ROW = "@row"
LEAD_FIELDS: dict[str, Any] = {
    "external_id": gettext_lazy("External id"),
    "name": gettext_lazy("Name"),
    "first_name": gettext_lazy("First name"),
    "last_name": gettext_lazy("Last name"),
    "email": gettext_lazy("E-mail"),
    "phone": gettext_lazy("Phone"),
    "job_title": gettext_lazy("Job title"),
    "country": gettext_lazy("Country"),
    "source": gettext_lazy("Source"),
    "campaign": gettext_lazy("Campaign"),
    "first_seen_at": gettext_lazy("First seen"),
    "value": gettext_lazy("Expected value"),
    "currency": gettext_lazy("Currency"),
    "preferred_contact": gettext_lazy("Preferred channel and time"),
    "next_action": gettext_lazy("Next action"),
    "next_action_at": gettext_lazy("Next action due"),
}
COMPANY_FIELDS: dict[str, Any] = {
    "name": gettext_lazy("Company"),
    "domain": gettext_lazy("Company: domain"),
    "industry": gettext_lazy("Company: industry"),
    "size": gettext_lazy("Company: staff"),
    "country": gettext_lazy("Company: country"),
    "city": gettext_lazy("Company: city"),
}
DEAL_FIELDS: dict[str, Any] = {
    "name": gettext_lazy("Deal: name"),
    "amount": gettext_lazy("Deal: amount"),
    "currency": gettext_lazy("Deal: currency"),
}
#: What a field expects, for the person who mends the file.
EXPECTED: dict[str, Any] = {
    "email": gettext_lazy("an e-mail address"),
    "phone": gettext_lazy("a phone number that begins with + and the country code"),
    "country": gettext_lazy("a country of two letters such as AT"),
    "currency": gettext_lazy("a currency of three letters such as EUR"),
    "value": gettext_lazy("an amount such as 1250.00"),
    "amount": gettext_lazy("an amount such as 1250.00"),
    "size": gettext_lazy("a number of staff"),
    "first_seen_at": gettext_lazy("a date such as 2026-11-23 or 2026-11-23 14:05"),
    "next_action_at": gettext_lazy("a date such as 2026-11-23 or 2026-11-23 14:05"),
    "at": gettext_lazy("a date such as 2026-11-23 or 2026-11-23 14:05"),
    "custom": gettext_lazy("at most 100,000 characters of custom fields in a row"),
}
LIMITS = {**identity.TEXT_FIELDS, "source": 80, **{f"company.{k}": v for k, v in identity.COMPANY_FIELDS.items()}}
#: A lead needs one of these: they say who it is.
NAMING = frozenset({"external_id", "email", "phone"})


def known_target(target: Any) -> bool:
    if not isinstance(target, str):
        return False
    group, _dot, name = target.partition(".")
    if not name:
        return target in LEAD_FIELDS or target == "company"
    return {"company": name in COMPANY_FIELDS, "deal": True, "custom": True}.get(group, False) and len(name) <= 80


#: Words in a header that suggest a field, most telling first. Compared without case, spaces and punctuation.
HINTS: dict[str, tuple[str, ...]] = {
    "external_id": ("externalid", "leadid", "contactid", "recordid", "mqlid", "customerid", "id", "uuid", "key"),
    "email": ("email", "emailaddress", "mail", "workemail", "emailadresse", "correo"),
    "phone": ("phone", "phonenumber", "mobile", "telephone", "tel", "telefon", "mobilephone"),
    "name": ("name", "fullname", "contactname", "leadname"),
    "first_name": ("firstname", "givenname", "forename", "vorname", "prenom", "nombre"),
    "last_name": ("lastname", "surname", "familyname", "nachname", "nomdefamille", "apellido", "apellidos"),
    "job_title": ("jobtitle", "title", "position", "role"),
    "country": ("country", "countrycode", "land"),
    "source": ("source", "leadsource", "origin", "utmsource", "originalsource"),
    "campaign": ("campaign", "utmcampaign", "campaignname"),
    "first_seen_at": (
        "firstseen", "firstseenat", "firstcontactdate", "firstcontact", "created", "createdat", "createdate",
        "createddate",
    ),
    "value": ("value", "expectedvalue", "expectedrevenue", "amount", "dealvalue"),
    "currency": ("currency", "currencycode"),
    "next_action": ("nextaction", "nextstep", "nextactivity"),
    "next_action_at": ("nextactionat", "nextactiondate", "duedate", "nextactivitydate"),
    "preferred_contact": ("preferredcontact", "preferredchannel"),
    "company.name": (
        "company", "companyname", "account", "accountname", "organisation", "organization", "firm", "firma",
    ),
    "company.domain": ("domain", "website", "companydomain", "companydomainname", "web"),
    "company.industry": ("industry", "branch", "businesssegment", "sector"),
    "company.size": ("size", "employees", "staff", "numberofemployees", "companysize"),
    "company.city": ("city", "town"),
}  # fmt: skip


def suggest(header: Sequence[str]) -> dict[str, str]:
    """For each column the field that its name suggests; no field twice."""
    bare = {re.sub(r"[\W_]", "", name).casefold(): name for name in reversed(header)}
    chosen: dict[str, str] = {}
    for target, hints in HINTS.items():
        found = next((bare[hint] for hint in hints if hint in bare and bare[hint] not in chosen), None)
        if found:
            chosen[found] = target
    return chosen
