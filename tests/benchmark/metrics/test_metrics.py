import math
import subprocess
import sys

import numpy as np
import pytest
import slow_metrics
from sklearn.metrics import average_precision_score, roc_auc_score

from saltbench.benchmark.metrics.entries import ENTRIES
from saltbench.benchmark.metrics.maps import Maps
from saltbench.benchmark.metrics.truth import localisation as metrics
from saltbench.entry import resolve

NAMES = (
    "weighted_jaccard",
    "euclidean",
    "average_precision",
    "roc_auc",
    "top_k_jaccard",
    "relevance_mass",
    "time_average_precision",
    "feature_average_precision",
    "positional_bias",
)
DEFAULTS = [entry for entry in ENTRIES if entry.is_default]
NAN = math.nan


def score(name, attributions, truth):
    return getattr(metrics, name)(Maps(np.array([attributions], dtype=float), np.array([truth], dtype=float)))[0]


# Two positives on the diagonal. s = 1, 2/3, 0, 1/3. Ranking: positive, negative, positive, negative.
# WJac (1 + 1/3) / (1 + 2/3 + 0 + 1); Euc sqrt(4/9 + 4/9) / sqrt(2); AP 1/2 · 1 + 1/2 · 2/3; ROC 3 of 4 pairs;
# top 2 share 1 of 3; mass (3 + 1) / 6; both marginals of the truth are all 1; centres 1/6 and 1/2.
DIAGONAL = ([[3, -2], [0, 1]], [[1, 0], [0, 1]], (1 / 2, 2 / 3, 5 / 6, 3 / 4, 1 / 3, 2 / 3, NAN, NAN, 1 / 3))
# Graded truth, sum 3/2, so k = 2 and N = 5/2. s = 1/2, 1, 0, 0. WJac 1 / 2; Euc sqrt(1/2) / sqrt(5/4);
# AP 1/3 · 1/2 + 2/3 · 3/4; ROC (1/2 · 1/4 + 0 + 2 · 3/2) / (15/4); mass (1 + 1) / 3;
# features: truth 1, 1/2 against 1/2, 1, as the cells themselves.
GRADED = (
    [[1, 2], [0, 0]],
    [[1, 0.5], [0, 0]],
    (1 / 2, math.sqrt(2 / 5), 2 / 3, 5 / 6, 1, 2 / 3, 1, 2 / 3, 0),
)
# One positive. Everything tied: precision 1/4 in one step; the single place is shared by 4 cells,
# Σ min = 1/4, Σ max = 1 + 3/4; centres 1/2 and 0.
CORNER = [[1, 0], [0, 0]]
ONES = ([[1, 1], [-1, 1]], CORNER, (1 / 4, math.sqrt(3), 1 / 4, 1 / 2, 1 / 7, 1 / 4, 1 / 2, 1 / 2, 1 / 2))
ZEROS = ([[0, 0], [0, 0]], CORNER, (0, 1, 1 / 4, 1 / 2, 1 / 7, 1 / 4, 1 / 2, 1 / 2, 1 / 2))
INVERTED = ([[0, 1], [1, 1]], CORNER, (0, 2, 1 / 4, 0, 0, 0, 1 / 2, 1 / 2, 2 / 3))
ORACLE = (CORNER, CORNER, (1, 0, 1, 1, 1, 1, 1, 1, 0))
NOTHING_TO_FIND = ([[3, -2], [0, 1]], [[0, 0], [0, 0]], (NAN,) * 9)
# every cell is salient: no negative and no marginal to find; s = 1, 2/3, 0, 1/3, centres 1/6 and 1/2
ALL_SALIENT = ([[3, -2], [0, 1]], [[1, 1], [1, 1]], (1 / 2, math.sqrt(14) / 6, 1, NAN, 1, 1, NAN, NAN, 1 / 3))
# ranking: positive, negative, positive; s = 0, 1, 1/2
ONE_STEP = ([[0, 2, 1]], [[1, 1, 0]], (2 / 5, math.sqrt(5 / 8), 5 / 6, 1 / 2, 1 / 3, 2 / 3, NAN, 5 / 6, 0))
ONE_STEP_OF_ZEROS = ([[0, 0]], [[1, 0]], (0, 1, 1 / 2, 1 / 2, 1 / 3, 1 / 2, NAN, 1 / 2, 0))
ONE_CELL = ([[-5]], [[1]], (1, 0, 1, NAN, 1, 1, NAN, NAN, 0))
BY_HAND = {
    "diagonal": DIAGONAL,
    "graded": GRADED,
    "ones": ONES,
    "zeros": ZEROS,
    "inverted": INVERTED,
    "oracle": ORACLE,
    "nothing to find": NOTHING_TO_FIND,
    "all salient": ALL_SALIENT,
    "one time step": ONE_STEP,
    "one time step of zeros": ONE_STEP_OF_ZEROS,
    "one cell": ONE_CELL,
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("case", BY_HAND)
def test_by_hand(name, case):
    attributions, truth, expected = BY_HAND[case]
    assert score(name, attributions, truth) == pytest.approx(expected[NAMES.index(name)], rel=1e-14, nan_ok=True)


def random_maps(seed):
    """Return attributions with ties and truths that are binary, graded, constant and absent."""
    rng = np.random.default_rng(seed)
    attributions = np.round(2 * rng.standard_normal((12, 5, 4)))
    attributions[::2] += rng.random((6, 5, 4))
    attributions[3] = 0.0
    truth = rng.choice([0.0, 0.25, 0.5, 1.0], size=(12, 5, 4))
    truth[:4] = np.round(truth[:4])
    truth[6] = rng.random((5, 4))
    truth[7:10] = np.array([0.0, 0.4, 1.0])[:, None, None]
    return attributions, truth


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("name", NAMES)
def test_equals_the_slow_definition(name, seed):
    attributions, truth = random_maps(seed)
    expected = [getattr(slow_metrics, name)(a.tolist(), r.tolist()) for a, r in zip(attributions, truth, strict=True)]
    scores = getattr(metrics, name)(Maps(attributions, truth))
    assert scores.dtype == np.float64
    np.testing.assert_allclose(scores, expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(
    ("name", "sklearn_score"), [("average_precision", average_precision_score), ("roc_auc", roc_auc_score)]
)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_graded_truth_is_a_positive_and_a_negative_by_weight(name, sklearn_score, seed):
    attributions, truth = random_maps(seed)
    attributions, truth = attributions[[0, 1, 3, 4, 5, 6, 8, 10, 11]], truth[[0, 1, 3, 4, 5, 6, 8, 10, 11]]
    labels = np.repeat([1, 0], truth[0].size)
    expected = [
        sklearn_score(labels, np.tile(abs(a).ravel(), 2), sample_weight=np.concatenate([r.ravel(), 1 - r.ravel()]))
        for a, r in zip(attributions, truth, strict=True)
    ]
    scores = getattr(metrics, name)(Maps(attributions, truth))
    np.testing.assert_allclose(scores, expected, rtol=1e-12)


@pytest.mark.parametrize(("total", "k"), [(0.25, 1), (1.25, 1), (1.75, 2), (2.5, 2), (3.5, 4)])
def test_top_k_counts_the_salient_cells(total, k):
    # the truth ranks cells 0, 1, 2, …, the map 1, 2, 3, …: the top k share k - 1 cells
    truth = np.clip(total - np.arange(8.0), 0, 1)
    shifted = np.roll(np.arange(8.0)[::-1], 1)
    assert score("top_k_jaccard", [shifted], [truth]) == pytest.approx((k - 1) / (k + 1))


def test_completeness_residual_by_hand():
    # Σ a = 2: |2 - 4| / 4, |2 + 1| / 1, and undefined where the output does not change
    attributions = np.repeat([[[3.0, -2.0], [0.0, 1.0]]], 4, axis=0)
    maps = Maps(attributions, np.zeros_like(attributions), np.array([4.0, -1.0, 0.0, 2.0]))
    np.testing.assert_array_equal(metrics.completeness_residual(maps), [0.5, 3.0, NAN, 0.0])


def test_completeness_residual_sums_in_float64():
    attributions = np.full((1, 100, 100), 0.1, dtype=np.float32)
    maps = Maps(attributions, attributions, np.array([10_000 * float(np.float32(0.1))], dtype=np.float64))
    assert metrics.completeness_residual(maps)[0] < 1e-12


def test_completeness_residual_is_undefined_for_methods_that_promise_none():
    np.testing.assert_array_equal(
        metrics.completeness_residual(Maps(np.ones((3, 2, 2)), np.ones((3, 2, 2)))), [NAN] * 3
    )


def test_entries_are_in_the_order_of_the_columns():
    assert tuple(entry.name for entry in DEFAULTS) == (*NAMES, "completeness_residual")


@pytest.mark.parametrize("entry", DEFAULTS, ids=lambda entry: entry.name)
def test_entry_names_its_own_function_and_chance_level(entry):
    assert entry.load() is getattr(metrics, entry.name)
    assert (entry.chance is None) == ("truth" not in entry.needs) == (entry.name == "completeness_residual")
    assert "map" in entry.needs
    if entry.chance is not None:
        assert resolve(entry.chance).__name__ == entry.name


@pytest.mark.parametrize("entry", [e for e in DEFAULTS if "truth" in e.needs], ids=lambda entry: entry.name)
def test_direction_prefers_the_oracle(entry):
    truth = np.zeros((1, 6, 5))
    truth[0, :2, 1:3] = 1
    oracle, inverted = entry.load()(Maps(truth, truth))[0], entry.load()(Maps(1 - truth, truth))[0]
    assert (oracle > inverted) == entry.higher_is_better
    assert oracle == (entry.high if entry.higher_is_better else entry.low)


def test_listing_metrics_imports_nothing_heavy():
    heavy = {"torch", "scipy", "sklearn", "pandas"}
    code = f"import sys, saltbench.benchmark.metrics.entries; print({heavy} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "set()\n"
