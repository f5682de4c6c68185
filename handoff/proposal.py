"""When returns gather that say 'not what we agreed on', the change of the definition that they ask for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from handoff import agreement
from handoff.foresight import SPAN, Judge, Offer, offers
from handoff.models import Agreement
from leads import clock
from leads.definition import FACTS, Definition, named

#: So many returns, and this share of the answered offers, are no accident.
LEAST, SHARE = 5, 0.25
#: A line is looked for so many points above the one that is agreed.
HIGHER = 30
#: What a lead lost outweighs: a return kept out is worth one.
QUALIFIED_COSTS, WIN_COSTS = 2, 5


@dataclass
class Change:
    """A definition that would have kept out returns, and what else it would have kept out."""

    definition: Definition
    fact: str
    kept_out: list[Offer]

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
    def terms(self) -> dict[str, object]:
        return {"mql_line": self.definition.line, "required_facts": list(self.definition.facts)}

    @property
    def words(self) -> str:
        if self.fact:
            return _("a lead without %(fact)s no longer crosses the line") % {"fact": named(self.fact)}
        return _("the MQL line rises to %(line)d points") % {"line": self.definition.line}


@dataclass
class Evidence:
    """The offers that the definition made over the last 90 days and how sales answered them."""

    current: Agreement
    offers: list[Offer]
    since: datetime

    @classmethod
    def gather(cls) -> Evidence:
        since = clock.now() - SPAN
        return cls(Agreement.objects.in_force(), offers(since=since), since)

    @cached_property
    def answered(self) -> list[Offer]:
        return [offer for offer in self.offers if offer.is_answered]

    @cached_property
    def definitional(self) -> list[Offer]:
        return [offer for offer in self.answered if offer.is_definitional]

    @property
    def gathers(self) -> bool:
        """Enough of them, and either a good share of all or a good share of what a change would keep out."""
        many = len(self.definitional) >= LEAST
        return many and (len(self.definitional) >= SHARE * len(self.answered) or self._is_concentrated)

    @property
    def _is_concentrated(self) -> bool:
        best = self.best
        answered = [offer for offer in best.kept_out if offer.is_answered] if best else []
        return best is not None and len(best.returned) >= max(LEAST, len(answered) / 2)

    @cached_property
    def best(self) -> Change | None:
        """The one change that keeps out the most of these returns for the least that was good."""
        changes = [change for change in self._changes() if len(change.returned) >= LEAST and change.worth > 0]
        return max(changes, key=lambda change: change.worth, default=None)

    def _changes(self) -> Iterator[Change]:
        """Higher lines, the lowest first, then facts that could be asked for."""
        now = Definition.of(self.current.scorecard)
        for line in range(now.line + 1, min(now.line + HIGHER, 100) + 1):
            yield self._change(Definition(line, now.facts, now.personas, now.actions))
        for fact in FACTS:
            if fact not in now.facts:
                facts = tuple(name for name in FACTS if name in {*now.facts, fact})
                yield self._change(Definition(now.line, facts, now.personas, now.actions), fact)

    def _change(self, definition: Definition, fact: str = "") -> Change:
        judge = Judge(definition, self.answered, acts=self._acts)
        return Change(definition, fact, [offer for offer in self.answered if not judge.keeps(offer)])

    @cached_property
    def _acts(self) -> dict[int, list[datetime]]:
        return Judge(Definition.of(self.current.scorecard), self.answered).acts

    @property
    def finding(self) -> str:
        """The finding in a sentence, as the draft gives it for its reason."""
        found = ngettext(
            "%(n)d of %(all)d answered offers since %(day)s was returned as not what we agreed on.",
            "%(n)d of %(all)d answered offers since %(day)s were returned as not what we agreed on.",
            len(self.definitional),
        ) % {
            "n": len(self.definitional),
            "all": len(self.answered),
            "day": date_format(self.since, "j M Y"),
        }
        if self.best is None:
            return found
        best = self.best
        would = _(
            "If %(change)s, %(returned)d of these would have been kept out, and with them %(qualified)d that sales "
            "qualified and %(won)d that became customers."
        ) % {
            "change": best.words,
            "returned": len(best.returned),
            "qualified": len(best.qualified),
            "won": len(best.won),
        }
        return f"{found} {would}"


def propose(*, actor: User) -> Agreement:
    """Make a draft of what the returns ask for, with the finding as its reason."""
    evidence = Evidence.gather()
    terms = evidence.best.terms if evidence.gathers and evidence.best else {}
    return agreement.begin(actor=actor, why=evidence.finding, **terms)
