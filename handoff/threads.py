"""Comments as threads: a page of the timeline with the replies of its comments, in one query more."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Count, F, Window
from django.db.models.functions import RowNumber
from django.utils.dateparse import parse_datetime

from handoff import telling
from handoff.telling import Colleague, People, Told
from leads.models import Activity, Lead

#: So many replies stand below a comment, the newest; earlier ones are asked for.
SHOWN = 3
#: A thread that is asked for whole shows so many of its last replies.
WHOLE = 200


class File(NamedTuple):
    """A file beside words, as the line itself names it."""

    pk: int
    name: str
    size: int


class Reply(NamedTuple):
    """A reply as it is read: its entry, the comment it stands below, and how many replies that has."""

    entry: Activity
    root: int
    of: int


@dataclass(slots=True)
class Thread:
    """What a comment's line has beyond its words."""

    pk: int
    author: int | None
    who: str = ""
    answers: Colleague | None = None
    root: int | None = None
    reply_to: int | None = None
    edited: datetime | None = None
    deleted: bool = False
    files: list[File] = field(default_factory=list)
    replies: list[Told] = field(default_factory=list)
    earlier: int = 0


def lines(entries: Sequence[Activity], people: People) -> list[Told]:
    """The lines of a page: a reply stands below its comment where that is on the page, else by itself."""
    comments = {entry.pk for entry in entries if entry.kind == "comment" and "thread" not in entry.data}
    below = _replies(comments, SHOWN) if comments else []
    told = [_line(entry, people) for entry in entries if entry.data.get("thread") not in comments]
    by_key = {line.thread.pk: line.thread for line in told if line.thread}
    _hang(below, by_key, people)
    return told


def whole(comment: Activity, people: People) -> Told:
    """One comment with all its replies."""
    line = _line(comment, people)
    _hang(_replies([comment.pk], WHOLE), {comment.pk: line.thread}, people)
    return line


def of(lead: Lead, pk: int) -> Activity | None:
    """A comment of a lead by its key."""
    return lead.activities.filter(kind="comment", pk=pk).first()


def _replies(comments: Collection[int], most: int) -> list[Reply]:
    """The last replies of these comments, oldest first."""
    of_comment = [F("comment__parent")]
    replies: Any = Activity.objects.filter(comment__parent__in=comments).annotate(
        root=F("comment__parent"),
        place=Window(RowNumber(), partition_by=of_comment, order_by=F("pk").desc()),
        of=Window(Count("pk"), partition_by=of_comment),
    )
    return [Reply(row, row.root, row.of) for row in replies.filter(place__lte=most).order_by("pk")]


def _hang(replies: Iterable[Reply], by_key: dict[int, Thread], people: People) -> None:
    for reply in replies:
        thread = by_key[reply.root]
        line = _line(reply.entry, people)
        if line.thread.reply_to == thread.pk:
            line.thread.answers = None
        thread.replies.append(line)
        thread.earlier = reply.of - len(thread.replies)


def _line(entry: Activity, people: People) -> Told:
    line = telling.tell(entry, people)
    if entry.kind != "comment":
        return line
    data = entry.data
    line.thread = Thread(
        entry.pk,
        entry.actor_id,
        str(people[entry.actor_id] or ""),
        answers=people[data.get("answers")],
        root=data.get("thread"),
        reply_to=data.get("reply_to"),
        edited=parse_datetime(data["edited"]) if "edited" in data else None,
        deleted="deleted" in data,
        files=[File(*each) for each in data.get("files", [])],
    )
    return line
