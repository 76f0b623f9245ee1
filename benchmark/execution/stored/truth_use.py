"""What a store holds of how a network uses the truth of its task: beside its accuracy, for all methods at once."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...storage.store import Artifact, Store
from ..plan import Job

KIND = "truth-use"
VERSION = 1  # of what the numbers mean and how they are drawn
DRAWS = 10  # of other entries for each sample

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class TruthUse:
    """Accuracies of a network on test samples some of whose entries are those of other samples, means over draws.

    All are None where the samples that have a truth are not of two classes at least.

    Attributes:
        sufficiency: where all entries outside of the truth are others.
        necessity: where all of the truth are others.
        counted: samples that have a truth.
        counted_accuracy: on those, as they are.
        counted_majority: the share of the largest class of those.
    """

    sufficiency: float | None = None
    necessity: float | None = None
    counted: int | None = None
    counted_accuracy: float | None = None
    counted_majority: float | None = None

    @staticmethod
    def of(
        sufficient: Floats, necessary: Floats, untouched: NDArray[np.bool_], labels: NDArray[np.int64]
    ) -> "TruthUse":
        """Return the means over samples, (batch,) each: of shares of right draws, and of what is right untouched."""
        _, counts = np.unique(labels, return_counts=True)
        if len(counts) < 2:
            return TruthUse()
        return TruthUse(
            sufficiency=_mean(sufficient),
            necessity=_mean(necessary),
            counted=len(labels),
            counted_accuracy=float(untouched.mean()),
            counted_majority=float(counts.max() / len(labels)),
        )

    def as_facts(self) -> dict[str, float | None]:
        """Return the numbers by the names that a collection's cells have for them."""
        return asdict(self)


def truth_use_facts(job: Job, store: Store) -> Mapping[str, Any]:
    """Return what is stored of how a job's network uses the truth; empty where nothing is.

    Raises:
        StoreError: it cannot be read.
    """
    found = stored_truth_use(job, store)
    return {} if found is None else found.facts


def truth_use_seals(job: Job, store: Store) -> list[str] | None:
    """Return the digest of that in a list, which is empty for jobs that have no such; None where it lacks.

    Raises:
        StoreError: it cannot be read.
    """
    key = _key(job)
    if key is None:
        return []
    seal = store.seal(KIND, key)
    return None if seal is None else [seal]


def put_truth_use(job: Job, use: TruthUse, store: Store) -> None:
    """Store how a job's network uses the truth.

    Raises:
        StoreError: the folder cannot be written.
    """
    key = _key(job)
    assert key is not None
    store.put(KIND, Artifact(key, use.as_facts(), {}))


def stored_truth_use(job: Job, store: Store) -> Artifact | None:
    """Return the stored result itself, None where there is none.

    Raises:
        StoreError: it cannot be read.
    """
    key = _key(job)
    return None if key is None else store.get(KIND, key)


def _mean(shares: Floats) -> float:
    return math.fsum(shares) / len(shares)


def _key(job: Job) -> dict[str, Any] | None:
    """Return all that determines the numbers: the draws have the seed of the data; None without a class a sample."""
    if job.architecture is None or job.task.brings or job.task.per_step or not job.methods:
        return None
    return {"model": job.model_key(), "truth_use": {"version": VERSION, "draws": DRAWS}}
