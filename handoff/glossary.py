"""The shared words and what the agreement in force makes them mean, for wherever they stand."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from handoff.models import Agreement
from handoff.wording import length, persona_names, words
from leads.definition import ACTIONS, named


class Entry(NamedTuple):
    """A word and what it means."""

    word: str
    text: str


class Glossary(NamedTuple):
    """Every word of one version."""

    version: int
    entries: dict[str, Entry]


@lru_cache(maxsize=64)
def of(pk: int, language: str) -> Glossary:
    """The words of a version that is or was in force: it never changes, so a process reads it once a language."""
    agreed = Agreement.objects.select_related("scorecard").get(pk=pk)
    with override(language):
        return Glossary(agreed.version, _entries(agreed))


def _entries(agreed: Agreement) -> dict[str, Entry]:
    accept, attempt = length(agreed.accept_within), length(agreed.attempt_within)
    raised, contact = length(agreed.hand_raise_within), length(agreed.contact_within)
    days = ngettext("%(n)d business day", "%(n)d business days", agreed.attempts_days) % {"n": agreed.attempts_days}
    return {
        "mql": Entry(_("MQL, marketing qualified lead"), _mql(agreed)),
        "offered": Entry(
            _("Offered"),
            _("Every hand-off that sales was asked to answer; one sent on to another rep is an offer of its own, one "
              "that came back from a deal is none. Marketing's promise counts what marketing hands over, what crosses "
              "the MQL line and who asked to talk, each once."),
        ),
        "sal": Entry(
            _("SAL, sales accepted lead"),
            _("Sales has said that the offer meets the definition. An answer is promised within %(accept)s.")
            % {"accept": accept},
        ),
        "sql": Entry(
            _("SQL, sales qualified lead"),
            _("Somebody of each team has said by name that there is something to sell; sales may open a deal.")
            if agreed.both_qualify
            else _("Somebody of either team has said by name that there is something to sell; sales may open a deal."),
        ),
        "procedural": Entry(
            _("Procedural return"), _("A good lead at the wrong rep: it goes on to the right one at once.")
        ),
        "clerical": Entry(
            _("Clerical return"), _("Something about the record is missing or wrong: marketing mends that first.")
        ),
        "definitional": Entry(
            _("Definitional return"),
            _("Not what both teams agreed on: back to nurture, and evidence for another definition."),
        ),
        "answer": Entry(
            _("Promise: answer"),
            _("Sales accepts or returns an offer within %(accept)s of business time, one that asked to talk within "
              "%(raised)s.") % {"accept": accept, "raised": raised},
        ),
        "attempt": Entry(
            _("Promise: first attempt"),
            _("Sales calls or writes within %(attempt)s of business time after accepting. An attempt is not a contact.")
            % {"attempt": attempt},
        ),
        "contact": Entry(
            _("Promise: two-way contact"),
            _("They have spoken, met or replied within %(contact)s of business time after accepting.")
            % {"contact": contact},
        ),
        "unreachable": Entry(
            _("Unreachable"),
            _("Sales has tried %(n)d times over at least %(days)s, and nobody answered.")
            % {"n": agreed.attempts, "days": days},
        ),
    }  # fmt: skip


def _mql(agreed: Agreement) -> str:
    said = [_("At least %(line)d of 100 points.") % {"line": agreed.mql_line}]
    if agreed.required_facts:
        facts = ", ".join(named(name) for name in agreed.required_facts)
        said.append(_("Known: %(facts)s.") % {"facts": facts})
    if agreed.personas:
        personas = words("personas", agreed.personas, persona_names())
        said.append(_("Persona: %(personas)s.") % {"personas": personas})
    if agreed.high_intent:
        actions = ", ".join(str(ACTIONS.get(kind, kind)) for kind in agreed.high_intent)
        said.append(_("Whatever the points: %(actions)s.") % {"actions": actions})
    said.append(_("Or they asked to talk, or marketing hands them over saying why now."))
    return " ".join(said)
