"""The contract that every task keeps, as tests that anyone can run on one of their own.

In a test file of a third party, one line is all:

    TestMine = task_contract(MY_TASK)
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from ..entry_contract import Contract, hold
from ..errors import kind_of
from .spec import TaskData, TaskSpec

SPLITS = ("train", "validation", "test")


def task_contract(*tasks: TaskSpec, parameters: Mapping[str, Mapping[str, Any]] | None = None) -> type:
    """Return a class of tests for tasks, for pytest to collect under a name that begins with Test.

    Args:
        tasks: the entries to test.
        parameters: by a task's name, settings in place of its defaults, such as fewer samples.
    """
    return type("TaskContract", (_TaskContract,), {"specs": tasks, "parameters": parameters or {}})


class _TaskContract(Contract):
    def test_splits_are_of_one_shape(self, spec: TaskSpec) -> None:
        data = self._data(spec)
        hold(isinstance(data, TaskData), f"{spec.name} must return TaskData, got {kind_of(data)}")
        for name in SPLITS:
            got, expected = getattr(data, name).inputs.shape[1:], (data.time, data.features)
            hold(got == expected, f"series of {name} must be {expected} like those of train, got {got}")

    def test_labels_are_classes_and_each_can_be_learned(self, spec: TaskSpec) -> None:
        data = self._data(spec)
        learned, classes = set(data.train.labels.ravel().tolist()), set(range(data.classes))
        hold(learned == classes, f"train must have samples of all classes {classes}, got {learned}; add some or redraw")
        for name in SPLITS:
            found = set(getattr(data, name).labels.ravel().tolist())
            hold(found <= classes, f"labels of {name} must be among the classes {classes}, got {found}")

    @pytest.mark.parametrize("name", SPLITS)
    def test_every_sample_has_something_to_find_and_something_that_is_not(self, spec: TaskSpec, name: str) -> None:
        split = getattr(self._data(spec), name)
        empty, full = ~split.truth.any(axis=(1, 2)), (split.truth == 1).all(axis=(1, 2))
        truthless = np.isin(split.labels, spec.truthless).reshape(len(split), -1).all(axis=1)
        found = {
            "nothing to find": empty & ~truthless,
            "nothing but salient entries": full,
            "something to find, though their class is truthless,": truthless & ~empty,
        }
        for what, which in found.items():
            hold(not which.any(), f"truth must tell entries apart, got {what} in {which.sum()} samples of {name}")

    def test_the_same_seed_gives_the_same_bytes(self, spec: TaskSpec) -> None:
        is_same = task_bytes(self._data(spec)) == task_bytes(self._data(spec))
        hold(
            is_same, f"one seed must give {spec.name} one set of bytes, got two; draw from np.random.default_rng(seed)"
        )

    def _data(self, spec: TaskSpec, seed: int = 1) -> TaskData:
        data: TaskData = spec.load()(seed, **self.configured(spec))
        return data


def task_bytes(data: TaskData) -> bytes:
    """Return inputs, labels and truth of all splits, as bytes one after another."""
    splits = (getattr(data, name) for name in SPLITS)
    return b"".join(array.tobytes() for split in splits for array in (split.inputs, split.labels, split.truth))
