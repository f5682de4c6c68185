"""What a person chooses: which kinds reach them by which way, when, and when not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from handoff.models import NoticeChoices, Pace
from handoff.notices import planning
from handoff.notices.kinds import KINDS, Ways, kind_of, ways


def of(person: User) -> NoticeChoices:
    """What somebody has chosen; unsaved where they have not chosen yet."""
    return NoticeChoices.objects.filter(pk=person.pk).first() or NoticeChoices(person=person)


@transaction.atomic
def choose(
    person: User,
    *,
    by_kind: Mapping[str, Ways],
    quiet_from: time | None = None,
    quiet_until: time | None = None,
    quiet_weekends: bool = False,
    daily_at: time = time(8),
) -> NoticeChoices:
    """Keep somebody's choices; what waits for them is planned anew."""
    if (quiet_from is None) != (quiet_until is None):
        raise ValidationError({"quiet_from": _("Say both when the quiet begins and when it ends, or neither.")})
    if quiet_from is not None and quiet_from == quiet_until:
        raise ValidationError(
            {"quiet_from": _("Quiet from and until the same time would be all day; choose two times.")}
        )
    choices = NoticeChoices.objects.select_for_update().filter(pk=person.pk).first() or NoticeChoices(person=person)
    kept = {kind: said for kind, said in choices.by_kind.items() if kind not in by_kind}
    choices.by_kind = kept | {kind: said for kind, wanted in by_kind.items() if (said := _difference(kind, wanted))}
    choices.quiet_from, choices.quiet_until, choices.quiet_weekends = quiet_from, quiet_until, quiet_weekends
    choices.daily_at = daily_at
    choices.save()
    planning.plan_anew(person)
    return choices


def _difference(kind: str, wanted: Ways) -> dict[str, Any]:
    """Only what differs from the default, so that a better default reaches whoever never chose."""
    default = ways(None, kind)
    named = {
        "app": (wanted.bell, default.bell),
        "mail": (wanted.mail, default.mail),
        "chat": (wanted.chat, default.chat),
    }
    return {name: said for name, (said, usual) in named.items() if said != usual}


@transaction.atomic
def leave_digests(person: User) -> None:
    """No more digests: what came in one is kept in the product alone. Mails that come at once stay as they are."""
    choices = NoticeChoices.objects.select_for_update().filter(pk=person.pk).first() or NoticeChoices(person=person)
    for kind in {*KINDS, *choices.by_kind}:
        wanted = ways(choices, kind)
        if wanted.mail in (Pace.HOURLY, Pace.DAILY):
            said = {**choices.by_kind.get(kind, {}), "mail": Pace.OFF.value}
            if kind_of(kind).mail == Pace.OFF:
                said.pop("mail")
            choices.by_kind[kind] = said
    choices.save()
    planning.plan_anew(person)
