import itertools
import math

import numpy as np
import pytest
import slow_metrics
from scipy.stats import hypergeom

from saltbench.benchmark.metrics.maps import Maps
from saltbench.benchmark.metrics.truth import chance
from saltbench.benchmark.metrics.truth import localisation as metrics

EXACT = ("average_precision", "roc_auc", "top_k_jaccard", "relevance_mass")
EXACT_BY_AXIS = ("time_average_precision", "feature_average_precision")
LIMITS = ("weighted_jaccard", "euclidean", "positional_bias")
NAMES = (*EXACT, *EXACT_BY_AXIS, *LIMITS)

SMALL_TRUTHS = {
    "one cell": [[1, 0, 0], [0, 0, 0]],
    "half": [[1, 1, 0], [0, 1, 0]],
    "all but one": [[1, 1, 1], [1, 1, 0]],
    "graded": [[1, 0.8, 0.3], [0.1, 0, 0]],
    "tied at the k-th place": [[1, 0.5, 0.5], [0.5, 0.25, 0]],
    "constant": [[0.4, 0.4, 0.4], [0.4, 0.4, 0.4]],
}


def level(name, truth):
    return getattr(chance, name)(np.array([truth], dtype=float))[0]


def box(time, features):
    truth = np.zeros((time, features))
    truth[: time // 3, features // 10 : 9 * features // 10] = 1
    return truth


def earlier_box():
    truth = np.zeros((100, 100))
    truth[:30, 10:90] = 1
    return truth


def graded(time, features):
    return np.linspace(0, 1, time)[:, None] * np.random.default_rng(5).random((time, features)) ** 2


def middle(time, features):
    truth = np.zeros((time, features))
    truth[time // 4 : time - time // 4] = 1
    truth[:, 0] = 0
    return truth


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("truth", SMALL_TRUTHS)
def test_exact_level_is_the_mean_over_all_orders(name, truth):
    grid = SMALL_TRUTHS[truth]
    slow = getattr(slow_metrics, name)
    scores = [slow([list(order[:3]), list(order[3:])], grid) for order in itertools.permutations(range(1, 7))]
    assert level(name, grid) == pytest.approx(math.fsum(scores) / math.factorial(6), rel=1e-12)


@pytest.mark.parametrize("marginal", [[1, 0, 0, 0, 0], [1, 0, 1, 0, 1], [1, 0.5, 0.5, 0.2, 0]])
def test_axis_level_is_the_mean_over_all_orders_of_the_axis(marginal):
    orders = itertools.permutations(range(1, 6))
    mean = math.fsum(slow_metrics.precision_steps(list(order), marginal) for order in orders) / math.factorial(5)
    by_time = [[value, value / 2] for value in marginal]
    assert level("time_average_precision", by_time) == pytest.approx(mean, rel=1e-12)
    assert level("feature_average_precision", slow_metrics.transposed(by_time)) == pytest.approx(mean, rel=1e-12)


def test_top_k_of_a_binary_truth_is_hypergeometric():
    overlap = np.arange(2401)
    expected = (hypergeom(10_000, 2400, 2400).pmf(overlap) * overlap / (4800 - overlap)).sum()
    assert level("top_k_jaccard", earlier_box()) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("make_truth", [box, graded, middle])
@pytest.mark.parametrize("name", NAMES)
def test_level_is_the_mean_score_of_random_maps(name, make_truth):
    draws, time, features = 600, 36, 20
    truth = make_truth(time, features)
    random = np.random.default_rng(11).random((draws, time, features))
    scores = getattr(metrics, name)(Maps(random, np.repeat(truth[None], draws, axis=0)))
    standard_error = scores.std(ddof=1) / math.sqrt(draws)
    finite_size = 1 / truth.size if name in LIMITS else 0.0
    assert abs(scores.mean() - level(name, truth)) < 3.5 * standard_error + finite_size + 1e-12


@pytest.mark.parametrize("name", NAMES)
def test_undefined_where_the_truth_is_all_zero(name):
    assert math.isnan(level(name, np.zeros((4, 3))))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(4, 3), (1, 3), (3, 1), (1, 1)])
@pytest.mark.parametrize("value", ["ones", "half", "first cell"])
def test_undefined_exactly_where_the_metric_is(name, shape, value):
    truth = np.full((1, *shape), 0.5 if value == "half" else 1.0)
    if value == "first cell":
        truth.flat[1:] = 0
    scores = getattr(metrics, name)(Maps(np.random.default_rng(2).random((1, *shape)), truth))
    assert np.isnan(getattr(chance, name)(truth)).tolist() == np.isnan(scores).tolist()


@pytest.mark.parametrize("time", [5, 101])
def test_positional_level_of_a_truth_in_the_middle_is_its_spread(time):
    # E |X| of a centred normal is σ sqrt(2 / π); σ² is a third of the variance of a step over the cells
    truth = np.zeros((time, 7))
    truth[time // 2] = 1
    spread = math.sqrt(sum((step / (time - 1) - 0.5) ** 2 for step in range(time)) / (3 * 7 * time**2))
    assert level("positional_bias", truth) == pytest.approx(spread * math.sqrt(2 / math.pi), rel=1e-12)


def test_positional_level_off_the_middle_is_the_distance():
    assert level("positional_bias", box(60, 40)) == pytest.approx(29.5 / 59 - 9.5 / 59, rel=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_level_depends_on_its_own_sample_only(name):
    truths = np.stack([box(9, 8), graded(9, 8), middle(9, 8), np.zeros((9, 8)), np.ones((9, 8))]).astype(np.float32)
    function = getattr(chance, name)
    together, alone = function(truths), np.concatenate([function(truth[None]) for truth in truths])
    assert together.dtype == np.float64
    np.testing.assert_array_equal(together, alone)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("weighted_jaccard", 0.1935), ("average_precision", 0.2407), ("roc_auc", 0.5), ("relevance_mass", 0.24)],
)
def test_levels_of_the_earlier_box(name, expected):
    assert level(name, earlier_box()) == pytest.approx(expected, abs=5e-5)
