"""What programs may be told of, and the lines of the timeline that say so."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

KINDS: dict[str, Any] = {
    "lead.created": _("A lead comes in"),
    "lead.updated": _("A lead's record changes"),
    "lead.stage_changed": _("A lead moves to another stage"),
    "handoff.offered": _("A lead is offered to sales"),
    "handoff.accepted": _("Sales accepts a lead"),
    "handoff.qualified": _("A lead is qualified"),
    "handoff.returned": _("Sales returns a lead"),
    "handoff.recycled": _("A lead goes back to nurture"),
    "handoff.withdrawn": _("An offer is taken back"),
    "handoff.reassigned": _("A lead goes to other hands"),
    "handoff.undone": _("An act is taken back"),
    "deal.opened": _("A deal is opened"),
    "deal.updated": _("A deal changes"),
    "deal.won": _("A deal is won"),
    "deal.lost": _("A deal is lost"),
}
#: What is sent to see whether it arrives.
TEST = "test"
#: The line of a timeline -> the event it is.
LINES = {
    "lead:edit": "lead.updated",
    "handoff:offer": "handoff.offered",
    "handoff:claim_early": "handoff.offered",
    "handoff:accept": "handoff.accepted",
    "handoff:qualify": "handoff.qualified",
    "handoff:return": "handoff.returned",
    "handoff:recycle": "handoff.recycled",
    "handoff:unreachable": "handoff.recycled",
    "handoff:withdraw": "handoff.withdrawn",
    "handoff:reassign": "handoff.reassigned",
    "handoff:undo": "handoff.undone",
    "deal:open": "deal.opened",
    "deal:edit": "deal.updated",
    "deal:step": "deal.updated",
    "deal:win": "deal.won",
    "deal:lose": "deal.lost",
}
