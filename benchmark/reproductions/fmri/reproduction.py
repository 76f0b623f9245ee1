"""The source's figures of task fMRI: on a simulation, and on the user's copy of the HCP where there is one."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from ....datasets.local_data import HOW
from ...comparisons.published import FILE
from ...leaderboards.finished_run import Result
from ...removal.analysis import RemovalTables, tabulate_removal
from ...removal.report import check_trained, write_removal
from ...removal.summary import summarise_removal, summarise_reported
from ...storage.csv_tables import to_csv
from ...suites.provenance import open_results, write_tables
from ...suites.registry import load_registries
from ...suites.suite import Suite
from ..reproduction import Reproduction
from .brain_figure import archive_folder, draw_brains
from .brain_maps import STEPS, check_steps
from .published_charts import compare_fmri, published_fmri, report_comparison


def check_chosen_steps(suites: Sequence[Suite], *, steps: Sequence[int] = STEPS) -> None:
    """Raise unless the suite's series have the steps that a user chose; the source's may be missing.

    Raises:
        ParameterError: a step that the series do not have.
    """
    (suite,) = suites
    (task,) = suite.tasks
    if tuple(steps) != STEPS:
        check_steps(task.name, task.parameters["frames"], steps)


def present_fmri(runs: Sequence[Result], *, steps: Sequence[int] = STEPS) -> Iterator[str]:
    """Write the tables, charts and brain maps of task fMRI into the run's folder, and yield what they say.

    Args:
        runs: the one of the suite fmri or fmri-hcp.
        steps: time steps of the brain maps, counted from 0.

    Raises:
        ParameterError: no network was trained, or chosen steps that the series do not have.
        DataError: an atlas that cannot be read or does not match.
        ShapeError: an atlas with another number of parcels.
        StoreError: a result cannot be read or written.
    """
    (run,) = runs
    yield from write_fmri(tabulate_removal(run.stored, load_registries()), run.folder)
    yield from draw_brains(run, steps)


def write_fmri(tables: RemovalTables, folder: Path) -> Iterator[str]:
    """Write reported.csv, removal.csv, published_vs_measured.csv and the charts into folder, and yield what they say.

    Raises:
        ParameterError: no network was trained.
        StoreError: a file cannot be written, or another run holds the folder.
    """
    check_trained(tables)
    on_task, drops = published_fmri()
    reported, removal = summarise_reported(tables.reported), summarise_removal(tables.removal)
    comparison = compare_fmri(reported, removal)
    yield from write_removal(reported, removal, folder, on_task, drops)
    yield from report_comparison(comparison)
    with open_results(folder):
        write_tables(folder, {FILE: to_csv(comparison)})
    yield f"{folder / FILE}"


def ask_for_archive() -> str:
    """Return in a line that there is no copy of the HCP and how to give one, or an empty line where there is one."""
    if archive_folder() is not None:
        return ""
    return f"fmri/hcp: not run, no copy of the HCP is given (the folder that holds subjects/ or hcp/, by {HOW})"


HCP = Reproduction(
    name="fmri-hcp",
    suites=("fmri-hcp",),
    present=present_fmri,
    choices=("steps",),
    check=check_chosen_steps,
    missing_data=ask_for_archive,
)
FMRI = Reproduction(
    name="fmri",
    suites=("fmri",),
    present=present_fmri,
    choices=("steps",),
    check=check_chosen_steps,
    followed_by=(HCP,),
)
