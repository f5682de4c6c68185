"""How true chances are: plain measures of predictions against what happened, in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
#: No chance is nearer to never or always than this, so that one surprise does not cost infinitely much.
LEAST = 1e-6


def sigmoid(logits: Array) -> Array:
    """1 / (1 + e^-x), without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * np.asarray(logits, dtype=float))))


def logit(chances: Array | float) -> Array:
    held = np.clip(chances, LEAST, 1 - LEAST)
    return np.asarray(np.log(held) - np.log1p(-held))


def log_losses(won: Array, chances: Array) -> Array:
    """What each prediction cost, in nats."""
    held = np.clip(chances, LEAST, 1 - LEAST)
    return np.asarray(-np.where(won > 0, np.log(held), np.log1p(-held)))


def log_loss(won: Array, chances: Array) -> float:
    return float(log_losses(won, chances).mean())


def is_sure(gains: Array, least: float) -> bool:
    """Whether what was gained, outcome by outcome, is more than `least` and than chance would give (one error)."""
    return bool(len(gains)) and float(gains.mean()) > max(least, float(gains.std()) / len(gains) ** 0.5)


def auc(won: Array, chances: Array) -> float | None:
    """The share of pairs of a win and a loss that stand in the right order, ties half; None without both."""
    wins = int((won > 0).sum())
    losses = len(won) - wins
    if not wins or not losses:
        return None
    _values, place, counts = np.unique(chances, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks = (ends - (counts - 1) / 2)[place]  # the middle rank of equals
    return float((ranks[won > 0].sum() - wins * (wins + 1) / 2) / (wins * losses))


def tenths(won: Array, chances: Array, groups: int = 10) -> list[dict[str, float]]:
    """Groups of equal size from the least to the greatest chance: how many, predicted and seen share of wins."""
    return [
        {"count": len(part), "predicted": float(chances[part].mean()), "seen": float(won[part].mean())}
        for part in grouped(chances, groups)
    ]


def grouped(chances: Array, groups: int = 10) -> list[Any]:
    """The places of groups of equal size, from the least to the greatest chance; fewer where there are fewer."""
    return [part for part in np.array_split(np.argsort(chances, kind="stable"), groups) if len(part)]


def calibration_error(won: Array, chances: Array) -> float:
    """How far predicted and seen shares lie apart, on average over ten groups of equal size (ECE)."""
    groups = tenths(won, chances)
    return sum(one["count"] * abs(one["predicted"] - one["seen"]) for one in groups) / max(len(won), 1)


def lift(won: Array, chances: Array) -> list[float]:
    """How many times as many wins as on average each tenth has, the greatest chances first."""
    share = float(won.mean()) if len(won) else 0.0
    return [one["seen"] / share for one in reversed(tenths(won, chances))] if share else []


def psi(before: Array, now: Array) -> float:
    """Population stability index of two counts over the same bins; above .25 a column has drifted.

    Half a lead is added to each bin, so that an empty one does not count infinitely much.
    """
    was = (before + 0.5) / (before.sum() + 0.5 * len(before))
    new = (now + 0.5) / (now.sum() + 0.5 * len(now))
    return float(((new - was) * np.log(new / was)).sum())


def slope(won: Array, logits: Array) -> tuple[float, float]:
    """The line `a * logit + c` that would have predicted best: a is 1 where chances are as sure as they should be.

    Logistic regression by Newton's method (Platt 1999), held to the line as it is by a faint prior, so that a few
    outcomes of one class give no infinite slope.
    """
    theta, x = np.array([1.0, 0.0]), np.column_stack([logits, np.ones(len(logits))])
    prior = np.array([1.0, 1.0])  # a ~ N(1, 1), c ~ N(0, 1)
    for _turn in range(50):
        chances = sigmoid(x @ theta)
        gradient = x.T @ (chances - won) + prior * (theta - [1.0, 0.0])
        hessian = (x * (chances * (1 - chances))[:, None]).T @ x + np.diag(prior)
        step = np.linalg.solve(hessian, gradient)
        theta = theta - step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-12))
        if np.abs(step).max() < 1e-9:
            break
    return float(theta[0]), float(theta[1])


def figures(won: Array, chances: Array) -> dict[str, Any]:
    """All of it at once, as the page and the command say it."""
    return {
        "outcomes": len(won),
        "won": int(won.sum()),
        "auc": auc(won, chances),
        "log_loss": log_loss(won, chances),
        "calibration_error": calibration_error(won, chances),
        "tenths": tenths(won, chances),
        "lift": lift(won, chances),
    }
