"""Pooled scores: of copies of samples as if these were given, of fewer thresholds almost so, and their resamples."""

import numpy as np
import pytest
from golden_values import MAPS, TRUTH
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import auc, precision_recall_curve

from saltbench import Maps
from saltbench.benchmark.metrics.entries import ENTRIES
from saltbench.benchmark.metrics.pooling import RESAMPLES, Pool, deviations
from saltbench.benchmark.metrics.truth import thresholds
from saltbench.benchmark.metrics.truth.areas import precision_area, recall_area
from saltbench.benchmark.metrics.truth.thresholds import Curve, pool_of

POOLED = [entry for entry in ENTRIES if entry.is_pooled]
COUNTS = np.array([[1, 1, 1, 1], [2, 0, 1, 1], [0, 4, 0, 0], [0, 0, 3, 1]])
over = {"ids": lambda entry: entry.name}


def pool(entry, maps, truth=TRUTH):
    return entry.load()([Maps(maps, truth)], **entry.configure({}))


@pytest.mark.parametrize("entry", POOLED, **over)
@pytest.mark.parametrize("name", ["signed", "informative", "ties", "last-step"])
def test_copies_of_samples_score_as_if_they_were_given(entry, name):
    whole = pool(entry, MAPS[name])
    found = whole.resampled(COUNTS.astype(float))
    for counts, score in zip(COUNTS, found, strict=True):
        copies = np.repeat(range(4), counts)
        again = pool(entry, MAPS[name][copies], TRUTH[copies]).score
        assert score - found[0] == pytest.approx(again - whole.score, abs=1e-10)


@pytest.mark.parametrize("entry", POOLED, **over)
def test_parts_of_the_samples_are_pooled_as_one(entry):
    signed = MAPS["signed"]
    parts = [Maps(signed[rows], TRUTH[rows]) for rows in ([0, 1], [2, 3])]
    divided = entry.load()(parts, **entry.configure({}))
    assert divided.score == pytest.approx(pool(entry, signed).score, abs=1e-12)
    np.testing.assert_allclose(divided.resampled(COUNTS * 1.0), pool(entry, signed).resampled(COUNTS * 1.0), atol=1e-12)


samples = st.tuples(st.integers(1, 3), st.integers(2, 9)).flatmap(
    lambda shape: st.tuples(
        arrays(np.float64, shape, elements=st.integers(-4, 4).map(lambda n: n / 4)),
        arrays(np.float64, shape, elements=st.sampled_from([0.0, 1.0])),
    )
)


@settings(deadline=None, max_examples=60, derandomize=True)
@given(sample=samples)
def test_areas_against_scikit_learn(sample):
    scores, relevance = (values.ravel() for values in sample)
    if not relevance.any() or len(set(scores)) < 2:
        return
    precision, recall, found = precision_recall_curve(relevance, scores)
    curve = Curve.of(scores, relevance)
    assert precision_area(curve)[0] == pytest.approx(auc(found, precision[:-1]), abs=1e-12)
    assert recall_area(curve)[0] == pytest.approx(auc(found, recall[:-1]), abs=1e-12)
    assert curve.trapezoid_precision()[0] == pytest.approx(auc(recall, precision), abs=1e-12)


@pytest.mark.parametrize("area", [precision_area, recall_area, Curve.average_precision, Curve.roc_auc])
def test_fewer_thresholds_shift_the_bounds_by_less_than_the_bootstrap_itself(area):
    rng = np.random.default_rng(3)
    truth = (rng.random((12, 500)) < 0.2).astype(float)
    maps = np.abs(rng.standard_normal(truth.shape) * (1 + truth * rng.random((12, 1))))
    exact, thinned = (pool_of(list(maps), list(truth), area, most) for most in (10**6, thresholds.MOST // 4))
    assert exact.score == thinned.score
    whole, few = deviations(exact, 12, resamples=200), deviations(thinned, 12, resamples=200)
    assert np.abs(whole - few).max() < 0.06 * whole.std()


def test_deviations_are_those_of_seeded_resamples_around_the_score():
    values = np.array([0.0, 1.0, 4.0, 11.0])
    mean = Pool.of(lambda counts: counts @ values / counts.sum(axis=1), 4)
    assert mean.score == 4.0
    found = deviations(mean, 4)
    assert found.shape == (RESAMPLES,)
    np.testing.assert_array_equal(found, deviations(mean, 4))
    assert found.mean() == pytest.approx(0, abs=4 * values.std() / np.sqrt(4 * RESAMPLES))
    assert found.std() == pytest.approx(values.std() / 2, rel=0.1)
    # the same resamples of every pool, so that differences between methods are those of pairs
    twice = Pool.of(lambda counts: 2 * counts @ values / counts.sum(axis=1), 4)
    np.testing.assert_allclose(deviations(twice, 4), 2 * found, atol=1e-12)


AREAS = [entry for entry in POOLED if entry.name.startswith(("aup", "aur", "auroc")) and entry.name[:8] != "aup:tsib"]


@pytest.mark.parametrize("entry", AREAS, **over)
def test_without_a_salient_entry_nothing_is_defined(entry):
    nothing = pool(entry, MAPS["signed"], np.zeros_like(TRUTH))
    assert np.isnan(nothing.score)
    assert np.isnan(nothing.resampled(COUNTS * 1.0)).all()


@pytest.mark.parametrize("name", ["aup:tint", "aur:tint"])
def test_one_threshold_leaves_no_area_in_time_interpret(name):
    (entry,) = [entry for entry in POOLED if entry.name == name]
    assert pool(entry, MAPS["constant"]).score == 0.0


def test_a_constant_map_among_others_leaves_the_state_scripts_without_a_score():
    (entry,) = [entry for entry in POOLED if entry.name == "aup:dynamask-state"]
    one_constant = np.where(np.arange(4)[:, None, None] == 2, 0.5, MAPS["signed"])
    assert np.isnan(pool(entry, one_constant).score)
    assert np.isnan(deviations(pool(entry, one_constant), 4, resamples=5)).all()
