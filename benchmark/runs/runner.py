"""Run a suite: hand its jobs to an executor, and write tables and figures when all is done."""

from collections.abc import Callable, Sequence
from pathlib import Path

from ..execution.executors.cluster.engine import Engine
from ..execution.plan import jobs
from ..execution.stored.run import StoredRun
from ..leaderboards.finished_run import Result
from ..suites.provenance import open_results
from ..suites.registry import load_registries
from ..suites.suite import Suite
from .computing import Means, Report, compute, silent, unannounced
from .outputs import write_outputs


def run_suite(
    suite: Suite,
    results: Path,
    *,
    plugins: Sequence[Path] = (),
    device: str = "cpu",
    workers: int = 1,
    memory: int | None = None,
    timeout: float | None = None,
    report: Report = silent,
    engine: Engine | None = None,
    announce: Callable[[str], None] = unannounced,
) -> Result:
    """Run what a suite lacks under results/<suite name>/, and write its tables and figures.

    What is written does not depend on the number of workers, but for what tells the time: cost.csv and cost.png.

    The other arguments are the attributes of `Means`.

    Raises:
        ParameterError: as `Means`.
        StoreError: the folder cannot be read or written; what was finished is kept.
        KeyboardInterrupt: Ctrl-C; what was finished is kept.
        PluginError: a plugin does not load.
        WorkerError: worker processes do not start, or a cluster does not answer.
        MissingPackageError: Dask is not installed.
    """
    means = Means(
        plugins=plugins,
        device=device,
        workers=workers,
        memory=memory,
        timeout=timeout,
        report=report,
        engine=engine,
        announce=announce,
    )
    registries = load_registries(plugins)
    folder = results / suite.name
    # absolute: a cell may leave the current folder before its result is written
    with open_results(folder.absolute()) as plain:
        store = plain.indexed()
        failures = compute(suite, jobs(suite, device), store, means)
        return write_outputs(StoredRun(suite, store, device), registries, folder, failures)
