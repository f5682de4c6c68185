"""How fast interest fades, measured on how leads ended: a report that proposes half-lives and switches nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from leads import engagement
from leads.engagement import HALF_LIVES, HEADLINE, Touches
from leads.learning import model
from leads.learning.labels import labelled
from leads.models import Scorecard
from leads.past import touches_at

#: Fewer outcomes, or of one class, tell half-lives apart by luck alone; so do fewer leads that did a thing.
OUTCOMES, OF_EACH, LEADS = 100, 15, 30
FOLDS, SEED = 5, 1
#: Nats an outcome by which another half-life must foresee better, beyond chance, to be proposed.
LEAST = 0.001
LIVES: tuple[int | None, ...] = (*HALF_LIVES, None)
BATCH = 5_000


@dataclass
class Finding:
    """What the outcomes say of one kind of touch, or of all together (`kind` is empty then).

    `losses` are held-out log losses by half-life, in nats an outcome; `constant` is that of the share of wins alone.
    """

    kind: str
    leads: int
    agreed: int | None
    losses: dict[int | None, float]
    constant: float
    proposed: int | None
    why: str

    def data(self) -> dict[str, Any]:
        losses = {said(days): round(loss, 5) for days, loss in self.losses.items()}
        return {
            "kind": self.kind,
            "leads": self.leads,
            "agreed": said(self.agreed),
            "held_out_log_loss": losses,
            "constant": round(self.constant, 5),
            "proposed": said(self.proposed),
            "why": self.why,
        }


@dataclass
class Report:
    """Findings, all touches first, or why there are none."""

    outcomes: int
    wins: int
    why: str
    findings: list[Finding]

    def data(self) -> dict[str, Any]:
        found = [finding.data() for finding in self.findings]
        return {"outcomes": self.outcomes, "won": self.wins, "why": self.why, "findings": found}


def said(half_life: int | None) -> str:
    """A half-life as the report names it."""
    return "none" if half_life is None else str(half_life)


def report() -> Report:
    """Hold each half-life against how leads ended: touches up to the offer, or up to the end of who was not offered.

    Who has only waited has no end: how long they were silent by then would say it all.
    """
    import numpy as np

    known = [label for label in labelled(model.settings()).found if label.newest]
    won = np.array([label.won for label in known], dtype=float)
    wins = int(won.sum())
    if len(known) < OUTCOMES or min(wins, len(known) - wins) < OF_EACH:
        few = {"n": len(known), "won": wins, "least": OUTCOMES, "each": OF_EACH}
        why = _("Too few outcomes: %(n)d, %(won)d won. %(least)d are needed, %(each)d of them won and as many lost.")
        return Report(len(known), wins, why % few, [])
    moments = [(label.lead, label.offered or label.at) for label in known]
    rows = [done for begin in range(0, len(moments), BATCH) for done in touches_at(moments[begin : begin + BATCH])]
    return Report(len(known), wins, "", list(_findings(rows, won)))


def _findings(rows: Sequence[Mapping[str, Touches]], won: Any) -> Iterator[Finding]:
    agreed = {rule.kind: rule.half_life for rule in _rules()}
    yield _finding("", rows, won, HEADLINE)
    for kind in sorted({kind for touches in rows for kind in touches}):
        own = [{kind: row[kind]} if kind in row else {} for row in rows]
        yield _finding(kind, own, won, agreed.get(kind, HEADLINE))


def _rules() -> list[engagement.Rule]:
    card = Scorecard.objects.get(in_force=True)
    return [rule for rule in engagement.rules(card.points) if rule.is_each]


def _finding(kind: str, rows: Sequence[Mapping[str, Touches]], won: Any, agreed: int | None) -> Finding:
    import numpy as np

    from leads.learning import maths

    leads = sum(map(bool, rows))
    constant = maths.log_loss(won, _held_out(np.zeros(len(rows)), won))
    if leads < LEADS:
        why = _("Too few leads did it: %(n)d of at least %(least)d.") % {"n": leads, "least": LEADS}
        return Finding(kind, leads, agreed, {}, constant, agreed, why)
    costs = {}
    for half_life in LIVES:
        sums = [sum(touches.worth(half_life) for touches in row.values()) for row in rows]
        costs[half_life] = maths.log_losses(won, _held_out(np.log1p(np.array(sums, dtype=float)), won))
    losses = {half_life: float(cost.mean()) for half_life, cost in costs.items()}
    best = min(losses, key=lambda half_life: losses[half_life])
    surely = best != agreed and maths.is_sure(costs[agreed] - costs[best], LEAST)
    if min(losses.values()) >= constant:
        surely, why = False, _("It foresees nothing: no half-life is better than the share of wins.")
    elif surely:
        why = _("%(best)s foresees better than %(agreed)s, by more than chance would.")
    else:
        why = _("Nothing speaks surely against %(agreed)s.")
    why %= {"best": words(best), "agreed": words(agreed)}
    return Finding(kind, leads, agreed, losses, constant, best if surely else agreed, why)


def words(half_life: int | None) -> str:
    """A half-life in words."""
    return _("no half-life") if half_life is None else _("%(n)d days") % {"n": half_life}


def _held_out(values: Any, won: Any) -> Any:
    """The chance of each by a logistic of one variable that learned from the other folds, drawn by lot."""
    import numpy as np

    from leads.learning.maths import sigmoid

    chances = np.zeros(len(won))
    for fold in np.array_split(np.random.default_rng(SEED).permutation(len(won)), FOLDS):
        known = np.ones(len(won), dtype=bool)
        known[fold] = False
        level, slope, scale = _fitted(values[known], won[known])
        chances[fold] = sigmoid(level + slope * values[fold] / scale)
    return chances


def _fitted(values: Any, won: Any) -> tuple[float, float, float]:
    """Level, slope and scale of a logistic, by Newton's method; a prior of N(0, 2) keeps the slope finite."""
    import numpy as np

    from leads.learning.maths import logit, sigmoid

    scale = float(values.std()) or 1.0
    x = np.column_stack([np.ones(len(values)), values / scale])
    prior = np.diag([1e-9, 0.25])
    w = np.array([float(logit(won.mean())), 0.0])
    for _turn in range(25):
        chances = sigmoid(x @ w)
        slope = x.T @ (won - chances) - prior @ w
        step = np.linalg.solve((x * (chances * (1 - chances))[:, None]).T @ x + prior, slope)
        w = w + np.clip(step, -2, 2)
        if float(np.abs(step).max()) < 1e-9:
            break
    return float(w[0]), float(w[1]), scale
