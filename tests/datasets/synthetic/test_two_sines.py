import numpy as np
import pytest
from outside_of_truth import centroid_accuracy, five_errors, outside_accuracy

from saltbench.datasets.synthetic.entries import TWO_SINES
from saltbench.errors import ParameterError, UnknownNameError

TASKS = {entry.name.removeprefix("interpret-time/"): entry for entry in TWO_SINES.members()}


def made(target, **parameters):
    entry = TASKS[target]
    return entry.load()(3, **entry.configure({"train": 400, "validation": 4, "test": 400, **parameters}))


def frequencies(x, truth):
    """Base and short frequency of a feature, (time,), fitted to it by trying all there are."""
    steps = np.linspace(0, 1, 500)
    short = steps[:100]
    best = {}
    for b in range(2, 6):
        rest = x[truth == 1] - 0.5 * np.sin(2 * np.pi * b * steps[truth == 1])
        for s in range(10, 51):
            best[b, s] = abs(rest - np.sin(2 * np.pi * s * short)).max()
    found = min(best, key=best.get)
    assert best[found] < 1e-5
    return found


@pytest.mark.parametrize(("target", "median"), [("sum", 60), ("ratio", None)])
def test_the_class_is_that_of_the_two_marked_sines(target, median):
    split = made(target, train=24).train
    scores = []
    for x, truth in zip(split.inputs, split.truth, strict=True):
        marked = np.flatnonzero(truth.any(axis=0))
        assert len(marked) == 2
        np.testing.assert_array_equal(truth.sum(axis=0)[marked], 100)
        pairs = [frequencies(x[:, f], truth[:, f]) for f in marked]
        scores.append(sum(s if target == "sum" else s / b for b, s in pairs))
    scores, labels = np.array(scores), split.labels
    assert scores[labels == 0].max() <= scores[labels == 1].min()
    if median:
        assert scores[labels == 0].max() <= median + 1
        assert scores[labels == 1].min() >= median


def test_distractors_are_square_waves_in_half_of_the_other_features():
    split = made("sum", train=100).train
    other = ~split.truth.any(axis=1)
    jumps = abs(np.diff(split.inputs, axis=1)).max(axis=1)
    share = (jumps[other] > 1.5).mean()
    assert share == pytest.approx(0.5, abs=0.125)  # 5 standard errors of 400 features
    assert (jumps[~other] < 1.5).all()


def test_classes_are_balanced_and_the_sum_is_told_inside_of_the_truth_alone():
    def spectra(split):
        return np.abs(np.fft.rfft(split.inputs, axis=1))[:, 1:60].mean(axis=2)

    data = made("sum", train=600, test=600)
    assert abs(data.train.labels.mean() - 0.5) < 0.12
    assert abs(outside_accuracy(data, spectra) - 0.5) < five_errors(data)
    assert centroid_accuracy(data, spectra) > 0.5 + five_errors(data)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"features": 1}, "features must be at least 2, one for each sine, got 1"),
        ({"support": 500}, "support must be at least 1 and less than time=500, got 500"),
        ({"target": "product"}, "unknown target 'product'; known: ratio, sum"),
    ],
)
def test_impossible_parameters(changes, message):
    with pytest.raises((ParameterError, UnknownNameError), match=message):
        TASKS["sum"].configure(changes)
