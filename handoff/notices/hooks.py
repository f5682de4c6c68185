"""Webhooks: setting them up, posting to them, resting from those that fail, and switching off those that are gone."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.choices import Team
from accounts.models import User
from handoff.models import Channel, Hook, Message
from handoff.notices import outside, words
from handoff.notices.sending import SWEEP_SECONDS, Turn, backoff, give_back, leave, stop
from handoff.notices.writing import write
from leads import signed

log = logging.getLogger(__name__)

#: So many hooks, so that nobody fills the network with one event.
MOST = 20
GONE = 410
#: Statuses that say: not now.
LATER = {408, 425, 429}


@transaction.atomic
def add(*, actor: User, name: str, style: str, url: str, kinds: Sequence[str], own: bool = False) -> Hook:
    """Set up a hook: everybody's, or, with `own`, the actor's chat, which takes the place of the one before."""
    outside.check(url)
    if own:
        disconnect(actor)
    elif Hook.objects.shared().count() >= MOST:
        raise ValidationError(_("There are %(n)d webhooks already. Remove one first.") % {"n": MOST})
    secret = signed.new_secret() if style == Hook.Style.WEBHOOK else ""
    return Hook.objects.create(
        name=name, style=style, url=url, secret=secret, kinds=list(kinds), person=actor if own else None, made_by=actor
    )


def disconnect(person: User) -> None:
    """Tell somebody's own chat nothing any more."""
    Hook.objects.filter(person=person).delete()


def remove(hook: Hook) -> None:
    """Let go of a hook, and of what still waits for it."""
    hook.delete()


@transaction.atomic
def change(hook: Hook, *, name: str, kinds: Sequence[str], url: str = "") -> Hook:
    """Name it anew, tell it of other kinds, or lead it to another address, which also sets it going again."""
    if url:
        outside.check(url)
        hook.url, hook.failures, hook.rests_until = url, 0, None
        hook.disabled_at, hook.disabled_why = None, ""
    hook.name, hook.kinds = name, list(kinds)
    hook.save()
    return hook


def switch(hook: Hook, *, on: bool) -> None:
    """Switch a hook off, or on again; what was to be told it meanwhile is not told later."""
    if on:
        hook.disabled_at, hook.disabled_why, hook.failures, hook.rests_until = None, "", 0, None
        hook.save(update_fields=["disabled_at", "disabled_why", "failures", "rests_until"])
    else:
        _disable(hook, _("Switched off by a person."))


@transaction.atomic
def _disable(hook: Hook, why: str) -> None:
    now = timezone.now()
    Hook.objects.filter(pk=hook.pk, disabled_at=None).update(disabled_at=now, disabled_why=why[:200])
    waiting = Message.objects.filter(hook=hook, sent_at=None, stopped_at=None)
    waiting.update(stopped_at=now, why=why[:300])


def trial(hook: Hook) -> str:
    """Post a line to see whether it arrives; a sentence that says what came of it."""
    text = _("This is a trial: Smarketing can reach this place.")
    data: dict[str, Any] = {"text": text}
    if hook.style == Hook.Style.WEBHOOK:
        data = {"type": "trial", "timestamp": timezone.now().isoformat(), "data": {"text": text}}
    message = Message(hook=hook, channel=Channel.HOOK, text=text, data=data)
    try:
        answer = _post(message, hook.url, hook.style, hook.secret)
    except (outside.Private, outside.Unreached, outside.Lost) as error:
        raise ValidationError(_("It could not be reached: %(why)s") % {"why": _named(error)}) from error
    if not answer.arrived:
        raise ValidationError(
            _("It answered %(status)d: %(words)s") % {"status": answer.status, "words": answer.text or "-"}
        )
    return _("It arrived: %(place)s answered %(status)d.") % {"place": hook.place, "status": answer.status}


def posts(seconds: float = SWEEP_SECONDS) -> int:
    """Post to the hooks what is due for them. A hook that fails rests, and keeps no other waiting."""
    return Turn(Channel.HOOK, _try, seconds).run()


def _try(message: Any) -> bool:
    try:
        answer = _post(message, message.url, message.style, message.secret)
    except outside.Private:
        stop(message, _("The address leads into a private network."))
        return False
    except outside.Unreached as error:
        give_back(message, str(error), after=_rest(message))
        return False
    except outside.Lost as error:
        leave(message, str(error), after=_rest(message))
        return False
    if answer.arrived:
        if message.failures:
            Hook.objects.filter(pk=message.hook_id).update(failures=0, rests_until=None)
        return True
    why = _("It answered %(status)d: %(words)s") % {"status": answer.status, "words": answer.text or "-"}
    if answer.status == GONE:
        _gone(message)
    elif answer.status in LATER or answer.status >= 500:
        give_back(message, why, after=_rest(message, _asked(answer.retry_after)))
    else:
        stop(message, why)
    return False


def _post(message: Message, url: str, style: str, secret: str) -> outside.Answer:
    data = words.marked(style, message.data) if message.repeats else message.data
    body = json.dumps(data, ensure_ascii=False)
    headers = {"Content-Type": "application/json", "User-Agent": "Smarketing"}
    if style == Hook.Style.WEBHOOK:
        headers |= signed.headers([secret], ident=f"msg_{message.ident.hex}", at=datetime.now(UTC), body=body)
    if message.repeats:
        headers["smarketing-repeat"] = str(message.repeats)
    return outside.post(url, body.encode(), headers)


def _rest(message: Any, asked: timedelta = timedelta(0)) -> timedelta:
    """Let the hook of a failed post rest, the longer the more often it has failed; how long."""
    failures = min(message.failures + 1, 1_000)
    rest = max(backoff(failures - 1), asked)
    Hook.objects.filter(pk=message.hook_id).update(failures=failures, rests_until=timezone.now() + rest)
    return rest


def _asked(retry_after: str) -> timedelta:
    return timedelta(seconds=min(int(retry_after), 3600) if retry_after.isdecimal() and len(retry_after) < 8 else 0)


@transaction.atomic
def _gone(message: Any) -> None:
    """The receiver says that this address is no more: switch the hook off and tell whose it is."""
    hook = Hook.objects.select_for_update().get(pk=message.hook_id)
    why = _("It answered that it is gone (410).")
    stop(message, why)
    _disable(hook, why)
    write(
        kind="hook:gone",
        to=[hook.person] if hook.person else User.objects.on(Team.MANAGEMENT),
        text=_("The webhook %(name)s is switched off: %(place)s says that it is gone.")
        % {"name": hook.name, "place": hook.place},
        event=f"hook:{hook.pk}:gone:{timezone.now():%Y%m%d%H%M}",
    )


def _named(error: Exception) -> str:
    return _("the address leads into a private network") if isinstance(error, outside.Private) else str(error)
