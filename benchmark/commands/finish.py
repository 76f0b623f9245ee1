"""What a run ends with: its table, where the files are, and what failed."""

from collections.abc import Sequence

from ...errors import SaltbenchError
from ..execution.failures import Failure
from ..formats.render import View
from ..formats.terminal import table_of
from ..leaderboards.finished_run import Result
from ..leaderboards.results_folder import ResultsFolder
from ..runs.sharding import ShardResult
from ..storage.output import say, write
from ..suites.registry import Registries


def finish(result: Result, registries: Registries) -> None:
    """Print the table of a run and where the files are.

    Raises:
        SaltbenchError: a cell failed.
    """
    write(table_of(ResultsFolder(result.folder), View(), registries), None)
    for path in (result.folder / "leaderboard.csv", result.folder / "scores.parquet", *result.figures):
        say(f"{path}")
    skipped = [failure for failure in result.failures if failure.status == "skipped"]
    if skipped:
        were = "1 cell was" if len(skipped) == 1 else f"{len(skipped)} cells were"
        say(f"{were} skipped, the method does not apply to the network; the CSV says why")
    _raise_failed(result.failures)


def finish_shard(result: ShardResult) -> None:
    """Print what a shard left, and what makes a whole of it.

    Raises:
        SaltbenchError: a cell failed.
    """
    say(
        f"shard {result.shard} is computed, {result.cells} cells: {result.folder}; no table is written: "
        f"put all {result.shard.count} shards together with `saltbench merge DIR… --output DIR`"
    )
    _raise_failed(result.failures)


def _raise_failed(failures: Sequence[Failure]) -> None:
    failed = [failure for failure in failures if failure.status == "failed"]
    if failed:
        first = failed[0]
        cell = " ".join(filter(None, (first.task, first.architecture, first.method)))
        many = len(failed) > 1
        raise SaltbenchError(
            f"{len(failed)} {'cells' if many else 'cell'} failed, the others are complete; "
            f"{'the first' if many else 'it is'}: {cell} seed {first.repetition}: {first.reason}"
        )
