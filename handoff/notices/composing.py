"""Composing: what is due becomes messages, many at once becoming one."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from handoff.models import Channel, Delivery, Hook, Message, Notice, Pace
from handoff.notices import words
from handoff.notices.planning import MOST

BATCH = 2_000
#: What waited longer than this and was read meanwhile need not be said again.
AT_ONCE = timedelta(minutes=1)


@transaction.atomic
def compose(limit: int = BATCH) -> int:
    """Put what is due into messages; any number may do so at once. Returns how many deliveries were dealt with."""
    now = timezone.now()
    due = list(
        Delivery.objects.due(now).select_for_update(skip_locked=True, of=("self",))
        .select_related("notice__lead", "notice__actor", "person", "hook__person")
        .order_by("person_id", "hook_id", "id")[:limit]
    )  # fmt: skip
    if not due:
        return 0
    bundles = _bundles([delivery for delivery in due if not _is_stale(delivery)])
    messages = [
        words.mail(bundle[0].person, bundle) if bundle[0].person else words.post(_hook(bundle[0]), bundle)
        for bundle in bundles
    ]
    for message in messages:
        if message.channel == Channel.MAIL and not settings.EMAIL_CONFIGURED:
            message.stopped_at, message.why = now, _("No mail server is named, so no mail leaves.")
    Message.objects.bulk_create(messages, batch_size=500)
    _mark(due, dict(zip((b[0].pk for b in bundles), messages, strict=True)), bundles, now)
    return len(due)


def _is_stale(delivery: Delivery) -> bool:
    """Whether it waited for its moment and was read meanwhile, or whoever should get it cannot any more."""
    notice: Notice = delivery.notice
    if delivery.hook and delivery.hook.disabled_at:
        return True
    whose = delivery.hook.person if delivery.hook else delivery.person
    if whose and not whose.is_active:
        return True
    waited = delivery.due_at - notice.written_at > AT_ONCE
    return waited and notice.read_at is not None and notice.read_at > notice.written_at


def _bundles(deliveries: list[Delivery]) -> list[list[Delivery]]:
    """What goes together: a digest; and of what is told at once, a kind of which there are many."""
    sorted_out: dict[tuple[object, ...], list[Delivery]] = defaultdict(list)
    for delivery in deliveries:
        if delivery.person_id:
            kind = delivery.kind if delivery.pace == Pace.NOW else ""
            sorted_out["mail", delivery.person_id, delivery.pace, kind].append(delivery)
        else:
            sorted_out["hook", delivery.hook_id].append(delivery)
    found = []
    for group in sorted_out.values():
        alone = group[0].hook is not None and group[0].hook.style == Hook.Style.WEBHOOK
        together = not alone and (group[0].pace != Pace.NOW or len(group) > MOST)
        found += [group] if together else [[delivery] for delivery in group]
    return found


def _hook(delivery: Delivery) -> Hook:
    assert delivery.hook is not None
    return delivery.hook


def _mark(due: list[Delivery], messages: dict[int, Message], bundles: list[list[Delivery]], now: datetime) -> None:
    """Note for each delivery which message it went into, in one statement."""
    into = {delivery.pk: messages[bundle[0].pk].pk for bundle in bundles for delivery in bundle}
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE handoff_delivery SET composed_at = %s, message_id = done.message "
            "FROM unnest(%s::bigint[], %s::bigint[]) AS done(id, message) WHERE handoff_delivery.id = done.id",
            [now, [delivery.pk for delivery in due], [into.get(delivery.pk) for delivery in due]],
        )
