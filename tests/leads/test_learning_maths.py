"""The mathematics of learning: measures beside scikit-learn's, parts that sum, columns of any kind."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import log_loss, roc_auc_score

from leads.learning import maths
from leads.learning.bins import Bins
from leads.learning.booster import Booster
from leads.learning.card import Card
from leads.learning.fitting import Learned, NothingToLearn, Table, points_logits, teach
from leads.learning.words import text

CHANCES = st.floats(0.001, 0.999)
ANYTHING = st.one_of(
    st.none(),
    st.floats(),
    st.integers(-(10**400), 10**400),
    st.text(max_size=5),
    st.sampled_from(["a", "b", "c", "1", "inf"]),
)


def company(rows=1_500, seed=1):
    """A history in which students and newcomers from the web are won more often, and points say a little."""
    rng = np.random.default_rng(seed)
    job = rng.choice(["student", "clerk", "manager", ""], rows)
    age = rng.integers(18, 80, rows).astype(float)
    points = rng.integers(0, 100, rows).astype(float)
    logits = -3 + 1.6 * (job == "student") + 0.02 * points + 0.9 * (age < 30)
    won = (rng.random(rows) < 1 / (1 + np.exp(-logits))).astype(float)
    return Table({"job": job.tolist(), "age": age.tolist(), "same": ["x"] * rows}, points, won)


@given(st.lists(st.tuples(CHANCES, st.booleans()), min_size=2, max_size=60))
def test_measures_agree_with_scikit_learn(pairs):
    chances, won = np.array([c for c, _w in pairs]), np.array([float(w) for _c, w in pairs])
    assert maths.log_loss(won, chances) == pytest.approx(log_loss(won, chances, labels=[0, 1]))
    if 0 < won.sum() < len(won):
        assert maths.auc(won, chances) == pytest.approx(roc_auc_score(won, chances))
    else:
        assert maths.auc(won, chances) is None
    assert sum(group["count"] for group in maths.tenths(won, chances)) == len(won)


def test_calibration_agrees_with_scikit_learn_where_groups_are_equal():
    rng = np.random.default_rng(3)
    chances = rng.random(1_000)
    won = (rng.random(1_000) < chances**2).astype(float)
    seen, said = calibration_curve(won, chances, n_bins=10, strategy="quantile")
    assert maths.calibration_error(won, chances) == pytest.approx(np.abs(seen - said).mean())


def test_what_stays_the_same_has_not_drifted_and_what_turns_around_has():
    assert maths.psi(np.array([50, 30, 20]), np.array([500, 300, 200])) < 0.01
    assert maths.psi(np.array([90, 10]), np.array([10, 90])) > 0.25


@pytest.mark.parametrize("trees", [False, True])
def test_parts_sum_to_the_log_odds_exactly(trees):
    table = company()
    learned = teach(table, rate=0.1, trees=trees).whole
    card = Card.read(learned.data())
    alone = Learned.read(learned.data(), None).logits(table)
    for row in range(0, 1_500, 100):
        values = {name: column[row] for name, column in table.columns.items()}
        found = card.answer(values, table.points[row])
        assert math.fsum([found.base, *(part.logit for part in found.parts)]) == found.logit
        assert found.logit == pytest.approx(alone[row], abs=1e-9)
        assert found.probability == pytest.approx(1 / (1 + math.exp(-found.logit)))


def test_the_average_lead_has_no_reasons():
    table = company()
    learned = teach(table, rate=0.1, trees=False).whole
    card = Card.read(learned.data())
    rows = [{name: column[row] for name, column in table.columns.items()} for row in range(len(table.won))]
    found = [card.answer(values, points) for values, points in zip(rows, table.points, strict=True)]
    for place in range(len(found[0].parts)):
        assert np.mean([one.parts[place].logit for one in found]) == pytest.approx(0, abs=1e-9)


def test_learned_beats_the_points_and_does_not_say_more_than_it_knows():
    lesson = teach(company(4_000), rate=0.1)
    unseen = company(4_000, seed=2)
    chances = maths.sigmoid(lesson.whole.logits(unseen))
    of_points = maths.sigmoid(points_logits(unseen, 0.1))
    assert maths.log_loss(unseen.won, chances) < maths.log_loss(unseen.won, of_points) - 0.01
    assert maths.calibration_error(unseen.won, chances) < 0.03


@given(st.lists(ANYTHING, min_size=1, max_size=40), ANYTHING)
def test_every_value_of_any_column_lies_in_one_bin(values, later):
    bins = Bins.of("x", values)
    again = Bins.read(bins.data())
    for value in [*values, later]:
        assert 0 <= bins.place(value) < bins.size
        assert again.place(value) == bins.place(value)


def test_up_to_twelve_values_are_a_bin_each_more_numbers_are_ranges_and_unknown_is_a_bin():
    few = Bins.of("x", [str(n) for n in range(12)] * 5)
    assert len({few.place(str(n)) for n in range(12)}) == 12
    many = Bins.of("x", [float(n) for n in range(1_000)])
    assert many.numeric
    assert 10 <= many.size <= 20
    assert many.place(None) == many.place("") == many.place(float("inf")) == many.place("gone") == 0
    assert many.place("3") == many.place(3.0)


BAD = {
    "a constant column": lambda n, rng: ["same"] * n,
    "10,000 categories": lambda n, rng: [f"c{v}" for v in rng.integers(0, 10_000, n)],
    "every value its own": lambda n, rng: [f"id{v}" for v in range(n)],
    "all missing": lambda n, rng: [None] * n,
    "infinities": lambda n, rng: [[math.inf, -math.inf, math.nan, 1e308, -1e308][v] for v in rng.integers(0, 5, n)],
    "huge integers": lambda n, rng: [10 ** int(v) for v in rng.integers(0, 400, n)],
    "words and numbers": lambda n, rng: [["1", 2, "x", None][v] for v in rng.integers(0, 4, n)],
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_column_costs_nothing(name):
    table, rng = company(1_000), np.random.default_rng(4)
    with_bad = Table({**table.columns, "bad": BAD[name](1_000, rng)}, table.points, table.won)
    lesson = teach(with_bad, rate=0.1)
    chances = maths.sigmoid(lesson.whole.logits(with_bad))
    assert np.isfinite(chances).all()
    assert lesson.figures["model"]["log_loss"] < lesson.figures["points"]["log_loss"]


@pytest.mark.parametrize("won", [[1.0], [0.0] * 100, [1.0] * 100, [1.0] + [0.0] * 8, []])
def test_one_outcome_or_one_class_teaches_nothing(won):
    table = Table({"job": ["x"] * len(won)}, np.zeros(len(won)), np.array(won))
    with pytest.raises(NothingToLearn):
        teach(table, rate=0.1)


def test_trees_are_kept_signed_and_what_somebody_changed_is_not_read(settings):
    table = company()
    trees = Booster.fit([Bins.of("job", table.columns["job"])], table.columns, table.points, table.won)
    kept = trees.dump()
    assert Booster.load(kept).logits(table.columns, table.points) == pytest.approx(
        trees.logits(table.columns, table.points)
    )
    assert Booster.load(kept[:-1] + b"x") is None
    settings.SECRET_KEY = "another installation's"
    assert Booster.load(kept) is None


def test_without_outcomes_it_is_the_points_and_the_first_ones_move_it_a_little():
    table = company(30, seed=9)
    lesson = teach(table, rate=0.1, trees=False)
    moved = lesson.whole.logits(table) - points_logits(table, 0.1)
    assert np.abs(moved).max() < 2.5


@pytest.mark.parametrize(("name", "value", "words"), [
    ("@points", "54", "the agreed points"),
    ("touches:30", "7.25", "did much this month"),
    ("touches:7", "", "did hardly anything this week"),
    ("touches:0", "5", "5 touches so far"),
    ("touches:web:pricing", "0.1698", "Pricing page: long ago"),
    ("touches:web:price_list", "2", "Price list: often lately"),
    ("came_by", "lead:added", "added by hand"),
    ("value", "1.5e+05", "Expected value: 150,000"),
    ("days_since_touch", "1.98", "last touch 1 day ago"),
    ("response_minutes", "300", "first talk after 5 hours"),
    ("custom.job", "student", "Job: student"),
])  # fmt: skip
def test_a_part_of_a_chance_is_told_as_people_say_it(name, value, words):
    assert text([name, value, 0.1]) == words
