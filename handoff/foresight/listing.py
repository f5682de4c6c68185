"""The leads behind each number of a replay: what a click on it opens."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from handoff.foresight.ahead import COUNTED, Foresight
from handoff.foresight.offers import Offer
from handoff.foresight.promises import PROMISES
from leads.models import Lead

PAGE = 100


@dataclass
class Listed:
    """The leads that a number counts, in its order; offers among them carry what became of them and their points."""

    title: str
    of: str
    offers: list[Offer] = field(default_factory=list)
    leads: list[Lead] = field(default_factory=list)

    @property
    def total(self) -> int:
        return len(self.offers) + len(self.leads)

    def page(self, number: int) -> tuple[list[Offer], list[Lead], int]:
        """One page of them, and the number of the next one; 0 where there is none."""
        begin = (max(number, 1) - 1) * PAGE
        end = begin + PAGE
        return self.offers[begin:end], self.leads[begin:end], max(number, 1) + 1 if self.total > end else 0


def listed(ahead: Foresight, of: str) -> Listed | None:
    """What a number of the replay counts, by its name in an address; None where there is no such number."""
    group, _dot, rest = of.partition(".")
    number, _dot, side = rest.partition(".")
    if group == "offers" and number.isdecimal() and int(number) < len(COUNTED):
        return _of_offers(ahead, of, COUNTED[int(number)], side)
    if group == "promise" and (label := dict(PROMISES).get(number)) and side in ("given", "kept", "to-give", "to-keep"):
        judged = ahead.judged(number)
        leads = {
            "given": [one.handoff for one in judged],
            "kept": [one.handoff for one in judged if one.was],
            "to-give": [one.handoff for one in judged if one.made],
            "to-keep": [one.handoff for one in judged if one.made and one.would],
        }[side]
        return Listed(f"{label}: {_sides(ahead)[side]}", of, leads=[one.lead for one in leads])
    simple: dict[str, Any] = {
        "returned": lambda: Listed(_("Returned, and kept out"), of, ahead.returned_kept_out),
        "wins": lambda: Listed(_("Customers who would not have been offered"), of, ahead.wins_lost),
        "besides": lambda: Listed(_("Would have become an MQL besides"), of, leads=[one for one, _n in ahead.would_be]),
        "at-once": lambda: Listed(_("Offered at once"), of, leads=ahead.at_once),
    }
    return simple[of]() if of in simple else None


def _sides(ahead: Foresight) -> dict[str, str]:
    version = {"v": ahead.draft}
    return {
        "given": _("given"),
        "kept": _("kept, as agreed then"),
        "to-give": _("given under %(v)s") % version,
        "to-keep": _("kept under %(v)s") % version,
    }


def _of_offers(ahead: Foresight, of: str, line: Any, side: str) -> Listed | None:
    label, counts = line
    made = [offer for offer in ahead.offered if counts(offer)]
    out = {offer.handoff.pk for offer in ahead.kept_out}
    if side == "before":
        return Listed(f"{label}, {ahead.current}", of, made)
    if side == "after":
        kept = [offer for offer in made if offer.handoff.pk not in out]
        return Listed(f"{label}, {ahead.draft}", of, kept)
    if side == "out":
        return Listed(_("%(what)s, kept out") % {"what": label}, of, [one for one in made if one.handoff.pk in out])
    return None
