"""The prior-centred scorecard: a logistic regression over bins that begins as the agreed points and learns from there.

`logit p = b + k * points / 10 + sum(w[bin])`, maximum a posteriori with k ~ N(.35, .25) and w ~ N(0, .5): with no
outcomes it is the points, and each outcome moves it as far as it is evidence, without a cliff.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from leads.learning.bins import UNKNOWN, Bins
from leads.learning.maths import Array, logit, sigmoid

K, K_SPREAD = 0.35, 0.25
#: How sure we are of the stated win rate, on the logit.
B_SPREAD = 0.5
#: How far a bin may lie from the points. With few outcomes the evidence chooses a narrower one.
W_SPREADS = (0.5, 0.25, 0.12, 0.06)
#: What each wider spread must be worth, in nats of evidence: the points stand until outcomes speak against them.
WIDER = 0.5
FEW = 3_000
#: With more weights than this, the second derivatives cost more than they save.
MANY_WEIGHTS = 400
BLOCK = 8_192

Codes = NDArray[np.int32]
#: A column is a list of words and numbers, or an array of numbers.
Columns = Mapping[str, Any]


@dataclass
class Weights:
    """What was learned: the level, what ten points are worth, and a weight for each bin of each column."""

    b: float
    k: float
    bins: list[Bins]
    w: list[Array]
    means: list[float]
    mean_points: float
    spread: float

    @property
    def base(self) -> float:
        """The log-odds of the average lead."""
        return self.b + self.k * self.mean_points / 10 + sum(self.means)

    def logits(self, columns: Columns, points: Array) -> Array:
        """The log-odds of many leads."""
        total = self.b + self.k * np.asarray(points, dtype=float) / 10
        for bins, w in zip(self.bins, self.w, strict=True):
            total += w[places(bins, columns[bins.name])]
        return total


def places(bins: Bins, values: Any) -> Codes:
    """The bins of a whole column."""
    if bins.numeric and isinstance(values, np.ndarray):
        found = np.searchsorted(bins.edges, values, side="right").astype(np.int32) + 1
        found[~np.isfinite(values)] = UNKNOWN
        return found
    known = {value: bins.place(value) for value in set(values)}
    return np.fromiter(map(known.__getitem__, values), dtype=np.int32, count=len(values))


def level(rate: float, points: Array, k: float = K) -> float:
    """The `b` with which leads of these points are won at a stated rate, on average."""
    low, high = -30.0, 30.0
    if not len(points):
        return float(logit(rate))
    for _turn in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if sigmoid(middle + k * points / 10).mean() < rate else (low, middle)
    return (low + high) / 2


def fit(
    bins: Sequence[Bins],
    columns: Columns,
    points: Array,
    won: Array,
    *,
    rate: float,
    weights: Array | None = None,
    spread: float | None = None,
    codes: Sequence[Codes] | None = None,
) -> Weights:
    """Learn from outcomes. `rate` is the win rate that people state, `weights` what each row counts for.

    Without a `spread` the evidence chooses one while outcomes are few. `codes` are the bins of the columns, if they
    are known already.
    """
    codes = codes or [places(one, columns[one.name]) for one in bins]
    kept = [place for place, found in enumerate(codes) if len(found) and found.min() != found.max()]
    bins, codes = [bins[place] for place in kept], [codes[place] for place in kept]
    row = np.ones(len(won)) if weights is None else np.asarray(weights, dtype=float)
    problem = _Problem(bins, codes, np.asarray(points, dtype=float), np.asarray(won, dtype=float), row, rate)
    theta, spread = problem.solve(spread)
    w = [theta[start : start + one.size] for start, one in zip(problem.starts, bins, strict=True)]
    total = max(float(row.sum()), 1e-9)
    means = [float((one[found] * row).sum() / total) for one, found in zip(w, codes, strict=True)]
    mean_points = float((problem.points * row).sum() / total)
    k = float(theta[1])
    return Weights(float(theta[0]) - k * problem.middle, k, list(bins), w, means, mean_points, spread)


class _Problem:
    """The posterior of one training: its minimum by Newton's method, or by L-BFGS where weights are many."""

    def __init__(
        self, bins: Sequence[Bins], codes: Sequence[Codes], points: Array, won: Array, row: Array, rate: float
    ) -> None:
        sizes = [one.size for one in bins]
        self.starts = [2 + sum(sizes[:place]) for place in range(len(sizes))]
        self.size = 2 + sum(sizes)
        self.at = [found + start for found, start in zip(codes, self.starts, strict=True)]
        self.points, self.won, self.row = points, won, row
        # what is stated is how the average lead fares, so the points are counted from their mean
        self.middle = float(points.mean()) / 10 if len(points) else 0.0
        self.tens = points / 10 - self.middle
        self.mean = np.zeros(self.size)
        self.mean[0], self.mean[1] = level(rate, points) + K * self.middle, K

    def solve(self, spread: float | None) -> tuple[Array, float]:
        spreads: tuple[float, ...] = W_SPREADS[:1] if spread is None else (spread,)
        if spread is None and self.row.sum() < FEW and self.size <= MANY_WEIGHTS:
            spreads = W_SPREADS
        best: tuple[float, Array, float] | None = None
        theta = self.mean.copy()
        for step, width in enumerate(reversed(spreads)):  # from the points outwards, each from where the last one ended
            precision = np.full(self.size, 1 / width**2)
            precision[0], precision[1] = 1 / B_SPREAD**2, 1 / K_SPREAD**2
            theta = self._newton(theta, precision) if self.size <= MANY_WEIGHTS else self._lbfgs(theta, precision)
            if len(spreads) == 1:
                return theta, width
            evidence = self._evidence(theta, precision) - WIDER * step
            if best is None or evidence > best[0] + 1e-9:
                best = (evidence, theta, width)
        assert best is not None
        return best[1], best[2]

    def logits(self, theta: Array) -> Array:
        total: Array = np.asarray(theta[0] + theta[1] * self.tens, dtype=float)
        for at in self.at:
            total += theta[at]
        return total

    def cost(self, theta: Array, precision: Array) -> float:
        logits = self.logits(theta)
        off = theta - self.mean
        return float(self.row @ (np.logaddexp(0, logits) - self.won * logits) + 0.5 * precision @ off**2)

    def _gradient(self, theta: Array, precision: Array) -> tuple[Array, Array]:
        chances = sigmoid(self.logits(theta))
        error = self.row * (chances - self.won)
        gradient = precision * (theta - self.mean)
        gradient[0] += error.sum()
        gradient[1] += error @ self.tens
        for at in self.at:
            gradient += np.bincount(at, weights=error, minlength=self.size)
        return gradient, self.row * chances * (1 - chances)

    def _curvature(self, sure: Array, precision: Array) -> Array:
        total = np.array(np.diag(precision), dtype=float)
        root = np.sqrt(sure).astype(np.float32)
        for begin in range(0, len(sure), BLOCK):
            some = slice(begin, begin + BLOCK)
            part = root[some]
            rows = np.arange(len(part))
            dense = np.zeros((len(part), self.size), dtype=np.float32)
            dense[:, 0], dense[:, 1] = part, part * self.tens[some]
            for at in self.at:
                dense[rows, at[some]] = part
            total += dense.T @ dense
        return total

    def _newton(self, theta: Array, precision: Array) -> Array:
        cost = self.cost(theta, precision)
        for _turn in range(40):
            gradient, sure = self._gradient(theta, precision)
            step = np.linalg.solve(self._curvature(sure, precision), gradient)
            size = 1.0
            while size > 1e-6 and (new := self.cost(theta - size * step, precision)) > cost + 1e-12 * abs(cost):
                size /= 2
            if size <= 1e-6:
                break
            theta, gained, cost = theta - size * step, cost - new, new
            if gained < 1e-7 * max(1.0, abs(cost)):
                break
        return theta

    def _lbfgs(self, theta: Array, precision: Array) -> Array:
        found = minimize(
            lambda at: (self.cost(at, precision), self._gradient(at, precision)[0]),
            theta,
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": 300},
        )
        return np.asarray(found.x)

    def _evidence(self, theta: Array, precision: Array) -> float:
        """How well a prior foresaw the outcomes (Laplace's approximation, MacKay 1992)."""
        _gradient, sure = self._gradient(theta, precision)
        _sign, curvature = np.linalg.slogdet(self._curvature(sure, precision))
        return -self.cost(theta, precision) + 0.5 * float(np.log(precision).sum()) - 0.5 * float(curvature)
