"""The words of what leaves the product: mails, posts to a chat, and what a program gets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from mjml import mjml2html

from accounts.models import User
from handoff.models import Channel, Delivery, Hook, Message, Notice, Pace
from handoff.notices import addresses
from handoff.notices.kinds import kind_of

#: A mail of many shows so many of them, and says how many more there are.
SHOWN, SHOWN_IN_DIGEST = 5, 40
SUBJECT = 180


@dataclass(frozen=True)
class Line:
    """One notice as a mail tells it."""

    notice: Notice

    @property
    def label(self) -> Any:
        return kind_of(self.notice.kind).label

    @property
    def link(self) -> str:
        return _link(self.notice)


def mail(person: User, deliveries: Sequence[Delivery]) -> Message:
    """One mail about one notice, or about many."""
    notices = [delivery.notice for delivery in deliveries]
    digest = deliveries[0].pace != Pace.NOW
    with timezone.override(person.zone):
        if len(notices) == 1 and not digest:
            return _about_one(person, notices[0])
        return _about_many(person, notices, digest=digest)


def _about_one(person: User, notice: Notice) -> Message:
    headers, reply = {}, ""
    if notice.lead_id:
        headers = dict.fromkeys(("In-Reply-To", "References"), addresses.thread(notice.lead_id, person.pk))
        reply = addresses.reply_to(notice.lead_id, person.pk)
    context = _context(person) | {"line": Line(notice), "notice": notice, "lead": notice.lead, "reply": bool(reply)}
    return _message(person, notice.text, "notice", context, {"headers": headers, "reply_to": reply})


def _about_many(person: User, notices: Sequence[Notice], *, digest: bool) -> Message:
    number, shown = len(notices), notices[: SHOWN_IN_DIGEST if digest else SHOWN]
    counted = ngettext("%(n)d notice", "%(n)d notices", number) % {"n": number}
    if digest:
        subject = _("%(notices)s, %(day)s") % {
            "notices": counted,
            "day": date_format(timezone.localtime(), "D j M, H:i"),
        }
    else:
        subject = f"{counted}: {kind_of(notices[0].kind).label}"
    data: dict[str, Any] = {"headers": {}, "reply_to": ""}
    context = _context(person) | {
        "groups": _by_lead(shown),
        "more": number - len(shown),
        "counted": counted,
        "digest": digest,
    }
    if digest:
        leave = addresses.leave_link(person.pk)
        context["leave"] = leave
        data["headers"] = {"List-Unsubscribe": f"<{leave}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    return _message(person, subject, "digest", context, data)


def _by_lead(notices: Sequence[Notice]) -> list[tuple[Any, list[Line]]]:
    """The notices with those about one lead together, in the order in which each lead comes first."""
    order = {notice.lead_id: place for place, notice in reversed(list(enumerate(notices)))}
    arranged = sorted(notices, key=lambda notice: (order[notice.lead_id], notice.pk))
    return [
        (each[0].lead, [Line(notice) for notice in each])
        for each in (list(group) for _lead, group in groupby(arranged, key=lambda notice: notice.lead_id))
    ]


def _context(person: User) -> dict[str, Any]:
    return {
        "person": person,
        "site": settings.SITE_URL,
        "choices_link": addresses.absolute(reverse("handoff:notice_choices")),
        "notices_link": addresses.absolute(reverse("handoff:notices")),
    }


def _message(person: User, subject: str, name: str, context: dict[str, Any], data: dict[str, Any]) -> Message:
    subject = " ".join(subject.split())
    subject = subject if len(subject) <= SUBJECT else f"{subject[: SUBJECT - 1]}…"
    context |= {"subject": subject}
    html = mjml2html(render_to_string(f"emails/{name}.mjml", context))
    text = render_to_string(f"emails/{name}.txt", context)
    return Message(channel=Channel.MAIL, person=person, subject=subject, text=text, html=html, data=data)


# Hooks


def post(hook: Hook, deliveries: Sequence[Delivery]) -> Message:
    """One post to a hook: a program gets one event, a chat one or many."""
    notices = [delivery.notice for delivery in deliveries]
    data = _event(notices[0]) if hook.style == Hook.Style.WEBHOOK else _chat(hook.style, notices)
    return Message(channel=Channel.HOOK, hook=hook, text=notices[0].text, data=data)


def _event(notice: Notice) -> dict[str, Any]:
    """What a program gets, as Standard Webhooks have it."""
    lead, actor = notice.lead, notice.actor
    return {
        "type": notice.kind.replace(":", "."),
        "timestamp": notice.written_at.isoformat(),
        "data": {
            "event": notice.event,
            "text": notice.text,
            "lead": {"id": lead.pk, "name": str(lead), "url": _link(notice)} if lead else None,
            "actor": {"username": actor.username, "name": actor.name, "team": actor.team} if actor else None,
        },
    }


def _chat(style: str, notices: Sequence[Notice]) -> dict[str, Any]:
    lines = [_chat_line(style, notice) for notice in notices[:SHOWN]]
    if len(notices) > SHOWN:
        more = len(notices) - SHOWN
        lines.append(ngettext("and %(n)d more", "and %(n)d more", more) % {"n": more})
    text = "\n".join(lines)
    if style == Hook.Style.SLACK:
        return {"text": text, "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": text}}]}
    return {"text": text, "username": "Smarketing"}


def _chat_line(style: str, notice: Notice) -> str:
    link, words = _link(notice), " ".join(notice.text.split())
    if style == Hook.Style.SLACK:
        safe = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return f"{safe} <{link}|{_('Open')}>"
    safe = "".join(f"\\{sign}" if sign in r"\`*_[]()~#" else sign for sign in words)
    safe = safe.replace("@", "@\u200b")  # it reads a mention through a backslash, and would call everybody
    return f"{safe} [{_('Open')}]({link})"


def marked(style: str, data: dict[str, Any]) -> dict[str, Any]:
    """A post that goes out again though it may have arrived: a chat is told; a program knows it by its id."""
    if style == Hook.Style.WEBHOOK:
        return data
    again = _("(sent again: the first may have arrived)")
    said = {**data, "text": f"{data['text']} {again}"}
    if "blocks" in data:
        said["blocks"] = [{"type": "section", "text": {"type": "mrkdwn", "text": said["text"]}}]
    return said


def _link(notice: Notice) -> str:
    return addresses.absolute(notice.get_absolute_url())
