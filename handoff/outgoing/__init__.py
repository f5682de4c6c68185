"""Outbound webhooks: programs elsewhere hear what happened to leads, hand-offs and deals, signed, each event once.

Nothing is written while things happen: the worker reads the ledgers (`gathering`), fixes the words of each event that
somebody wants (`bodies`), and posts them (`sending`), patiently.
"""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from handoff.models import Event
from handoff.outgoing.endpoints import add, change, remove, renew, replay, replay_all, switch, trial
from handoff.outgoing.gathering import gather
from handoff.outgoing.kinds import KINDS
from handoff.outgoing.sending import deliver

#: So long events and their deliveries are kept, to be looked at and sent again.
KEPT = timedelta(days=90)


def forget() -> int:
    """Let go of old events."""
    return Event.objects.filter(made_at__lt=timezone.now() - KEPT).delete()[0]


__all__ = [
    "KINDS", "add", "change", "deliver", "forget", "gather", "remove", "renew", "replay", "replay_all", "switch",
    "trial",
]  # fmt: skip
