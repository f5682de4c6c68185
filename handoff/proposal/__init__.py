"""When returns gather that say 'not what we agreed on', the change of the agreement that they ask for.

Only offers count that today's agreement would make too: what has been agreed against since asks for nothing any more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from math import ceil

from django.core.exceptions import ValidationError
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from handoff import agreement
from handoff.foresight import SPAN, Judge, Offer, Recount, offers
from handoff.models import Agreement
from handoff.proposal.change import Change
from handoff.proposal.rules import Studied, changed_rules
from leads import clock, rights
from leads.definition import FACTS, Definition, named

#: So many returns are looked at where they are this share of all that was answered: three of twelve are no accident,
#: three of a hundred are. So many more are, however many were answered, if one change would keep out mostly them.
LEAST, SHARE, MANY = 3, 0.25, 5
#: A line is looked for so many points above the one that is agreed.
HIGHER = 30
#: Changes of single rules are tried on so many answered offers, the newest first.
STUDIED = 5_000


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
        """Those that sales answered, with the points that they have by today's table."""
        answered = [offer for offer in self.offers if offer.is_answered]
        recount = Recount(answered, self.current.points)
        for offer in answered:
            offer.anew = recount.points(offer, self.current.points)
        judge = self._judge(self._now, answered)
        return [offer for offer in answered if judge.keeps(offer)]

    @cached_property
    def definitional(self) -> list[Offer]:
        return [offer for offer in self.answered if offer.is_definitional]

    @property
    def gathers(self) -> bool:
        """Enough of them: a good share of all, or many that are a good share of what a change would keep out."""
        number = len(self.definitional)
        return number >= LEAST and (number >= SHARE * len(self.answered) or (number >= MANY and self._is_concentrated))

    @property
    def wanting(self) -> int:
        """How many more such returns there are, and nothing else is answered, until they gather; 0 where they do."""
        number, answered = len(self.definitional), len(self.answered)
        share = ceil((SHARE * answered - number) / (1 - SHARE))
        return 0 if self.gathers else max(LEAST - number, share, 1)

    @property
    def still(self) -> str:
        """How far the returns are from a proposal, in a sentence or two."""
        few = ngettext(
            "%(n)d more return of this kind and a change is looked for that would have kept them out.",
            "%(n)d more returns of this kind and a change is looked for that would have kept them out.",
            self.wanting,
        ) % {"n": self.wanting}
        sooner = MANY - len(self.definitional)
        if not 0 < sooner < self.wanting:
            return f"{self._found} {few}"
        or_sooner = _("After %(n)d more it is looked for as well, where one change would keep out mostly them.")
        return f"{self._found} {few} {or_sooner % {'n': sooner}}"

    @property
    def _is_concentrated(self) -> bool:
        return self.best is not None and len(self.best.returned) >= max(MANY, len(self.best.kept_out) / 2)

    @cached_property
    def best(self) -> Change | None:
        """The one change that keeps out the most of these returns for the least that was good, and for the fewest."""
        changes = [change for change in self._changes() if len(change.returned) >= LEAST and change.worth > 0]
        return max(changes, key=lambda change: (change.worth, -len(change.kept_out)), default=None)

    def _changes(self) -> Iterator[Change]:
        """Higher lines, the lowest first, then facts that could be asked for, then rules that could give otherwise."""
        if len(self.definitional) < LEAST:
            return
        now = self._now
        for line in range(now.line + 1, min(now.line + HIGHER, 100) + 1):
            words = _("the MQL line rises to %(line)d points") % {"line": line}
            yield self._change(Definition(line, now.facts, now.personas, now.actions), words)
        for fact in FACTS:
            if fact not in now.facts:
                facts = tuple(name for name in FACTS if name in {*now.facts, fact})
                words = _("a lead without %(fact)s no longer crosses the line") % {"fact": named(fact)}
                yield self._change(Definition(now.line, facts, now.personas, now.actions), words)
        yield from changed_rules(Studied(self.answered[:STUDIED], self.current.points, now, self._acts), least=LEAST)

    def _change(self, definition: Definition, words: str) -> Change:
        judge = self._judge(definition, self.answered, acts=self._acts)
        return Change(definition, words, [offer for offer in self.answered if not judge.keeps(offer)])

    @property
    def _now(self) -> Definition:
        return Definition.of(self.current.scorecard)

    @staticmethod
    def _judge(definition: Definition, answered: list[Offer], acts: dict[int, list[datetime]] | None = None) -> Judge:
        return Judge(definition, answered, acts, points=lambda offer: offer.anew)

    @cached_property
    def _acts(self) -> dict[int, list[datetime]]:
        return self._judge(self._now, self.answered).acts

    @property
    def finding(self) -> str:
        """The finding in a sentence, as the draft gives it for its reason."""
        return f"{self._found} {self.best.replay}" if self.best else self._found

    @property
    def _found(self) -> str:
        return ngettext(
            "%(n)d of %(all)d answered offers since %(day)s was returned as not what we agreed on.",
            "%(n)d of %(all)d answered offers since %(day)s were returned as not what we agreed on.",
            len(self.definitional),
        ) % {
            "n": len(self.definitional),
            "all": len(self.answered),
            "day": date_format(self.since, "j M Y"),
        }


def propose(*, actor: User) -> Agreement:
    """Make a draft of what the returns ask for, with the finding as its reason.

    Raises ValidationError where a draft is open or they ask for nothing any more, and PermissionDenied where they ask
    for other points and the actor writes none.
    """
    agreement.check_none_begun()
    evidence = Evidence.gather()
    if not (evidence.gathers and evidence.best):
        raise ValidationError(_("The returns no longer ask for a change. Nothing was begun."))
    if evidence.best.points is not None:
        rights.permit(actor, "points")
    return agreement.begin(actor=actor, why=evidence.finding, **evidence.best.terms)
