import numpy as np
import pytest
from outside_of_truth import five_errors, outside_accuracy

from saltbench.datasets.synthetic.entries import SHAPELETS
from saltbench.datasets.synthetic.shapelets import fourier_series
from saltbench.errors import ParameterError, UnknownNameError

TASKS = {entry.name.removeprefix("shapelet/"): entry for entry in SHAPELETS.members()}


def made(place, **parameters):
    entry = TASKS[place]
    return entry.load()(3, **entry.configure({"train": 600, "validation": 4, "test": 400, **parameters}))


def test_a_fourier_series_against_loops():
    frequencies, phases = np.array([[0.1, 0.3]]), np.array([[0.2, -0.4]])
    found = fourier_series(np.random.default_rng(1), frequencies, phases, np.array([2.0, 0.5]), 6)[0]
    noise = np.random.default_rng(1).normal(0, 0.2, 6)
    for t in range(6):
        expected = 2 * np.sin(0.1 * t + 0.2) + 0.5 * np.sin(0.3 * t - 0.4) + noise[t]
        assert found[t] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("place", "first"), [("late", 239), ("middle", 119), ("first", 0), ("random", None)])
def test_one_shapelet_stands_at_its_place_in_class_1(place, first):
    split = made(place).train
    assert split.labels.sum() == 300
    truth, x = split.truth[:, :, 0], split.inputs[:, :, 0].astype(float)
    assert not truth[split.labels == 0].any()
    np.testing.assert_array_equal(truth[split.labels == 1].sum(axis=1), 60)
    starts = truth[split.labels == 1].argmax(axis=1)
    if first is None:
        assert min(starts) >= 2
        assert max(starts) <= 239
        assert len(set(starts)) > 150
    else:
        assert set(starts) == {first}
    pieces = np.array([row[s : s + 60] - row[s] for row, s in zip(x[split.labels == 1], starts, strict=True)])
    assert np.ptp(pieces, axis=0).max() < 1e-5  # the same shapelet, moved to go on from the series


def test_what_follows_is_shifted_in_the_source_and_tells_the_class():
    shifted, kept = (made("random", continuation=way) for way in ("shifted", "kept"))
    np.testing.assert_array_equal(shifted.train.truth, kept.train.truth)
    for split, before in ((shifted.train, True), (kept.train, False)):
        ends = split.truth[:, :, 0][split.labels == 1].argmax(axis=1) + 60
        rows = split.inputs[split.labels == 1][:, :, 0]
        steps = np.array([row[end] - row[end - 1] for row, end in zip(rows, ends, strict=True)])
        assert (abs(steps).max() < 1e-6) == before

    def view(split):
        x = split.inputs
        return np.concatenate((x.std(axis=1), np.abs(x).max(axis=1)), axis=1)

    assert outside_accuracy(shifted, view) > 0.5 + five_errors(shifted)
    assert abs(outside_accuracy(kept, view) - 0.5) < five_errors(kept)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"start": 0.9},
            "a shapelet must have at least 5 steps and end before the series, got 60 steps from 270",
        ),
        ({"time": 20}, "a shapelet must have at least 5 steps and end before the series, got 4 steps"),
        ({"start": -0.5}, r"start must be −1 or in \[0, 1\), and window in \(0, 1\), got -0.5 and 0.2"),
        ({"continuation": "cut"}, "unknown continuation 'cut'; known: kept, shifted"),
    ],
)
def test_impossible_parameters(changes, message):
    with pytest.raises((ParameterError, UnknownNameError), match=message):
        TASKS["random"].configure(changes)
