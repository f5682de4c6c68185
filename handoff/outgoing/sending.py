"""Posting events: one at a time, signed, again and again by a schedule until it arrives or is given up."""

from __future__ import annotations

import json
import logging
import time
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.choices import Team
from accounts.models import User
from handoff.models import Dispatch, Endpoint
from handoff.notices import outside
from handoff.notices.writing import write
from leads import signed

log = logging.getLogger(__name__)

#: After so long each, in seconds, what did not arrive is tried again; after the last it is given up.
SCHEDULE = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
#: An endpoint that took nothing for so long is switched off.
PATIENCE = timedelta(days=5)
#: While it is posted a dispatch is lent for so long: if nothing is said by then, whoever had it has died.
LEASE = timedelta(minutes=2)
#: An endpoint that fails is left alone for a while, the longer the more often; it keeps no other waiting.
RESTS = (5, 300)
#: Who takes longer than so many seconds to answer waits for the next sweep, since others wait, too.
SLOW = 2.0
SWEEP_SECONDS = 20.0
#: The longest time that a receiver may ask for.
ASKED = timedelta(days=1)
GONE = 410

CLAIM = """
WITH next AS (
    SELECT d.id FROM handoff_dispatch d JOIN handoff_endpoint e ON e.id = d.endpoint_id
     WHERE d.arrived_at IS NULL AND d.stopped_at IS NULL AND d.due_at <= %(now)s AND e.disabled_at IS NULL
       AND (e.rests_until IS NULL OR e.rests_until <= %(now)s) AND e.id <> ALL(%(slow)s::bigint[])
     ORDER BY d.due_at, d.id LIMIT 1 FOR UPDATE OF d SKIP LOCKED)
UPDATE handoff_dispatch d SET tries = least(d.tries + 1, 32000), due_at = %(until)s FROM next WHERE d.id = next.id
RETURNING d.*
"""


def deliver(seconds: float = SWEEP_SECONDS) -> int:
    """Post what is due; any number may do so at once. Returns how many have arrived."""
    slow: set[int] = set()
    until, arrived = time.monotonic() + seconds, 0
    while (began := time.monotonic()) < until and (dispatch := _take(slow)) is not None:
        arrived += attempt(dispatch)
        if time.monotonic() - began > SLOW:
            slow.add(dispatch.endpoint_id)
    return arrived


def _take(slow: set[int]) -> Dispatch | None:
    now = timezone.now()
    said = {"now": now, "until": now + LEASE, "slow": sorted(slow)}
    return next(iter(Dispatch.objects.raw(CLAIM, said)), None)


def attempt(dispatch: Dispatch) -> bool:
    """Post one that is lent to us, and keep what came of it; whether it arrived."""
    now = timezone.now()
    try:
        answer = post(dispatch, now)
    except outside.Private:
        _failed(dispatch, None, _("The address leads into a private network."), final=True)
        return False
    except (outside.Unreached, outside.Lost) as error:
        _failed(dispatch, None, str(error))
        return False
    if answer.arrived:
        _arrived(dispatch, answer)
        return True
    if answer.status == GONE:
        _failed(dispatch, answer.status, answer.text, final=True)
        disable(dispatch.endpoint, _("It answered that it is gone (410)."))
        return False
    _failed(dispatch, answer.status, answer.text, asked=_asked(answer.retry_after, now))
    return False


def post(dispatch: Dispatch, now: datetime) -> outside.Answer:
    """Sign it and post it once; raises what `outside.post` does."""
    event, endpoint = dispatch.event, dispatch.endpoint
    body = json.dumps(event.body, ensure_ascii=False)
    headers = signed.headers(endpoint.secrets(now), ident=event.webhook_id, at=now, body=body)
    return outside.post(
        endpoint.url, body.encode(), {"Content-Type": "application/json", "User-Agent": "Smarketing", **headers}
    )


def _arrived(dispatch: Dispatch, answer: outside.Answer) -> None:
    now = timezone.now()
    dispatch.note(now, answer.status, answer.text)
    dispatch.arrived_at = now  # also where it was given up meanwhile: it is there
    Dispatch.objects.filter(pk=dispatch.pk).update(arrived_at=now, stopped_at=None, log=dispatch.log)
    if dispatch.endpoint.failures:
        fresh = {"failures": 0, "failing_since": None, "rests_until": None}
        Endpoint.objects.filter(pk=dispatch.endpoint_id).update(**fresh)


@transaction.atomic
def _failed(
    dispatch: Dispatch, status: int | None, said: str, *, asked: timedelta = timedelta(0), final: bool = False
) -> None:
    """Try it again later, by the schedule or when the receiver asks for it, or give it up.

    The endpoint is locked first, as by whoever switches it off; what they have given up meanwhile stays given up.
    """
    now = timezone.now()
    endpoint = Endpoint.objects.select_for_update().filter(pk=dispatch.endpoint_id).first()
    if endpoint is None:
        return
    log.warning("event %s to endpoint %s: %s %s", dispatch.event_id, dispatch.endpoint_id, status or "", said)
    dispatch.note(now, status, said)
    over = final or dispatch.tries > len(SCHEDULE)
    next_try = now if over else now + max(timedelta(seconds=SCHEDULE[dispatch.tries - 1]), asked)
    Dispatch.objects.filter(pk=dispatch.pk).update(log=dispatch.log)
    Dispatch.objects.filter(pk=dispatch.pk, stopped_at=None).update(
        **{"stopped_at": now} if over else {"due_at": next_try}
    )
    least, most = RESTS
    rest = timedelta(seconds=min(least * 2 ** min(endpoint.failures, 10), most))
    endpoint.failures, endpoint.failing_since = min(endpoint.failures + 1, 1_000), endpoint.failing_since or now
    endpoint.rests_until = now + max(rest, asked)
    endpoint.save(update_fields=["failures", "failing_since", "rests_until"])
    if now - endpoint.failing_since > PATIENCE:
        disable(endpoint, _("It has taken nothing for %(n)d days.") % {"n": PATIENCE.days})


@transaction.atomic
def disable(endpoint: Endpoint, why: str, *, by: User | None = None) -> None:
    """Switch an endpoint off: what waits for it is given up, and managers are told unless one of them did it."""
    now = timezone.now()
    if not Endpoint.objects.filter(pk=endpoint.pk, disabled_at=None).update(disabled_at=now, disabled_why=why[:200]):
        return
    endpoint.dispatches.waiting().update(stopped_at=now)
    if by is None:
        write(
            kind="hook:gone",
            to=User.objects.on(Team.MANAGEMENT),
            text=_("The outbound webhook %(name)s is switched off: %(why)s") % {"name": endpoint.name, "why": why},
            event=f"endpoint:{endpoint.pk}:off:{now:%Y%m%d%H%M%S}",
        )


def _asked(retry_after: str, now: datetime) -> timedelta:
    """For how long a receiver asks to be left alone: seconds, or a moment (RFC 9110, 10.2.3)."""
    if retry_after.isdecimal() and len(retry_after) < 8:
        return min(timedelta(seconds=int(retry_after)), ASKED)
    try:
        until = parsedate_to_datetime(retry_after)
        return min(max(until - now, timedelta(0)), ASKED)
    except (TypeError, ValueError):
        return timedelta(0)
