"""Mail that comes back: who answers a mail about a lead says it on the lead, once, as if they had typed it there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses, parseaddr
from html import unescape

from django.conf import settings
from django.core.exceptions import SuspiciousOperation, ValidationError
from django.db import transaction
from django.utils.html import strip_tags
from django.utils.translation import gettext as _

from accounts import measure
from accounts.models import User
from handoff import conversation
from handoff.notices import addresses
from leads.models import Activity, Lead

#: Where a mail server says for whom a mail was, the surest first.
TO = ("Delivered-To", "X-Original-To", "Envelope-To", "To", "Cc")
#: Where what is answered begins, in the words of the mail programs.
QUOTED = re.compile(
    r"^(>|-{2,} ?(original message|ursprüngliche nachricht)|_{10,}\s*$|on .+ wrote:|am .+ schrieb)", re.I
)
SIGNATURE = "-- "
MOST_BYTES = 2 * 2**20


def receive(raw: bytes) -> Activity:
    """Take in one mail. Raises ValidationError, in words for whoever sent it, and then nothing was kept."""
    if len(raw) > MOST_BYTES:
        raise ValidationError(_("A reply may have up to 2 MB; files go onto the lead's page. Nothing was kept."))
    mail = message_from_bytes(raw, _class=EmailMessage, policy=policy.default)
    lead_pk, actor = _whose(mail)
    text = _written(mail)
    with transaction.atomic():
        lead = Lead.objects.visible_to(actor).select_for_update(of=("self",)).filter(pk=lead_pk).first()
        if lead is None:
            raise ValidationError(_("This lead is no longer here. Nothing was kept."))
        ident = str(mail["Message-ID"] or "").strip()[:300]
        if ident and (known := lead.activities.of_kinds("comment").filter(data__mail=ident).first()):
            return known
        measure.spend(actor, "comment")
        return conversation.comment(lead, actor=actor, text=text, mail=ident)


def _whose(mail: EmailMessage) -> tuple[int, User]:
    """The lead that is answered, and who answers: the signed address says both, and who sent it must be that person."""
    if str(mail.get("Auto-Submitted", "no")).lower() != "no":
        raise ValidationError(_("An automatic answer says nothing on a lead."))
    for token in _tokens(mail):
        if said := addresses.read_reply_token(token):
            break
    else:
        raise ValidationError(_("This address is none of ours. Answer a mail of ours, or open the lead."))
    lead, person = said
    actor = User.objects.filter(pk=person, is_active=True).first()
    sender = parseaddr(str(mail["From"] or ""))[1].lower()
    if actor is None or not sender or sender != actor.email.lower():
        raise ValidationError(_("This address takes answers of one person alone, from their own e-mail address."))
    return lead, actor


def _tokens(mail: EmailMessage) -> Iterator[str]:
    before, _token, after = settings.REPLY_ADDRESS.lower().partition("{token}")
    for _name, address in getaddresses([str(value) for name in TO for value in mail.get_all(name, [])]):
        known = address.lower()
        if before and known.startswith(before) and known.endswith(after):
            yield known[len(before) : len(known) - len(after)]


def _written(mail: EmailMessage) -> str:
    """What the person wrote, without what they answered and without their signature."""
    body = mail.get_body(("plain", "html"))
    try:
        text = str(body.get_content()) if body else ""
        if body and body.get_content_subtype() == "html":
            text = unescape(strip_tags(re.sub(r"(?i)<(br|/p|/div)[^>]*>", "\n", text)))
    except (LookupError, ValueError, SuspiciousOperation) as error:
        raise ValidationError(_("This mail cannot be read. Answer in plain text, or on the lead's page.")) from error
    lines: list[str] = []
    for line in text.replace("\r\n", "\n").split("\n"):
        if line == SIGNATURE or QUOTED.match(line.strip()):
            break
        lines.append(line.rstrip())
    return "\n".join(lines).strip()
