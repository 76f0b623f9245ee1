"""What is stored of a run, in one walk: the jobs that lack something, and one digest of all that is there."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from ...storage.store import Store, canonical
from ...suites.choice import Choice
from ..plan import Job
from .run import SAMPLES, StoredRun, map_seal, scores_of, yardsticks_of
from .truth_use import truth_use_seals

Held = Sequence[str]  # the digests of stored results


class Seals:
    """The digest of the results that are added, in their order."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def add(self, held: Held | None) -> None:
        """Add the digests of results that belong together; None of such as are not all there."""
        self._hash.update(canonical(held) + b"\n")

    def digest(self) -> str:
        """Return the digest of what was added so far."""
        return self._hash.hexdigest()


@dataclass(frozen=True)
class Census:
    """What is stored of a run.

    Attributes:
        lacking: the jobs that lack a part, in the order of the plan.
        seal: the digest of all samples, yardsticks, uses of the truth, maps and scores, as in `Collection`; empty
            while a job lacks one.
    """

    lacking: Sequence[Job]
    seal: str


def census(run: StoredRun) -> Census:
    """Return what is stored of a run; no map and no score is read that was seen before.

    Raises:
        StoreError: a result cannot be read.
    """
    lacking: list[Job] = []
    seals = Seals()
    for repetition in run.repetitions():
        shared = shared_parts(repetition.references, run.store)
        seals.add(shared)
        for job in (repetition.references, *repetition.trained):
            cells = [] if shared is None else [_parts(job, method, run.store) for method in job.methods]
            use = truth_use_seals(job, run.store)
            if shared is None or use is None or None in cells:
                lacking.append(job)
            seals.add(use)
            for cell in cells:
                seals.add(cell)
    return Census(lacking, "" if lacking else seals.digest())


def shared_parts(references: Job, store: Store) -> Held | None:
    """Return the digests of the samples and yardsticks of a task and repetition; None where some lack.

    Samples are read: they are few, and in every figure.

    Raises:
        StoreError: a result cannot be read.
    """
    samples = store.get(SAMPLES, references.data_key())
    yardsticks = yardsticks_of(references, store).seals(references.protocol.metrics)
    return None if samples is None or yardsticks is None else [samples.seal, *yardsticks]


def _parts(job: Job, method: Choice, store: Store) -> Held | None:
    kept = map_seal(job, method, store)
    scores = scores_of(job, method, store).seals(job.protocol.metrics)
    return None if kept is None or scores is None else [kept, *scores]
