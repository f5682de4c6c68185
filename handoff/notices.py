"""Tell people what they need to know: written with the event, delivered after it, once."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from handoff.models import Notice
from leads import clock
from leads.models import Lead

log = logging.getLogger(__name__)


def write(
    *, kind: str, to: Iterable[User], text: str, event: str, lead: Lead | None = None, actor: User | None = None
) -> None:
    """Leave one notice per person; nobody hears of their own act, nor of one event twice."""
    now = clock.now()
    people = {person.pk for person in to} - {actor.pk if actor else None}
    Notice.objects.bulk_create(
        [
            Notice(person_id=person, kind=kind, lead=lead, actor=actor, text=text[:300], event=event, written_at=now)
            for person in sorted(people)
        ],
        ignore_conflicts=True,
    )


def deliver(limit: int = 500) -> int:
    """Send what is unsent by e-mail, where e-mail is set up; in the product a notice shows as soon as it is written.

    A mail server that is away leaves the notices unsent for the next sweep. Returns how many were sent.
    """
    with transaction.atomic():
        unsent = list(
            Notice.objects.unsent()
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("person", "lead")
            .order_by("id")[:limit]
        )
        sent = unsent if not settings.EMAIL_CONFIGURED else _mail(unsent)
        Notice.objects.filter(pk__in=[notice.pk for notice in sent]).update(sent_at=timezone.now())
    return len(sent)


def _mail(notices: list[Notice]) -> list[Notice]:
    sent = []
    try:
        with get_connection() as connection:
            for notice in notices:
                link = f"{settings.SITE_URL}{notice.lead.get_absolute_url()}" if notice.lead else settings.SITE_URL
                EmailMessage(
                    notice.text, f"{notice.text}\n\n{link}\n", to=[notice.person.email], connection=connection
                ).send()
                sent.append(notice)
    except (SMTPException, OSError) as error:
        log.warning("mail server away, %d notices wait: %s", len(notices) - len(sent), error)
    return sent


def read(person: User, *, shown: Iterable[Notice] | None = None) -> int:
    """Mark as read what this person has been shown, or everything; returns how many were unread."""
    unread = Notice.objects.filter(person=person).unread()
    if shown is not None:
        unread = unread.filter(pk__in=[notice.pk for notice in shown if notice.read_at is None])
    return unread.update(read_at=timezone.now())
