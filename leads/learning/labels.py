"""How leads ended: every outcome to learn from and to be measured by, once a lead."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection

from leads import clock
from leads.models import Learning

#: Below so many wins, 'accepted' may stand in for them.
FEW_WINS = 30
#: Nobody is called lost before nine wins of ten took less time; fewer dated wins say nothing about it.
QUANTILE, DATED_WINS = 0.9, 10
SHORTEST = timedelta(days=1)
WON, ACCEPTED = "won", "accepted"

#: Each lead that has ended, or been called accepted, once: what speaks for a win goes over what speaks against it.
_ENDED = """
SELECT o.lead_id,
       bool_or(o.kind = 'won') AS won,
       bool_or(o.kind IN ('accepted', 'qualified')) AS accepted,
       bool_or(o.kind IN ('lost', 'disqualified')
               OR (o.kind = 'returned' AND o.reason_class = 'definitional')) AS ended,
       coalesce(min(o.at) FILTER (WHERE o.kind = 'won'),
                max(o.at) FILTER (WHERE o.kind IN ('lost', 'disqualified')
                                     OR (o.kind = 'returned' AND o.reason_class = 'definitional')),
                min(o.at)) AS at,
       bool_and(o.imported AND abs(date_part('epoch', o.recorded_at - o.at)) < 3600) AS undated,
       l.first_seen_at, min(v.entered_at) AS offered_at,
       coalesce(max(o.id) FILTER (WHERE o.kind IN ('won', 'lost', 'disqualified')
                                     OR (o.kind = 'returned' AND o.reason_class = 'definitional')),
                max(o.id) FILTER (WHERE o.kind IN ('accepted', 'qualified'))) AS newest
  FROM leads_outcome o JOIN leads_lead l ON l.id = o.lead_id
  LEFT JOIN leads_visit v ON v.lead_id = l.id AND v.stage = 'mofu'
 WHERE o.kind IN ('won', 'lost', 'disqualified', 'returned', 'accepted', 'qualified')
 GROUP BY o.lead_id, l.first_seen_at
"""
#: When the file came in that says an outcome without its day.
_FILES = """
SELECT s.lead_id, min(i.created_at) FROM leads_submission s JOIN leads_import i ON i.id = s.upload_id
 WHERE s.lead_id = ANY(%s) AND s.payload ? 'outcome' GROUP BY s.lead_id
"""
_OPEN = """
SELECT l.id, l.first_seen_at, min(v.entered_at) FROM leads_lead l
  LEFT JOIN leads_visit v ON v.lead_id = l.id AND v.stage = 'mofu'
 WHERE l.first_seen_at < %s AND l.stage <> 'customer' AND NOT EXISTS (
       SELECT FROM leads_outcome o WHERE o.lead_id = l.id
          AND (o.kind IN ('won', 'lost', 'disqualified') OR (o.kind = 'returned' AND o.reason_class = 'definitional')))
 GROUP BY l.id
"""


@dataclass
class Label:
    """How one lead ended, or that it has waited too long to be won."""

    lead: int
    won: bool
    at: datetime
    order: tuple[datetime, int]
    created: datetime
    offered: datetime | None
    undated: bool
    newest: int = 0  # the key of the newest outcome row that says so; 0 where none does and it has only waited


@dataclass
class Labels:
    found: list[Label]
    target: str
    horizon: timedelta | None

    @property
    def wins(self) -> int:
        return sum(label.won for label in self.found)

    @property
    def waited(self) -> int:
        """Those whom nobody has ended: they are open for so long that they count as not won."""
        return sum(not label.newest for label in self.found)


def labelled(terms: Learning) -> Labels:
    """Every outcome to learn from, oldest first; what came in one file without days is in no order."""
    with connection.cursor() as cursor:
        cursor.execute(_ENDED)
        ended = cursor.fetchall()
        cursor.execute(_FILES, [[row[0] for row in ended if row[5]]])
        files: dict[int, datetime] = dict(cursor.fetchall())
    wins = sum(row[1] for row in ended)
    target = ACCEPTED if terms.accepted_counts and wins < FEW_WINS else WON
    found = []
    for lead, won, accepted, lost, at, undated, created, offered, newest in ended:
        good = won or (target == ACCEPTED and accepted and not lost)
        if good or lost:
            moment = files.get(lead, at) if undated else at
            found.append(Label(lead, good, at, (moment, zlib.crc32(b"%d" % lead)), created, offered, undated, newest))
    horizon = horizon_of(found) if target == WON else None
    if horizon:
        found += _waited(horizon)
    return Labels(sorted(found, key=lambda label: label.order), target, horizon)


def horizon_of(found: Sequence[Label]) -> timedelta | None:
    """Within how long nine of ten wins were won, where enough of them say when."""
    times = sorted(
        label.at - label.created for label in found if label.won and not label.undated and label.at > label.created
    )
    if len(times) < DATED_WINS:
        return None
    return max(times[min(len(times) - 1, int(QUANTILE * len(times)))], SHORTEST)


def _waited(horizon: timedelta) -> Iterator[Label]:
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, [now - horizon])
        for lead, created, offered in cursor.fetchall():
            at = created + horizon
            yield Label(lead, False, at, (at, zlib.crc32(b"%d" % lead)), created, offered, False)


class Said(NamedTuple):
    """What was said of a lead before it ended, and when: the chance then, and how many points it had."""

    probability: float
    points: int
    at: datetime


#: The newest word at an offer goes over the one at creation: that is when somebody had to choose.
_SAID = """
SELECT DISTINCT ON (s.lead_id) s.lead_id, s.probability, s.points, s.at
  FROM unnest(%s::bigint[], %s::timestamptz[]) AS w(lead, at)
  JOIN leads_snapshot s ON s.lead_id = w.lead AND s.at < w.at
 WHERE s.probability IS NOT NULL AND s.moment <> 'outcome'
 ORDER BY s.lead_id, (s.moment = 'offered') DESC, s.at DESC
"""


def said_before(found: Sequence[Label]) -> dict[int, Said]:
    """What the live model of its day said of these leads before they ended, by lead; history from a file has none."""
    with connection.cursor() as cursor:
        cursor.execute(_SAID, [[label.lead for label in found], [label.at for label in found]])
        return {lead: Said(*said) for lead, *said in cursor.fetchall()}
