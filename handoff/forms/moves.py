"""Which acts lead from lane to lane, and who may do them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.translation import get_language

from accounts.models import User
from handoff.forms.acts import ACTS, Advance
from handoff.forms.saying import ActForm
from leads import rights
from leads.models import Lead
from personas.choices import DealStep, Stage

#: From lane to lane: the acts that lead there, in the order in which they are tried. A lane is a stage, a stand of the
#: hand-off, or a step of the deal. Passing on stays in its lane: the lead changes hands there.
MOVES: dict[str, dict[str, tuple[str, ...]]] = {
    "tofu": {"mql": ("offer", "claim_early"), "out": ("disqualify",)},
    "mql": {"sal": ("accept",), "tofu": ("return", "withdraw"), "out": ("disqualify",), "mql": ("reassign",)},
    "sal": {
        "sql": ("qualify",),
        "discovery": ("open_deal",),
        "tofu": ("recycle",),
        "out": ("disqualify",),
        "sal": ("reassign",),
    },
    "sql": {"discovery": ("open_deal",), "tofu": ("recycle",), "out": ("disqualify",), "sql": ("reassign",)},
    **{
        step: {
            **{other: ("advance",) for other in DealStep.values if other != step},
            "customer": ("win",),
            "sal": ("requalify",),
            "tofu": ("lose",),
            "out": ("disqualify",),
        }
        for step in DealStep.values
    },
    "customer": {"mql": ("expand",), "tofu": ("churn",), "out": ("disqualify",)},
    "out": {"tofu": ("reopen",)},
}
STAGE_OF = {
    "tofu": Stage.TOFU, "mql": Stage.MOFU, "sal": Stage.MOFU, "sql": Stage.MOFU,
    **dict.fromkeys(DealStep.values, Stage.BOFU), "customer": Stage.CUSTOMER, "out": Stage.OUT,
}  # fmt: skip


class _At:
    """Something that stands in a stage: enough for `rights` to answer."""

    def __init__(self, stage: str) -> None:
        self.stage = stage


def moves_from(lane: str, actor: User) -> tuple[dict[str, Any], ...]:
    """Every move out of a lane: `to`, the act, its label, and `why` it is not open to this person (empty if it is)."""
    return _moves(lane, actor.team, get_language())


@lru_cache(maxsize=256)
def _moves(lane: str, team: str, language: str | None) -> tuple[dict[str, Any], ...]:
    """The same for every card of a lane and everybody of a team: who may do an act is a matter of both alone."""
    here, actor, moves = _At(STAGE_OF[lane]), User(team=team), []
    for to, acts in MOVES[lane].items():
        act = next((act for act in acts if rights.may(actor, act, here)), acts[0])
        why = "" if rights.may(actor, act, here) else rights.who_may(act, here)
        form = ACTS[act]
        moves.append({"to": to, "act": act, "label": form.title, "why": why, "asks": asks(form)})
    return tuple(moves)


def asks(form: type[ActForm]) -> bool:
    """Whether this act needs a form to be filled in, or one click does it."""
    visible = [name for name, field in form.base_fields.items() if not field.widget.is_hidden]
    return bool(visible) and form is not Advance


def permitted(actor: User, act: str, lead: Lead) -> None:
    """Refuse an act: 403 by team, a ValidationError when the stage does not know it (the page is stale)."""
    if lead.stage not in rights.ACTS[act]:
        raise ValidationError(rights.who_may(act, lead))
    if not rights.may(actor, act, lead):
        raise PermissionDenied(rights.who_may(act, lead))
    ACTS[act].check(lead)
