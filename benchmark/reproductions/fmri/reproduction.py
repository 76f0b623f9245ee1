"""The source's figures of task fMRI: on a simulation, and on the user's copy of the HCP where there is one."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from ....datasets.local_data import HOW
from ...comparisons.published import FILE
from ...execution.devices import choose_device
from ...removal.analysis import SalientCells, salient_cells
from ...removal.report import check_trained, write_salient
from ...removal.summary import summarise_removal, summarise_reported
from ...runs.console import execute, finish
from ...storage.csv_tables import to_csv
from ...storage.digests import write_tables
from ...storage.store import open_store
from ...suites.registry import load_registries
from ...suites.suite import load_suite
from .brain_figure import archive_folder, draw_brains
from .brain_maps import STEPS
from .published_charts import compare_fmri, published_fmri, report_comparison

SIMULATED, REAL = "fmri", "fmri-hcp"  # suites and folders


def fmri(results: Path, device: str, workers: int | None, *, steps: Sequence[int] = STEPS) -> Iterator[str]:
    """Run the suite fmri, and fmri-hcp where a copy of the HCP is given, as far as missing, and yield a report.

    Tables and figures are written to results/fmri and results/fmri-hcp.

    Args:
        results: parent of both folders.
        device: "auto", "cpu" or "cuda", for training and the leaderboard; removal is measured on the CPU.
        workers: processes; None takes one a core.
        steps: time steps of the brain maps, counted from 0.

    Raises:
        StoreError: a result cannot be read or written.
        SaltbenchError: a cell failed; all others are complete.
    """
    yield from reproduce_suite(SIMULATED, results, device, workers, steps)
    folder = archive_folder()
    if folder is None:
        yield f"fmri/hcp: not run, no copy of the HCP is given (the folder that holds subjects/ or hcp/, by {HOW})"
    else:
        yield from reproduce_suite(REAL, results, device, workers, steps)


def reproduce_suite(
    name: str, results: Path, device: str, workers: int | None, steps: Sequence[int] = STEPS
) -> Iterator[str]:
    """Run one suite of task fMRI as far as it is missing, write its tables and figures, and yield a report."""
    registries = load_registries()
    suite = load_suite(name, registries)
    run = execute(suite, results, device, workers)
    cells = salient_cells(suite, run, registries, choose_device(device))
    yield from write_fmri(cells, run.folder)
    yield from draw_brains(suite, run.folder, choose_device(device), steps)
    finish(run)


def write_fmri(cells: SalientCells, folder: Path) -> Iterator[str]:
    """Write reported.csv, removal.csv, published_vs_measured.csv and the charts into folder, and yield what they say.

    Raises:
        ParameterError: no network was trained.
        StoreError: a file cannot be written, or another run holds the folder.
    """
    check_trained(cells)
    on_task, drops = published_fmri()
    reported, removal = summarise_reported(cells.reported), summarise_removal(cells.removal)
    comparison = compare_fmri(reported, removal)
    yield from write_salient(reported, removal, folder, on_task, drops)
    yield from report_comparison(comparison)
    with open_store(folder):
        write_tables(folder, {FILE: to_csv(comparison)})
    yield f"{folder / FILE}"
