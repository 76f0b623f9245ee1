"""`saltbench removal`: on-task share and accuracy after removing what a map ranks highest, for any suite."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from ...errors import ParameterError
from ..metrics.faithfulness.removal import check_replacement
from ..removal.analysis import tabulate_removal
from ..removal.report import check_trained, write_removal
from ..removal.summary import summarise_removal, summarise_reported
from ..runs.console import execute
from ..suites.registry import Registries
from ..suites.suite import Suite
from .finish import finish


def removal_of_suite(
    suite: Suite,
    registries: Registries,
    results: Path,
    *,
    replacements: Sequence[str],
    device: str = "auto",
    workers: int | None = None,
    plugins: Sequence[Path] = (),
) -> Iterator[str]:
    """Run a suite as far as it is missing, remove what its maps rank highest, and yield a report.

    Writes reported.csv and removal.csv with all methods, and the charts of the first one.

    Args:
        suite: any grid with at least one method.
        registries: of its entries.
        results: parent of the suite's folder.
        replacements: what takes the place of removed entries: "mean", "sampled", "zero".
        device: "auto", "cpu" or "cuda", for training and the leaderboard; removal is measured on the CPU.
        workers: processes; None takes one a core.
        plugins: files whose entries the suite uses.

    Raises:
        UnknownNameError: another replacement.
        ParameterError: no network was trained, or the suite has no method.
        StoreError: a result cannot be read or written.
        SaltbenchError: a cell failed; all others are complete.
    """
    if not suite.methods:
        raise ParameterError("removal needs at least one method besides the reference methods; name it in --methods")
    for name in replacements:
        check_replacement(name)  # not after minutes of training
    run = execute(suite, results, device, workers, plugins)
    tables = tabulate_removal(run.stored, registries, replacements)
    check_trained(tables)
    summaries = summarise_reported(tables.reported), summarise_removal(tables.removal)
    yield from write_removal(*summaries, run.folder, method=suite.methods[0].name)
    finish(run, registries)
