"""Who is who: what is said of somebody, read and normalised, and finding the person and the company behind it."""

from leads.identity.alike import Alike, alike
from leads.identity.companies import campaigns, companies, fill_company, match_companies, sources
from leads.identity.countries import countries, country
from leads.identity.line import read_line
from leads.identity.origin import Origin
from leads.identity.people import (
    first_lead,
    hold,
    known,
    known_by_email,
    leave_to_others,
    remember,
    resolve,
    sign,
)
from leads.identity.profile import (
    COMPANY_FIELDS,
    COMPANY_FILLED,
    KNOWN_FIELDS,
    TEXT_FIELDS,
    Key,
    Profile,
    is_business_email,
    normalise_email,
    normalise_phone,
    read_amount,
    read_company,
    read_currency,
    read_custom,
    read_moment,
)

__all__ = [
    "COMPANY_FIELDS", "COMPANY_FILLED", "KNOWN_FIELDS", "TEXT_FIELDS", "Alike", "Key", "Origin", "Profile",
    "alike", "campaigns", "companies", "countries", "country", "fill_company", "first_lead", "hold",
    "is_business_email", "known", "known_by_email", "leave_to_others", "match_companies", "normalise_email",
    "normalise_phone", "read_amount", "read_company", "read_currency", "read_custom", "read_line",
    "read_moment", "remember", "resolve", "sign", "sources",
]  # fmt: skip
