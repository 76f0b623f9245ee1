"""What the maps of a suite report and what removing it costs: tables, charts and lines for people."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from ..errors import ParameterError
from .console import execute, finish
from .devices import choose_device
from .digests import write_tables
from .leaderboard import to_csv
from .registry import Registries
from .removal import check_replacement
from .salient_cells import SalientCells, salient_cells
from .salient_figures import SALIENCY, draw_removal, draw_reported
from .salient_summary import report_salient, summarise_removal, summarise_reported
from .store import open_store
from .suite import Suite


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


def check_trained(cells: SalientCells) -> None:
    """Raise a ParameterError unless there is a map to report on."""
    if cells.reported.empty:
        raise ParameterError("no network was trained, so that there is no map to report on; see the failed cells")


def write_salient(
    reported: pd.DataFrame,
    removal: pd.DataFrame,
    folder: Path,
    published_reported: pd.DataFrame | None = None,
    published_removal: pd.DataFrame | None = None,
    method: str = SALIENCY,
) -> Iterator[str]:
    """Write reported.csv, removal.csv and the charts of a method into folder, and yield what all of them say.

    Args:
        reported: as `summarise_reported` returns it.
        removal: as `summarise_removal` returns it.
        folder: of the suite's results.
        published_reported: what a source published of it, for a panel beside, see `draw_reported`.
        published_removal: the same of removal, see `draw_removal`.
        method: whose maps the charts show.

    Raises:
        StoreError: a file cannot be written, or another run holds the folder.
    """
    tables = {"reported.csv": reported, "removal.csv": removal}
    with open_store(folder):
        write_tables(folder, {name: to_csv(table) for name, table in tables.items()})
        figures = [
            *draw_reported(reported, folder, published_reported, method),
            *draw_removal(removal, folder, published_removal, method),
        ]
    yield from report_salient(reported, removal)
    yield from (f"{path}" for path in (*(folder / name for name in tables), *figures))
