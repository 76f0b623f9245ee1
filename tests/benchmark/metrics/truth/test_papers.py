"""Metrics by the papers' names: chance levels, agreement with signed references, slow definitions, and their edges."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from saltbench import Maps, load_registries
from saltbench.benchmark.metrics.truth import agreement, largest, mass_levels
from saltbench.entry import resolve
from saltbench.errors import ParameterError, UnknownNameError

METRICS = [metric for metric in load_registries().metrics if "compatibility" in metric.tags and "truth" in metric.needs]
BY_NAME = {metric.name: metric for metric in METRICS}
WITH_CHANCE = [metric for metric in METRICS if metric.chance is not None]
check = settings(deadline=None, max_examples=20, derandomize=True)
over = {"ids": lambda entry: entry.name}


def scored(name, maps, **parameters):
    metric = BY_NAME[name]
    chosen = metric.configure(parameters)
    if metric.is_pooled:
        return metric.load()([maps], **chosen).score
    return metric.load()(maps, **chosen)


@pytest.mark.parametrize("metric", WITH_CHANCE, **over)
def test_chance_is_what_random_maps_score(metric):
    rng = np.random.default_rng(2)
    truth = np.zeros((60, 30, 30))
    truth[:, 5:15, 3:13] = 1
    chosen = {"k": 90} if "k" in metric.parameters else {}
    scores = scored(metric.name, Maps(rng.random(truth.shape), truth), **chosen)
    level = resolve(metric.chance)(truth).mean()
    # limits for large maps, and the spread of 60
    assert np.mean(scores) == pytest.approx(level, abs=0.1 * level if metric.name != "pointing_game:quantus" else 0.2)


@pytest.mark.parametrize("metric", METRICS, **over)
def test_a_truth_of_zeros_has_no_score_but_an_error(metric):
    maps = Maps(np.random.default_rng(0).standard_normal((2, 4, 3)), np.zeros((2, 4, 3)))
    score = np.atleast_1d(scored(metric.name, maps))
    assert (np.isfinite if metric.name in {"mae:tint", "mse:tint"} else np.isnan)(score).all()


@pytest.mark.parametrize(
    "metric", [metric for metric in METRICS if "tsib" in metric.name or "share" in metric.name], **over
)
def test_samples_without_a_salient_entry_change_nothing(metric):
    rng = np.random.default_rng(4)
    some = Maps(rng.standard_normal((3, 6, 5)), (rng.random((3, 6, 5)) < 0.2).astype(float))
    none = Maps(rng.standard_normal((2, 6, 5)), np.zeros((2, 6, 5)))
    both = Maps(np.concatenate([some.attributions, none.attributions]), np.concatenate([some.truth, none.truth]))
    assert scored(metric.name, both) == pytest.approx(scored(metric.name, some), rel=1e-12)


maps_and_truths = st.tuples(st.integers(1, 2), st.integers(1, 4), st.integers(1, 3)).flatmap(
    lambda shape: st.tuples(
        arrays(np.float64, shape, elements=st.integers(-4, 4).map(float)),
        arrays(np.float64, shape, elements=st.sampled_from([0.0, 1.0])),
    )
)


@pytest.mark.parametrize("metric", METRICS, **over)
@check
@given(sample=maps_and_truths)
def test_scores_lie_in_the_stated_range(metric, sample):
    scores = np.atleast_1d(scored(metric.name, Maps(*sample)))
    known = scores[~np.isnan(scores)]
    assert ((known >= metric.low - 1e-12) & (known <= metric.high + 1e-12)).all()


@pytest.mark.parametrize("metric", [metric for metric in METRICS if "sign" in metric.parameters], **over)
@check
@given(sample=maps_and_truths)
def test_signs_are_those_of_changed_maps(metric, sample):
    attributions, truth = sample
    for sign, changed in (("absolute", abs(attributions)), ("positive", np.maximum(attributions, 0))):
        expected = scored(metric.name, Maps(changed, truth), sign="signed")
        np.testing.assert_array_equal(scored(metric.name, Maps(attributions, truth), sign=sign), expected)


@pytest.mark.parametrize("metric", [metric for metric in METRICS if metric.parameters], **over)
def test_impossible_settings_are_refused_before_anything_runs(metric):
    wrong = {"sign": "both", "k": 0, "quantile": 1.5, "ties": "first", "share": 0.0}
    for name in metric.parameters:
        with pytest.raises((ParameterError, UnknownNameError), match=rf"^{metric.name}.*: "):
            metric.configure({name: wrong[name]})


def slow_levels(scaled, truth):
    """P_p and R_p of one sample, entry after entry."""
    order = sorted(range(len(scaled)), key=lambda entry: -scaled[entry])
    precision, recall, size = [], [], 0
    for level in range(1, 10):
        while sum(scaled[entry] for entry in order[:size]) < level / 10 * sum(scaled) - 1e-12:
            size += 1
        size = max(size, 1)
        chosen = order[:size]
        hits = math.fsum(scaled[entry] * truth[entry] for entry in chosen)
        precision.append(hits / math.fsum(scaled[entry] for entry in chosen))
        recall.append(hits / math.fsum(a * r for a, r in zip(scaled, truth, strict=True)))
    return precision, recall


@pytest.mark.parametrize("seed", range(5))
def test_levels_of_mass_against_slow_arithmetic(seed):
    rng = np.random.default_rng(seed)
    attributions, truth = rng.standard_normal((1, 4, 5)), np.zeros((1, 4, 5))
    truth[0, 1:3, 1:4] = 1
    magnitude = abs(attributions).ravel()
    scaled = (magnitude - magnitude.min()) / np.ptp(magnitude)
    precision, recall = slow_levels(scaled.tolist(), truth.ravel().tolist())
    maps = Maps(attributions, truth)
    assert scored("aup:tsib", maps) == pytest.approx(np.trapezoid(precision, mass_levels.LEVELS), abs=1e-12)
    assert scored("aur:tsib", maps) == pytest.approx(np.trapezoid(recall, mass_levels.LEVELS), abs=1e-12)


def openxai():
    from golden_values import MAPS, VALUES, WEIGHTS

    reference = np.broadcast_to(WEIGHTS[1].ravel(), (4, 40))
    for name in ("distinct", "signed", "informative", "scaled"):
        yield name, MAPS[name].reshape(4, 40), reference, VALUES


def test_agreement_with_coefficients_is_that_of_openxai():
    flipped = np.array([1, -1, 1, 1])[:, None]  # the code turns the coefficients' signs for predictions of class 0
    kinds = {"FA": "feature", "RA": "rank", "SA": "sign", "SRA": "signed_rank"}
    for name, maps, reference, values in openxai():
        for short, kind in kinds.items():
            shares = agreement.agreement(maps, reference * flipped, kind, 10)
            path = f"changes/OpenXAI/{short} k=.25 AUC={{}}, predictions=[1,0,1,1]"
            np.testing.assert_allclose(shares[:, -1], values[path.format(False)][name], atol=1e-10)
            np.testing.assert_allclose(agreement.area_over_sizes(shares), values[path.format(True)][name], atol=1e-10)
        for function, path in (
            (agreement.rank_correlation, "changes/OpenXAI/rankcorr (RC)"),
            (agreement.pairwise_agreement, "changes/OpenXAI/pairwise_comp (PRA)"),
        ):
            np.testing.assert_allclose(function(maps, reference), values[path][name], atol=1e-10)


def test_agreement_of_another_kind():
    with pytest.raises(ParameterError, match="agreement must be of feature, rank, sign, signed_rank, got 'place'"):
        agreement.agreement(np.ones((1, 2)), np.ones((1, 2)), "place", 1)


def test_entries_that_tie_share_the_last_places():
    truth = np.array([[[1.0, 0.0, 1.0, 0.0]]])
    maps = Maps(np.array([[[3.0, 1.0, 1.0, 1.0]]]), truth)
    # the largest is salient, one of the three others takes the second place
    assert scored("relevance_rank:quantus", maps) == pytest.approx((1 + 1 / 3) / 2)
    assert scored("top_k_intersection:quantus", maps, k=3) == pytest.approx((1 + 2 / 3) / 3)
    assert scored("pointing_game:quantus", Maps(np.ones_like(truth), truth)).tolist() == [1]


def test_mean_rank_leaves_the_first_step_out():
    attributions = np.array([[[9.0, 8.0], [1.0, 5.0], [5.0, 2.0]]])
    truth = np.array([[[1.0, 1.0], [0.0, 1.0], [0.0, 1.0]]])
    assert scored("mean_rank:winit", Maps(attributions, truth)).tolist() == [(1.5 + 3) / 2]
    assert scored("mean_rank:winit", Maps(attributions, truth), ties="min").tolist() == [(1 + 3) / 2]
    only_first = np.array([[[1.0, 1.0], [0.0, 0.0], [0.0, 0.0]]])
    assert np.isnan(scored("mean_rank:winit", Maps(attributions, only_first))).all()
    assert np.isnan(largest.mean_rank_winit(Maps(attributions[:, :1], truth[:, :1]))).all()


def test_a_quantile_of_zero_takes_everything():
    truth = np.zeros((1, 5, 4))
    truth[0, 0] = 1
    # the .75 quantile of a perfect map with a fifth of salient entries is 0
    assert scored("iou:timex", Maps(truth, truth), quantile=0.75).tolist() == [0.2]
    assert scored("iou:timex", Maps(truth, truth), quantile=0.9).tolist() == [1]


def test_zeros_score_above_most_maps_in_xaitimesynth():
    truth = np.zeros((1, 10, 10))
    truth[0, :2] = 1
    assert scored("auprc:xaitimesynth", Maps(np.zeros_like(truth), truth)) == pytest.approx((1 + 0.2) / 2)
