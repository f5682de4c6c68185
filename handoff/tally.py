"""The points of a version as pages show them: rules in words, how many leads have points by each, earlier versions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from django.db import connection

from handoff import telling, wording
from handoff.models import Agreement
from leads import points, pulse
from leads.engagement import TOUCHES
from leads.payload import OWN_KINDS

#: Further fields and kinds of activity are looked for in so many of the newest leads and lines.
LOOKED_AT = 20_000
#: So many changes of the points are told.
HISTORY = 20

_FIELDS = (
    "SELECT DISTINCT jsonb_object_keys(custom) FROM (SELECT custom FROM leads_lead ORDER BY id DESC LIMIT %s) newest"
)
_KINDS = "SELECT DISTINCT kind FROM (SELECT kind FROM leads_activity ORDER BY id DESC LIMIT %s) newest"
_FIRED = """
SELECT part ->> 'group', part ->> 'label', count(*)
  FROM leads_leadscore CROSS JOIN LATERAL jsonb_array_elements(parts) part GROUP BY 1, 2
"""


class Offered(NamedTuple):
    """What a rule may be about besides the facts: further fields by name, and what leads do, in words."""

    fields: list[str]
    kinds: list[tuple[str, str]]


def offered() -> Offered:
    """Further fields and kinds of activity as they occur."""
    with connection.cursor() as cursor:
        cursor.execute(_FIELDS, [LOOKED_AT])
        fields = sorted(name for (name,) in cursor.fetchall())
        cursor.execute(_KINDS, [LOOKED_AT])
        seen = {kind for (kind,) in cursor.fetchall() if kind.partition(":")[0] not in OWN_KINDS}
    known = {kind for kind in telling.KINDS if kind.partition(":")[0] in TOUCHES}
    return Offered(fields, sorted(((kind, telling.named(kind)) for kind in seen | known), key=lambda one: one[1]))


class Told(NamedTuple):
    """A rule in words, and how many leads have points by it now; None: it is not in force."""

    group: str
    label: str
    asks: str
    points: int
    leads: int | None

    @property
    def never(self) -> bool:
        return self.leads == 0


class Revision(NamedTuple):
    """A version that changed the points: what it changed, and since when it counted."""

    version: Agreement
    changes: list[wording.Change]


@dataclass
class Tally:
    """The points of one version."""

    version: Agreement
    counts: dict[tuple[str, str], int] | None = None

    @cached_property
    def fit(self) -> list[Told]:
        return [self._fit(rule) for rule in self.version.points[points.FIT]]

    @cached_property
    def engagement(self) -> list[Told]:
        return [self._engagement(rule) for rule in self.version.points[points.ENGAGEMENT]]

    @property
    def leads(self) -> dict[tuple[str, str], int]:
        """How many leads have points by each rule, by its half and its name."""
        halves = ((points.FIT, self.fit), (points.ENGAGEMENT, self.engagement))
        return {(group, rule.label): rule.leads or 0 for group, rules in halves for rule in rules}

    @property
    def never(self) -> int:
        """How many rules give nobody points now."""
        return sum(rule.never for rule in [*self.fit, *self.engagement])

    def _fit(self, rule: points.Rule) -> Told:
        return Told(points.FIT, rule["label"], points.asked(rule), rule["points"], self._leads(points.FIT, rule))

    def _engagement(self, rule: points.Rule) -> Told:
        said = {**points.facets(rule), "points": ""}
        said["kind"] = telling.named(rule["kind"]) if rule["kind"] else said["kind"]
        asks = ", ".join(part for part in said.values() if part and part != rule["label"])
        return Told(points.ENGAGEMENT, rule["label"], asks, rule["points"], self._leads(points.ENGAGEMENT, rule))

    def _leads(self, group: str, rule: points.Rule) -> int | None:
        return None if self.counts is None else self.counts.get((group, rule["label"]), 0)


#: Everybody's scores are the same for all who look, and a million of them take a second to read.
_of_all: pulse.Kept[dict[tuple[str, str], int]] = pulse.Kept(pulse.LEADS, seconds=60)


def fired() -> dict[tuple[str, str], int]:
    """How many leads have points by each rule, as they were last counted: (half, rule) -> leads."""
    return _of_all.read(_fired)


def _fired() -> dict[tuple[str, str], int]:
    with connection.cursor() as cursor:
        cursor.execute(_FIRED)
        return {(group, label): number for group, label, number in cursor.fetchall()}


def history() -> list[Revision]:
    """The versions in force that changed the points, the newest first; the first one began with them."""
    rows = Agreement.objects.signed().select_related("scorecard", "agreed_by", "drafted_by")
    signed = list(rows.prefetch_related("amendments__person").order_by("version"))
    found = []
    for before, version in zip([None, *signed], signed, strict=False):
        if before is None or before.points != version.points:
            found.append(Revision(version, _changed(before, version)))
    return found[::-1][:HISTORY]


def _changed(before: Agreement | None, version: Agreement) -> list[wording.Change]:
    return wording.changes({"points": (before.points, version.points)}, {}) if before else []
