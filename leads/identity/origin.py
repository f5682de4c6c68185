"""Where a touch came from, as the web says it: UTM parameters, click ids, the page and what led to it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import SplitResult, parse_qsl, urlsplit
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

#: UTM parameters by their short names: `utm_source` is `source`.
UTM = ("source", "medium", "campaign", "term", "content", "id")
#: What advertisers put onto the address of an ad, and whose ad it was, as `utm_source` would call it.
CLICK_IDS = {"gclid": "google", "fbclid": "facebook", "msclkid": "bing", "li_fat_id": "linkedin"}
#: How long an address and each parameter may be, in characters.
ADDRESS_LENGTH, VALUE_LENGTH = 2_000, 500
#: Of an address so many parameters are looked at.
MOST_PARAMETERS = 200
#: How long a source and a campaign may be called.
SOURCE_LENGTH, CAMPAIGN_LENGTH = 80, 120
SEARCH = frozenset(
    {"google", "bing", "duckduckgo", "yahoo", "ecosia", "qwant", "startpage", "yandex", "baidu", "brave", "kagi"}
)
SOCIAL = frozenset(
    {
        "facebook", "linkedin", "lnkd", "instagram", "twitter", "xing", "reddit", "youtube", "tiktok", "pinterest",
        "mastodon", "bsky", "threads",
    }
)  # fmt: skip
SHORT_HOSTS = frozenset({"t.co", "x.com"})


class Origin(NamedTuple):
    """Where one touch came from, and the visitor it belongs to; whatever is not known is empty."""

    url: str = ""
    referrer: str = ""
    utm: Mapping[str, str] = MappingProxyType({})
    click_ids: Mapping[str, str] = MappingProxyType({})
    visitor: UUID | None = None

    @property
    def source(self) -> str:
        """What sent them: the tagged source, whose ad it was, or what kind of page led here; empty if nothing says."""
        if tagged := self.utm.get("source"):
            return tagged[:SOURCE_LENGTH]
        return next((CLICK_IDS[name] for name in CLICK_IDS if name in self.click_ids), "") or _led_by(self)

    @property
    def campaign(self) -> str:
        """The campaign that tagged the address."""
        return self.utm.get("campaign", "")[:CAMPAIGN_LENGTH]

    @property
    def tells(self) -> bool:
        """Whether it says anything of where they came from, beyond the page they are on."""
        return bool(self.utm or self.click_ids or _led_by(self))

    def data(self) -> dict[str, Any]:
        """As payloads say it: what is empty is left out."""
        said = {**self._asdict(), "visitor": str(self.visitor) if self.visitor else ""}
        return {name: value for name, value in said.items() if value}


def read(raw: Any) -> Origin:
    """An origin as a payload says it; raise ValidationError if anything in it is not what it should be."""
    if not isinstance(raw, dict) or not raw.keys() <= set(Origin._fields):
        raise ValidationError(_("Expected an origin with url, referrer, utm, click_ids and visitor."))
    return Origin(
        url=_address(raw.get("url")),
        referrer=_address(raw.get("referrer")),
        utm=_named(raw.get("utm"), UTM),
        click_ids=_named(raw.get("click_ids"), tuple(CLICK_IDS)),
        visitor=_visitor(raw.get("visitor")),
    )


def of_url(url: str, referrer: str = "") -> dict[str, Any]:
    """What an address and the page that led to it say of where somebody came from, as payloads say it."""
    return of(url, referrer).data()


def of(url: str, referrer: str = "") -> Origin:
    """What an address and the page that led to it say of where somebody came from."""
    parts = _split(url)
    asked = dict(reversed(parse_qsl(parts.query[: 10 * ADDRESS_LENGTH])[:MOST_PARAMETERS])) if parts else {}
    asked = {name.lower(): value.replace("\0", "").strip()[:VALUE_LENGTH] for name, value in asked.items()}
    return Origin(
        url=_cut(url) if parts else "",
        referrer=_cut(referrer) if referrer and _split(referrer) else "",
        utm={name: asked[f"utm_{name}"] for name in UTM if asked.get(f"utm_{name}")},
        click_ids={name: asked[name] for name in CLICK_IDS if asked.get(name)},
    )


def host(url: str) -> str:
    """The host of a web address, lower case; empty if it is none."""
    parts = _split(url)
    return (parts.hostname or "") if parts else ""


def _split(url: str) -> SplitResult | None:
    """The parts of a web address; None for whatever is none."""
    try:
        parts = urlsplit(url.strip())
        return parts if parts.scheme in ("http", "https") and parts.hostname else None
    except ValueError:
        return None


def _led_by(origin: Origin) -> str:
    """What kind of page led here: a search, a network, another site; empty if it was one of the same site, or none."""
    there, here = host(origin.referrer).removeprefix("www."), host(origin.url).removeprefix("www.")
    if not there or there == here:
        return ""
    names = there.split(".")
    if SEARCH.intersection(names):
        return "organic_search"
    return "social" if there in SHORT_HOSTS or SOCIAL.intersection(names[-3:-1]) else "referral"


def _cut(address: str) -> str:
    return address.replace("\0", "").strip()[:ADDRESS_LENGTH]


def _address(raw: Any) -> str:
    if raw in (None, ""):
        return ""
    if not isinstance(raw, str) or not _split(raw):
        raise ValidationError(_("Expected web addresses that begin with https:// or http://."))
    return _cut(raw)


def _named(raw: Any, known: tuple[str, ...]) -> dict[str, str]:
    if raw in (None, ""):
        return {}
    if not isinstance(raw, dict) or not raw.keys() <= set(known):
        raise ValidationError(_("Expected only %(names)s here.") % {"names": ", ".join(known)})
    if not all(isinstance(value, str) and len(value) <= VALUE_LENGTH for value in raw.values()):
        raise ValidationError(_("Expected text of at most %(n)d characters.") % {"n": VALUE_LENGTH})
    return {name: text for name in known if (text := raw.get(name, "").replace("\0", "").strip())}


def _visitor(raw: Any) -> UUID | None:
    if raw in (None, ""):
        return None
    try:
        return UUID(raw)
    except (AttributeError, TypeError, ValueError) as error:
        raise ValidationError(_("Expected a visitor's UUID.")) from error
