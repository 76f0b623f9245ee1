"""The registered tasks are the generators' series, with the truth that each name says."""

import numpy as np
import pytest

from saltbench.datasets.stepwise.entries import ENTRIES
from saltbench.datasets.stepwise.spike import spike
from saltbench.datasets.stepwise.state import state
from saltbench.errors import ParameterError, UnknownNameError

TASKS = {entry.name: entry for entry in ENTRIES}
FEW = {"train": 60, "validation": 10, "test": 300}


def made(name, **settings):
    return TASKS[name].load()(3, **TASKS[name].configure(settings))


def test_names():
    delays = {f"spike-delay-{delay}" for delay in (1, 2, 3, 4)}
    assert set(TASKS) == {"state", "state/change", "switch", "l2x-switch", "spike", *delays}
    assert all(entry.per_step and "per-step" in entry.tags for entry in ENTRIES)


@pytest.mark.parametrize(("name", "truth"), [("state", "truth"), ("state/change", "at_changes")])
def test_state_has_both_truths_of_its_papers(name, truth):
    drawn, task = state(3, **FEW).test, made(name, **FEW).test
    np.testing.assert_array_equal(task.truth, getattr(drawn, truth))
    np.testing.assert_array_equal(task.labels, drawn.labels)
    np.testing.assert_array_equal(task.inputs, drawn.inputs)


def test_the_truths_of_state_differ_in_size():
    every, change = made("state", **FEW).test.truth, made("state/change", **FEW).test.truth
    assert every.mean() == pytest.approx(1 / 3)
    assert (change <= every).all()
    assert 0.01 < change.mean() < 0.05  # a state lasts for about 20 steps


@pytest.mark.parametrize("delay", [0, 4])
def test_a_spike_is_to_be_found_where_its_label_comes(delay):
    name = f"spike-delay-{delay}" if delay else "spike"
    task, drawn = made(name, time=8, **FEW).test, spike(3, delay=delay, time=8, **FEW).test
    found, comes = task.truth.sum(axis=(1, 2)), task.labels.any(axis=1)
    np.testing.assert_array_equal(found, comes)
    assert (drawn.truth.sum() > found.sum()) == (delay > 0)  # late spikes
    for sample in np.flatnonzero(comes):
        assert task.labels[sample].argmax() == task.truth[sample, :, 0].argmax() + delay


def test_settings_that_cannot_be():
    with pytest.raises(UnknownNameError, match="state: unknown truth 'none'; known: change, every-step"):
        made("state", truth="none")
    with pytest.raises(ParameterError, match="spike: delay must be 0 … 79 for 80 time steps, got 80"):
        made("spike", delay=80)
