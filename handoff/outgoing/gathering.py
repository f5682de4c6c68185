"""Reading the ledgers for what is to be told outside: every row once, also one that is committed late."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import CharField, Exists, Max, OuterRef, Q, QuerySet
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from handoff.models import Bookmark, DealLead, Dispatch, Endpoint, Event, SampleMark
from handoff.outgoing import bodies
from handoff.outgoing.kinds import LINES
from leads.models import Activity, StageChange

BATCH = 500
#: One reads at a time, under an advisory lock.
LOCK = 0x6F7574676F


@transaction.atomic
def gather(limit: int = BATCH) -> int:
    """Make events of what has happened since, for the endpoints that want them; any number may try at once.

    Returns how many events were made. Rows of one lead are told in the order in which they were numbered.
    """
    endpoints = list(Endpoint.objects.working())
    if not endpoints or not _hold():
        return 0
    return sum(ledger.read(endpoints, limit) for ledger in LEDGERS)


def begin() -> None:
    """Read from here on: nobody was told until now. For the transaction in which the first endpoint begins to work."""
    for ledger in LEDGERS:
        newest = ledger.newest()
        marks = {"position": newest, "ahead": newest, "horizon": 0}
        Bookmark.objects.update_or_create(ledger=ledger.name, defaults=marks)


def _hold() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


def _at_work() -> tuple[int, int]:
    """The oldest transaction that is still at work, and the number that the next one will have."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_snapshot_xmin(now)::text::bigint, pg_snapshot_xmax(now)::text::bigint "
            "FROM pg_current_snapshot() AS now"
        )
        oldest, coming = cursor.fetchone()
        return oldest, coming


class Ledger(ABC):
    """Rows that acts leave behind, read in the order of their numbers. Subclasses say which of them are events."""

    name = ""
    rows: QuerySet[Any]

    def newest(self) -> int:
        return self.rows.aggregate(newest=Max("pk"))["newest"] or 0

    @abstractmethod
    def wanted(self, kinds: set[str]) -> QuerySet[Any]:
        """The rows that are events of these kinds."""

    def read(self, endpoints: Sequence[Endpoint], limit: int) -> int:
        """Tell the next rows. The bookmark moves only past numbers of which none can appear any more."""
        mark = Bookmark.objects.filter(ledger=self.name).first() or Bookmark(ledger=self.name)
        newest = self.newest()
        oldest, coming = _at_work()  # after `newest` was read, before the rows are: the order is what makes it safe
        restored = coming < mark.horizon  # into another cluster, whose transactions are numbered from the beginning
        settled = mark.ahead if restored or oldest >= mark.horizon else mark.position
        rows = list(self._untold(mark.position, endpoints)[:limit])
        made = self._tell(rows, endpoints)
        mark.position = min(settled, rows[-1].pk) if len(rows) == limit else settled
        if mark.position >= mark.ahead:
            mark.ahead, mark.horizon = newest, coming
        mark.save()
        return made

    def _untold(self, position: int, endpoints: Sequence[Endpoint]) -> QuerySet[Any]:
        """What somebody may want to hear and was not told yet: no history of a file, and nothing of a story."""
        told = Event.objects.filter(ledger=self.name, row=OuterRef("pk"))
        of_story = {"kind": SampleMark.Kind.LEAD, "row": OuterRef("lead_id"), "made_at__gte": OuterRef("recorded_at")}
        rows = self.wanted({kind for endpoint in endpoints for kind in endpoint.kinds})
        rows = rows.filter(pk__gt=position, imported=False, recorded_at__gte=min(each.since for each in endpoints))
        return rows.exclude(Exists(told)).exclude(Exists(SampleMark.objects.filter(**of_story))).order_by("pk")

    def _tell(self, rows: Sequence[Any], endpoints: Sequence[Endpoint]) -> int:
        """Fix the words of each row, and put them on their way to whoever wants to hear them."""
        found = [(row, bodies.kind_of(row)) for row in rows]
        hear = [[e for e in endpoints if kind in e.kinds and row.recorded_at >= e.since] for row, kind in found]
        wanted = [(row, kind, to) for (row, kind), to in zip(found, hear, strict=True) if to]
        written = bodies.write([(row, kind) for row, kind, _to in wanted])
        events = [
            Event(kind=kind, ledger=self.name, row=row.pk, lead_id=row.lead_id, at=row.at, body=body)
            for (row, kind, _to), body in zip(wanted, written, strict=True)
        ]
        Event.objects.bulk_create(events)
        Dispatch.objects.bulk_create(
            Dispatch(endpoint=endpoint, event=event)
            for event, (_row, _kind, to) in zip(events, wanted, strict=True)
            for endpoint in to
        )
        return len(events)


class Stages(Ledger):
    name, rows = "stage", StageChange.objects.all()

    def wanted(self, kinds: set[str]) -> QuerySet[Any]:
        created, moved = "lead.created" in kinds, "lead.stage_changed" in kinds
        if created and moved:
            return self.rows.all()
        return self.rows.filter(old="") if created else self.rows.exclude(old="") if moved else self.rows.none()


class Lines(Ledger):
    """A deal is told once, by the line of the lead whose deal it is before all."""

    name, rows = "line", Activity.objects.all()

    def wanted(self, kinds: set[str]) -> QuerySet[Any]:
        said = Q(kind__in=[line for line, kind in LINES.items() if kind in kinds])
        if "lead.updated" in kinds:
            said |= Q(data__has_key="changed")
        beside = DealLead.objects.annotate(number=Cast("deal", CharField())).filter(
            number=OuterRef("deal"), lead=OuterRef("lead"), primary=False
        )
        return self.rows.annotate(deal=KT("data__deal")).filter(said).exclude(Exists(beside))


LEDGERS: Sequence[Ledger] = (Stages(), Lines())
