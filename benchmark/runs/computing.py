"""Compute what a store lacks of jobs; where it lacks nothing, PyTorch is not loaded."""

from collections.abc import Sequence

from ..execution.failures import Failure
from ..execution.journal import forget_journal
from ..execution.plan import Job
from ..storage.store import Store
from ..suites.suite import Suite
from .means import Means


def compute(suite: Suite, lacking: Sequence[Job], store: Store, means: Means) -> list[Failure]:
    """Compute jobs of a suite of which a store lacks something, and return the cells that failed.

    Raises:
        SaltbenchError: no task can be made of the file that it is named after; nothing is begun.
        StoreError: the folder cannot be read or written.
        PluginError: a plugin does not load.
        WorkerError: worker processes do not start, or a cluster does not answer.
        MissingPackageError: Dask is not installed.
    """
    if not lacking:
        forget_journal(store.root)
        return []
    from .executing import execute_jobs  # loads PyTorch

    return execute_jobs(suite, lacking, store, means)
