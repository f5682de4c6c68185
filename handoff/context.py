"""What the shell around every page shows: counts, unread notices, and work that waits for the worker."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db.models import QuerySet, Value
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import ngettext

from accounts.choices import Team
from accounts.models import User
from handoff import sample
from handoff.models import Handoff, Notice, Task
from leads import prepared, pulse, rights
from leads.filters import MARKETING_OWNS, SALES_OWNS, midnight_of
from leads.models import Import, Lead, Signal, Submission

#: Work younger than this is on its way; older, and the page says that it waits.
PATIENCE = timedelta(seconds=20)
#: Counting stops here, in the navigation and for what waits.
CAP, MANY = 99, 1_000


#: What stands in a composed statement for a moment that every page has anew.
TOMORROW, BEFORE, NOW = (datetime(9000 + year, 1, 1, tzinfo=UTC) for year in range(3))


def shell(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"sample_sign_ins": SimpleLazyObject(sample.sign_ins)}
    counted = SimpleLazyObject(lambda: _counted(user))
    return {
        "live": pulse.token(user.pk),
        "stream": settings.LIVE_URL,
        "nav_counts": counted,
        "unread_notices": SimpleLazyObject(lambda: counted["unread"]),
        "waiting": SimpleLazyObject(lambda: _waiting(counted["waiting"])),
    }


def _counted(user: User) -> dict[str, int]:
    """Everything that a shell counts, in one statement."""
    tomorrow = midnight_of(timezone.localdate() + timedelta(days=1))
    now = timezone.now()
    moments = {TOMORROW: tomorrow, BEFORE: now - PATIENCE, NOW: now}
    names, statement, params = _statement(user.pk, user.team)
    (counts,) = prepared.rows(statement, [moments.get(param, param) for param in params])
    return dict(zip(names, counts, strict=True))


@lru_cache(maxsize=1024)
def _statement(pk: int, team: str) -> tuple[tuple[str, ...], str, tuple[Any, ...]]:
    """The counts of one person's shell as SQL. Composing it takes longer than answering it, so it is kept."""
    user = User(pk=pk, team=team, is_active=True)
    due = Lead.objects.visible_to(user).filter(next_action_at__lt=TOMORROW)
    # Two statements where one could say "or": each has its index, lead_marketer_due and lead_rep_due
    mine = [due.filter(marketer=pk, stage__in=MARKETING_OWNS), due.filter(rep=pk, stage__in=SALES_OWNS)]
    tasks = Task.objects.open().filter(owner=pk, sort_at__lte=TOMORROW)
    inbox = Handoff.objects.waiting_for(user, now=NOW).order_by()
    submissions = Submission.objects.filter(processed_at=None, error="", received_at__lt=BEFORE)
    to_mend = Submission.objects.to_mend()
    signals = Signal.objects.due().order_by().filter(recorded_at__lt=BEFORE)
    imports = Import.objects.filter(state=Import.State.WAITING, started_at__lt=BEFORE)
    late = [_some(rows, MANY) for rows in (submissions, signals, imports)]
    counts: dict[str, QuerySet[Any, Any]] = {
        "my_day": _some(mine[0], CAP).union(_some(mine[1], CAP), _some(tasks, CAP), all=True)[:CAP],
        "inbox": _some(inbox if team != Team.MARKETING else inbox.filter(pk=0), CAP),
        "to_mend": _some(to_mend if rights.may(user, "submissions") else to_mend.filter(pk=0), CAP),
        "unread": _some(Notice.objects.filter(person=pk).unread(), CAP),
        "waiting": late[0].union(*late[1:], all=True),
    }
    parts: list[str] = []
    params: list[Any] = []
    for rows in counts.values():
        statement, said = rows.query.sql_with_params()
        parts.append(f"(SELECT count(*) FROM ({statement}) AS counted)")  # noqa: S608  # composed by Django
        params += said
    agreed = "(SELECT id FROM handoff_agreement WHERE ended_at IS NULL AND in_force_since IS NOT NULL)"
    parts.append(agreed)  # which words count: `smarketing.templatetags.terms`
    return (*counts, "agreement"), f"SELECT {', '.join(parts)}", tuple(params)


def _some(rows: QuerySet[Any, Any], most: int) -> QuerySet[Any, Any]:
    return rows.values_list(Value(1))[:most]


def _waiting(number: int) -> str:
    """A sentence when the worker is behind; the counts come from small partial indexes."""
    if not number:
        return ""
    return ngettext(
        "%(n)d thing is kept and waits for the background worker; it will be done once it is back.",
        "%(n)d things are kept and wait for the background worker; they will be done once it is back.",
        number,
    ) % {"n": number}
