"""What the shell around every page shows: counts, unread notices, and work that waits for the worker."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Value
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import ngettext

from accounts.choices import Team
from accounts.models import User
from handoff.models import Handoff, Notice
from leads.filters import LeadFilter, midnight_of
from leads.models import Import, Lead, Signal, Submission

#: Work younger than this is on its way; older, and the page says that it waits.
PATIENCE = timedelta(seconds=20)
CAP = 99


def shell(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    return {
        "nav_counts": SimpleLazyObject(lambda: _counts(user)),
        "unread_notices": SimpleLazyObject(lambda: Notice.objects.filter(person=user).unread()[:CAP].count()),
        "waiting": SimpleLazyObject(_waiting),
    }


def _counts(user: User) -> dict[str, int]:
    tomorrow = midnight_of(timezone.localdate() + timedelta(days=1))
    mine = LeadFilter({"owner": "me"}, user).apply(Lead.objects.visible_to(user))
    due = mine.filter(next_action_at__lt=tomorrow).order_by()
    return {
        "inbox": Handoff.objects.waiting_for(user).order_by()[:CAP].count() if user.team != Team.MARKETING else 0,
        "my_day": due[:CAP].count(),
    }


def _waiting() -> str:
    """A sentence when the worker is behind; the counts come from small partial indexes."""
    before = timezone.now() - PATIENCE
    submissions = Submission.objects.filter(processed_at=None, error="", received_at__lt=before)
    signals = Signal.objects.due().order_by().filter(recorded_at__lt=before)
    imports = Import.objects.filter(state=Import.State.WAITING, started_at__lt=before)
    parts = [rows.values_list(Value(1))[:1000] for rows in (submissions, signals, imports)]
    waiting = parts[0].union(*parts[1:], all=True).count()
    if not waiting:
        return ""
    return ngettext(
        "%(n)d thing is kept and waits for the background worker; it will be done once it is back.",
        "%(n)d things are kept and wait for the background worker; they will be done once it is back.",
        waiting,
    ) % {"n": waiting}
