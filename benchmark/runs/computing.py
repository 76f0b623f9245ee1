"""Compute what a store lacks of jobs, on this machine or on a cluster."""

import math
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from ...errors import ParameterError
from ...methods.attributions.passes.budget import default_memory
from ..execution.executors.choice import choose_executor, executor_of
from ..execution.executors.cluster.engine import Demand, Engine
from ..execution.executors.executor import Executor
from ..execution.executors.noted import Noted
from ..execution.executors.scheduling import run_jobs
from ..execution.executors.workplace import Workplace
from ..execution.failures import Failure
from ..execution.journal import Header, forget_journal, open_journal
from ..execution.plan import Job
from ..execution.stored.run import is_complete
from ..storage.store import Store
from ..suites.counts import check_workers
from ..suites.suite import Suite

Report = Callable[[Job, int, int], None]


def silent(_job: Job, _done: int, _total: int) -> None:
    """Report nothing."""


def unannounced(_text: str) -> None:
    """Announce nothing."""


@dataclass(frozen=True, kw_only=True)
class Means:
    """How a run computes.

    Attributes:
        plugins: files whose entries the suite uses.
        device: "cpu" or "cuda".
        workers: processes; 1 runs everything in this one, unless there is a timeout.
        memory: bytes that explaining may take in all workers together; None for a quarter of what is free, and at
            least 256 MB in each. With at least so much, what is written does not depend on it.
        timeout: seconds that explaining and scoring one cell may take before it counts as failed; None for any time.
            Making data, scoring their truth and training are not limited.
        report: called after every finished job with the job, how many are done, and how many there were to do.
        engine: the cluster that computes in place of this machine, where workers do not count and memory is that of
            each Dask worker; None for this machine.
        announce: called with what a cluster tells: its dashboard, and which workers come and go.

    Raises:
        ParameterError: a timeout that is not a positive number, or workers that are not 1 to 1,000.
    """

    plugins: Sequence[Path] = ()
    device: str = "cpu"
    workers: int = 1
    memory: int | None = None
    timeout: float | None = None
    report: Report = silent
    engine: Engine | None = None
    announce: Callable[[str], None] = unannounced

    def __post_init__(self) -> None:
        if self.timeout is not None and not 0 < self.timeout < math.inf:
            raise ParameterError(f"timeout must be a positive number of seconds, got {self.timeout:g}")
        check_workers(self.workers)


def compute(suite: Suite, planned: Iterable[Job], store: Store, means: Means) -> list[Failure]:
    """Compute what a store lacks of jobs of a suite, and return the cells that failed.

    Raises:
        StoreError: the folder cannot be read or written.
        PluginError: a plugin does not load.
        WorkerError: worker processes do not start, or a cluster does not answer.
        MissingPackageError: Dask is not installed.
    """
    lacking = [job for job in planned if not is_complete(job, store)]
    failures: list[Failure] = []
    if not lacking:
        forget_journal(store.root)
        return failures
    header = Header.here(means.device, means.workers)
    plain = Store(store.root)  # what is being written is read anew
    with open_journal(store.root, header) as journal, _executor(suite, plain, means) as executor:
        for done, (job, failed) in enumerate(run_jobs(lacking, Noted(executor, journal), plain), start=1):
            failures += failed
            means.report(job, done, len(lacking))
    return failures


def _executor(suite: Suite, store: Store, means: Means) -> AbstractContextManager[Executor]:
    plugins = tuple(plugin.absolute() for plugin in means.plugins)
    if means.engine is not None:
        demand = Demand(suite, means.device, plugins, store, means.timeout, means.memory, means.announce)
        return executor_of(means.engine, demand)
    share = means.memory // means.workers if means.memory else default_memory(means.device, means.workers)
    return choose_executor(Workplace(store, plugins, share), means.workers, means.timeout)
