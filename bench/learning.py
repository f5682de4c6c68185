"""Learning: how true it is on real lead files, beside its rivals, and how fast, beside the plainest way."""

from __future__ import annotations

import csv
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bench.figure import Figure

FILES = Path(os.environ.get("SMARKETING_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")
BANK, OLIST = FILES / "uci_bank" / "bank-additional-full.csv", FILES / "olist" / "olist_leads_joined.csv"
DRAWS, EXAMINED, RATE, EVERY = int(os.environ.get("DRAWS", "200")), 3_000, 0.1, 1_000
ROWS, LEADS = 100_000, 1_000_000

Way = Callable[[Any, Any], Any]


def measure() -> Iterator[Figure]:
    """Tables of the real files, where they are; then the speed of learning and of saying chances."""
    if BANK.is_file():
        bank = read_bank()
        yield from folds("uci_bank", bank, auc=0.8, loss=0.272, calibration=0.01)
        yield from in_order(bank)
        yield from few(bank)
        yield from speed(bank)
    if OLIST.is_file():
        yield from folds("olist", read_olist(), auc=0.675, loss=None, calibration=0.025)
    yield from lookup()


def read_bank() -> Any:
    """The phone contacts without `duration`, which is known only after the call; points as people would give."""
    from leads.learning.fitting import Table

    with BANK.open() as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    won = np.array([row.pop("y") == "yes" for row in rows], dtype=float)
    names = [name for name in rows[0] if name != "duration"]
    points = [
        20
        + 35 * (row["poutcome"] == "success")
        + 10 * (row["previous"] != "0")
        + 12 * (row["job"] in ("student", "retired"))
        + 10 * (row["contact"] == "cellular")
        + 6 * (row["default"] == "no")
        - 8 * (int(row["campaign"]) > 3)
        for row in rows
    ]
    return Table({name: [row[name] for row in rows] for name in names}, np.array(points, dtype=float), won)


def read_olist() -> Any:
    from leads.learning.fitting import Table

    with OLIST.open() as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["first_contact_date"])
    points = [8.0 if row["origin"] in ("paid_search", "organic_search", "direct_traffic") else 4.0 for row in rows]
    columns = {name: [row[name] for row in rows] for name in ("landing_page_id", "origin")}
    return Table(columns, np.array(points), np.array([row["outcome"] == "Won" for row in rows], dtype=float))


def ours(known: Any, asked: Any) -> Any:
    """What the product would say; too few outcomes leave the points."""
    from leads.learning.fitting import NothingToLearn, teach
    from leads.learning.maths import sigmoid

    try:
        return sigmoid(teach(known, rate=RATE).whole.logits(asked))
    except NothingToLearn:
        return points(known, asked)


def points(known: Any, asked: Any) -> Any:
    from leads.learning.maths import sigmoid
    from leads.learning.scorecard import K, level

    return sigmoid(level(RATE, known.points) + K * asked.points / 10)


def constant(known: Any, asked: Any) -> Any:
    return np.full(len(asked.won), known.won.mean())


def odoo(known: Any, asked: Any) -> Any:
    """Naive Bayes as Odoo counts it: `_pls_get_naive_bayes_probabilities` of its crm_lead.py; numbers in our bins."""
    from leads.learning.bins import Bins
    from leads.learning.scorecard import places

    share = known.won.mean()
    won, lost = np.full(len(asked.won), share), np.full(len(asked.won), 1 - share)
    for name, column in known.columns.items():
        bins = Bins.of(name, column)
        found, at = places(bins, column), places(bins, asked.columns[name])
        with_win = np.bincount(found, weights=known.won, minlength=bins.size)
        without = np.bincount(found, weights=1 - known.won, minlength=bins.size)
        seen = (with_win + without)[at] > 0
        won *= np.where(seen, ((with_win + 0.1) / (with_win.sum() + 0.1))[at], 1)
        lost *= np.where(seen, ((without + 0.1) / (without.sum() + 0.1))[at], 1)
    return np.clip(np.round(won / (won + lost), 4), 0.0001, 0.9999)


def plain_logistic(known: Any, asked: Any) -> Any:
    """Words one-hot and numbers scaled, by scikit-learn."""
    from sklearn.linear_model import LogisticRegression

    encode = encoder(known)
    return LogisticRegression(max_iter=1_000).fit(encode(known), known.won).predict_proba(encode(asked))[:, 1]


def encoder(known: Any) -> Callable[[Any], Any]:
    from scipy.sparse import csr_matrix, hstack
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    from leads.learning.bins import Bins, number

    numeric = [name for name, column in known.columns.items() if Bins.of(name, column).numeric]
    words = [name for name in known.columns if name not in numeric]

    def matrices(table: Any) -> tuple[Any, Any]:
        floats = [[number(value) or 0.0 for value in table.columns[name]] for name in numeric]
        texts = np.array([table.columns[name] for name in words], dtype=object).T
        return np.array(floats).T.reshape(len(table.won), len(numeric)), texts

    floats, texts = matrices(known)
    one_hot = OneHotEncoder(handle_unknown="ignore").fit(texts)
    scaler = StandardScaler().fit(floats) if numeric else None

    def encode(table: Any) -> Any:
        floats, texts = matrices(table)
        coded = one_hot.transform(texts)
        return hstack([coded, csr_matrix(scaler.transform(floats))]).tocsr() if scaler else coded

    return encode


WAYS: dict[str, Way] = {
    "constant": constant,
    "points": points,
    "Odoo": odoo,
    "logistic": plain_logistic,
    "ours": ours,
}


def table(title: str, found: dict[str, tuple[Any, Any]]) -> dict[str, dict[str, Any]]:
    """Print a line a way, and give back the figures."""
    from leads.learning import maths

    figures = {}
    print(f"\n{title:28} {'AUC':>7} {'log loss':>9} {'ECE':>7}")
    for name, (won, chances) in found.items():
        figures[name] = maths.figures(won, chances)
        one = figures[name]
        print(
            f"  {name:26} {one['auc'] or 0.5:7.4f} {one['log_loss']:9.4f} {one['calibration_error']:7.4f}", flush=True
        )
    return figures


def folds(name: str, whole: Any, *, auc: float, loss: float | None, calibration: float) -> Iterator[Figure]:
    """Five parts by lot, each foreseen by what the other four teach."""
    parts = np.array_split(np.random.default_rng(1).permutation(len(whole.won)), 5)
    said = {way: np.zeros(len(whole.won)) for way in WAYS}
    for place, part in enumerate(parts):
        known = whole.part(np.concatenate([other for at, other in enumerate(parts) if at != place]))
        for way, say in WAYS.items():
            said[way][part] = say(known, whole.part(part))
    figures = table(f"{name}, five-fold", {way: (whole.won, chances) for way, chances in said.items()})["ours"]
    yield Figure(f"{name}: AUC", figures["auc"], 1, auc, most=False)
    if loss:
        yield Figure(f"{name}: log loss", figures["log_loss"], 1, loss)
    yield Figure(f"{name}: calibration error", figures["calibration_error"], 1, calibration)


def in_order(whole: Any) -> Iterator[Figure]:
    """As the calls were made: each thousand is foreseen by all that came before it."""
    said = {way: np.zeros(len(whole.won)) for way in WAYS}
    for begin in range(EVERY, len(whole.won), EVERY):
        some = slice(begin, begin + EVERY)
        for way, say in WAYS.items():
            said[way][some] = say(whole.part(slice(0, begin)), whole.part(some))
    found = {way: (whole.won[EVERY:], chances[EVERY:]) for way, chances in said.items()}
    figures = table("uci_bank, in file order", found)["ours"]
    yield Figure("in file order: AUC", figures["auc"], 1, 0.765, most=False)
    yield Figure("in file order: log loss", figures["log_loss"], 1, 0.31)


def few(whole: Any) -> Iterator[Figure]:
    """So few outcomes, drawn by lot, and other leads foreseen by them; the mean of all draws."""
    from leads.learning import maths

    dice = np.random.default_rng(5)
    for count in (25, 100, 400):
        costs: Counter[str] = Counter()
        for _draw in range(DRAWS):
            order = dice.permutation(len(whole.won))
            known, asked = whole.part(order[:count]), whole.part(order[count : count + EXAMINED])
            for name, say in (("ours", ours), ("points", points)):
                costs[name] += maths.log_loss(asked.won, say(known, asked)) / DRAWS
        yield Figure(f"{count} outcomes: log loss by the points'", costs["ours"], costs["points"], 1)


def speed(whole: Any) -> Iterator[Figure]:
    """Learning from 100,000 outcomes beside one scikit-learn one-hot logistic fit of the same rows."""
    from sklearn.linear_model import LogisticRegression

    from leads.learning.fitting import teach

    many = whole.part(np.random.default_rng(0).integers(0, len(whole.won), ROWS))
    began = time.perf_counter()
    LogisticRegression(max_iter=1_000).fit(encoder(many)(many), many.won)
    yardstick = time.perf_counter() - began
    for name, trees, target in (("scorecard", False, 3), ("blend", True, 6)):
        began = time.perf_counter()
        teach(many, rate=RATE, trees=trees)
        yield Figure(f"learn from 100,000 outcomes, {name} (s)", time.perf_counter() - began, yardstick, target)


def lookup() -> Iterator[Figure]:
    """A million leads of twenty columns, scored beside the bare look-up of their bins."""
    from leads.learning.fitting import Table, teach

    dice = np.random.default_rng(2)
    columns = {f"x{place}": dice.normal(size=LEADS) for place in range(20)}
    won = (dice.random(LEADS) < 0.1 + 0.1 * (columns["x0"] > 0)).astype(float)
    many = Table(columns, np.zeros(LEADS), won)
    learned = teach(many.part(slice(0, 20_000)), rate=RATE, trees=False).whole
    edges = [np.array(bins.edges) for bins in learned.card.bins]
    began = time.perf_counter()
    total = np.zeros(LEADS)
    for bins, at, w in zip(learned.card.bins, edges, learned.card.w, strict=True):
        total += w[np.searchsorted(at, columns[bins.name]) + 1]
    bare = time.perf_counter() - began
    began = time.perf_counter()
    learned.logits(many)
    yield Figure("chances of 1,000,000 leads, scorecard (s)", time.perf_counter() - began, bare, 3)
