"""One change of the agreement, and what it would have kept out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from handoff.foresight import Offer
from leads.definition import Definition

#: What a lead lost outweighs: a return kept out is worth one.
QUALIFIED_COSTS, WIN_COSTS = 2, 5


@dataclass
class Change:
    """A definition, or a table of points, that would have kept out returns, and what else it would have kept out."""

    definition: Definition
    words: str
    kept_out: list[Offer]
    points: dict[str, Any] | None = None

    @cached_property
    def returned(self) -> list[Offer]:
        return [offer for offer in self.kept_out if offer.is_definitional]

    @cached_property
    def qualified(self) -> list[Offer]:
        return [offer for offer in self.kept_out if offer.handoff.qualified_at is not None]

    @cached_property
    def won(self) -> list[Offer]:
        return [offer for offer in self.kept_out if offer.won]

    @property
    def worth(self) -> int:
        return len(self.returned) - QUALIFIED_COSTS * len(self.qualified) - WIN_COSTS * len(self.won)

    @property
    def terms(self) -> dict[str, Any]:
        changed = {"points": self.points} if self.points is not None else {}
        return {"mql_line": self.definition.line, "required_facts": list(self.definition.facts), **changed}

    @property
    def replay(self) -> str:
        """What it would have done, in a sentence."""
        return _(
            "If %(change)s, %(returned)d of these would have been kept out, and with them %(qualified)d that sales "
            "qualified and %(won)d that became customers."
        ) % {
            "change": self.words,
            "returned": len(self.returned),
            "qualified": len(self.qualified),
            "won": len(self.won),
        }
