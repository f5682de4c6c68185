"""Addresses that people typed in: only those of the open network are posted to, and how a post to one of them may end.

The posting itself (`posting`) carries an HTTP client of many megabytes; who only checks an address does without it.
"""

from __future__ import annotations

import ipaddress
import socket
import sys
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

#: Ways in which an IPv6 address can lead to an IPv4 one: NAT64, its local form, and the old one that was written so.
INSIDE = [ipaddress.ip_network(network) for network in ("64:ff9b::/96", "64:ff9b:1::/48", "::/96")]


class Private(Exception):
    """The address leads into a network that is not everybody's."""


class Unreached(Exception):
    """Nobody was there to take it: nothing was sent."""


class Lost(Exception):
    """It was on its way, and nobody knows whether it arrived."""


class Answer:
    """What came back: the status, when to try again if it says so, and the beginning of the words."""

    def __init__(self, status: int, retry_after: str, text: str) -> None:
        self.status, self.retry_after, self.text = status, retry_after, text

    @property
    def arrived(self) -> bool:
        """Whether it was taken."""
        return 200 <= self.status < 300


def check(url: str) -> None:
    """Raise ValidationError with a sentence unless this is an address that may be posted to now."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValidationError(_("Give the whole address, as in https://hooks.example.org/…"))
    if parts.username or parts.password:
        raise ValidationError(_("Leave name and password out of the address."))
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        addresses = resolve(parts.hostname, port)
    except (OSError, UnicodeError, ValueError) as error:
        raise ValidationError(
            _("%(host)s cannot be found. Check the address, or try again later.") % {"host": parts.hostname}
        ) from error
    except Private as error:
        raise ValidationError(
            _("%(host)s lies in a private network, where posts go only if WEBHOOK_NETWORKS names it.")
            % {"host": parts.hostname}
        ) from error
    if parts.scheme == "http" and not all(_allowed(address) for address in addresses):
        raise ValidationError(_("Use https: what is told here is for your company alone."))


def resolve(host: str, port: int) -> list[Address]:
    """The addresses of a name, every one of them checked; raises Private if a single one is not everybody's."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in found]
    for address in addresses:
        if not (_allowed(address) or _open(address)):
            raise Private(str(address))
    return addresses


def _open(address: Address) -> bool:
    """Whether an address is everybody's, and so are those that are written inside it."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        if any(address in network for network in INSIDE):
            inner.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if any(each is not None and not _open(each) for each in inner):
            return False
        if address.ipv4_mapped:
            return True
    return address.is_global and not address.is_multicast


def _allowed(address: Address) -> bool:
    """Whether an operator has named the network, as for a chat of one's own or for tests."""
    return any(address in ipaddress.ip_network(network) for network in settings.WEBHOOK_NETWORKS)


def post(url: str, body: bytes, headers: dict[str, str]) -> Answer:
    """Post once, to what is checked as it is reached. Raises Private and Unreached, where nothing was sent, or Lost."""
    from handoff.notices import posting

    return posting.post(url, body, headers)


def close() -> None:
    """Let go of the connections of this thread, if it ever posted."""
    if posting := sys.modules.get("handoff.notices.posting"):
        posting.close()
