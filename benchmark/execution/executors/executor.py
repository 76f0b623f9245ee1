"""The protocol of executors, and the units of a run that they compute."""

from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Protocol, Self

from ...storage.store import Store
from ...suites.choice import Choice
from ..evaluator import Evaluator
from ..failures import Failure
from ..plan import Job
from ..stored.run import unfinished


@dataclass(frozen=True)
class Preparation:
    """A unit: what the cells of a job share, its yardstick and trained model."""

    job: Job

    def compute(self, evaluator: Evaluator) -> list[Failure]:
        """Store what the cells share; return those that fail for it.

        Raises:
            StoreError: the results folder cannot be read or written.
        """
        return evaluator.prepare(self.job)

    def fall(self, reason: str, store: Store) -> list[Failure]:
        """Return the failures of a unit that was given up: all cells of the job that are not stored.

        Raises:
            StoreError: the results folder cannot be read.
        """
        why = f"while data and model were prepared, {reason}"
        return [Failure.of(self.job, method, why) for method in unfinished(self.job, store)]


@dataclass(frozen=True)
class Cell:
    """A unit: one method of a job that is prepared."""

    job: Job
    method: Choice

    @property
    def preparation(self) -> Preparation:
        """What makes data and model of this cell, or loads them."""
        return Preparation(replace(self.job, methods=(self.method,)))

    def compute(self, evaluator: Evaluator) -> list[Failure]:
        """Explain, score and store the cell; return it if it fails.

        Raises:
            StoreError: the results folder cannot be read or written.
        """
        return evaluator.compute(self.job, self.method)

    def fall(self, reason: str, store: Store) -> list[Failure]:
        """Return the failure of a unit that was given up, unless its cell is stored.

        Raises:
            StoreError: the results folder cannot be read.
        """
        alone = self.preparation.job
        return [Failure.of(alone, method, reason) for method in unfinished(alone, store)]


Unit = Preparation | Cell


class Executor(Protocol):
    """Computes units; used as a context manager, whose end gives up what is not computed yet.

    An implementation needs nothing but units, which can be pickled, and a `Workplace`.
    """

    @property
    def size(self) -> int:
        """How many units are worth being submitted at once, which may change during a run; at least one."""
        ...

    def submit(self, unit: Unit) -> "Future[list[Failure]]":
        """Take a unit; its future gives the cells that failed, or raises the SaltbenchError that ends the run."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...
