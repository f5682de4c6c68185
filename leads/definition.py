"""What an MQL is: the line, the facts and the personas that it asks for, and the actions that skip the line."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from leads.models import Scorecard

#: Facts that a definition may ask for, by their name in a lead's facts.
FACTS: dict[str, Any] = {
    "name": _("name"),
    "email": _("e-mail"),
    "business_email": _("business e-mail"),
    "phone": _("phone"),
    "job_title": _("job title"),
    "company": _("company"),
    "industry": _("industry"),
    "size": _("staff"),
    "country": _("country"),
}
#: What stands among what is missing when a lead is of no persona that was asked for.
PERSONA = "persona"
#: Actions that a definition may let skip the line. Who asks to talk is offered at once in any case.
ACTIONS: dict[str, Any] = {
    "web:pricing": _("Read the pricing page"),
    "form:submit": _("Filled in a form"),
    "email:reply": _("Replied to an e-mail"),
    "event:attended": _("Came to an event"),
    "call:spoke": _("Spoke on the phone"),
    "meeting:met": _("Met"),
}

#: Other things that leads do and rules of the points name.
TOUCHES: dict[str, Any] = {
    "web:page": _("Looked at a page"),
    "web:order": _("Ordered in the shop"),
    "web:identified": _("Said on the website who they are"),
    "form:hand_raise": _("Asked to talk"),
    "form:newsletter": _("Subscribed to the newsletter"),
    "email:open": _("Opened an e-mail"),
    "email:click": _("Clicked an e-mail"),
    "email:sent": _("Was written to"),
    "event:met": _("Met at an event"),
    "event:registered": _("Registered for an event"),
    "call:no_answer": _("Was called, no answer"),
    "call:left_message": _("Was called, message left"),
    "message:told": _("Was told"),
}

#: An action skips the line for so long; after that it has passed.
LASTS = timedelta(days=30)


def touch(kind: str) -> str:
    """What a lead does, in words; of a kind that somebody's own site or program made up, its own words."""
    known = ACTIONS.get(kind) or TOUCHES.get(kind)
    return str(known) if known else kind.replace(":", ", ").replace("_", " ").capitalize()


def named(fact: str) -> str:
    """A fact, or the persona, in words."""
    return str(_("persona") if fact == PERSONA else FACTS.get(fact, fact))


@dataclass(frozen=True)
class Definition:
    """The definition of an MQL as plain data: nothing here knows a lead, so any moment of one can be asked about."""

    line: int
    facts: tuple[str, ...] = ()
    personas: frozenset[int] = frozenset()
    actions: tuple[str, ...] = ()

    @classmethod
    def of(cls, card: Scorecard) -> Definition:
        return cls(card.mql_line, tuple(card.required_facts), frozenset(card.personas), tuple(card.high_intent))

    def missing(self, facts: Mapping[str, Any], persona: int | None) -> list[str]:
        """What is asked for and not there, by name; empty when nothing is."""
        lacking = [name for name in self.facts if facts.get(name) in (None, "")]
        return [*lacking, PERSONA] if self.personas and persona not in self.personas else lacking

    def met(self, points: int, *, missing: Collection[str], acted: bool = False) -> bool:
        """Whether so many points, or an action that skips the line, make an MQL of somebody who lacks this."""
        return not missing and (acted or points >= self.line)


def acted(leads: Collection[int], actions: Collection[str], *, at: datetime) -> dict[int, tuple[datetime, str]]:
    """The newest of these actions that each lead did lately, since it came to where it stands, with its kind."""
    if not actions or not leads:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT ON (done.lead_id) done.lead_id, done.at, done.kind FROM leads_activity done "
            "JOIN leads_lead lead ON lead.id = done.lead_id AND done.at >= lead.stage_since "
            "WHERE done.lead_id = ANY(%s) AND done.kind = ANY(%s) AND NOT done.imported AND done.at > %s "
            "ORDER BY done.lead_id, done.at DESC, done.id DESC",
            [list(leads), list(actions), at - LASTS],
        )
        return {lead: (at, kind) for lead, at, kind in cursor.fetchall()}
