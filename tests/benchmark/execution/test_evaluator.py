"""What the cells of a job share is made once, and no cell sees what another did to it."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch

from saltbench.benchmark.execution import evaluator as evaluation
from saltbench.benchmark.execution import training
from saltbench.benchmark.execution.evaluator import Evaluator
from saltbench.benchmark.execution.plan import Job, jobs
from saltbench.benchmark.execution.stored.run import MODELS
from saltbench.benchmark.storage.store import Artifact, Store
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import Suite


class CountingStore(Store):
    """A store that counts what is read, by kind."""

    reads: ClassVar[Counter[str]] = Counter()

    def get(self, kind: str, key: Mapping[str, Any]) -> Artifact | None:
        self.reads[kind] += 1
        return super().get(kind, key)


@pytest.fixture
def trained(tiny: Suite) -> list[Job]:
    """Jobs with networks, of one task and seed."""
    return [job for job in jobs(tiny, "cpu") if job.architecture][:2]


@pytest.fixture
def evaluator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Evaluator:
    monkeypatch.setattr(CountingStore, "reads", Counter())
    return Evaluator(load_registries(), CountingStore(tmp_path))


def test_data_are_made_and_weights_are_read_once_for_all_cells(
    evaluator: Evaluator, trained: list[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    real = evaluation.planned_data
    monkeypatch.setattr(evaluation, "planned_data", lambda *given: made.append(1) or real(*given))
    for job in trained:
        assert evaluator.prepare(job) == []
        CountingStore.reads.clear()  # trained and stored
        for method in job.methods:
            assert evaluator.compute(job, method) == []
        assert CountingStore.reads[MODELS] == 1
    assert len(made) == 1


def test_training_keeps_the_memory_that_it_frees(
    evaluator: Evaluator, trained: list[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected: list[bool] = []
    monkeypatch.setattr(training, "expect_large_blocks", lambda: expected.append(True))
    assert evaluator.prepare(trained[0]) == []
    assert expected == [True]


def test_every_cell_gets_a_network_of_its_own(evaluator: Evaluator, trained: list[Job]) -> None:
    job = trained[0]
    before = {name: value.clone() for name, value in evaluator._model(job).model.state_dict().items()}
    for _ in range(2):
        spoilt = evaluator._model(job).model
        for name, value in spoilt.state_dict().items():
            assert torch.equal(value, before[name])
            value.fill_(7)
