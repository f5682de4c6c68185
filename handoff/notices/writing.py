"""Leaving a notice: one row a person and event, in the transaction of the event itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from accounts.models import User
from handoff.models import Notice
from handoff.notices import watched
from leads import clock, pulse
from leads.models import Lead

#: What a sentence may end with.
ENDS = (".", "!", "?", "…", ".”", "!”", "?”")


def sentences(*said: str) -> str:
    """Sentences one after another, each with the one full stop that it ends with; empty ones are left out."""
    told = (" ".join(one.split()) for one in said)
    return " ".join(one if one.endswith(ENDS) else f"{one}." for one in told if one)


@dataclass(frozen=True, kw_only=True)
class Telling:
    """What is to be told, of which event, and to whom."""

    kind: str
    to: Iterable[User]
    text: str
    event: str
    lead: Lead | None = None
    actor: User | None = None


def write(
    *, kind: str, to: Iterable[User], text: str, event: str, lead: Lead | None = None, actor: User | None = None
) -> None:
    """Leave one notice per person; nobody hears of their own act, nor of one event twice."""
    write_many([Telling(kind=kind, to=to, text=text, event=event, lead=lead, actor=actor)])


#: Where somebody has muted the bell for a kind, the notice is written as read: it is listed, and rings nowhere.
WRITE = """
INSERT INTO handoff_notice (person_id, kind, lead_id, actor_id, text, event, written_at, read_at)
SELECT told.person, told.kind, told.lead, told.actor, told.text, told.event, %s,
       CASE WHEN choices.by_kind -> told.kind ->> 'app' = 'false' THEN %s END
  FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::bigint[], %s::text[], %s::text[])
       AS told(person, kind, lead, actor, text, event)
  LEFT JOIN handoff_noticechoices choices ON choices.person_id = told.person
 ORDER BY told.event, told.person
    ON CONFLICT DO NOTHING
"""


def write_many(tellings: Sequence[Telling]) -> None:
    """The same for many events, in one statement."""
    rows = [
        (person, said.kind, said.lead.pk if said.lead else None, said.actor.pk if said.actor else None,
         said.text[:300], said.event)
        for said in tellings
        for person in sorted({person.pk for person in said.to} - {said.actor.pk if said.actor else None})
    ]  # fmt: skip
    rows += _of_watchers(tellings, {(row[0], row[5]) for row in rows})
    if not rows:
        return
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(WRITE, [now, now, *(list(column) for column in zip(*rows, strict=True))])
    pulse.beat(*{pulse.of_person(row[0]) for row in rows})


def _of_watchers(tellings: Sequence[Telling], told: set[tuple[int, str]]) -> list[Any]:
    """Who watches the lead of an act hears of it as well: once, and not who is told of it anyway."""
    acts = [said for said in tellings if said.lead and said.kind in watched.ACTS]
    watching = watched.watchers(said.lead.pk for said in acts if said.lead) if acts else {}
    rows = []
    for said in acts:
        assert said.lead
        actor = said.actor.pk if said.actor else None
        text = watched.told(said.kind, lead=said.lead, actor=said.actor) if said.lead.pk in watching else ""
        for person in watching.get(said.lead.pk, ()):
            if person != actor and (person, said.event) not in told:
                rows.append((person, "lead:watched", said.lead.pk, actor, text[:300], said.event))
    return rows


def read(person: User, *, shown: Iterable[Notice] | None = None) -> int:
    """Mark as read what this person has been shown, or everything; returns how many were unread."""
    unread = Notice.objects.filter(person=person).unread()
    if shown is not None:
        unread = unread.filter(pk__in=[notice.pk for notice in shown if notice.read_at is None])
    number = unread.update(read_at=clock.now())
    if number:
        pulse.beat(pulse.of_person(person.pk))
    return number
