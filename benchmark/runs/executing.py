"""Hand jobs to what computes them, on this machine or on a cluster; loads PyTorch."""

from collections.abc import Sequence
from contextlib import AbstractContextManager

from ...methods.attributions.passes.budget import default_memory
from ..execution.executors.choice import choose_executor, executor_of
from ..execution.executors.demand import Demand
from ..execution.executors.executor import Executor
from ..execution.executors.noted import Noted
from ..execution.executors.scheduling import run_jobs
from ..execution.executors.workplace import Workplace
from ..execution.failures import Failure
from ..execution.journal import Header, open_journal
from ..execution.plan import Job
from ..execution.planned import find_bad_files
from ..storage.store import Store
from ..suites.registry import load_registries
from ..suites.suite import Suite
from .means import Means


def execute_jobs(suite: Suite, lacking: Sequence[Job], store: Store, means: Means) -> list[Failure]:
    """Compute jobs of a suite, noting in the folder's journal how far they are, and return the cells that failed.

    Raises:
        SaltbenchError: no task of the suite can be made of the file that it is named after; nothing is begun.
        StoreError: the folder cannot be read or written.
        PluginError: a plugin does not load.
        WorkerError: worker processes do not start, or a cluster does not answer.
        MissingPackageError: Dask is not installed.
    """
    _look_at_files(suite, lacking, means)
    failures: list[Failure] = []
    header = Header.here(means.device, means.workers)
    plain = Store(store.root)  # what is being written is read anew
    with open_journal(store.root, header) as journal, _executor(suite, plain, means) as executor:
        for done, (job, failed) in enumerate(run_jobs(lacking, Noted(executor, journal), plain), start=1):
            failures += failed
            means.report(job, done, len(lacking))
    return failures


def _look_at_files(suite: Suite, lacking: Sequence[Job], means: Means) -> None:
    bad = find_bad_files(lacking, load_registries(means.plugins))
    if len(bad) == len(suite.tasks):
        raise next(iter(bad.values()))
    for error in bad.values():
        means.announce(f"{error} (its cells fail, the others are computed)")


def _executor(suite: Suite, store: Store, means: Means) -> AbstractContextManager[Executor]:
    plugins = tuple(plugin.absolute() for plugin in means.plugins)
    if means.engine is not None:
        demand = Demand(suite, means.device, plugins, store, means.timeout, means.memory, means.announce)
        return executor_of(means.engine, demand)
    share = means.memory // means.workers if means.memory else default_memory(means.device, means.workers)
    return choose_executor(Workplace(store, plugins, share), means.workers, means.timeout)
