import numpy as np
import pytest
from outside_of_truth import centroid_accuracy, five_errors, outside_accuracy

from saltbench.datasets.timex.entries import ENTRIES
from saltbench.datasets.timex.patterned import KINDS
from saltbench.errors import ParameterError, UnknownNameError

TASKS = {entry.name: entry for entry in ENTRIES}
TABLE = {  # time steps, features, classes
    "freqshapes": (50, 1, 4),
    "seqcomb-uv": (200, 1, 4),
    "seqcomb-mv": (200, 4, 4),
    "lowvar": (200, 2, 4),
    "seqcomb-mv-irregular": (200, 4, 4),
    "freqshapes-ud": (50, 1, 4),
    "seqcomb-uv-inline": (200, 1, 4),
    "seqcomb-uv-fixed": (200, 1, 4),
    "lowvar-match": (200, 2, 3),
    "trigtrack": (50, 4, 4),
    "spike-count": (200, 8, 4),
    "simple-spike": (50, 4, 3),
    "redundant-spike": (50, 4, 3),
}
NARMA_MEAN, NARMA_STD = 0.2768, 0.12  # .3 y + 1.5 u u' + .1: (1.5 / 16 + .1) / .7


def made(name, seed=3, **sizes):
    entry = TASKS[name]
    return entry.load()(seed, **entry.configure({"train": 400, "validation": 4, "test": 400, **sizes}))


def runs(marks):
    """First step and length of each run of marks, (time,)."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], marks, [0]))))
    return [(start, stop - start) for start, stop in zip(edges[::2], edges[1::2], strict=True)]


def test_the_tasks_are_those_of_the_source():
    assert {name: entry.parameters["time"] for name, entry in TASKS.items()} == {
        name: time for name, (time, _, _) in TABLE.items()
    }
    assert [entry.name for entry in ENTRIES if "timex-paper" in entry.tags] == list(TABLE)[:4]
    sizes = {key: ENTRIES[0].parameters[key] for key in ("train", "validation", "test")}
    assert sizes == {"train": 5000, "validation": 100, "test": 1000}


@pytest.mark.parametrize("name", TABLE)
def test_classes_have_as_many_samples_each_in_random_order(name):
    time, features, classes = TABLE[name]
    data = made(name, train=103)
    assert (data.time, data.features, data.classes) == (time, features, classes)
    counts = np.bincount(data.train.labels)
    assert [*counts] == [*[103 // classes] * (classes - 1), 103 - (classes - 1) * (103 // classes)]
    assert (np.diff(data.train.labels) < 0).any()
    empty = ~data.train.truth.any(axis=(1, 2))
    np.testing.assert_array_equal(empty, np.isin(data.train.labels, TASKS[name].truthless))


# the rests of lowvar-match's overlapping plateaus lie outside of its truth, as the source has it
@pytest.mark.parametrize("name", [name for name in TABLE if name != "lowvar-match"])
def test_what_lies_outside_of_the_truth_tells_no_class(name):
    """Classifiers by sorted values, of each feature and the extremes of all, see a pattern wherever it is."""

    def of_features(split):
        return np.sort(split.inputs, axis=1)

    def of_all(split):
        values = np.sort(split.inputs.reshape(len(split), -1), axis=1)
        return np.concatenate((values[:, :10], values[:, -10:]), axis=1)

    data = made(name)
    chance, error = 1 / data.classes, five_errors(data)
    for view in (of_features, of_all):
        assert abs(outside_accuracy(data, view) - chance) < error
    if name != "trigtrack":  # whose frequencies have the same sorted values
        assert max(centroid_accuracy(data, view) for view in (of_features, of_all)) > chance + error


@pytest.mark.parametrize(
    ("name", "shape"), [("freqshapes", [1.75, 2, 1.75]), ("freqshapes-ud", [1.75, 2, 1.75, -1.75, -2, -1.75])]
)
def test_shapes_stand_every_10_or_17_steps(name, shape):
    split = made(name, train=2000).train
    for label, (sign, period) in enumerate([(-1, 10), (1, 10), (-1, 17), (1, 17)]):
        own = split.labels == label
        found = [runs(marks) for marks in split.truth[own, :, 0]]
        assert {length for sample in found for _, length in sample} == {len(shape)}
        assert {gap for sample in found for gap in np.diff([start for start, _ in sample])} == {period}
        pieces = np.array(
            [
                x[start : start + length, 0]
                for x, sample in zip(split.inputs[own], found, strict=True)
                for start, length in sample
            ]
        )
        np.testing.assert_allclose(pieces.mean(axis=0), sign * np.array(shape), atol=0.05)
        starts = {sample[0][0] for sample in found}
        assert min(starts) == 0
        slack, before = (5, 3) if name.endswith("ud") else (0, 1)
        assert max(starts) == 50 - period - slack - 1 - before
    rest = split.inputs[split.truth == 0]
    assert rest.mean() == pytest.approx(0, abs=0.01)
    assert rest.std() == pytest.approx(0.25, abs=0.01)


SEQCOMB = {  # lengths, number of features that have a sub-sequence
    "seqcomb-uv": (range(10, 20), 1),
    "seqcomb-mv": (range(15, 30), 2),
    "seqcomb-uv-inline": (range(15, 25), 1),
    "seqcomb-uv-fixed": (range(10, 21), 1),
}


@pytest.mark.parametrize("name", SEQCOMB)
def test_sub_sequences_rise_and_fall_by_class_one_after_another(name):
    lengths, features = SEQCOMB[name]
    split = made(name).train
    for x, truth, label in zip(split.inputs.astype(float), split.truth, split.labels.tolist(), strict=True):
        found = sorted((*run, f) for f in range(x.shape[1]) for run in runs(truth[:, f]))
        assert len({f for *_, f in found}) == (features if label else 0)
        if len(found) != 2:  # none, or two that touch
            assert len(found) == 0 if label == 0 else found[0][1] >= 2 * lengths[0]
            continue
        assert all(length in lengths for _, length, _ in found)
        if name == "seqcomb-uv-fixed":
            assert found[0][:2] == (10, 20)
        halves = [(x[s : s + n // 2, f].mean(), x[s + n // 2 : s + n, f].mean()) for s, n, f in found]
        rises = tuple(early < late for early, late in halves)
        assert rises == {1: (False, False), 2: (True, True), 3: (True, False)}[label]


def test_sub_sequences_reach_five_times_the_range_of_narma():
    data = made("seqcomb-uv")
    x, truth = data.train.inputs[:, :, 0].astype(float), data.train.truth[:, :, 0]
    rest = x[truth == 0]
    assert rest.mean() == pytest.approx(NARMA_MEAN, abs=0.005)
    assert rest.min() > 0
    assert 2 < x[data.train.labels == 2].max() <= 5 * rest.max() / 2 + 1.1


def test_irregular_series_have_lost_some_steps_and_their_truth():
    data = made("seqcomb-mv-irregular").train
    lost = ~data.inputs.any(axis=2)
    assert lost.mean() == pytest.approx(0.15, abs=0.01)
    assert not data.truth[lost].any()


def test_low_variance_lies_at_its_level_in_its_sensor():
    data = made("lowvar", train=1200).train
    starts = []
    for label, (sensor, level) in enumerate([(0, -1.5), (0, 1.5), (1, -1.5), (1, 1.5)]):
        own = data.labels == label
        assert not data.truth[own][:, :, 1 - sensor].any()
        found = [runs(marks) for marks in data.truth[own][:, :, sensor]]
        assert {length for ((_, length),) in found} == set(range(10, 20))
        starts += [start for ((start, _),) in found]
        values = data.inputs[own][data.truth[own] == 1]
        assert values.mean() == pytest.approx(level, abs=0.01)
        assert values.std() == pytest.approx(0.1, abs=0.005)
    assert min(starts) >= 20
    assert max(starts) <= 159
    rest = data.inputs[data.truth == 0]
    assert rest.mean() == pytest.approx(NARMA_MEAN, abs=0.02)
    assert rest.std() == pytest.approx(np.hypot(1, NARMA_STD), abs=0.03)


def test_matching_plateaus_are_apart_or_overlap():
    data = made("lowvar-match").train
    for truth, x, label in zip(data.truth, data.inputs, data.labels.tolist(), strict=True):
        first, second = truth.T
        if label == 1:
            assert (first.sum(), second.sum(), (first * second).sum()) == (20, 20, 0)
        if label == 2:
            np.testing.assert_array_equal(first, second)
            assert 10 <= first.sum() <= 20
        assert abs(x[truth == 1]).max(initial=0) < 0.06


def test_one_sensor_of_all_samples_has_the_frequency_of_the_class():
    data = made("trigtrack").train
    (sensor,) = {tuple(np.flatnonzero(truth.all(axis=0))) for truth in data.truth}
    assert data.truth.sum() == 400 * 50
    clear = abs(data.inputs[:, :, sensor[0]]).max(axis=1) > 3
    x, steps = data.inputs[clear][:, :, sensor[0]], np.arange(50)
    waves = np.array([0.25, 0.5, 1, 2])
    power = abs(x @ np.exp(1j * np.outer(steps, waves)))
    np.testing.assert_array_equal(power.argmax(axis=1), data.labels[clear])


def test_spikes_are_counted_or_signed():
    count = made("spike-count").train
    for truth, x, label in zip(count.truth, count.inputs, count.labels.tolist(), strict=True):
        assert sorted(truth.sum(axis=0))[-2:] == [label + 1] * 2
        assert truth.sum() == 2 * (label + 1)
        assert len({tuple(column) for column in truth.T if column.any()}) == 1
        for column, values in zip(truth.T, x.T, strict=True):
            below = values[column == 0].max()
            assert (values[column == 1] > 1.9 * below).all()
    for name, most in (("simple-spike", 1), ("redundant-spike", 8)):
        split = made(name).train
        numbers = split.truth.sum(axis=(1, 2))[split.labels > 0]
        assert (numbers.min(), numbers.max() <= most) == (1, True)
        signs = np.sign((split.inputs * split.truth).sum(axis=(1, 2)))
        np.testing.assert_array_equal(signs, np.array([0, -1, 1])[split.labels])


@pytest.mark.parametrize("name", TABLE)
def test_the_smallest_series_hold_their_pattern_and_smaller_ones_are_refused(name):
    kind = KINDS[name]
    small = {"time": kind.shortest, "features": kind.fewest}
    data = made(name, **small, train=300)
    empty = ~data.train.truth.any(axis=(1, 2))
    np.testing.assert_array_equal(empty, np.isin(data.train.labels, TASKS[name].truthless))
    for size, least in small.items():
        if least > 1:
            with pytest.raises(ParameterError, match=f"{size} must be at least {least} for {name}, got {least - 1}"):
                TASKS[name].configure({**small, size: least - 1})


def test_impossible_parameters():
    entry = TASKS["freqshapes"]
    with pytest.raises(ParameterError, match="freqshapes: train must be at least 4 for freqshapes, got 3"):
        entry.configure({"train": 3})
    with pytest.raises(UnknownNameError, match="unknown kind 'freqshape'; did you mean 'freqshapes'"):
        entry.configure({"kind": "freqshape"})
