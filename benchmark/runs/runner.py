"""Runs a suite: hands its jobs to worker processes, and writes tables and figures when all is done."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path

from ...errors import ParameterError
from ...methods.attributions.passes.budget import default_memory
from ..execution.collection import GONE, collect, failures_of
from ..execution.executors.choice import choose_executor
from ..execution.executors.executor import Executor
from ..execution.executors.noted import Noted
from ..execution.executors.scheduling import run_jobs
from ..execution.executors.workplace import Workplace
from ..execution.failures import Failure
from ..execution.journal import Header, forget_journal, open_journal
from ..execution.plan import Job, jobs
from ..execution.stored.run import is_complete
from ..figures.draw import Drawn, draw_figures, drawn_metric
from ..leaderboards.cost import COST, cost
from ..leaderboards.finished_run import Result
from ..leaderboards.leaderboard import leaderboard
from ..leaderboards.results_folder import ResultsFolder
from ..leaderboards.sample_scores import FILE as SCORES
from ..leaderboards.statistical_tables import statistical_tables
from ..storage.csv_tables import to_csv
from ..storage.store import Store
from ..suites.counts import check_workers
from ..suites.provenance import Provenance, open_results, write_tables
from ..suites.registry import load_registries
from ..suites.suite import Suite

Report = Callable[[Job, int, int], None]


def silent(_job: Job, _done: int, _total: int) -> None:
    """Report nothing."""


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
) -> Result:
    """Run what a suite lacks under results/<suite name>/, and write its tables and figures.

    What is written does not depend on the number of workers, but for what tells the time: cost.csv and cost.png.

    Args:
        suite: the grid.
        results: parent of the suite's folder.
        plugins: files whose entries the suite uses.
        device: "cpu" or "cuda".
        workers: processes; 1 runs everything in this one, unless there is a timeout.
        memory: bytes that explaining may take in all workers together; None for a quarter of what is free, and at
            least 256 MB in each. With at least so much, what is written does not depend on it.
        timeout: seconds that explaining and scoring one cell may take before it counts as failed; None for any time.
            Making data, scoring their truth and training are not limited.
        report: called after every finished job with the job, how many are done, and how many there were to do.

    Raises:
        ParameterError: a timeout that is not a positive number, or workers that are not 1 to 1,000.
        StoreError: the folder cannot be read or written; what was finished is kept.
        KeyboardInterrupt: Ctrl-C; what was finished is kept.
        PluginError: a plugin does not load.
        WorkerError: worker processes do not start.
    """
    if timeout is not None and not 0 < timeout < math.inf:
        raise ParameterError(f"timeout must be a positive number of seconds, got {timeout:g}")
    check_workers(workers)
    registries = load_registries(plugins)
    folder = results / suite.name
    # absolute: a cell may leave the current folder before its result is written
    with open_results(folder.absolute()) as store:
        planned = [job for job in jobs(suite, device) if not is_complete(job, store)]
        share = memory // workers if memory else default_memory(device, workers)
        workplace = Workplace(store, tuple(plugin.absolute() for plugin in plugins), share)
        executor = choose_executor(workplace, workers, timeout)
        failures = _compute(planned, executor, store, Header.here(device, workers), report)
        collection = collect(suite, store, device, failures, GONE)
        metrics = [registries.metrics.get(metric.name) for metric in suite.metrics]
        table = leaderboard(collection, metrics, suite.seeds)
        tables = {
            "leaderboard.csv": table,
            **statistical_tables(collection, metrics, suite.seeds),
            COST: cost(collection),
        }
        scores = bytes(collection.scores.to_parquet(index=False))
        contents = {SCORES: scores, **{name: to_csv(one) for name, one in tables.items()}}
        write_tables(folder, contents, Provenance(suite, device, collection.environments))
        written = ResultsFolder(folder)
        drawn = draw_figures(written, drawn_metric(written, None, registries.metrics), ("png",), folder)
        figures = [path for figure in drawn for path in _current(figure, folder)]
    return Result(suite, device, table, collection, folder, failures_of(collection), figures)


def _compute(planned: Sequence[Job], executor: Executor, store: Store, header: Header, report: Report) -> list[Failure]:
    failures: list[Failure] = []
    if not planned:
        forget_journal(store.root)
        return failures
    with open_journal(store.root, header) as journal, Noted(executor, journal) as noted:
        for done, (job, failed) in enumerate(run_jobs(planned, noted, store), start=1):
            failures += failed
            report(job, done, len(planned))
    return failures


def _current(drawn: Drawn, folder: Path) -> tuple[Path, ...]:
    if not drawn.paths:  # an earlier run's would not show this leaderboard
        (folder / f"{drawn.name}.png").unlink(missing_ok=True)
    return drawn.paths
