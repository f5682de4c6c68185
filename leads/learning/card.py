"""A learned scorecard as the web process reads it: plain Python, one lead at a time, every part accounted for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from leads.learning.bins import Bins

#: One point is so much log-odds: ten points are odds x1.42.
POINT = 0.035
K = 0.35
POINTS, MEAN, BOOSTER, REST = "@points", "@mean", "@booster", "@rest"


class Part(NamedTuple):
    """What one fact adds to the log-odds, against the average lead."""

    name: str
    value: str
    logit: float


class Answer(NamedTuple):
    """The chance of one lead: its parts and `base`, the average lead's log-odds, sum to `logit` exactly."""

    base: float
    parts: list[Part]

    @property
    def logit(self) -> float:
        return math.fsum([self.base, *(part.logit for part in self.parts)])

    @property
    def probability(self) -> float:
        return chance(self.logit)


def chance(logit: float) -> float:
    """1 / (1 + e^-x), without overflow."""
    return 0.5 * (1 + math.tanh(0.5 * logit))


def level(rate: float, counts: Mapping[float, int]) -> float:
    """The `b` with which leads are won at a stated rate on average; `counts` says how many have how many points."""
    leads, low, high = sum(counts.values()), -30.0, 30.0
    if not leads:
        return math.log(rate / (1 - rate))
    for _turn in range(60):
        middle = (low + high) / 2
        won = math.fsum(count * chance(middle + K * points / 10) for points, count in counts.items())
        low, high = (middle, high) if won < rate * leads else (low, middle)
    return (low + high) / 2


@dataclass
class Card:
    """`b`, `k` and the weight of each bin; parts are stretched about the average lead, whose level stays."""

    b: float
    k: float
    mean_points: float
    columns: list[tuple[Bins, Sequence[float], float]]
    stretch: float = 1.0

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Card:
        columns = [(Bins.read(one), one["w"], one["mean"]) for one in data["columns"]]
        return cls(data["b"], data["k"], data["mean_points"], columns, data.get("stretch", 1.0))

    @property
    def base(self) -> float:
        return math.fsum([self.b, self.k * self.mean_points / 10, *(mean for _bins, _w, mean in self.columns)])

    def answer(self, values: Mapping[str, Any], points: float, of: Sequence[Mapping[str, Any]] = ()) -> Answer:
        """The chance of one lead with these features and so many agreed points.

        Where the points say it alone, each of the parts `of` them is a part of the chance.
        """
        worth = self.stretch * self.k / 10
        if not self.columns and sum(one["points"] for one in of) == points:
            told = [Part(f"{POINTS}:{one['label']}", f"{one['points']:g}", worth * one["points"]) for one in of]
            return Answer(self.base, [*told, Part(MEAN, f"{self.mean_points:.3g}", -worth * self.mean_points)])
        parts = [Part(POINTS, f"{points:g}", worth * (points - self.mean_points))]
        for bins, w, mean in self.columns:
            value = values.get(bins.name)
            place = bins.place(value)
            parts.append(Part(bins.name, _said(value), self.stretch * (w[place] - mean)))
        return Answer(self.base, parts)


def _said(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}" if math.isfinite(value) else ""
    return "" if value is None else str(value)[:80]
