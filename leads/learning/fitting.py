"""One lesson: learn from the older outcomes, be examined on the newest, and only then learn from all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from leads.learning import booster, maths, scorecard
from leads.learning.bins import Bins
from leads.learning.booster import Booster
from leads.learning.maths import Array, sigmoid
from leads.learning.scorecard import Codes, Weights, level

#: The newest share of outcomes that a model is examined on before it learns from them.
HELD = 0.2
#: With fewer outcomes there is nothing to examine a model on.
FEWEST = 10
#: What another spread or a shorter memory must gain on the newest outcomes, in nats each.
GAIN = 5e-4
#: Where the world changes, older outcomes tell less: after so many newer ones they count half.
MEMORY = 2_000
FORGOTTEN = 0.002
#: Chances that are too sure, or not sure enough, beyond this slope are stretched about the average lead.
SLOPES = (0.8, 1.25)
ENOUGH_TO_STRETCH = 50


class NothingToLearn(Exception):
    """Why no lesson can be given; the sentence is for people."""


@dataclass
class Table:
    """What is known of leads, column by column, oldest outcome first.

    `counts` is what each row counts for, and `asked` says which rows stand for their outcome in the examination, where
    an outcome has several.
    """

    columns: Mapping[str, Any]
    points: Array
    won: Array
    counts: Array = field(default_factory=lambda: np.ones(0))
    asked: Array = field(default_factory=lambda: np.ones(0, dtype=bool))

    def __post_init__(self) -> None:
        if len(self.counts) != len(self.won):
            self.counts = np.ones(len(self.won))
        if len(self.asked) != len(self.won):
            self.asked = np.ones(len(self.won), dtype=bool)

    def part(self, some: Any) -> Table:
        """Some of the rows."""
        whole = isinstance(some, slice)
        columns = {
            name: column[some] if whole or isinstance(column, np.ndarray) else [column[place] for place in some]
            for name, column in self.columns.items()
        }
        return Table(columns, self.points[some], self.won[some], self.counts[some], self.asked[some])


@dataclass
class Learned:
    """A scorecard, and trees that say their share of the log-odds."""

    card: Weights
    trees: Booster | None = None
    share: float = 0.0
    stretch: float = 1.0
    memory: int = 0

    @property
    def names(self) -> list[str]:
        """The columns that it asks for."""
        found = [bins.name for bins in self.card.bins]
        return list(dict.fromkeys([*found, *(bins.name for bins in (self.trees.bins if self.trees else ()))]))

    def logits(self, table: Table) -> Array:
        """The log-odds of each row: card and trees, stretched about the average lead."""
        logits = self.card.logits(table.columns, table.points)
        if self.trees and self.share:
            logits = (1 - self.share) * logits + self.share * self.trees.logits(table.columns, table.points)
        return self.card.base + self.stretch * (logits - self.card.base)

    def data(self) -> dict[str, Any]:
        """The scorecard as JSON keeps it."""
        card = self.card
        columns = [
            {**bins.data(), "w": w.tolist(), "mean": mean}
            for bins, w, mean in zip(card.bins, card.w, card.means, strict=True)
        ]
        return {
            "b": card.b, "k": card.k, "mean_points": card.mean_points, "columns": columns, "spread": card.spread,
            "share": self.share, "stretch": self.stretch, "memory": self.memory,
        }  # fmt: skip

    @classmethod
    def read(cls, data: Mapping[str, Any], trees: Booster | None) -> Learned:
        columns = data["columns"]
        card = Weights(
            data["b"],
            data["k"],
            [Bins.read(one) for one in columns],
            [np.array(one["w"]) for one in columns],
            [one["mean"] for one in columns],
            data["mean_points"],
            data["spread"],
        )
        return cls(card, trees, data["share"] if trees else 0.0, data["stretch"], data["memory"])


@dataclass
class Lesson:
    """`trial` learned from the older outcomes and was examined on `held`, which it had not seen; `whole` knows all."""

    trial: Learned
    whole: Learned
    table: Table
    held: Table
    figures: dict[str, Any]


def points_logits(table: Table, rate: float) -> Array:
    """The log-odds by the agreed points alone, at the win rate that people state."""
    return level(rate, table.points) + scorecard.K * table.points / 10


def cut_of(rows: int) -> int:
    return rows - max(1, round(HELD * rows))


def teach(table: Table, *, rate: float, trees: bool = True, cut: int | None = None) -> Lesson:
    """Learn, be examined, learn all; `rate` is the stated win rate and `cut` where the newest outcomes begin.

    Raise NothingToLearn where outcomes are too few or of one kind.
    """
    rows = len(table.won)
    cut = cut_of(rows) if cut is None else cut
    if rows < FEWEST:
        raise NothingToLearn("few")
    older, held = table.part(slice(0, cut)), table.part(slice(cut, rows))
    held = held.part(np.flatnonzero(held.asked))
    if not 0 < older.won.sum() < len(older.won):
        raise NothingToLearn("one class")
    bins = _bins(older)
    spread, memory, card, logits = _choose(bins, older, held, rate)
    trial = Learned(card, memory=memory)
    if trees and booster.enough(older.won):
        trial.trees = Booster.fit(bins, older.columns, older.points, older.won, older.counts)
        trial.share = booster.share_of(held.won, logits, trial.trees.logits(held.columns, held.points))
        logits = trial.logits(held)
    whole = _whole(table, rate, trial, spread)
    if len(held.won) >= ENOUGH_TO_STRETCH and 0 < held.won.sum() < len(held.won):
        found, _c = maths.slope(held.won, logits - card.base)
        whole.stretch = float(np.clip(found, 0.3, 3)) if not SLOPES[0] <= found <= SLOPES[1] else 1.0
    of_points = points_logits(held, rate) if len(held.won) else np.zeros(0)
    figures = {
        "model": maths.figures(held.won, sigmoid(logits)),
        "points": maths.figures(held.won, sigmoid(of_points)),
        "constant": maths.figures(held.won, np.full(len(held.won), older.won.mean())),
    }
    return Lesson(trial, whole, table, held, figures)


def _bins(table: Table) -> list[Bins]:
    return [Bins.of(name, column) for name, column in table.columns.items()]


def _fade(rows: int, memory: int) -> Array:
    return np.asarray(0.5 ** (np.arange(rows)[::-1] / memory)) if memory else np.ones(rows)


def _fit(bins: list[Bins], codes: list[Codes], table: Table, rate: float, spread: float | None, memory: int) -> Weights:
    weights = table.counts * _fade(len(table.won), memory)
    begin = int(np.argmax(weights > FORGOTTEN)) if memory else 0
    return scorecard.fit(
        bins,
        table.columns,
        table.points[begin:],
        table.won[begin:],
        rate=rate,
        weights=weights[begin:],
        spread=spread,
        codes=[one[begin:] for one in codes],
    )


def _choose(bins: list[Bins], older: Table, held: Table, rate: float) -> tuple[float | None, int, Weights, Array]:
    """How far weights may go and how long outcomes count: as usual, unless another way foresees the newest better."""
    codes = [scorecard.places(one, older.columns[one.name]) for one in bins]
    ways: list[tuple[float | None, int]] = [(None, 0)]
    if len(older.won) >= scorecard.FEW:
        ways += [(0.25, 0), (0.12, 0), (0.5, MEMORY), (0.25, MEMORY)]
    best: tuple[float | None, int, Weights, Array] | None = None
    costs = np.zeros(len(held.won))
    for spread, memory in ways:
        card = _fit(bins, codes, older, rate, spread, memory)
        logits = card.logits(held.columns, held.points)
        found = maths.log_losses(held.won, sigmoid(logits))
        if best is None or maths.is_sure(costs - found, GAIN):
            best, costs = (spread, memory, card, logits), found
    assert best is not None
    return best


def _whole(table: Table, rate: float, trial: Learned, spread: float | None) -> Learned:
    bins = _bins(table)
    codes = [scorecard.places(one, table.columns[one.name]) for one in bins]
    card = _fit(bins, codes, table, rate, spread, trial.memory)
    whole = Learned(card, share=trial.share, memory=trial.memory)
    if trial.share:
        whole.trees = Booster.fit(bins, table.columns, table.points, table.won, table.counts)
    return whole
