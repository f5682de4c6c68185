"""Writing to a lead from the product: the mail, its line on the timeline and the attempt it is, in one transaction."""

from __future__ import annotations

from uuid import UUID, uuid4

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from handoff.lifecycle.following import log_touch
from handoff.models import Message
from handoff.notices import letters
from leads.models import Activity, Lead


@transaction.atomic
def send_email(lead: Lead, *, actor: User, subject: str, text: str, ident: UUID | None = None) -> Activity:
    """Write to a lead: it counts as `email:sent` does, and the worker sends it after the commit.

    `ident` is what the form was given: sent in twice, it is one mail. Where no mail server is named the mail is kept
    to be read, nobody has been tried, and no attempt is counted.
    """
    lead, ident = Lead.objects.lock(lead), ident or uuid4()
    if written := Message.objects.filter(ident=ident).first():
        return _line_of(written, lead, actor)
    may_be_written_to(lead, actor=actor)
    subject, text = " ".join(subject.split()), text.strip()
    message = letters.write(lead, actor=actor, subject=subject, text=text, ident=ident)
    kind = "email:sent" if settings.EMAIL_CONFIGURED else "email:kept"
    data = {"subject": subject, "to": lead.email, "mail": message.ident.hex}
    return log_touch(lead, actor=actor, kind=kind, text=text, data=data)


def may_be_written_to(lead: Lead, *, actor: User) -> None:
    """Refuse where a mail may not go, has nowhere to go, or its reply would have nowhere to go."""
    if lead.do_not_contact:
        raise ValidationError(_("%(lead)s asked not to be contacted. Nothing was sent.") % {"lead": lead})
    if not lead.email:
        raise ValidationError(_("No e-mail address of %(lead)s is known. Nothing was sent.") % {"lead": lead})
    if not actor.email:
        raise ValidationError(_("You have no e-mail address here, so a reply would go nowhere. Nothing was sent."))


def _line_of(written: Message, lead: Lead, actor: User) -> Activity:
    """The line of a mail whose form came in once more."""
    if (written.lead_id, written.person_id) != (lead.pk, actor.pk):
        raise ValidationError(_("This form is of another e-mail. Open it anew; nothing was sent."))
    return lead.activities.of_kinds("email").get(data__mail=written.ident.hex)
