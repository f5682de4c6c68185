"""What keeps robots out of a form without a third party: how much comes, how often, how fast, and a trap for them."""

from __future__ import annotations

import time

from django.conf import settings
from django.core import signing
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _

from accounts import measure
from leads.models import WebForm

#: A form that is filled in is a few kilobytes; nothing bigger is even read.
MOST_BYTES = 256 * 1024
MOST_PARTS = 200
#: Nobody reads and fills in a form in less, in seconds; after a day its words may have changed.
SOONEST, LATEST = 2, 24 * 60 * 60
#: A field that nobody sees: only what fills in everything fills it in.
TRAP = "homepage"
CONTENT_TYPE = "application/x-www-form-urlencoded"


class Refused(Exception):
    """What was sent is not taken: the HTTP status, a sentence for whoever sent it, and perhaps when to come again."""

    def __init__(self, status: int, sentence: str, wait: int = 0) -> None:
        super().__init__(sentence)
        self.status, self.sentence, self.wait = status, sentence, wait


def admit(form: WebForm, *, address: str) -> None:
    """Raise Refused once too much has come from this address within a minute."""
    _count(form, address, settings.FORM_POSTS_PER_ADDRESS)


def make_room(form: WebForm) -> None:
    """Raise Refused once too much was to be kept by this form within a minute, from wherever.

    Asked of what would be kept alone: else whoever posts nothing from many addresses would shut it for everybody.
    """
    _count(form, "all", settings.FORM_POSTS)


def _count(form: WebForm, who: str, most: int) -> None:
    if wait := measure.knock(f"form:{form.pk}", who, most=most, lot=max(1, most // 60)):
        raise Refused(
            429, _("Too much comes in at the moment. Please send it again in %(n)d seconds.") % {"n": wait}, wait
        )


def fits(length: str, content_type: str) -> None:
    """Raise Refused unless a body, by what its headers say of it, can be that of a form; nothing of it is read."""
    if content_type.partition(";")[0].strip().lower() != CONTENT_TYPE:
        raise Refused(415, _("A form is sent as %(type)s.") % {"type": CONTENT_TYPE})
    if not length.isdecimal():
        raise Refused(411, _("Say how long it is (Content-Length)."))
    if len(length) > 12 or int(length) > MOST_BYTES:
        raise Refused(
            413, _("This is more than a form holds (%(n)d kB). Nothing was kept.") % {"n": MOST_BYTES // 1024}
        )


def few(body: bytes) -> bytes:
    """The body, unless it has more parts than a form can have."""
    if body.count(b"&") >= MOST_PARTS:
        raise Refused(413, _("This has more than %(n)d fields. Nothing was kept.") % {"n": MOST_PARTS})
    return body


def token(form: WebForm) -> str:
    """What a form carries from when it is drawn: a word of its own, when that was, and our signature over both."""
    return _signer(form).sign(f"{get_random_string(16)}.{time.time():.1f}")


def drawn(form: WebForm, token: str) -> str:
    """The word of a form that was drawn neither just now nor long ago; empty for anything else."""
    try:
        word, _dot, at = _signer(form).unsign(token).partition(".")
    except signing.BadSignature:
        return ""
    return word if SOONEST <= time.time() - float(at) <= LATEST else ""


def _signer(form: WebForm) -> signing.Signer:
    return signing.Signer(salt=f"webform:{form.public_id}")
