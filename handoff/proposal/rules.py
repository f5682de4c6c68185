"""Rules that could give otherwise: dropped, halved, one more that takes points away, or raised together with the line.

Each is tried on answered offers as their points were at the offer; only those that a rule is about are counted anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from handoff.foresight import Judge, Offer, Recount
from handoff.proposal.change import Change
from leads import points
from leads.definition import Definition

#: A rule that takes points away is tried with so many, one that is raised with so many more.
TAKEN, RAISED = (10, 20), (5, 10)
#: So many facts that returned leads share are tried, those first that the others share least.
SHARED = 12
#: Facts that tell kinds of leads apart; a name or an address tells one from another.
TELLING = ("industry", "country", "source")
SHORTEST, LONGEST = 4, 60


@dataclass
class Studied:
    """Answered offers, the table of points and the definition by which they would be made today."""

    offers: list[Offer]
    table: Mapping[str, Any]
    now: Definition
    acts: dict[int, list[datetime]]

    @cached_property
    def recount(self) -> Recount:
        return Recount(self.offers, self.table)

    @cached_property
    def returned(self) -> list[Offer]:
        return [offer for offer in self.offers if offer.is_definitional]

    def about(self, rule: points.Rule) -> list[Offer]:
        """The offers to which a rule gave points, or would have."""
        alone = {points.FIT: [], points.ENGAGEMENT: [], group_of(rule): [rule]}
        return [offer for offer in self.offers if self.recount.is_about(offer, alone)]

    def change(self, table: dict[str, Any], about: Iterable[Offer], words: str, *, line: int | None = None) -> Change:
        """What a table would have kept out, which gives otherwise only to these."""
        definition = replace(self.now, line=line or self.now.line)
        anew = {offer.handoff.pk: self.recount.points(offer, table) for offer in about}
        judge = Judge(definition, [], self.acts, points=lambda offer: anew.get(offer.handoff.pk, offer.anew))
        judged = self.offers if line else about
        return Change(definition, words, [offer for offer in judged if not judge.keeps(offer)], table)

    def with_rule(self, old: points.Rule | None, new: points.Rule | None) -> dict[str, Any]:
        """The table with one rule instead of another; None: without, or besides."""
        group = group_of(old or new or {})
        rules = [new if rule is old else rule for rule in self.table[group]]
        return {
            points.FIT: list(self.table[points.FIT]),
            points.ENGAGEMENT: list(self.table[points.ENGAGEMENT]),
            group: [rule for rule in [*rules, *([new] if old is None else [])] if rule is not None],
        }


def group_of(rule: Mapping[str, Any]) -> str:
    return points.FIT if "field" in rule else points.ENGAGEMENT


def changed_rules(studied: Studied, *, least: int) -> Iterator[Change]:
    """Changes of one rule each that could keep out at least so many returns."""
    given = [
        (rule, studied.about(rule)) for group in points.GROUPS for rule in studied.table[group] if rule["points"] > 0
    ]
    for rule, about in given:
        if sum(offer.is_definitional for offer in about) >= least:
            yield from _lowered(studied, rule, about)
    for rule in _taking(studied, least=least):
        about = studied.about(rule)
        for taken in TAKEN:
            table = studied.with_rule(None, {**rule, "points": -taken})
            words = _("a lead whose %(what)s loses %(n)d points") % {"what": points.asked(rule), "n": taken}
            yield studied.change(table, about, words)
    for rule, about in given:
        if any(offer.handoff.qualified_at for offer in about):
            yield from _raised(studied, rule, about)


def _lowered(studied: Studied, rule: points.Rule, about: list[Offer]) -> Iterator[Change]:
    words = _("“%(rule)s” gives no points") % {"rule": rule["label"]}
    yield studied.change(studied.with_rule(rule, None), about, words)
    if rule["points"] > 1:
        half = _worth(rule, rule["points"] // 2)
        yield studied.change(studied.with_rule(rule, half), about, _instead(rule, half))


def _raised(studied: Studied, rule: points.Rule, about: list[Offer]) -> Iterator[Change]:
    """Whoever has it stands as far above the line as before, whoever has not stands lower."""
    for more in RAISED:
        line, worth = studied.now.line + more, rule["points"] + more
        if line <= 100 and worth <= points.WEIGHT:
            high = _worth(rule, worth)
            words = _("%(rule)s, and the MQL line rises to %(line)d points") % {
                "rule": _instead(rule, high),
                "line": line,
            }
            yield studied.change(studied.with_rule(rule, high), about, words, line=line)


def _worth(rule: points.Rule, worth: int) -> points.Rule:
    """A rule with other points; its cap moves with them."""
    moved = {"cap": max(1, min(points.WEIGHT, round(rule["cap"] * worth / rule["points"])))} if "cap" in rule else {}
    return {**rule, "points": worth, **moved}


def _instead(rule: points.Rule, new: points.Rule) -> str:
    return _("“%(rule)s” gives %(n)d instead of %(was)d points") % {
        "rule": rule["label"],
        "n": new["points"],
        "was": rule["points"],
    }


def _taking(studied: Studied, *, least: int) -> list[points.Rule]:
    """Rules on facts that returned leads share, those first that the others share least."""
    returned = Counter(trait for offer in studied.returned for trait in _traits(studied.recount.facts(offer)))
    shared = {trait for trait, number in returned.items() if number >= least}
    everybody = Counter(
        trait for offer in studied.offers for trait in _traits(studied.recount.facts(offer)) if trait in shared
    )
    first = sorted(shared, key=lambda trait: (everybody[trait] - 2 * returned[trait], str(trait)))[:SHARED]
    rules = [_rule(*trait) for trait in first] + [_rule("size", "at_most", size) for size in _sizes(studied, least)]
    known = {points.key(rule) for rule in studied.table[points.FIT]}
    labels = {rule["label"].casefold() for rule in studied.table[points.FIT]}
    return [rule for rule in rules if points.key(rule) not in known and rule["label"].casefold() not in labels]


def _rule(field: str, op: str, value: Any) -> points.Rule:
    rule = {"label": "", "field": field, "op": op, "value": value, "points": -TAKEN[0]}
    label = points.asked(rule)
    return {**rule, "label": f"{label[:1].upper()}{label[1 : points.LABEL]}"}


def _traits(facts: Mapping[str, Any]) -> set[tuple[str, str, str]]:
    """What of a lead's facts others may share."""
    told = {name: value for name, value in facts.items() if name in TELLING or name.startswith(points.CUSTOM)}
    found = {
        (name, "is", str(value).strip())
        for name, value in told.items()
        if isinstance(value, str) and 0 < len(value.strip()) <= LONGEST
    }
    words = str(facts.get("job_title") or "").casefold().replace(",", " ").split()
    return found | {("job_title", "contains", word) for word in words if SHORTEST <= len(word) <= LONGEST}


def _sizes(studied: Studied, least: int) -> list[int]:
    """Sizes up to which enough returned leads' companies go: half of them, and all."""
    known = [studied.recount.facts(offer).get("size") for offer in studied.returned]
    sizes = sorted(size for size in known if isinstance(size, int))
    return sorted({sizes[max(least, len(sizes) // 2) - 1], sizes[-1]}) if len(sizes) >= least else []
