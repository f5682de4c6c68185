"""Drift: whether the leads of late, and how they end, are still like those that the live model learned from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from leads.learning import words
from leads.learning.bins import Bins
from leads.learning.features import known_at
from leads.learning.labels import Label, Labels, Said, labelled, said_before
from leads.models import Lead, LearnedModel, Learning, Snapshot

#: The population stability index from which drift is said, and from which it is an alarm.
SAID, ALARM = 0.1, 0.25
#: So many leads at most are called those of late, and with fewer than this nothing is said; likewise outcomes.
LATE, FEWEST = 1_000, 100
FEWEST_OUTCOMES = 50
#: The name of the drift of outcomes.
WON = "@won"


@dataclass(frozen=True)
class Drift:
    """How far one feature, or the share won, has moved: its population stability index, and how many leads say so.

    `luck` is what the index of a column that stays as it is exceeds once in twenty times by chance alone; `before` and
    `now` are shares, `won` and `waited` how many were won and have only waited too long, for what is won only.
    """

    name: str
    psi: float
    luck: float
    leads: int
    before: float = 0.0
    now: float = 0.0
    won: int = 0
    waited: int = 0

    @property
    def is_said(self) -> bool:
        return self.psi > max(SAID, self.luck)

    @property
    def is_alarm(self) -> bool:
        return self.psi > max(ALARM, self.luck)

    @property
    def before_words(self) -> str:
        return words.percent(self.before)

    @property
    def now_words(self) -> str:
        return words.percent(self.now)

    @property
    def lost(self) -> int:
        """Who ended without being won."""
        return self.leads - self.won - self.waited

    @property
    def label(self) -> str:
        return words.named(self.name)


def of_features(live: LearnedModel) -> list[Drift]:
    """The features of the newest leads against those that the live model learned from, the furthest moved first."""
    counts = live.parameters.get("drift") or {}
    rows = _features_of_late() if counts else []
    if len(rows) < FEWEST:
        return []
    found = []
    for column in live.parameters["columns"]:
        bins, before = Bins.read(column), counts.get(column["name"])
        if before:
            places = Counter(bins.place(row.get(bins.name)) for row in rows)
            found.append(_moved(bins.name, before, [places[place] for place in range(bins.size)]))
    return sorted(found, key=lambda one: -one.psi)


def _features_of_late() -> list[Mapping[str, Any]]:
    """What was known of the newest leads when they came."""
    came = dict(Lead.objects.order_by("-pk").values_list("pk", "first_seen_at")[:LATE])
    kept = Snapshot.objects.filter(lead__in=came, moment=Snapshot.Moment.CREATED)
    rows: dict[int, Mapping[str, Any]] = dict(kept.values_list("lead", "features"))
    history = [pk for pk in came if pk not in rows]
    told = known_at([(pk, came[pk]) for pk in history]) if history else []
    return [*rows.values(), *(known.features for known in told)]


def of_outcomes(live: LearnedModel, known: Labels) -> Drift | None:
    """The share won of the outcomes that the live model has not learned from, against what it expects.

    It expects what it said of each; where it said nothing, the share won of what it learned from. Who has only waited
    too long is among both.
    """
    asked, said = newest(live, known)
    usual = live.wins / live.outcomes if live.outcomes else None
    if len(asked) < FEWEST_OUTCOMES:
        return None
    n, wins = len(asked), sum(label.won for label in asked)
    expected = sum(said[label.lead].probability if label.lead in said else usual or 0.0 for label in asked)
    moved = _moved(WON, [expected, n - expected], [wins, n - wins])
    waited = sum(not label.newest for label in asked)
    return Drift(WON, moved.psi, _luck(1, n, float("inf")), n, expected / n, wins / n, wins, waited)


def newest(live: LearnedModel, known: Labels) -> tuple[list[Label], dict[int, Said]]:
    """The newest outcomes that the live model has not learned from and expects something of, and what was said of them.

    The points have learned from nobody: to them every outcome is new of which a chance was said.
    """
    found = [label for label in known.found if not live.outcomes or _is_new(label, live)][-LATE:]
    said = said_before(found)
    return [label for label in found if live.outcomes or label.lead in said], said


def _is_new(label: Label, live: LearnedModel) -> bool:
    return label.newest > live.newest_outcome if label.newest else label.at > live.made_at


def _moved(name: str, before: Sequence[float], now: Sequence[float]) -> Drift:
    import numpy as np

    from leads.learning import maths

    used = sum(bool(was or new) for was, new in zip(before, now, strict=True))
    psi = maths.psi(np.array(before, dtype=float), np.array(now, dtype=float))
    return Drift(name, psi, _luck(max(used - 1, 1), sum(now), sum(before)), round(sum(now)))


def _luck(freedom: int, now: float, before: float) -> float:
    """What the index exceeds by chance in one of twenty: (1/n + 1/m) chi2 (Yurdakul 2018), by Wilson and Hilferty."""
    spread = 2 / (9 * freedom)
    quantile: float = freedom * (1 - spread + 1.645 * spread**0.5) ** 3
    return (1 / now + 1 / before) * quantile


def alarms(live: LearnedModel, terms: Learning) -> list[Drift]:
    """All that has moved so far that managers should hear of it."""
    outcomes = of_outcomes(live, labelled(terms))
    return [one for one in [*of_features(live), *([outcomes] if outcomes else [])] if one.is_alarm]
