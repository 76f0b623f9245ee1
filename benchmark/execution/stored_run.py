"""What a store holds of a run's jobs."""

from ..storage.store import Store
from ..suites.suite import Choice
from .plan import Job

SCORES = "scores.parquet"
EXAMPLES = "examples.safetensors"
WEIGHTS = "weights.safetensors"


def is_complete(job: Job, store: Store) -> bool:
    """Return whether the store holds all that a job computes, sound.

    Raises:
        StoreError: a result cannot be read.
    """
    return not unfinished(job, store)


def unfinished(job: Job, store: Store) -> list[Choice]:
    """Return the methods of a job that have no scores which can be read: all of them while it lacks its yardstick.

    Raises:
        StoreError: a result cannot be read.
    """
    has_yardstick = store.get("yardsticks", job.yardstick_key()) is not None
    return missing(job, store) if has_yardstick else list(job.methods)


def missing(job: Job, store: Store) -> list[Choice]:
    """Return the methods of a job whose cells the store lacks.

    Raises:
        StoreError: a result cannot be read.
    """
    return [method for method in job.methods if store.get("cells", job.cell_key(method)) is None]
