import numpy as np
import pytest
import torch

from saltbench.datasets.arma.entries import FAMILIES
from saltbench.entry import resolve
from saltbench.errors import ParameterError, UnknownNameError
from saltbench.family import members_of

TASKS = {entry.name.removeprefix("arma/"): entry for entry in members_of(FAMILIES)}


def made(name, seed=4, **parameters):
    entry = TASKS[name]
    return entry.load()(seed, **entry.configure(parameters))


def test_there_are_two_kinds_of_three_sets():
    suffixes = ("", "-shared", "-groups")
    assert set(TASKS) == {f"rare-{rare}{suffix}" for rare in ("feature", "time") for suffix in suffixes}
    assert {name: entry.parameters["test"] for name, entry in TASKS.items() if "time" in name} == {
        "rare-time": 10,
        "rare-time-shared": 100,
        "rare-time-groups": 100,
    }


def test_series_are_those_of_the_published_coefficients():
    # 2 x_t + .5 x_(t−1) + .2 x_(t−2) + .1 x_(t−3) = 2 ε_t, ε ~ N(0, 1), nothing before the first step
    x = made("rare-time", train=400).train.inputs.astype(np.float64)
    padded = np.pad(x, ((0, 0), (3, 0), (0, 0)))
    innovations = x + (0.5 * padded[:, 2:-1] + 0.2 * padded[:, 1:-2] + 0.1 * padded[:, :-3]) / 2
    flat = innovations.transpose(0, 2, 1).reshape(-1, 50)  # 20,000 series: a standard error of .007
    assert abs(flat.mean(axis=0)).max() < 0.036
    np.testing.assert_allclose(np.cov(flat.T), np.eye(50), atol=0.06)


@pytest.mark.parametrize("name", TASKS)
def test_salient_are_125_entries_in_the_published_bands(name):
    data = made(name, train=600)
    truth, groups = data.train.truth, data.train.labels
    np.testing.assert_array_equal(truth.sum(axis=(1, 2)), 125)
    drawn, band = (2, 1) if "feature" in name else (1, 2)
    for group in np.unique(groups):
        own = truth[groups == group]
        np.testing.assert_array_equal(own.any(axis=drawn).sum(axis=1), 25)
        first = own.any(axis=drawn).argmax(axis=1)
        assert set(first) == {0 if "groups" in name and group == 0 else 12}
        np.testing.assert_array_equal(own.any(axis=band).sum(axis=1), 5)
        sets = {row.tobytes() for row in own}
        assert len(sets) == 1 or "-" not in name.removeprefix("rare-")
    if name == "rare-time":  # the last of 45 starts is never drawn
        starts = truth.any(axis=2).argmax(axis=1)
        assert (starts.min(), starts.max()) == (0, 44)
    if name == "rare-feature":
        assert truth.any(axis=(0, 1)).all()
        assert len({row.tobytes() for row in truth}) > 590


def test_groups_take_turns_and_their_label_is_the_column_of_their_function():
    for name, entry in TASKS.items():
        data = made(name)
        expected = np.arange(100) % 2 if "groups" in name else np.zeros(100)
        np.testing.assert_array_equal(data.train.labels, expected)
        assert data.classes == expected.max() + 1
        split = data.test
        outputs = resolve(entry.function)(torch.tensor(split.inputs), torch.tensor(split.truth))
        assert outputs.shape == (len(split), data.classes)
        for row, group, x, r in zip(outputs.tolist(), split.labels, split.inputs, split.truth, strict=True):
            of_sums = sum(sum(x[t, f] for f in range(50) if r[t, f]) ** 2 for t in range(50))
            of_squares = (x[r == 1] ** 2).sum()
            expected = of_sums if "groups" in name and group == 0 else of_squares
            assert row[group] == pytest.approx(expected, rel=1e-4)


def test_sets_that_samples_share_are_those_of_the_seed():
    first, other = (made("rare-time-shared", seed).train.truth[0] for seed in (4, 5))
    np.testing.assert_array_equal(made("rare-time-shared", 4).test.truth[0], first)
    assert (first != other).any()


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("rare-feature", {"salient": 51}, "salient must be 1 … 50 for a rare feature, got 51"),
        ("rare-time", {"salient": 50}, "salient must be 1 … 49 for a rare time, got 50"),
        ("rare-time", {"salient": 0}, "salient must be 1 … 49 for a rare time, got 0"),
        ("rare-time", {"features": 3}, "time and features must be at least 4, to have a middle half, got 50 and 3"),
        ("rare-time", {"sets": "alone"}, "unknown sets 'alone'; known: groups, per-sample, shared"),
        ("rare-time", {"rare": "times"}, "unknown rare 'times'; did you mean 'time'"),
    ],
)
def test_impossible_parameters(name, changes, message):
    entry = TASKS[name]
    with pytest.raises((ParameterError, UnknownNameError), match=message):
        entry.configure(changes)
    with pytest.raises((ParameterError, UnknownNameError), match=message):
        entry.load()(1, **{**entry.parameters, **changes})
