"""Choose what computes the units of a run."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from ....errors import MissingPackageError
from ...process.settings import IMPORTED, settings_restored
from .demand import Demand
from .engine import Engine
from .executor import Executor
from .in_process import InProcess
from .processes import Processes
from .workplace import Workplace


def choose_executor(workplace: Workplace, workers: int, timeout: float | None) -> Executor:
    """Return an executor of so many workers, of which each cell may take a timeout in seconds; None for any time.

    Raises:
        PluginError: a plugin does not load.
    """
    # in this process what hangs cannot be stopped
    return InProcess(workplace) if workers == 1 and timeout is None else Processes(workplace, workers, timeout)


def executor_of(engine: Engine, demand: Demand) -> AbstractContextManager[Executor]:
    """Return the executor of a cluster, which is opened by the `with` that uses it.

    Raises:
        MissingPackageError: Dask is not installed.
    """
    with _dask_needed():
        from .cluster.opening import cluster_executor
    return cluster_executor(engine, demand)


def script_of_jobs(engine: Engine) -> str:
    """Return the script of a job that a batch system would be given.

    Raises:
        MissingPackageError: Dask is not installed.
        WorkerError: Dask-Jobqueue makes no job of the options.
    """
    with _dask_needed(), settings_restored(leave=IMPORTED):  # it sets a handler of Ctrl-C when it is imported
        from .cluster.batch_system import job_script
    return job_script(engine)


@contextmanager
def _dask_needed() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingPackageError.of("executors of clusters", "distributed", "cluster", error) from error
