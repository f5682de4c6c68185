"""Addresses that a mail carries: who it is from, its thread, where a reply goes, and the way out of digests."""

from __future__ import annotations

from email.utils import formataddr, parseaddr
from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac

from handoff.models import Message

LEAVE = "handoff.notices.leave"


def absolute(path: str) -> str:
    return f"{settings.SITE_URL}{path}"


def message_id(message: Message) -> str:
    """The same each time that it is tried, so that a mail client folds a repeat into the first."""
    return named(message.ident.hex)


def named(ident: str) -> str:
    """The id of a mail by what is kept of it."""
    return f"<{ident}@{_host()}>"


def sender(name: str) -> str:
    """Somebody's name at our own address, the only one that receivers believe us."""
    return formataddr((name, parseaddr(settings.DEFAULT_FROM_EMAIL)[1]))


def thread(lead: int, person: int) -> str:
    """What every mail to one person about one lead answers: they stand together in the mail client."""
    return f"<lead.{lead}.{person}@{_host()}>"


def reply_to(lead: int, person: int) -> str:
    """Where a reply goes, so that it finds its way to the lead; empty where no address for replies is set.

    `REPLY_ADDRESS` has the token in its local part, as in `reply+{token}@in.example.org`.
    """
    return settings.REPLY_ADDRESS.replace("{token}", reply_token(lead, person)) if settings.REPLY_ADDRESS else ""


def reply_token(lead: int, person: int) -> str:
    """Lead and person, signed; letters and digits only, and the case of letters does not matter."""
    said = f"{lead}-{person}"
    return f"{said}-{_signature(said)}"


def read_reply_token(token: str) -> tuple[int, int] | None:
    """The lead and the person of a token that we have made, whoever received it; None for any other."""
    said, _dash, signature = token.lower().rpartition("-")
    lead, _dash, person = said.partition("-")
    known = lead.isdecimal() and person.isdecimal() and constant_time_compare(signature, _signature(said))
    return (int(lead), int(person)) if known else None


def _signature(said: str) -> str:
    return salted_hmac("handoff.notices.reply", said, algorithm="sha256").hexdigest()[:20]


def leave_link(person: int) -> str:
    """The way out of digests, in one click (RFC 8058)."""
    return absolute(reverse("handoff:notices_leave", args=[signing.dumps(person, salt=LEAVE)]))


def read_leave_token(token: str) -> int | None:
    try:
        return int(signing.loads(token, salt=LEAVE))
    except signing.BadSignature:
        return None


def _host() -> str:
    return urlsplit(settings.SITE_URL).hostname or "localhost"
