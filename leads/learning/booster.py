"""Boosted trees beside the scorecard, where there are outcomes enough; only training and the worker come here."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sklearn
from django.utils.crypto import constant_time_compare, salted_hmac
from sklearn.ensemble import HistGradientBoostingClassifier

from leads.learning.bins import Bins, number
from leads.learning.maths import Array, is_sure, log_losses, sigmoid
from leads.learning.scorecard import Columns, places

#: Fewer outcomes, or fewer of one class, are too few for trees.
LEAST, LEAST_OF_CLASS = 100, 15
#: What the trees must gain over the scorecard alone, in nats an outcome; ties go to the scorecard.
GAIN = 5e-4
SHARES = tuple(share / 10 for share in range(11))
HUGE = 1e100
SALT = "leads.learning.booster"


def enough(won: Array) -> bool:
    wins = int(won.sum())
    return len(won) >= LEAST and min(wins, len(won) - wins) >= LEAST_OF_CLASS


@dataclass
class Booster:
    """Trees over the same columns: numbers as they are, words by their bin."""

    bins: list[Bins]
    trees: HistGradientBoostingClassifier

    @classmethod
    def fit(
        cls, bins: Sequence[Bins], columns: Columns, points: Array, won: Array, weights: Array | None = None
    ) -> Booster:
        rows = len(won)
        trees = HistGradientBoostingClassifier(
            learning_rate=0.06,
            max_iter=120 if rows >= 2_000 else 60,
            max_leaf_nodes=12,
            min_samples_leaf=max(10, min(60, rows // 100)),
            l2_regularization=5.0,
            max_features=0.5,
            early_stopping=False,
            categorical_features=[False, *(not one.numeric for one in bins)],
            random_state=7,
        )
        made = cls(list(bins), trees)
        trees.fit(made._matrix(columns, points), won.astype(int), sample_weight=weights)
        return made

    def logits(self, columns: Columns, points: Array) -> Array:
        return np.asarray(self.trees.decision_function(self._matrix(columns, points)), dtype=float)

    def _matrix(self, columns: Columns, points: Array) -> Array:
        matrix = np.empty((len(points), 1 + len(self.bins)))
        matrix[:, 0] = points
        for place, bins in enumerate(self.bins, 1):
            matrix[:, place] = _numbers(columns[bins.name]) if bins.numeric else places(bins, columns[bins.name])
        return matrix

    def dump(self) -> bytes:
        """Signed, since reading it runs what it says."""
        content = pickle.dumps((sklearn.__version__, self.bins, self.trees))
        return salted_hmac(SALT, content, algorithm="sha256").digest() + content

    @classmethod
    def load(cls, kept: bytes) -> Booster | None:
        """The trees as they were kept; None if another release of scikit-learn or another installation made them."""
        signature, content = kept[:32], kept[32:]
        if not constant_time_compare(signature, salted_hmac(SALT, content, algorithm="sha256").digest()):
            return None
        release, bins, trees = pickle.loads(content)  # noqa: S301  (signed with our key)
        return cls(bins, trees) if release == sklearn.__version__ else None


def _numbers(values: Any) -> Array:
    """Numbers as they are; trees ask only for their order, so the hugest ones may be a little smaller."""
    return np.clip(_as_numbers(values), -HUGE, HUGE)


def _as_numbers(values: Any) -> Array:
    if isinstance(values, np.ndarray):
        return np.where(np.isfinite(values), values, np.nan)
    known = {value: np.nan if (found := number(value)) is None else found for value in set(values)}
    return np.fromiter(map(known.__getitem__, values), dtype=float, count=len(values))


def share_of(won: Array, card: Array, trees: Array) -> float:
    """How much the trees should say, by the log loss of outcomes that neither has seen."""
    costs = {share: log_losses(won, sigmoid((1 - share) * card + share * trees)) for share in SHARES}
    best = min(float(cost.mean()) for cost in costs.values())
    share = next(share for share in SHARES if costs[share].mean() <= best + GAIN)
    return share if is_sure(costs[0.0] - costs[share], GAIN) else 0.0
