"""The contract that every task keeps, as tests that anyone can run on one of their own.

In a test file of a third party, one line is all:

    TestMine = task_contract(MY_TASK)
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from ..entry_contract import Contract
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
        assert isinstance(data, TaskData)
        for split in (getattr(data, name) for name in SPLITS):
            assert split.inputs.shape == split.truth.shape == (len(split), data.time, data.features)

    def test_labels_are_classes_and_each_can_be_learned(self, spec: TaskSpec) -> None:
        data = self._data(spec)
        assert np.unique(data.train.labels).tolist() == list(range(data.classes))
        for name in SPLITS:
            assert set(getattr(data, name).labels) <= set(range(data.classes))

    @pytest.mark.parametrize("name", SPLITS)
    def test_every_sample_has_something_to_find_and_something_that_is_not(self, spec: TaskSpec, name: str) -> None:
        truth = getattr(self._data(spec), name).truth
        assert truth.any(axis=(1, 2)).all()
        assert not (truth == 1).all(axis=(1, 2)).any()

    def test_the_same_seed_gives_the_same_bytes(self, spec: TaskSpec) -> None:
        assert task_bytes(self._data(spec)) == task_bytes(self._data(spec))

    def _data(self, spec: TaskSpec, seed: int = 1) -> TaskData:
        data: TaskData = spec.load()(seed, **self.configured(spec))
        return data


def task_bytes(data: TaskData) -> bytes:
    """Return inputs, labels and truth of all splits, as bytes one after another."""
    splits = (getattr(data, name) for name in SPLITS)
    return b"".join(array.tobytes() for split in splits for array in (split.inputs, split.labels, split.truth))
