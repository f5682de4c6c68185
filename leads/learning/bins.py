"""From any column to a handful of bins: words, numbers, and what is unknown, which is a bin of its own."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

#: Up to so many different values of a column are a bin each, numbers too.
EACH = 12
#: So many bins at most for the numbers of a column that has more of them, and for its words.
NUMBERS, WORDS = 16, 100
#: A word that fewer than this share of the leads have, or fewer leads than this, is one of the rare ones.
RARE_SHARE, RARE = 0.001, 3
#: Of a longer word only so much counts.
LENGTH = 80
UNKNOWN, OTHER = 0, 1


def number(value: Any) -> float | None:
    """The finite number that a value is or says; None for everything else."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    elif isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def word(value: Any) -> str:
    """A value as the word it counts as; '' is unknown."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()[:LENGTH]
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        try:
            return f"{value:.12g}" if math.isfinite(value) else ""
        except OverflowError:
            return ""
    return str(value)[:LENGTH]


@dataclass
class Bins:
    """The bins of one column. Number 0 is 'unknown'; of words, number 1 is 'one of the rare ones'."""

    name: str
    words: dict[str, int] = field(default_factory=dict)
    edges: list[float] = field(default_factory=list)
    numeric: bool = False

    @classmethod
    def of(cls, name: str, values: Sequence[Any]) -> Bins:
        """The bins that a column's values suggest."""
        if _floats(values):
            return cls(name, edges=_edges(Counter(numbers(values))), numeric=True)
        raw = Counter(values)
        counts = Counter[str]()
        for value, count in raw.items():
            counts[word(value)] += count
        counts.pop("", None)
        if len(counts) > EACH and all(_says_number(text) for text in counts):
            found = Counter[float]()
            for value, count in raw.items():
                if (one := number(value)) is not None:
                    found[one] += count
            return cls(name, edges=_edges(found), numeric=True)
        least = max(RARE, RARE_SHARE * sum(counts.values()))
        common = [text for text, count in counts.most_common(WORDS) if count >= least]
        return cls(name, words={text: place + 2 for place, text in enumerate(common)})

    @property
    def size(self) -> int:
        return len(self.edges) + 2 if self.numeric else len(self.words) + 2

    def place(self, value: Any) -> int:
        """The bin of one value."""
        if self.numeric:
            found = number(value)
            return UNKNOWN if found is None else 1 + bisect_right(self.edges, found)
        text = word(value)
        return self.words.get(text, OTHER) if text else UNKNOWN

    def label(self, place: int) -> str:
        """What a bin holds, for people: 'retired', '30 to 42', '' for unknown."""
        if place == UNKNOWN:
            return ""
        if not self.numeric:
            return next((text for text, at in self.words.items() if at == place), "*")
        low = f"{self.edges[place - 2]:.6g}" if place > 1 else ""
        high = f"{self.edges[place - 1]:.6g}" if place <= len(self.edges) else ""
        return f"{low}..{high}"

    def data(self) -> dict[str, Any]:
        said: dict[str, Any] = {"name": self.name}
        return {**said, "edges": self.edges} if self.numeric else {**said, "words": list(self.words)}

    @classmethod
    def read(cls, data: dict[str, Any]) -> Bins:
        if "edges" in data:
            return cls(data["name"], edges=data["edges"], numeric=True)
        return cls(data["name"], words={text: place + 2 for place, text in enumerate(data["words"])})


def _floats(values: Sequence[Any]) -> bool:
    """Whether a column came as an array of numbers, not one by one."""
    return getattr(getattr(values, "dtype", None), "kind", "") == "f"


def _says_number(text: str) -> bool:
    """Also one that is infinite, or not a number: such a cell of a column of numbers is unknown."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def numbers(values: Any) -> list[float]:
    """The finite numbers of an array."""
    return [one for one in values.tolist() if math.isfinite(one)]


def _edges(found: Counter[float]) -> list[float]:
    """Where one bin ends and the next begins: between values, so that each bin holds about as many."""
    counts = sorted(found.items())
    pairs = list(pairwise(counts))
    if len(counts) <= EACH:
        return [_between(low, high) for (low, _n), (high, _m) in pairs]
    edges, held, share = [], 0, found.total() / NUMBERS
    for (value, count), (later, coming) in pairs:
        held += count
        if held >= share or coming >= share:
            edges.append(_between(value, later))
            held = 0
    return edges


def _between(low: float, high: float) -> float:
    middle = low / 2 + high / 2
    return middle if low < middle <= high else high
