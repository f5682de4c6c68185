"""One version of the agreement as a page shows it: its terms, its calendar, what it changes, and who signed it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from accounts.models import User
from handoff import agreement, wording
from handoff.models import Agreement, Amendment, Signature
from handoff.models.agreement import PARTIES
from handoff.sla import Calendar
from leads.definition import ACTIONS, named
from leads.identity import country

#: So many edits of a version are told.
EDITS = 20


class Place(NamedTuple):
    """Where a team signs: its word if it is given, and whether the reader may give it."""

    team: str
    signature: Signature | None
    open: bool


class Edit(NamedTuple):
    """One edit of a draft: who changed which terms; none when it was put away, and when it was taken up again."""

    person: User | None
    at: datetime
    changes: list[wording.Change]
    dropped: bool
    taken_up: bool


@dataclass
class Sheet:
    """A version and what is said about it."""

    version: Agreement
    before: Agreement | None = None
    reader: User | None = None
    personas: wording.Names = field(default_factory=dict)

    @classmethod
    def of(cls, version: Agreement, *, before: Agreement | None = None, reader: User | None = None) -> Sheet:
        return cls(version, before, reader, wording.persona_names())

    @property
    def calendar(self) -> Calendar:
        return Calendar.of(self.version)

    @property
    def country(self) -> str:
        return country(self.version.holidays)

    @cached_property
    def days_off(self) -> list[wording.DayOff]:
        """The holidays and days off that come next."""
        today = wording.today_in(self.version.zone)
        return wording.next_days_off(self.version.holidays, self.version.days_off, today=today)

    @property
    def facts(self) -> list[str]:
        return [named(name) for name in self.version.required_facts]

    @property
    def persona_words(self) -> str:
        return wording.words("personas", self.version.personas, self.personas)

    @property
    def actions(self) -> list[str]:
        return [str(ACTIONS.get(kind, kind)) for kind in self.version.high_intent]

    @cached_property
    def changes(self) -> list[wording.Change]:
        """What this version changes of the one before it."""
        return wording.between(self.before, self.version, self.personas) if self.before else []

    @cached_property
    def signatures(self) -> list[Signature]:
        return list(self.version.signatures.select_related("person"))

    @property
    def voided(self) -> list[Signature]:
        return [one for one in self.signatures if one.voided_at]

    @cached_property
    def places(self) -> list[Place]:
        """Where marketing and sales sign, or signed."""
        given = {one.team: one for one in self.signatures if not one.voided_at}
        mine = agreement.signs_for(self.reader) if self.reader and self.version.is_draft else []
        return [Place(team.value, given.get(team), team in mine and team not in given) for team in PARTIES]

    @property
    def is_signed(self) -> bool:
        return any(place.signature for place in self.places)

    @property
    def waits_for(self) -> list[str]:
        return [place.team for place in self.places if place.signature is None]

    @cached_property
    def edits(self) -> list[Edit]:
        """How it came to be, the newest first."""
        return list(self._edits(list(self.version.amendments.select_related("person")[:EDITS])))

    def _edits(self, rows: list[Amendment]) -> Iterator[Edit]:
        away = self.version.ended_at is not None and self.version.in_force_since is None
        for row in rows:
            changes, turned = wording.changes(row.changes, self.personas), not row.changes and row.edit > 1
            yield Edit(row.person, row.at, changes, dropped=turned and away, taken_up=turned and not away)
            away = away != turned  # before it was taken up it was away, and the other way round
