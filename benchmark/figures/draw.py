"""The figures of a results folder: all that its data allows, and why the others cannot be drawn."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from ...entry import unknown
from ...errors import LackingDataError, StoreError, UnknownNameError
from ..execution.stored.run import StoredRun
from ..leaderboards.columns import metric_names
from ..leaderboards.cost import COST
from ..leaderboards.results_folder import ResultsFolder
from ..leaderboards.score_columns import MAIN
from ..metrics.spec import MetricSpec
from ..storage.files import Write, write_atomically
from ..style.figure_style import check_formats, paper_style, save
from ..suites.registry import Registry
from .cost_figure import cost_figure
from .curves_figure import curves_figure
from .figure_size import FigureSize
from .maps_figure import maps_figure
from .ranks_figure import ranks_caption, ranks_figure
from .scores_figure import scores_figure


@dataclass(frozen=True)
class Drawn:
    """A figure's name and the files that hold it; none, and the reason, where it was left out.

    Attributes:
        name: of the figure.
        paths: of its files.
        reason: why there are none.
        caption: what a paper says below it that the figure does not.
    """

    name: str
    paths: tuple[Path, ...]
    reason: str = ""
    caption: str = ""


def drawn_metric(results: ResultsFolder, name: str | None, metrics: Registry[MetricSpec]) -> MetricSpec:
    """Return the metric whose scores are drawn.

    Args:
        results: whose leaderboard is drawn.
        name: of one of its columns; None for the main one.
        metrics: where its direction is looked up.

    Raises:
        UnknownNameError: a metric that the leaderboard or the registry lacks.
        StoreError: there is no leaderboard, it is damaged, or it has no scores with bounds.
    """
    names = metric_names(results.table)
    if not names:
        raise StoreError(f"the leaderboard of {results.folder} has no scores with bounds; recompute it")
    chosen = name or (MAIN if MAIN in names else names[0])
    if chosen not in names:
        raise UnknownNameError(unknown("metric", chosen, names))
    try:
        return metrics.get(chosen)
    except UnknownNameError as error:
        raise UnknownNameError(f"{error}; its direction is unknown, give --plugin FILE that defines it") from error


def draw_figures(
    results: ResultsFolder,
    metric: MetricSpec,
    formats: Sequence[str],
    output: Path,
    write: Write = write_atomically,
    names: Sequence[str] = (),
    size: FigureSize = FigureSize(),  # noqa: B008 - frozen
) -> Iterator[Drawn]:
    """Draw the figures that the data allows, and yield each, or why it is left out.

    Written are maps, scores, curves, ranks and cost, each with the formats (png, svg, pdf) behind its name. The same
    data gives the same bytes.

    Args:
        results: what they are drawn from.
        metric: of one of the leaderboard's columns.
        formats: one file each.
        output: folder of the files.
        write: how a file is written; in a results folder links are replaced, not followed.
        names: of the figures; all without one.
        size: of the figures.

    Raises:
        ParameterError: an unknown format.
        StoreError: a result cannot be read, or a figure cannot be written.
    """
    check_formats(formats)
    for name in names or FIGURES:
        with paper_style():
            try:
                figure = FIGURES[name](results, metric, size)
            except LackingDataError as error:
                yield Drawn(name, (), str(error))
                continue
            paths = tuple(save(figure, output / name, formats, write))
            caption = ranks_caption(_with_numbers(results, metric), metric) if name == "ranks" else ""
        yield Drawn(name, paths, caption=caption)


def _maps(results: ResultsFolder, metric: MetricSpec, size: FigureSize) -> Figure:
    run = results.run
    if run is None:
        raise LackingDataError("the folder has no provenance.json, which says what was run")
    if not run.keeps_maps():
        raise LackingDataError("the folder has no maps/, where a run keeps its maps; run the suite again")
    if not _has_examples(run):
        raise LackingDataError("no map of a network of the recorded run is stored; run the suite again")
    return maps_figure(run, _numbers(results, metric), metric, size)


def _scores(results: ResultsFolder, metric: MetricSpec, size: FigureSize) -> Figure:
    return scores_figure(_with_numbers(results, metric), metric, size)


def _curves(results: ResultsFolder, metric: MetricSpec, size: FigureSize) -> Figure:
    return curves_figure(_with_numbers(results, metric), metric, size)


def _ranks(results: ResultsFolder, metric: MetricSpec, size: FigureSize) -> Figure:
    return ranks_figure(_with_numbers(results, metric), metric, size)


def _cost(results: ResultsFolder, metric: MetricSpec, size: FigureSize) -> Figure:
    table = results.cost
    if table is None:
        raise LackingDataError(f"the folder has no {COST}, which a run writes; run the suite again")
    return cost_figure(_with_numbers(results, metric), table, metric, size)


def _has_examples(run: StoredRun) -> bool:
    return any(
        run.example_maps(job, method) is not None
        for repetition in run.first_repetitions().values()
        for job in repetition.trained
        for method in job.methods
    )


def _numbers(results: ResultsFolder, metric: MetricSpec) -> pd.DataFrame:
    # a column that is whole throughout was read as such
    columns = ["accuracy", metric.name, f"{metric.name}_low", f"{metric.name}_high"]
    return results.table.astype(dict.fromkeys(columns, "float64"))


def _with_numbers(results: ResultsFolder, metric: MetricSpec) -> pd.DataFrame:
    table = _numbers(results, metric)
    trained = table[table.architecture != ""]
    if len(trained) and trained[metric.name].isna().all():
        raise LackingDataError(
            f"no method has a score by {metric.name} on a network; see the reasons in leaderboard.csv"
        )
    return table


FIGURES: dict[str, Callable[[ResultsFolder, MetricSpec, FigureSize], Figure]] = {
    "maps": _maps,
    "scores": _scores,
    "curves": _curves,
    "ranks": _ranks,
    "cost": _cost,
}
