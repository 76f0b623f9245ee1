"""The cells of a suite as pytest's items."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ...errors import printable
from ..execution.collection import GONE
from ..execution.executors.shared_evaluator import SharingEvaluator
from ..execution.failures import Failure
from ..execution.plan import Job, jobs
from ..execution.stored.run import unfinished
from ..process.threads import one_thread
from ..suites import run_options as options
from ..suites.suite import Suite
from .kept_cells import Place, locate


class SuiteCollector(pytest.Collector):
    """A suite."""

    def __init__(self, *, suite: Suite, device: str, evaluator: SharingEvaluator, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.suite = suite
        self.device = device
        self.evaluator = evaluator

    def collect(self) -> Iterator["ModelCollector"]:
        """Yield one collector a model, or the reference methods of a task and seed."""
        for job in jobs(self.suite, self.device):
            architecture = job.architecture.name if job.architecture else "reference"
            name = printable(f"{job.task.name}/{architecture}/seed{job.repetition}")
            yield ModelCollector.from_parent(self, name=name, suite=self.suite.name, job=job, evaluator=self.evaluator)


class ModelCollector(pytest.Collector):
    """A model and its methods: what `--dist loadscope` of xdist keeps on one worker."""

    def __init__(self, *, suite: str, job: Job, evaluator: SharingEvaluator, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.suite = suite
        self.job = job
        self.evaluator = evaluator

    def collect(self) -> Iterator["Cell"]:
        """Yield one item a method."""
        for method in self.job.methods:
            job = dataclasses.replace(self.job, methods=(method,))
            yield Cell.from_parent(
                self, name=printable(method.name), suite=self.suite, job=job, evaluator=self.evaluator
            )


class Cell(pytest.Item):
    """One task, architecture, seed and method; passes when its scores are stored.

    Attributes:
        failure: what kept it from having scores, once it has run.
    """

    def __init__(self, *, suite: str, job: Job, evaluator: SharingEvaluator, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.suite = suite
        self.job = job
        self.evaluator = evaluator
        self.failure: Failure | None = None
        assert self.parent is not None
        self.words = f"{self.parent.name}/{self.name}"
        self.extra_keyword_matches.add(self.words)

    def runtest(self) -> None:
        """Compute the cell, unless the store holds it; fail or skip with its reason."""
        with one_thread():
            found = list(self.evaluator.run(self.job)) or self._gone()
        for self.failure in found:
            if self.failure.status == "skipped":
                pytest.skip(printable(self.failure.reason))
            reason = printable(options.prefixed(self.failure.reason))
            pytest.fail(f"{reason}\n\nto run it alone, add -k {self.words}", pytrace=False)

    @property
    def place(self) -> Place:
        """What tells the cell from all others of the session."""
        (method,) = self.job.methods
        return locate(self.suite, Failure.of(self.job, method, ""))

    def _gone(self) -> list[Failure]:
        return [Failure.of(self.job, method, GONE.reason) for method in unfinished(self.job, self.evaluator.store)]

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return the suite's file, and the cell in words."""
        return self.path, 0, self.words
