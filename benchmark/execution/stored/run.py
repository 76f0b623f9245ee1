"""What a store holds of a run: the plan's cells, and what is stored of each.

Nothing here imports torch; `networks` gives the trained networks.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...storage.store import Store
from ...suites.choice import Choice
from ...suites.provenance import Provenance
from ...suites.suite import Suite
from ..plan import Job, first_jobs, jobs
from . import format_1
from .columns import CHANCE, POOLED, Columns, Found, StoredColumns
from .maps import StoredMap
from .samples import Examples, StoredSamples, example_rows

MODELS, SAMPLES, MAPS, EXAMPLES, SCORES, YARDSTICKS = "models", "samples", "maps", "examples", "scores", "yardsticks"


@dataclass(frozen=True)
class Repetition:
    """The jobs of one task and repetition: of the reference methods, and of each network."""

    references: Job
    trained: tuple[Job, ...]


@dataclass(frozen=True)
class StoredRun:
    """Reads what is stored of a suite's run.

    All that reads raises a StoreError where a result cannot be read, and takes a damaged one for absent.

    Attributes:
        suite: the grid.
        store: where its results are.
        device: on which the networks were trained.
    """

    suite: Suite
    store: Store
    device: str

    @staticmethod
    def of(record: Provenance, folder: Path) -> "StoredRun":
        """Return what a results folder holds of the run that its provenance records."""
        return StoredRun(record.suite, Store(folder), record.device)

    def jobs(self) -> Iterator[Job]:
        """Yield the jobs of the plan, a task's repetitions together."""
        return jobs(self.suite, self.device)

    def repetitions(self) -> Iterator[Repetition]:
        """Return the jobs of each task and repetition."""
        return _repetitions(self.jobs())

    def first_repetitions(self) -> dict[str, Repetition]:
        """Return the jobs of each task's first repetition, of which figures show maps."""
        first = _repetitions(first_jobs(self.suite, self.device))
        return {each.references.task.name: each for each in first}

    def keeps_maps(self) -> bool:
        """Return whether there is a folder in which maps, or examples of them, are stored."""
        return any((self.store.root / kind).is_dir() for kind in (MAPS, EXAMPLES, format_1.KIND))

    def has(self, job: Job, method: Choice) -> bool:
        """Return whether all that a run stores of a cell is there; no map is read that nobody wrote to since."""
        return has(job, method, self.store)

    def map(self, job: Job, method: Choice) -> StoredMap | None:
        """Return a cell's maps of all explained samples, None where they are not stored."""
        return stored_map(job, method, self.store)

    def example_maps(self, job: Job, method: Choice) -> NDArray[np.floating[Any]] | None:
        """Return a cell's maps of the first sample of each class, (classes, time, features); None where it has none."""
        samples = stored_samples(job, self.store)
        if samples is not None and (whole := self.map(job, method)) is not None:
            return whole.attributions[example_rows(samples.labels)]
        found = self.store.get(EXAMPLES, job.map_key(method))
        return format_1.example_maps(job, method, self.store) if found is None else StoredMap.of(found).attributions

    def examples(self, job: Job) -> Examples | None:
        """Return the first explained sample of each class, None where they are not stored."""
        samples = stored_samples(job, self.store)
        return format_1.examples(job, self.store) if samples is None else samples.examples

    def labels(self, job: Job) -> NDArray[np.int64] | None:
        """Return the labels of all explained samples, (batch,); None where they are not stored."""
        samples = stored_samples(job, self.store)
        return format_1.labels(job, self.store) if samples is None else samples.labels

    def scores(self, job: Job, method: Choice) -> Found | None:
        """Return a cell's scores, (batch,) each, and what they are from; None where one is lacking.

        Columns: label, target, then the suite's metrics, a pooled one's score and deviations behind it.
        """
        return scores_of(job, method, self.store).get(self.suite.metrics)

    def yardsticks(self, job: Job) -> Columns | None:
        """Return <metric>_chance and <metric>_oracle, (batch,) each; None where one is lacking."""
        found = yardsticks_of(job, self.store).get(self.suite.metrics)
        return None if found is None else found.columns


def _repetitions(planned: Iterable[Job]) -> Iterator[Repetition]:
    for _, same in groupby(planned, key=lambda job: (job.task.name, job.repetition)):
        references, *trained = same
        yield Repetition(references, tuple(trained))


def is_complete(job: Job, store: Store) -> bool:
    """Return whether the store holds all that a job computes, sound.

    Raises:
        StoreError: a result cannot be read.
    """
    return not unfinished(job, store)


def unfinished(job: Job, store: Store) -> list[Choice]:
    """Return the methods of a job whose cells lack a part: all of them while what they share is lacking.

    Raises:
        StoreError: a result cannot be read.
    """
    return missing(job, store) if has_shared(job, store) else list(job.methods)


def missing(job: Job, store: Store) -> list[Choice]:
    """Return the methods of a job whose maps or scores the store lacks.

    Raises:
        StoreError: a result cannot be read.
    """
    return [method for method in job.methods if not has(job, method, store)]


def has_shared(job: Job, store: Store) -> bool:
    """Return whether the store holds the samples and yardsticks without which no score of a job can be read.

    Raises:
        StoreError: a result cannot be read.
    """
    return has_samples(job, store) and not yardsticks_of(job, store).lacking(job.protocol.metrics)


def has_samples(job: Job, store: Store) -> bool:
    """Return whether the store holds the explained samples of a job; they are read, being few and in every figure.

    Raises:
        StoreError: they cannot be read.
    """
    return store.get(SAMPLES, job.data_key()) is not None


def has(job: Job, method: Choice, store: Store) -> bool:
    """Return whether the store holds a cell's maps, or examples of them where those are not kept, and all scores.

    Raises:
        StoreError: a result cannot be read.
    """
    return has_map(job, method, store) and not scores_of(job, method, store).lacking(job.protocol.metrics)


def has_map(job: Job, method: Choice, store: Store) -> bool:
    """Return whether the store holds what a run keeps of a cell's maps.

    Raises:
        StoreError: a result cannot be read.
    """
    return map_seal(job, method, store) is not None


def map_seal(job: Job, method: Choice, store: Store) -> str | None:
    """Return the digest of what a run keeps of a cell's maps, None where the store lacks it.

    Raises:
        StoreError: a result cannot be read.
    """
    key = job.map_key(method)
    seal = store.seal(MAPS, key)
    return store.seal(EXAMPLES, key) if seal is None and not job.protocol.keep_maps else seal


def stored_map(job: Job, method: Choice, store: Store) -> StoredMap | None:
    """Return a cell's maps of all explained samples, None where they are not stored.

    Raises:
        StoreError: they cannot be read.
    """
    found = store.get(MAPS, job.map_key(method))
    return None if found is None else StoredMap.of(found)


def stored_samples(job: Job, store: Store) -> StoredSamples | None:
    """Return the explained samples of a job, None where they are not stored.

    Raises:
        StoreError: they cannot be read.
    """
    found = store.get(SAMPLES, job.data_key())
    return None if found is None else StoredSamples.of(found)


def put_map(job: Job, method: Choice, made: StoredMap, examples: Sequence[int], store: Store) -> None:
    """Store a cell's maps, or those of the examples where maps are not kept.

    Raises:
        StoreError: the folder cannot be written.
    """
    kind, kept = (MAPS, made) if job.protocol.keep_maps else (EXAMPLES, made.rows(np.array(examples)))
    store.put(kind, kept.artifact(job.map_key(method)))


def scores_of(job: Job, method: Choice, store: Store) -> StoredColumns:
    """Return the stored scores of a cell's maps."""
    return StoredColumns(store, SCORES, job.map_key(method), leading=("label", "target"), suffixes=("", POOLED, CHANCE))


def yardsticks_of(job: Job, store: Store) -> StoredColumns:
    """Return the stored scores of chance and of the truth on the explained samples of a job."""
    return StoredColumns(store, YARDSTICKS, job.data_key(), suffixes=("_chance", "_oracle"))
