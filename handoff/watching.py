"""Who hears of what happens to a lead without being its owner."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from accounts.models import User
from handoff import notices
from handoff.models import Watch
from handoff.notices import watched
from leads import clock
from leads.models import Activity, Lead


def of(lead: Lead) -> list[User]:
    """The people who watch a lead."""
    return list(User.objects.filter(watches__lead=lead, watches__on=True, is_active=True))


def begin(lead: Lead, people: Iterable[User]) -> None:
    """Who talks on a lead, or is talked to, watches it; whoever said that they do not want to is left alone."""
    now = clock.now()
    Watch.objects.bulk_create(
        [Watch(lead=lead, person=person, since=now) for person in {one.pk: one for one in people}.values()],
        ignore_conflicts=True,
    )


@transaction.atomic
def choose(lead: Lead, *, actor: User, on: bool) -> None:
    """Watch a lead from now on, or no more."""
    Watch.objects.update_or_create(lead=lead, person=actor, defaults={"on": on, "since": clock.now()})


def tell(lead: Lead, *, actor: User | None, text: str, event: str) -> None:
    """Tell the watchers of something that concerns nobody else."""
    notices.write(kind="lead:watched", to=of(lead), lead=lead, actor=actor, text=text, event=event)


def hear(done: Activity) -> None:
    """Let the watchers hear of an act that tells nobody else; acts that write a notice are heard with it."""
    if not done.imported:
        notices.write(kind=done.kind, to=[], lead=done.lead, actor=done.actor, text="", event=f"activity:{done.pk}")


def hear_of_touch(touch: Activity, *, actor: User) -> None:
    """Let the watchers hear that somebody has tried or reached the lead, or noted something."""
    if touch.kind not in watched.TOUCHES or not (people := of(touch.lead)):
        return
    text = watched.touched(touch.kind, lead=touch.lead, actor=actor, text=touch.text)
    notices.write(kind="lead:touch", to=people, lead=touch.lead, actor=actor, text=text, event=f"activity:{touch.pk}")
