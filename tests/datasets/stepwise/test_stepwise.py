import itertools

import numpy as np
import pytest
from scipy.signal import butter

from saltbench.datasets.processes.hidden_states import changes, markov_states, two_states
from saltbench.datasets.stepwise.l2x_switch import _logits, _roots, l2x_switch
from saltbench.datasets.stepwise.spike import _base, _draw_spikes, spike
from saltbench.datasets.stepwise.state import state
from saltbench.datasets.stepwise.switch import switch
from saltbench.errors import ParameterError

TASKS = {"state": state, "switch": switch, "l2x-switch": l2x_switch, "spike": spike}
SIZES = {  # time steps, features, samples
    "state": (200, 3, 800, 200),
    "switch": (100, 3, 800, 200),
    "l2x-switch": (100, 10, 800, 200),
    "spike": (80, 3, 2400, 600),
}
SPLITS = ("train", "validation", "test")


def sigmoid(values):
    return 1 / (1 + np.exp(-values))


def check_labels(labels, probabilities):
    """That as many labels are 1 as their probabilities say, all in all and where these are low, middling and high."""
    edges = np.quantile(probabilities, [0, 1 / 3, 2 / 3, 1])
    for low, high in ((0, 1), *itertools.pairwise(edges)):
        chosen = (probabilities >= low) & (probabilities <= high)
        error = 5 * np.sqrt((probabilities[chosen] * (1 - probabilities[chosen])).sum())
        assert abs(labels[chosen].sum() - probabilities[chosen].sum()) < error + 1e-9


@pytest.mark.parametrize("name", TASKS)
def test_sizes_types_and_seeds(name):
    time, features, train, test = SIZES[name]
    data, again, other = TASKS[name](5), TASKS[name](5), TASKS[name](6)
    assert (len(data.train.inputs), len(data.test.inputs)) == (train, test)
    for part in SPLITS:
        split, same, different = (getattr(drawn, part) for drawn in (data, again, other))
        assert split.inputs.shape == split.truth.shape == (len(split.inputs), time, features)
        assert split.labels.shape == split.inputs.shape[:2]
        assert (split.inputs.dtype, split.labels.dtype, split.truth.dtype) == (np.float32, np.int64, np.float32)
        assert split.inputs.tobytes() + split.labels.tobytes() == same.inputs.tobytes() + same.labels.tobytes()
        assert split.inputs.tobytes() != different.inputs.tobytes()
        assert set(np.unique(split.truth)) == {0, 1}


@pytest.mark.parametrize("name", TASKS)
def test_impossible_sizes(name):
    with pytest.raises(ParameterError, match="train must be at least 1, got 0"):
        TASKS[name](1, train=0)
    with pytest.raises(ParameterError, match="at most 2147483648 values"):
        TASKS[name](1, train=10**9)


def test_two_states_follow_the_rule_that_decays():
    states = two_states(np.random.default_rng(3), 10_000, 40)
    # the state before the first is a coin; d counts the steps already spent in a state, and a change makes it 0
    first = 0.5 * 0.95 + 0.5 * 0.05
    assert states[:, 0].mean() == pytest.approx(first, abs=5 * 0.5 / np.sqrt(10_000))
    for last, spent, expected in ((0, 3, 0.05), (1, 0, 0.95), (1, 3, 0.95 - 3 / 500), (1, 15, 0.95 - 15 / 500)):
        run = np.array([1 - last, *[last] * (spent + 1)])
        windows = np.lib.stride_tricks.sliding_window_view(states, len(run) + 1, axis=1).reshape(-1, len(run) + 1)
        after = windows[(windows[:, :-1] == run).all(axis=1), -1]
        assert after.mean() == pytest.approx(expected, abs=5 * np.sqrt(expected * (1 - expected) / len(after)))


def test_markov_states_follow_their_probabilities():
    first, moves = np.array([0.2, 0.8]), np.array([[0.9, 0.1], [0.4, 0.6]])
    states = markov_states(np.random.default_rng(3), 4000, 20, first, moves)
    assert states[:, 0].mean() == pytest.approx(0.8, abs=0.032)
    for last in (0, 1):
        after = states[:, 1:][states[:, :-1] == last]
        assert after.mean() == pytest.approx(moves[last, 1], abs=5 * 0.5 / np.sqrt(len(after)))
    np.testing.assert_array_equal(changes(np.array([[0, 0, 1, 1, 0]])), [[True, False, True, False, True]])


def test_state_has_its_moments_labels_and_both_truths():
    split = state(2).train
    states = split.truth.argmax(axis=2) - 1
    np.testing.assert_array_equal(split.truth.sum(axis=2), 1)  # a third of the entries
    assert set(np.unique(states)) == {0, 1}
    moments = {
        0: ([0.1, 1.6, 0.5], [[0.801, 0.01, 0], [0.01, 0.801, 0], [0, 0, 0.801]]),
        1: ([-0.1, -0.4, -1.5], [[0.801, 0, 0.01], [0, 0.801, 0], [0.01, 0, 0.801]]),
    }
    for hidden, (mean, covariance) in moments.items():
        x = split.inputs[states == hidden].astype(np.float64)
        np.testing.assert_allclose(x.mean(axis=0), mean, atol=5 * np.sqrt(0.801 / len(x)))
        np.testing.assert_allclose(np.cov(x.T), covariance, atol=5 * 0.801 * np.sqrt(2 / len(x)))
    told = (split.inputs * split.truth).sum(axis=2).astype(np.float64)
    check_labels(split.labels, sigmoid(2 * told))
    np.testing.assert_array_equal(split.at_changes, split.truth * changes(states)[:, :, None])
    assert split.at_changes[:, 0].any(axis=1).all()


def test_switch_begins_in_two_of_three_states_and_has_its_moments():
    split = switch(2).train
    states = split.truth.argmax(axis=2)
    np.testing.assert_array_equal(split.truth.sum(axis=2), 1)
    shares = np.bincount(states[:, 0], minlength=3) / len(states)
    np.testing.assert_allclose(shares, [2 / 3, 1 / 3, 0], atol=0.085)
    assert shares[2] == 0
    means = np.array([[0.8, -0.5, -0.2], [0, -1, 0], [-0.2, -0.2, 0.8]])
    moves = np.array([[0.95, 0.02, 0.03], [0.02, 0.95, 0.03], [0.03, 0.02, 0.95]])
    for hidden in range(3):
        x = split.inputs[states == hidden].astype(np.float64)
        np.testing.assert_allclose(x.mean(axis=0), means[hidden], atol=5 * np.sqrt(0.1 / len(x)))
        np.testing.assert_allclose(x.std(axis=0), np.sqrt(0.1), rtol=0.03)
        after = states[:, 1:][states[:, :-1] == hidden]
        np.testing.assert_allclose(np.bincount(after) / len(after), moves[hidden], atol=0.009)
    told = (split.inputs * split.truth).sum(axis=2).astype(np.float64)
    check_labels(split.labels, sigmoid(3 * told))


def test_l2x_switch_shows_its_state_and_has_the_published_rules():
    split = l2x_switch(2).train
    x = split.inputs.astype(np.float64)
    states = np.where(x[:, :, 9] == 0.5, 0, 1)
    assert set(np.unique(split.inputs[:, :, 9])) == {-0.5, 0.5}
    salient = {0: [1, 2, 3, 4, 9], 1: [5, 6, 7, 8, 9]}
    for hidden, features in salient.items():
        assert {tuple(np.flatnonzero(row)) for row in split.truth[states == hidden]} == {tuple(features)}
    means = [1.2, 0.8, 1.5, 0.4, 0.5, -1.2, -1.5, -0.8, -0.4]
    np.testing.assert_allclose(x[:, :, :9].mean(axis=(0, 1)), means, atol=0.03)
    np.testing.assert_allclose(x[:, :, :9].var(axis=(0, 1)), 0.5, atol=0.03)
    z1, z2, z3, z4 = np.moveaxis(x[:, :, 5:9], 2, 0)
    ones = 1 / (1 + np.exp(-10 * np.sin(-0.2 * z1) + abs(z2) + z3 + np.exp(-z4) - 2.4))
    zeros = 1 / (1 + np.exp((x[:, :, 1:5] ** 2).sum(axis=2) - 4))
    check_labels(split.labels, np.where(states == 0, zeros, ones))
    np.testing.assert_allclose(sigmoid(_logits(x)[0]), zeros, rtol=1e-9)
    np.testing.assert_allclose(sigmoid(_logits(x)[1]), ones, rtol=1e-9)


def test_l2x_switch_has_squared_exponential_kernels():
    (root,) = _roots(6, np.array([2.0]))
    gaps = np.subtract.outer(np.arange(6), np.arange(6))
    np.testing.assert_allclose(root @ root.T, 0.5 * np.exp(-(gaps**2) / 8), atol=1e-8)


def test_spike_marks_the_first_spike_of_feature_0_alone():
    split = spike(2).train
    has = split.truth.any(axis=(1, 2))
    assert has.mean() == pytest.approx(0.3 * (1 - np.exp(-3)), abs=0.047)  # it may be 0
    assert not split.truth[:, :, 1:].any()
    np.testing.assert_array_equal(split.truth.sum(axis=(1, 2)), has)
    first = split.truth[:, :, 0].argmax(axis=1)
    expected = has[:, None] & (np.arange(80) >= first[:, None])
    np.testing.assert_array_equal(split.labels, expected)


@pytest.mark.parametrize("delay", [1, 4])
def test_a_delay_moves_the_label_and_not_the_truth(delay):
    at_once, later = (spike(2, delay=steps, train=200).train for steps in (0, delay))
    np.testing.assert_array_equal(at_once.inputs, later.inputs)
    np.testing.assert_array_equal(at_once.truth, later.truth)
    np.testing.assert_array_equal(later.labels[:, delay:], at_once.labels[:, :-delay])
    assert not later.labels[:, :delay].any()


def test_spikes_stand_on_low_passed_narma():
    found, rng = _base(np.random.default_rng(7), 2, 12), np.random.default_rng(7)
    narma = [np.zeros((2, 12)) for _ in range(3)]
    for series, (kept, constant) in zip(narma, ((0.5, 0.5), (0.5, 0.5), (0.3, 0.1)), strict=True):
        drive = rng.uniform(0, 0.5, (2, 14))
        for t in range(12):
            earlier = series[:, t - 1] if t else 0
            series[:, t] = kept * earlier + 1.5 * drive[:, t] * drive[:, t + 2] + constant
    noisy = np.stack(narma, axis=2) + 0.001 * rng.standard_normal((2, 12, 3))
    numerator, denominator = butter(6, 6.8 / 15)  # a cut-off of 6.8 Hz at 30 Hz
    for n in range(2):
        for f, (trend, offset) in enumerate([(0.003, 0), (0.065, 0), (0, -0.5)]):
            x = noisy[n, :, f] + trend * np.arange(12)
            x = x / (x.max() - x.min()) + offset
            y = np.zeros(12)
            for t in range(12):
                y[t] = sum(numerator[k] * x[t - k] for k in range(7) if k <= t)
                y[t] -= sum(denominator[k] * y[t - k] for k in range(1, 7) if k <= t)
            np.testing.assert_allclose(found[n, :, f], y, atol=1e-9)


def test_a_spike_is_one_and_a_half_high():
    data = spike(2, train=300)
    spikes = _draw_spikes(np.random.default_rng(2), 300, 80)
    drawn = np.random.default_rng(2)
    _draw_spikes(drawn, 300, 80)
    expected = _base(drawn, 300, 80) + 1.5 * spikes
    np.testing.assert_allclose(data.train.inputs, expected, atol=1e-6)
    assert spikes.any(axis=1).mean(axis=0) == pytest.approx([0.285] * 3, abs=0.13)


@pytest.mark.parametrize("delay", [-1, 80])
def test_a_delay_that_leaves_no_room(delay):
    with pytest.raises(ParameterError, match=f"delay must be 0 … 79 for 80 time steps, got {delay}"):
        spike(1, delay=delay)
