import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from saltbench.benchmark.metrics.contract import metric_contract
from saltbench.benchmark.metrics.entries import ENTRIES
from saltbench.benchmark.metrics.maps import Maps
from saltbench.benchmark.metrics.truth import localisation as metrics

TestShippedMetrics = metric_contract(*ENTRIES)

# what keeps to a paper's code has its properties, which are tested against golden values
OWN = [entry for entry in ENTRIES if "compatibility" not in entry.tags]
AGAINST_TRUTH = [entry for entry in OWN if entry.needs == ("map", "truth")]
RANKED = [e for e in AGAINST_TRUTH if e.tags == ("rank",)]
# what is reported beyond the salient entries lies anywhere, the oracle's too
PERFECT_ORACLE = [e for e in AGAINST_TRUTH if e.name != "on_task"]
WITHOUT_AXES = [e for e in AGAINST_TRUTH if "axis" not in e.tags]
over = {"ids": lambda entry: entry.name}
check = settings(deadline=None, max_examples=60, derandomize=True)

shapes = st.tuples(st.integers(1, 3), st.integers(1, 6), st.integers(1, 5))
# whole numbers and eighths: exact in floating point, and full of ties
whole = st.integers(-9, 9).map(float)
eighths = st.integers(0, 8).map(lambda n: n / 8)
binary = st.sampled_from([0.0, 1.0])
anything = st.floats(-1e30, 1e30)


@st.composite
def samples(draw, values=whole, truths=eighths):
    shape = draw(shapes)
    return draw(arrays(np.float64, shape, elements=values)), draw(arrays(np.float64, shape, elements=truths))


@pytest.mark.parametrize("entry", AGAINST_TRUTH, **over)
@check
@given(sample=samples(values=anything, truths=st.floats(0, 1, allow_subnormal=False)))
def test_scores_lie_in_the_declared_range(entry, sample):
    scores = entry.load()(Maps(*sample))
    assert scores.shape == sample[0].shape[:1]
    defined = scores[~np.isnan(scores)]
    assert ((defined >= entry.low) & (defined <= entry.high * (1 + 1e-15))).all()


@pytest.mark.parametrize("entry", PERFECT_ORACLE, **over)
@check
@given(sample=samples(truths=binary))
def test_oracle_of_a_binary_truth_is_perfect(entry, sample):
    _, truth = sample
    scores = entry.load()(Maps(truth, truth))
    assert set(scores[~np.isnan(scores)]) <= {entry.high if entry.higher_is_better else entry.low}


@pytest.mark.parametrize("name", ["roc_auc", "top_k_jaccard", "positional_bias"])
@check
@given(sample=samples())
def test_no_map_beats_the_oracle_of_a_graded_truth(name, sample):
    attributions, truth = sample
    metric = getattr(metrics, name)
    gain = metric(Maps(attributions, truth)) - metric(Maps(truth, truth))
    gain = -gain if name == "positional_bias" else gain
    assert (gain[~np.isnan(gain)] <= 1e-12).all()


@pytest.mark.parametrize("entry", RANKED, **over)
@check
@given(sample=samples())
def test_rank_metrics_see_the_order_only(entry, sample):
    attributions, truth = sample
    metric = entry.load()
    monotone = -(2.0 ** abs(attributions))
    np.testing.assert_array_equal(metric(Maps(monotone, truth)), metric(Maps(attributions, truth)))


@pytest.mark.parametrize("entry", AGAINST_TRUTH, **over)
@check
@given(sample=samples(), scale=st.sampled_from([2.0**-40, -0.5, 4.0, -(2.0**70)]))
def test_sign_and_scale_do_not_matter(entry, sample, scale):
    attributions, truth = sample
    metric = entry.load()
    np.testing.assert_array_equal(metric(Maps(scale * attributions, truth)), metric(Maps(attributions, truth)))


@pytest.mark.parametrize("entry", WITHOUT_AXES, **over)
@check
@given(sample=samples(), random=st.randoms(use_true_random=False))
def test_cells_may_change_places(entry, sample, random):
    attributions, truth = sample
    order = list(range(attributions[0].size))
    random.shuffle(order)
    permuted = [a.reshape(len(a), -1)[:, order].reshape(a.shape) for a in (attributions, truth)]
    metric = entry.load()
    np.testing.assert_allclose(metric(Maps(*permuted)), metric(Maps(attributions, truth)), rtol=1e-12, atol=1e-15)


@check
@given(sample=samples())
def test_axes_mirror_each_other(sample):
    transposed = Maps(*(array.swapaxes(1, 2) for array in sample))
    scores = metrics.feature_average_precision(Maps(*sample))
    np.testing.assert_allclose(metrics.time_average_precision(transposed), scores, rtol=1e-12)


@check
@given(sample=samples())
def test_bias_is_the_same_in_reversed_time(sample):
    reversed_time = Maps(*(array[:, ::-1] for array in sample))
    np.testing.assert_allclose(
        metrics.positional_bias(reversed_time), metrics.positional_bias(Maps(*sample)), atol=1e-14
    )
