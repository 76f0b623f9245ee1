"""The on/off-task distribution against a definition by enumeration, and on maps whose answer is known."""

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from saltbench.benchmark.metrics.maps import Maps
from saltbench.benchmark.metrics.truth.on_task import SHARES, chance_on_task, on_task, on_task_steps, reported_on_task
from saltbench.errors import ParameterError

SHAPE = (2, 3)  # time, features: 720 orders to enumerate


def slow(magnitude, truth, share):
    """The mean over every order that the map allows: of the k first cells, those in a step with any truth."""
    cells = [(step, feature) for step in range(SHAPE[0]) for feature in range(SHAPE[1])]
    count = max(1, round(share * len(cells)))
    allowed = []
    for order in permutations(cells):
        values = [magnitude[cell] for cell in order]
        if values == sorted(values, reverse=True):
            allowed.append(sum(any(truth[step] > 0) for step, _ in order[:count]) / count)
    return sum(allowed) / len(allowed) if truth.any() else math.nan


@given(
    arrays(float, SHAPE, elements=st.sampled_from([-2.0, -1.0, 0.0, 1.0])),
    arrays(float, SHAPE, elements=st.sampled_from([0.0, 0.0, 0.0, 0.5, 1.0])),
    st.sampled_from([0.01, 0.2, 0.5, 0.9, 1.0]),
)
def test_every_order_that_the_map_allows_counts_alike(attributions, truth, share):
    (value,) = reported_on_task(Maps(attributions[None], truth[None]), [share])[:, 0]
    assert value == pytest.approx(slow(np.abs(attributions), truth, share), abs=1e-12, nan_ok=True)


def box(samples=4):
    """Truth in steps 3 to 8 of 20, at one of 10 features."""
    truth = np.zeros((samples, 20, 10))
    truth[:, 3:8, 4] = 1
    return truth


def test_a_map_equal_to_the_truth_reports_steps_on_task_alone():
    truth = box()
    full = np.zeros_like(truth)
    full[:, 3:8] = 1  # 50 of 200 cells
    assert (reported_on_task(Maps(full, truth), [0.1, 0.2, 0.25]) == 1).all()
    # beyond them only cells off task are left
    assert reported_on_task(Maps(full, truth), [0.5])[0] == pytest.approx(0.5)


@pytest.mark.parametrize("constant", [0.0, 1.0])
def test_a_constant_map_reports_chance(constant):
    maps = Maps(np.full((4, 20, 10), constant), box())
    assert reported_on_task(maps) == pytest.approx(np.full((len(SHARES), 4), 0.25))
    assert chance_on_task(maps.truth) == pytest.approx(np.full(4, 0.25))


def test_a_map_of_the_last_step_reports_it_and_then_chance_among_the_others():
    truth = np.zeros((1, 10, 10))
    truth[:, :3, 0] = 0.2
    last = np.zeros_like(truth)
    last[:, -1] = 7.0
    values = reported_on_task(Maps(last, truth), [0.1, 0.5])[:, 0]
    assert values[0] == 0
    assert values[1] == pytest.approx(40 * (3 / 9) / 50)  # 40 of the 90 tied cells, a third of which is on task


def test_random_maps_report_chance_in_the_mean():
    maps = Maps(np.random.default_rng(0).random((400, 20, 10)), box(400))
    deviation = math.sqrt(0.25 * 0.75 / 20 / 400)
    assert reported_on_task(maps, [0.1]).mean() == pytest.approx(0.25, abs=4 * deviation)


def test_a_graded_truth_makes_its_step_one_on_task():
    truth = np.zeros((1, 3, 2))
    truth[0, 1, 1] = 1e-3
    assert on_task_steps(truth).tolist() == [[False, True, False]]


def test_a_sample_with_nothing_to_find_has_no_score_and_no_chance():
    truth = box(2)
    truth[0] = 0
    maps = Maps(np.random.default_rng(2).normal(size=truth.shape), truth)
    assert np.isnan(on_task(maps)).tolist() == [True, False]
    assert chance_on_task(truth) == pytest.approx([math.nan, 0.25], nan_ok=True)


def test_one_step_is_on_task_or_off():
    maps = Maps(np.ones((1, 1, 5)), np.ones((1, 1, 5)))
    assert (reported_on_task(maps) == 1).all()


def test_the_metric_is_the_mean_over_the_shares():
    maps = Maps(np.random.default_rng(1).normal(size=(4, 20, 10)), box())
    curve = reported_on_task(maps)
    assert on_task(maps) == pytest.approx(sum(curve) / 5)
    assert on_task(maps, shares=[0.3]).tolist() == curve[2].tolist()


def test_no_share_is_no_mean():
    with pytest.raises(ParameterError, match=r"reported shares must lie above 0 and be at most 1, got \[\]"):
        on_task(Maps(box(), box()), shares=[])


@pytest.mark.parametrize("share", [0.0, -0.1, 1.1, math.nan])
def test_an_impossible_share_is_refused(share):
    with pytest.raises(ParameterError, match=r"reported shares must lie above 0 and be at most 1, got \["):
        reported_on_task(Maps(box(), box()), [share])
