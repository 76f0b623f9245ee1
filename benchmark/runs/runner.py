"""Run a suite: hand its jobs to an executor, and write tables and figures when all is done."""

from collections.abc import Callable, Sequence
from pathlib import Path

from ..execution.executors.engine import Engine
from ..execution.stored.census import census
from ..execution.stored.run import StoredRun
from ..leaderboards.finished_run import Result
from ..suites.provenance import open_results
from ..suites.registry import load_registries
from ..suites.suite import Suite
from .computing import compute
from .means import Means, Report, silent, unannounced
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
        run = StoredRun(suite, plain.indexed(), device)
        found = census(run)
        failures = compute(suite, found.lacking, run.store, means)
        return write_outputs(run, registries, folder, failures, seal=found.seal)
