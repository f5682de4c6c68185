"""Sending: one message at a time, so that of what was on its way when a worker died at most one is in doubt.

`tried_at` is committed before a message is sent, and `sent_at` after, together with taking the next one: one statement
a message. A message is lent for `LEASE`: if it is neither sent nor given back by then, whoever had it has died.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from smtplib import SMTPException, SMTPNotSupportedError, SMTPRecipientsRefused, SMTPResponseException
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from handoff.models import Channel, Message
from handoff.notices import addresses, letters

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
#: A message that could not leave for so long is given up and says so.
PATIENCE = timedelta(days=5)
#: A sweep sends for so long, in seconds; what is left is for the next one.
SWEEP_SECONDS = 20.0
#: A mail server that did not answer is left alone for so long, in seconds.
REST, REST_SECONDS = "mail server rests", 15

CLAIM = """
WITH done AS (UPDATE handoff_message SET sent_at = %(now)s, why = '' WHERE id = %(done)s AND sent_at IS NULL),
     next AS (
    SELECT m.id FROM handoff_message m LEFT JOIN handoff_hook h ON h.id = m.hook_id
     WHERE m.channel = %(channel)s AND m.sent_at IS NULL AND m.stopped_at IS NULL AND m.due_at <= %(now)s
       AND m.id IS DISTINCT FROM %(done)s AND (m.tried_at IS NULL OR m.repeats = 0)
       AND (h.id IS NULL OR (h.disabled_at IS NULL AND (h.rests_until IS NULL OR h.rests_until <= %(now)s)))
     ORDER BY m.due_at, m.id LIMIT 1 FOR UPDATE OF m SKIP LOCKED)
UPDATE handoff_message m
   SET repeats = m.repeats + CASE WHEN m.tried_at IS NULL THEN 0 ELSE 1 END,
       tried_at = %(now)s, tries = least(m.tries + 1, 32000), due_at = %(until)s
  FROM next JOIN handoff_message w ON w.id = next.id
  LEFT JOIN handoff_hook h ON h.id = w.hook_id
  LEFT JOIN accounts_user u ON u.id = coalesce(w.person_id, h.person_id)
  LEFT JOIN leads_lead l ON l.id = w.lead_id
 WHERE m.id = next.id
RETURNING m.*, coalesce(m.data ->> 'to', u.email, '') AS address,
          coalesce(l.do_not_contact, false) AS unwanted,
          (w.lead_id IS NULL AND NOT coalesce(u.is_active, true)) AS gone,
          coalesce(h.url, '') AS url, coalesce(h.style, '') AS style,
          coalesce(h.secret, '') AS secret, coalesce(h.failures, 0) AS failures
"""


class Turn:
    """A run of messages of one channel: each is taken, sent by `send`, and marked as the next is taken."""

    def __init__(self, channel: str, send: Callable[[Any], bool], seconds: float) -> None:
        self.channel, self.send, self.until = channel, send, time.monotonic() + seconds
        self.done: int | None = None
        self.sent = 0

    def run(self) -> int:
        """Send until nothing is due, the time is over, or `send` says False by raising Stop. Returns how many."""
        try:
            while time.monotonic() < self.until and (message := self.take()) is not None:
                if message.gone:
                    stop(message, _("They could no longer sign in when it was to leave."))
                elif self.send(message):
                    self.done, self.sent = message.pk, self.sent + 1
        except Stop:
            pass
        finally:
            if self.done is not None:
                Message.objects.filter(pk=self.done, sent_at=None).update(sent_at=timezone.now(), why="")
        return self.sent

    def take(self) -> Any:
        now = timezone.now()
        said = {"channel": self.channel, "done": self.done, "now": now, "until": now + LEASE}
        found = list(Message.objects.raw(CLAIM, said))
        self.done = None
        return found[0] if found else None


class Stop(Exception):
    """Nothing more of this channel can be sent now."""


def give_back(message: Message, why: str, *, after: timedelta) -> None:
    """It certainly did not arrive: try again later, as if for the first time, unless it has been tried for days."""
    now = timezone.now()
    if now - message.made_at > PATIENCE:
        stop(message, why)
        return
    _say(message, why, tried_at=None, due_at=now + after)


def leave(message: Message, why: str, *, after: timedelta) -> None:
    """Nobody knows whether it arrived: it is sent once more, as a repeat, if it was not one already."""
    _say(message, why, due_at=timezone.now() + after)


def stop(message: Message, why: str) -> None:
    """It is not sent, and somebody has to look at it; who wrote it to a lead is told."""
    with transaction.atomic():
        _say(message, why, stopped_at=timezone.now())
        if message.lead_id:
            letters.failed(message, why)


def _say(message: Message, why: str, **said: Any) -> None:
    log.warning("message %s: %s", message.pk, why)
    Message.objects.filter(pk=message.pk).update(why=why[:300], **said)


def backoff(tries: int) -> timedelta:
    return timedelta(seconds=min(30 * 2 ** min(tries, 10), 3600))


def stop_the_doubtful() -> int:
    """Give up what was sent twice without a word of whether it arrived: a third time would only be noise."""
    doubtful = Message.objects.filter(
        sent_at=None, stopped_at=None, tried_at__isnull=False, repeats__gt=0, due_at__lte=timezone.now()
    )
    why = _("It was sent twice, and nobody knows whether it arrived.")
    with transaction.atomic():
        to_leads = list(doubtful.exclude(lead=None).select_for_update(skip_locked=True).order_by("lead_id", "pk"))
        for message in to_leads:
            stop(message, why)
        return len(to_leads) + doubtful.filter(lead=None).update(stopped_at=timezone.now(), why=why)


def mails(seconds: float = SWEEP_SECONDS) -> int:
    """Send the mails that are due. A mail server that is away leaves them for a later sweep."""
    if not settings.EMAIL_CONFIGURED or cache.get(REST):
        return 0
    server = get_connection()
    turn = Turn(Channel.MAIL, lambda message: _mail(server, message), seconds)
    try:
        return turn.run()
    finally:
        with suppress(SMTPException, OSError):
            server.close()


def _mail(server: Any, message: Any) -> bool:
    if message.unwanted:
        stop(message, _("They asked not to be contacted before it left."))
        return False
    try:
        _open(server)
    except (SMTPException, OSError) as error:
        cache.set(REST, 1, timeout=REST_SECONDS)
        give_back(message, _("The mail server does not answer: %(why)s") % {"why": error}, after=timedelta(0))
        raise Stop from error
    try:
        server.send_messages([written(message)])
    except (SMTPRecipientsRefused, SMTPResponseException, SMTPNotSupportedError) as error:
        code = _code(error)
        why = _("The mail server refused it: %(why)s") % {"why": error}
        if 500 <= code < 600:
            stop(message, why)
        else:
            give_back(message, why, after=backoff(message.tries))
        return False
    except (SMTPException, OSError) as error:
        with suppress(SMTPException, OSError):
            server.close()
        leave(message, _("The mail server went away meanwhile: %(why)s") % {"why": error}, after=backoff(1))
        return False
    except ValueError as error:  # an address or a header that cannot be written
        stop(message, str(error))
        return False
    return True


def _open(server: Any) -> None:
    """A connection that answers: one that has died meanwhile must not look like a mail whose fate is unknown."""
    smtp = getattr(server, "connection", None)
    if smtp is not None and hasattr(smtp, "noop"):
        with suppress(SMTPException, OSError):
            if smtp.noop()[0] == 250:
                return
        with suppress(SMTPException, OSError):
            server.close()
        server.connection = None
    server.open()


def _code(error: Exception) -> int:
    if isinstance(error, SMTPRecipientsRefused):
        return max((int(code) for code, _words in error.recipients.values()), default=550)
    return int(error.smtp_code) if isinstance(error, SMTPResponseException) else 550


def written(message: Any) -> EmailMultiAlternatives:
    """The mail as it leaves: a repeat has the same id, so that a client can fold it, and says what it is."""
    said = message.data
    headers = {
        "Message-ID": addresses.message_id(message),
        "Date": message.made_at.strftime("%a, %d %b %Y %H:%M:%S +0000"),
        **({} if message.lead_id else {"Auto-Submitted": "auto-generated"}),
        **said["headers"],
        **({"X-Smarketing-Repeat": str(message.repeats)} if message.repeats else {}),
    }
    reply = [said["reply_to"]] if said["reply_to"] else None
    mail = EmailMultiAlternatives(
        message.subject,
        message.text,
        from_email=addresses.sender(said["from"]) if said.get("from") else None,
        to=[message.address],
        headers=headers,
        reply_to=reply,
    )
    mail.attach_alternative(message.html, "text/html")
    return mail


def forget(before: datetime) -> int:
    """Let go of what was sent, or given up, before a moment; the notices themselves stay."""
    old = Message.objects.filter(made_at__lt=before).exclude(Q(sent_at=None) & Q(stopped_at=None))
    return old.delete()[0]
