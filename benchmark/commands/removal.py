"""The command `removal`: on-task share and accuracy after removing salient cells, for any suite."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from ...errors import ParameterError
from ..execution.devices import choose_device
from ..removal.analysis import salient_cells
from ..removal.deletion import check_replacement
from ..removal.report import check_trained, write_salient
from ..removal.summary import summarise_removal, summarise_reported
from ..runs.console import execute, finish
from ..suites.registry import Registries
from ..suites.suite import Suite


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
        replacements: what takes the place of removed cells: "mean", "sampled", "zero".
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
    chosen = choose_device(device)
    run = execute(suite, results, device, workers, plugins)
    cells = salient_cells(suite, run, registries, chosen, replacements)
    check_trained(cells)
    tables = summarise_reported(cells.reported), summarise_removal(cells.removal)
    yield from write_salient(*tables, run.folder, method=suite.methods[0].name)
    finish(run)
