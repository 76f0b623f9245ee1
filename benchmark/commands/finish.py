"""What a run ends with: its table, where the files are, and what failed."""

from ...errors import SaltbenchError
from ..formats.render import View
from ..formats.terminal import table_of
from ..leaderboards.finished_run import Result
from ..leaderboards.results_folder import ResultsFolder
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
    failed = [failure for failure in result.failures if failure.status == "failed"]
    if failed:
        first = failed[0]
        cell = " ".join(filter(None, (first.task, first.architecture, first.method)))
        many = len(failed) > 1
        raise SaltbenchError(
            f"{len(failed)} {'cells' if many else 'cell'} failed, the others are complete; "
            f"{'the first' if many else 'it is'}: {cell} seed {first.repetition}: {first.reason}"
        )
