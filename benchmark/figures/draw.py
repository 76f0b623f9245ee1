"""The figures of a results folder: all that its data allows, and why the others cannot be drawn."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from ...entry import unknown
from ...errors import LackingDataError, StoreError, UnknownNameError
from ..execution.stored_run import StoredRun
from ..leaderboards.columns import IDENTITY
from ..leaderboards.cost import COST, read_cost
from ..leaderboards.leaderboard import read_csv
from ..metrics.spec import MetricSpec
from ..storage.csv_tables import with_numbers
from ..storage.files import Write, write_atomically
from ..style.figure_style import check_formats, paper_style, save
from ..suites.provenance import recorded
from ..suites.registry import Registry
from .cost_figure import cost_figure
from .curves_figure import curves_figure
from .maps_figure import maps_figure
from .ranks_figure import ranks_figure
from .scores_figure import scores_figure

MAIN = "average_precision"  # keeps the order of maps of known quality, and is the best known that does


@dataclass(frozen=True)
class Evidence:
    """What figures are drawn from: a results folder, its leaderboard, and one of the leaderboard's metrics."""

    folder: Path
    table: pd.DataFrame
    metric: MetricSpec


@dataclass(frozen=True)
class Drawn:
    """A figure's name and the files that hold it; none, and the reason, where it was left out."""

    name: str
    paths: tuple[Path, ...]
    reason: str = ""


def read_evidence(path: Path, metric: str | None, metrics: Registry[MetricSpec]) -> Evidence:
    """Return what figures of a results folder, or of a leaderboard alone, are drawn from.

    Args:
        path: the folder or CSV file.
        metric: of one of the leaderboard's columns; None for the main one.
        metrics: where its direction is looked up.

    Raises:
        UnknownNameError: a metric that the leaderboard or the registry lacks.
        StoreError: there is no leaderboard, it has a row twice, or its scores are not numbers.
    """
    table = read_csv(path)
    folder = path if path.is_dir() else path.parent
    return evidence(folder, table, metric, metrics)


def evidence(folder: Path, table: pd.DataFrame, metric: str | None, metrics: Registry[MetricSpec]) -> Evidence:
    """Return what figures are drawn from, as `read_evidence` does, for a leaderboard that is at hand.

    Raises:
        StoreError: a leaderboard without bounds, with two rows of one cell, or with text in place of numbers.
        UnknownNameError: a metric that the leaderboard or the registry does not have.
    """
    names = [name for name in table.columns if f"{name}_low" in table and f"{name}_high" in table]
    if not names:
        raise StoreError(f"the leaderboard of {folder} has no scores with bounds; recompute it")
    chosen = metric or (MAIN if MAIN in names else names[0])
    if chosen not in names:
        raise UnknownNameError(unknown("metric", chosen, names))
    try:
        spec = metrics.get(chosen)
    except UnknownNameError as error:
        raise UnknownNameError(f"{error}; its direction is unknown, give --plugin FILE that defines it") from error
    if table.duplicated(IDENTITY).any():
        raise StoreError(f"the leaderboard of {folder} has two rows of one task, architecture and method; recompute it")
    columns = ["accuracy", chosen, f"{chosen}_low", f"{chosen}_high"]
    return Evidence(folder, with_numbers(table, columns, f"the leaderboard of {folder}"), spec)


def draw_figures(
    found: Evidence, formats: Sequence[str], output: Path, write: Write = write_atomically
) -> Iterator[Drawn]:
    """Draw the figures that the data allows, and yield each, or why it is left out.

    Written are maps, scores, curves, ranks and cost, each with the formats (png, svg, pdf) behind its name. The same
    data gives the same bytes.

    Args:
        found: what they are drawn from.
        formats: one file each.
        output: folder of the files.
        write: how a file is written; in a results folder links are replaced, not followed.

    Raises:
        ParameterError: an unknown format.
        StoreError: a result cannot be read, or a figure cannot be written.
    """
    check_formats(formats)
    for name, figure_of in FIGURES.items():
        with paper_style():
            try:
                figure = figure_of(found)
            except LackingDataError as error:
                yield Drawn(name, (), str(error))
                continue
            paths = tuple(save(figure, output / name, formats, write))
        yield Drawn(name, paths)


def _maps(found: Evidence) -> Figure:
    record = recorded(found.folder)
    if record is None:
        raise LackingDataError("the folder has no provenance.json, which says what was run")
    run = StoredRun.of(record, found.folder)
    if not run.keeps_maps():
        raise LackingDataError("the folder has no maps/, where a run keeps its maps; run the suite again")
    return maps_figure(run)


def _scores(found: Evidence) -> Figure:
    return scores_figure(found.table, found.metric)


def _curves(found: Evidence) -> Figure:
    return curves_figure(found.table, found.metric)


def _ranks(found: Evidence) -> Figure:
    return ranks_figure(found.table, found.metric)


def _cost(found: Evidence) -> Figure:
    table = read_cost(found.folder)
    if table is None:
        raise LackingDataError(f"the folder has no {COST}, which a run writes; run the suite again")
    return cost_figure(found.table, table, found.metric)


FIGURES: dict[str, Callable[[Evidence], Figure]] = {
    "maps": _maps,
    "scores": _scores,
    "curves": _curves,
    "ranks": _ranks,
    "cost": _cost,
}
