"""Which websites may show a form: their origins, and whether one is among them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

MOST_HOSTS = 50
#: A host name or an address, perhaps every host below a domain (`*.example.com`), perhaps with a port.
HOST = re.compile(r"(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?|\[[0-9a-f:.]+\](:\d{1,5})?")

#: The machine that the browser runs on: what is tried out there has no certificate.
LOCAL = re.compile(r"(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?")


def read(text: str) -> list[str]:
    """The origins that are named, a line or a word each; without a scheme they are https, or http on one's own machine.

    Raise ValidationError.
    """
    origins = list(dict.fromkeys(_origin(word) for word in re.split(r"[\s,;]+", text) if word))
    if len(origins) > MOST_HOSTS:
        raise ValidationError(_("A form may stand on up to %(n)d websites.") % {"n": MOST_HOSTS})
    return origins


def _origin(word: str) -> str:
    scheme, _separator, rest = word.lower().rpartition("://")
    host = rest.partition("/")[0]
    if not host.isascii():
        with suppress(UnicodeError):
            host = host.encode("idna").decode()
    if scheme not in ("", "http", "https") or not HOST.fullmatch(host) or len(host) > 253:
        raise ValidationError(_("Expected a website such as www.example.com, found %(found)s.") % {"found": word[:80]})
    return f"{scheme or ('http' if LOCAL.fullmatch(host) else 'https')}://{host}"


def covers(origins: Iterable[str], origin: str) -> bool:
    """Whether one of these origins is this one, or names every host below a domain that it belongs to."""
    asked = urlsplit(origin)
    for known in origins:
        scheme, _separator, host = known.partition("://")
        if scheme == asked.scheme and (host == asked.netloc or (host[0] == "*" and asked.netloc.endswith(host[1:]))):
            return True
    return False
