"""What returns taught: how leads that came back as not what was agreed differ from those that sales accepted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from json import loads
from statistics import fmean
from typing import Any, NamedTuple

from django.db import connection

from handoff import telling
from leads.learning import words
from leads.learning.features import CAME
from leads.models import LeadScore, Scorecard
from personas.fit import Rule

#: The newest so many verdicts are looked at, and the points of so many of the newest leads.
VERDICTS, SCORED = 2_000, 5_000
#: A fact is told when so many returned leads share it, and it is so many times as frequent among them.
LEAST, TIMES, FACTS = 3, 1.5, 8
#: Each verdict with what was known and said of the lead when it was offered.
_JUDGED = """
SELECT o.kind = 'returned', o.lead_id, o.at, s.points, s.probability, s.features
  FROM (SELECT lead_id, kind, at FROM leads_outcome
         WHERE at >= %s AND NOT imported
           AND (kind = 'accepted' OR (kind = 'returned' AND reason_class = 'definitional'))
         ORDER BY at DESC LIMIT %s) o
  JOIN LATERAL (SELECT points, probability, features FROM leads_snapshot
                 WHERE lead_id = o.lead_id AND moment = 'offered' AND at <= o.at ORDER BY at DESC LIMIT 1) s ON true
"""


class Judged(NamedTuple):
    """A lead as it was offered, and when it was answered: its points, the chance that was said, its facts in words."""

    lead: int
    at: datetime
    points: int
    chance: float | None
    facts: Mapping[str, str]


class Fact(NamedTuple):
    """Something that returned leads share, by name and value: how many of them, and how many of the accepted ones."""

    key: str
    label: str
    returned: int
    accepted: int


@dataclass(frozen=True)
class Side:
    """Leads that were returned, or accepted: how many, and what points and chances they had on average when offered."""

    leads: int
    points: float | None
    chance: float | None

    @classmethod
    def of(cls, rows: Sequence[Judged]) -> Side:
        chances = [row.chance for row in rows if row.chance is not None]
        return cls(len(rows), fmean(row.points for row in rows) if rows else None, fmean(chances) if chances else None)


@dataclass(frozen=True)
class Taught:
    """Definitional returns beside accepted offers, and the facts that the returned ones share."""

    returned: Side
    accepted: Side
    facts: list[Fact]
    judged_returned: list[Judged]
    judged_accepted: list[Judged]

    @classmethod
    def of(cls, *, since: datetime) -> Taught:
        with connection.cursor() as cursor:
            cursor.execute(_JUDGED, [since, VERDICTS])
            judged = [
                (back, Judged(lead, at, points, said, _words_of(facts)))
                for back, lead, at, points, said, facts in cursor.fetchall()
            ]
        returned, accepted = [one for back, one in judged if back], [one for back, one in judged if not back]
        return cls(Side.of(returned), Side.of(accepted), _shared(returned, accepted), returned, accepted)

    def behind(self, side: str, key: str = "") -> list[Judged]:
        """The offers that a number counts: of one side, and with one fact."""
        rows = {"returned": self.judged_returned, "accepted": self.judged_accepted}.get(side, [])
        name, _colon, value = key.partition(":")
        return [row for row in rows if not key or row.facts.get(name) == value]

    def words_of(self, key: str) -> str:
        return next((fact.label for fact in self.facts if fact.key == key), "")


def _words_of(features: Any) -> Mapping[str, str]:
    """The facts of a lead that are words; a number is another one for each lead."""
    known = features if isinstance(features, dict) else loads(features)
    return {name: value for name, value in known.items() if isinstance(value, str)}


def _shared(returned: Sequence[Judged], accepted: Sequence[Judged]) -> list[Fact]:
    if not accepted:
        return []
    back, kept = _counted(returned), _counted(accepted)
    found = []
    for (name, value), n in back.items():
        share, usual = n / len(returned), kept[name, value] / len(accepted)
        if n >= LEAST and share > TIMES * usual:
            said = telling.named(value) if name == CAME and value else value
            found.append((share - usual, Fact(f"{name}:{value}", words.text([name, said]), n, kept[name, value])))
    return [fact for _more, fact in sorted(found, key=lambda one: (-one[0], one[1].label))[:FACTS]]


def _counted(rows: Iterable[Judged]) -> Counter[tuple[str, str]]:
    return Counter(fact for row in rows for fact in row.facts.items())


def silent_rules() -> list[str]:
    """The rules of the points that gave none of the newest leads a point, by name; none where nobody is scored."""
    points = Scorecard.objects.get(in_force=True).points
    scored = list(LeadScore.objects.order_by("-lead").values_list("parts", flat=True)[:SCORED])
    given = {(part["group"], part["label"]) for parts in scored for part in parts}
    rules = [("fit", str(Rule.read(rule))) for rule in points["fit"]]
    rules += [("engagement", rule["label"]) for rule in points["engagement"]]
    return [name for group, name in rules if (group, name) not in given] if scored else []
