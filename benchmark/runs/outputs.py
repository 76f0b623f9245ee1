"""The tables and figures of a run, made from what its store holds."""

from collections.abc import Sequence
from pathlib import Path

from ..execution.collection import GONE, Absent, collect, failures_of
from ..execution.failures import Failure
from ..execution.stored.run import StoredRun
from ..execution.stored.shard_record import FILE as SHARD
from ..figures.draw import Drawn, draw_figures, drawn_metric
from ..leaderboards.cost import COST, cost
from ..leaderboards.finished_run import Result
from ..leaderboards.leaderboard import leaderboard
from ..leaderboards.results_folder import ResultsFolder
from ..leaderboards.sample_scores import FILE as SCORES
from ..leaderboards.statistical_tables import statistical_tables
from ..storage.csv_tables import to_csv
from ..suites.provenance import Provenance, write_tables
from ..suites.registry import Registries


def write_outputs(
    run: StoredRun, registries: Registries, folder: Path, failures: Sequence[Failure], absent: Absent = GONE
) -> Result:
    """Write tables, provenance and figures of a run, and return all that it leaves.

    Args:
        run: what is stored.
        registries: of its entries.
        folder: of the results.
        failures: cells that are not stored, and why.
        absent: what is said of other cells that are not.

    Raises:
        StoreError: a result cannot be read, or a file not be written.
    """
    suite, device = run.suite, run.device
    collection = collect(suite, run.store, device, failures, absent)
    if run.store.index is not None:
        run.store.index.save()
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
    (folder / SHARD).unlink(missing_ok=True)  # all is here now
    written = ResultsFolder(folder)
    drawn = draw_figures(written, drawn_metric(written, None, registries.metrics), ("png",), folder)
    figures = [path for figure in drawn for path in _current(figure, folder)]
    return Result(suite, device, table, collection, folder, failures_of(collection), figures)


def _current(drawn: Drawn, folder: Path) -> tuple[Path, ...]:
    if not drawn.paths:  # an earlier run's would not show this leaderboard
        (folder / f"{drawn.name}.png").unlink(missing_ok=True)
    return drawn.paths
