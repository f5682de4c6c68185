"""Setting up who is told, and sending again what did not arrive."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from handoff.models import Dispatch, Endpoint, Event
from handoff.notices import outside
from handoff.outgoing import gathering, sending
from handoff.outgoing.kinds import TEST

#: So many of them, so that one event does not fill the network.
MOST = 20


@transaction.atomic
def add(*, actor: User, name: str, url: str, kinds: Sequence[str]) -> Endpoint:
    """Tell a program of these kinds of events, from now on."""
    outside.check(url)
    if Endpoint.objects.count() >= MOST:
        raise ValidationError(_("There are %(n)d of them already. Remove one first.") % {"n": MOST})
    _begin()
    return Endpoint.objects.create(name=name, url=url, kinds=list(kinds), made_by=actor)


def _begin() -> None:
    if not Endpoint.objects.working().exists():
        gathering.begin()


@transaction.atomic
def change(endpoint: Endpoint, *, name: str, kinds: Sequence[str], url: str = "") -> None:
    """Name it anew, tell it of other kinds, or lead it to another address, which ends its rest."""
    Endpoint.objects.select_for_update().get(pk=endpoint.pk)
    endpoint.name, endpoint.kinds, changed = name, list(kinds), ["name", "kinds"]
    if url:
        outside.check(url)
        endpoint.url, endpoint.failures, endpoint.failing_since, endpoint.rests_until = url, 0, None, None
        changed += ["url", "failures", "failing_since", "rests_until"]
    endpoint.save(update_fields=changed)


@transaction.atomic
def renew(endpoint: Endpoint) -> Endpoint:
    """Another secret; for a day events are signed with both."""
    endpoint = Endpoint.objects.select_for_update().get(pk=endpoint.pk)
    endpoint.renew_secret()
    endpoint.save(update_fields=["secret", "old_secret", "old_until"])
    return endpoint


@transaction.atomic
def switch(endpoint: Endpoint, *, on: bool, actor: User) -> None:
    """Switch it off, or on again: what happens meanwhile is not told later."""
    if not on:
        sending.disable(endpoint, _("Switched off by %(name)s.") % {"name": actor}, by=actor)
        return
    _begin()
    endpoint.disabled_at, endpoint.disabled_why, endpoint.since = None, "", timezone.now()
    endpoint.failures, endpoint.failing_since, endpoint.rests_until = 0, None, None
    changed = ["disabled_at", "disabled_why", "since", "failures", "failing_since", "rests_until"]
    endpoint.save(update_fields=changed)


def remove(endpoint: Endpoint) -> None:
    """Let go of it, and of what still waits for it."""
    endpoint.delete()


def trial(endpoint: Endpoint) -> Dispatch:
    """Post an event that says nothing, now and once, and show it among the others; a failure counts for nothing."""
    now = timezone.now()
    said = {"text": _("This is a trial: Smarketing can reach this place.")}
    body = {"type": TEST, "timestamp": now.isoformat(), "data": said}
    dispatch = Dispatch(endpoint=endpoint, event=Event.objects.create(kind=TEST, at=now, body=body), stopped_at=now)
    try:
        answer = sending.post(dispatch, now)
        dispatch.note(now, answer.status, answer.text)
        if answer.arrived:
            dispatch.stopped_at, dispatch.arrived_at = None, now
    except outside.Private:
        dispatch.note(now, None, _("The address leads into a private network."))
    except (outside.Unreached, outside.Lost) as error:
        dispatch.note(now, None, str(error))
    dispatch.save()
    return dispatch


@transaction.atomic
def replay(dispatch: Dispatch) -> None:
    """Send it once more, under the same id: now, and by the schedule if it does not arrive."""
    _send_again(dispatch.endpoint, Dispatch.objects.filter(pk=dispatch.pk))


@transaction.atomic
def replay_all(endpoint: Endpoint) -> int:
    """Send everything again that was given up. Returns how many."""
    return _send_again(endpoint, endpoint.dispatches.given_up())


def _send_again(endpoint: Endpoint, dispatches: QuerySet[Dispatch]) -> int:
    if endpoint.disabled_at:
        raise ValidationError(_("Switch it on first. Nothing was sent."))
    Endpoint.objects.filter(pk=endpoint.pk).update(rests_until=None)
    fresh = {"arrived_at": None, "stopped_at": None, "tries": 0, "due_at": timezone.now()}
    return dispatches.update(**fresh)
