"""Mail that somebody writes to a lead: its words as they leave, the thread it stands in, and that it did not leave."""

from __future__ import annotations

import re
from uuid import UUID

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from handoff.models import Channel, Message
from handoff.notices import addresses
from handoff.notices.writing import write as tell
from leads import timeline
from leads.models import Lead

#: So many mails back a thread is looked for, and so many of its ids a mail carries.
LOOKED_AT, REFERENCES = 20, 10
ANSWERS = re.compile(r"^(\s*(re|aw|antw|sv|fwd?)\s*:)+\s*", re.IGNORECASE)


def write(lead: Lead, *, actor: User, subject: str, text: str, ident: UUID) -> Message:
    """One mail to a locked lead, in the transaction of whoever writes it. It leaves after the commit.

    Where no mail server is named it is kept, and never leaves later.
    """
    before = [addresses.named(each) for each in thread(lead, subject)]
    headers = {"In-Reply-To": before[-1], "References": " ".join(before)} if before else {}
    message = Message(
        ident=ident,
        channel=Channel.MAIL,
        person=actor,
        lead=lead,
        subject=subject,
        text=text,
        html=render_to_string("emails/letter.html", {"subject": subject, "text": text}),
        data={"headers": headers, "reply_to": actor.email, "from": str(actor), "to": lead.email},
    )
    if not settings.EMAIL_CONFIGURED:
        message.stopped_at, message.why = timezone.now(), _("No mail server is named, so no mail leaves.")
    message.save()
    return message


def thread(lead: Lead, subject: str) -> list[str]:
    """The mails from here to this lead about the same thing, the latest last: a mail program shows them together."""
    kept = lead.activities.filter(kind="email:sent", data__has_key="mail").order_by("-at", "-id")[:LOOKED_AT]
    about = bare(subject)
    found = [said.data["mail"] for said in kept if bare(str(said.data.get("subject", ""))) == about]
    return found[:REFERENCES][::-1]


def bare(subject: str) -> str:
    """What a subject is about, whoever answers whom."""
    return ANSWERS.sub("", subject).strip().casefold()


def failed(message: Message, why: str) -> None:
    """What was written to a lead did not leave: the timeline says so, and who wrote it is told."""
    assert message.lead_id
    assert message.person
    lead = Lead.objects.lock(message.lead_id)
    data = {"subject": message.subject, "to": message.data.get("to")}
    timeline.record(lead, kind="email:failed", actor=message.person, text=why, data=data)
    text = _("Your e-mail to %(lead)s did not leave: %(why)s") % {"lead": lead, "why": why}
    tell(kind="mail:failed", to=[message.person], text=text, event=f"mail:{message.pk}:failed", lead=lead)
