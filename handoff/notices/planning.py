"""Planning: each new notice gets a delivery for every way out that its reader, or a shared webhook, wants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from accounts.models import User
from handoff.models import Channel, Delivery, Hook, Notice, NoticeChoices, Pace
from handoff.notices import timing
from handoff.notices.kinds import kind_of, ways

#: So many notices are planned in one go, in a number of queries that does not grow with them.
BATCH = 2_000
#: After so many mails about one kind of thing to one person within this time, the next ones wait and are one mail.
MOST, WITHIN = 5, timedelta(minutes=15)


@transaction.atomic
def plan(limit: int = BATCH) -> int:
    """Plan what is new; any number may do so at once. Returns how many notices were planned."""
    now = timezone.now()
    new = list(
        Notice.objects.unsent().select_for_update(skip_locked=True, of=("self",)).select_related("person")
        .order_by("id")[:limit]
    )  # fmt: skip
    if not new:
        return 0
    people = {notice.person_id for notice in new}
    choices = NoticeChoices.objects.in_bulk(people)
    hooks = list(Hook.objects.working().filter(Q(person=None) | Q(person__in=people)))
    mailed = _mailed_lately(people, now)
    planned: list[Delivery] = []
    for notice in new:
        planned += _of(notice, choices.get(notice.person_id), hooks, mailed, now)
    Delivery.objects.bulk_create(planned, ignore_conflicts=True, batch_size=BATCH)
    Notice.objects.filter(pk__in=[notice.pk for notice in new]).update(sent_at=now)
    return len(new)


def _of(
    notice: Notice, choices: NoticeChoices | None, hooks: list[Hook], mailed: Counter[tuple[int, str]], now: datetime
) -> list[Delivery]:
    """The deliveries of one notice."""
    person, kind = notice.person, kind_of(notice.kind)
    wanted = ways(choices, notice.kind)
    common: dict[str, Any] = {"notice": notice, "kind": notice.kind, "event": notice.event, "planned_at": now}
    found = []
    if person.is_active and person.email and wanted.mail != Pace.OFF:
        many = wanted.mail == Pace.NOW and mailed[person.pk, notice.kind] >= MOST
        since = now if wanted.mail == Pace.NOW else notice.written_at
        due = timing.due(timing.next_window(now, WITHIN) if many else since, wanted.mail, choices, person.zone)
        found.append(Delivery(channel=Channel.MAIL, person=person, pace=wanted.mail, due_at=due, **common))
    for hook in hooks:
        if hook.person_id is None:
            if notice.kind in hook.kinds and not kind.own:
                found.append(Delivery(channel=Channel.HOOK, hook=hook, due_at=now, **common))
        elif hook.person_id == person.pk and person.is_active and wanted.chat:
            due = timing.due(now, Pace.NOW, choices, person.zone)
            found.append(Delivery(channel=Channel.HOOK, hook=hook, due_at=due, **common))
    return found


def _mailed_lately(people: Iterable[int], now: datetime) -> Counter[tuple[int, str]]:
    """How many mails about each kind each of them was to get at once, of late."""
    rows = (
        Delivery.objects.filter(person__in=people, hook=None, pace=Pace.NOW, planned_at__gt=now - WITHIN)
        .order_by().values_list("person", "kind").annotate(n=Count("pk"))
    )  # fmt: skip
    return Counter({(person, kind): n for person, kind, n in rows})


@transaction.atomic
def plan_anew(person: User) -> None:
    """After somebody's choices have changed: what still waits for them waits as they want it now."""
    choices = NoticeChoices.objects.filter(pk=person.pk).first()
    waiting = Delivery.objects.waiting().select_for_update().filter(channel=Channel.MAIL, person=person)
    dropped, kept = [], []
    for delivery in waiting.order_by("id"):
        wanted = ways(choices, delivery.kind)
        if wanted.mail == Pace.OFF:
            dropped.append(delivery.pk)
            continue
        delivery.pace = wanted.mail
        delivery.due_at = timing.due(timezone.now(), wanted.mail, choices, person.zone)
        kept.append(delivery)
    Delivery.objects.filter(pk__in=dropped).delete()
    Delivery.objects.bulk_update(kept, ["pace", "due_at"], batch_size=500)
