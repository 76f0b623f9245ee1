"""Known maps of the published "earlier box" task: which metrics tell them apart, and which do not."""

import numpy as np
import pytest

from saltbench.benchmark.metrics.maps import Maps
from saltbench.benchmark.metrics.truth import localisation as metrics

SAMPLES = 20


def earlier_box():
    truth = np.zeros((SAMPLES, 100, 100), dtype=np.float32)
    truth[:, :30, 10:90] = 1
    return truth


def unit_range(values):
    low, high = values.min(axis=(1, 2), keepdims=True), values.max(axis=(1, 2), keepdims=True)
    return (values - low) / (high - low)


def known_maps():
    truth = earlier_box()
    rng = np.random.default_rng(1910)
    noise, magnitude = rng.standard_normal(truth.shape), abs(rng.standard_normal(truth.shape))
    steps_before_the_last = np.arange(99, -1, -1)[:, None]
    return {
        "oracle": truth,
        "noisy oracle": unit_range(truth + 0.2 * noise),
        "informative": magnitude * (1 + truth),
        "uniform": rng.random(truth.shape),
        "normal": magnitude,
        "zeros": np.zeros_like(truth),
        "ones": np.ones_like(truth),
        "inverted": 1 - truth,
        "spike": magnitude * np.exp(-steps_before_the_last / 2),
    }


@pytest.fixture(scope="module")
def maps():
    return {name: Maps(attributions, earlier_box()) for name, attributions in known_maps().items()}


def mean(metric, maps):
    return getattr(metrics, metric)(maps).mean()


# weighted Jaccard, Euclidean distance, average precision, ROC AUC; exact for the maps without noise
GOLDEN = {
    "oracle": (1.0, 0.0, 1.0, 1.0),
    "zeros": (0.0, 1.0, 0.24, 0.5),
    "ones": (0.24, 1.7795, 0.24, 0.5),
    "inverted": (0.0, 2.0412, 0.24, 0.0),
}
NOISY_GOLDEN = {
    "noisy oracle": (0.358, 0.638, 0.999, 1.0),
    "informative": (0.150, 0.847, 0.541, 0.697),
    "uniform": (0.193, 1.178, 0.238, 0.498),
    "normal": (0.114, 0.924, 0.237, 0.499),
}
COLUMNS = ("weighted_jaccard", "euclidean", "average_precision", "roc_auc")


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("name", GOLDEN)
def test_maps_without_noise(maps, name, column):
    assert mean(column, maps[name]) == pytest.approx(GOLDEN[name][COLUMNS.index(column)], abs=5e-5)


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("name", NOISY_GOLDEN)
def test_maps_with_noise(maps, name, column):
    # the golden values are those of a single map each
    assert mean(column, maps[name]) == pytest.approx(NOISY_GOLDEN[name][COLUMNS.index(column)], abs=0.02)


def test_a_saliency_that_vanishes_before_the_last_steps(maps):
    spike = maps["spike"]
    assert mean("weighted_jaccard", spike) < 0.001
    assert 1.0 < mean("euclidean", spike) < 1.01
    assert mean("average_precision", spike) < 0.16
    assert mean("roc_auc", spike) < 0.1
    assert mean("relevance_mass", spike) < 1e-6
    # its centre lies two steps before the end, the truth's at 14.5
    assert mean("positional_bias", spike) == pytest.approx((99 - 1 / (np.exp(0.5) - 1) - 14.5) / 99, abs=0.002)


@pytest.mark.parametrize("metric", ["average_precision", "roc_auc"])
def test_rank_metrics_keep_the_order(maps, metric):
    # not the inverse of the truth, whose salient cells all share one threshold: the precision there is chance
    inverted = Maps(1 - maps["noisy oracle"].attributions, earlier_box())
    order = [maps[name] for name in ("oracle", "noisy oracle", "informative", "uniform")] + [inverted]
    scores = np.stack([getattr(metrics, metric)(each) for each in order])
    assert (np.diff(scores, axis=0) < 0).all()


def test_weighted_jaccard_does_not_keep_the_order(maps):
    informative, uniform, ones = (metrics.weighted_jaccard(maps[name]) for name in ("informative", "uniform", "ones"))
    assert (informative < uniform).all()
    assert (uniform < ones).all()
    published_winner = 0.103
    assert published_winner < uniform.min()


def test_euclidean_distance_prefers_an_empty_map(maps):
    assert mean("euclidean", maps["zeros"]) < mean("euclidean", maps["uniform"])
    published_lstm = 1.006
    assert mean("euclidean", maps["zeros"]) < published_lstm
