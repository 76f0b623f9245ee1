"""Commands that read results folders; heavy imports stand inside them."""

from pathlib import Path
from typing import Annotated

import typer

from ..formats.registry import CHANGES, LEADERBOARD, VERSUS, format_named
from ..storage.output import note, say, write, write_to
from ..suites.registry import load_registries
from .notes import note_unverified
from .options import Globs, Metrics, Output, Plugins, option_of_format

REGRESSED = 2  # the exit status of `compare` where something got worse


def show_leaderboard(
    folder: Annotated[Path, typer.Argument(help="A suite's results folder, or a leaderboard.csv.", metavar="DIR")],
    form: Annotated[str, option_of_format(LEADERBOARD)] = "csv",
    output: Output = None,
    metrics: Metrics = None,
    tasks: Globs = None,
    architectures: Globs = None,
    methods: Globs = None,
    across: Annotated[str, typer.Option(help="A column for each of the tasks, or architectures; one metric.")] = "",
    standalone: Annotated[bool, typer.Option("--standalone", help="LaTeX as a whole document.")] = False,
    plugin: Plugins = None,
) -> None:
    """Print the leaderboard of a results folder.

    In Markdown and LaTeX the best score of each task and architecture is bold. What does not differ from it
    significantly is marked, where the folder still holds the scores of every sample.
    """
    from ..formats.render import View, render
    from ..leaderboards.results_folder import ResultsFolder

    view = View(
        metrics=metrics or (),
        tasks=tasks or (),
        architectures=architectures or (),
        methods=methods or (),
        across=across,
        standalone=standalone,
    )
    results = ResultsFolder(folder)
    content = render(results, form, view, load_registries(plugin or ()))
    note_unverified(results, others=["scores.parquet"])
    if LEADERBOARD[form].marks_ties and not results.knows_ties:
        note(f"ties with the best are not marked: {results.without_scores}")
    write(content, output, is_text=LEADERBOARD[form].is_text)


def compare(
    before: Annotated[Path, typer.Argument(help="A results folder, or a leaderboard.csv.", metavar="BEFORE")],
    after: Annotated[Path, typer.Argument(help="Another one.", metavar="AFTER")],
    metrics: Metrics = None,
    tasks: Globs = None,
    architectures: Globs = None,
    methods: Globs = None,
    form: Annotated[str, option_of_format(CHANGES)] = "table",
    tolerance: Annotated[float, typer.Option(help="Of scores that have no bounds.", min=0)] = 0.01,
    output: Output = None,
    plugin: Plugins = None,
) -> None:
    """Show what changed between two leaderboards beyond noise; exit status 2 if something got worse.

    Where both folders hold the scores of every sample, the samples of both are compared in pairs: a change is
    significant (Wilcoxon, Holm over all tests) and the bootstrap bounds of the difference exclude 0. Else the bounds
    of both must not overlap or, without bounds, the scores differ by more than the tolerance. Worse are a lower score
    (or a higher one where lower is better), a lower accuracy, and a row that is no longer ok or lost a score.
    """
    from ..comparisons.change import Verdict
    from ..comparisons.compare import changes, compared_metrics
    from ..leaderboards.results_folder import ResultsFolder, narrow

    chosen, registries = format_named(form, CHANGES), load_registries(plugin or ())
    patterns = {"tasks": tasks or (), "architectures": architectures or (), "methods": methods or ()}
    first, second = narrow(ResultsFolder(before), ResultsFolder(after), registries=registries, **patterns)
    compared = compared_metrics(first, second, metrics or (), registries.metrics)
    table = changes(first, second, compared, tolerance)
    note_unverified(first, second, others=["scores.parquet"])
    for results in (first, second):
        if results.scores is None:
            note(f"samples are not compared in pairs: {results.without_scores}")
    write(chosen.write(table), output)
    if worse := int((table.verdict == Verdict.WORSE).sum()):
        note(f"{worse} of {len(table)} compared got worse from {before} to {after}")
        raise typer.Exit(REGRESSED)


def compare_methods(
    method: Annotated[str, typer.Argument(help="A method of the folder.", metavar="METHOD")],
    other: Annotated[str, typer.Argument(help="The one that it is compared with.", metavar="OTHER")],
    folder: Annotated[Path, typer.Argument(help="A suite's results folder.", metavar="DIR")],
    metrics: Metrics = None,
    tasks: Globs = None,
    architectures: Globs = None,
    form: Annotated[str, option_of_format(VERSUS)] = "table",
    output: Output = None,
    plugin: Plugins = None,
) -> None:
    """Compare one method with another on the networks that both explained, in pairs of samples."""
    from ..comparisons.versus import versus
    from ..leaderboards.results_folder import ResultsFolder, narrow
    from ..leaderboards.score_columns import READABLE, score_columns

    chosen, registries = format_named(form, VERSUS), load_registries(plugin or ())
    (results,) = narrow(
        ResultsFolder(folder), registries=registries, tasks=tasks or (), architectures=architectures or ()
    )
    columns = score_columns(results.table, metrics or (), READABLE, registries.metrics)
    table = versus(results, method, other, list({column.metric.name: column.metric for column in columns}.values()))
    note_unverified(results, others=["scores.parquet"])
    write(chosen.write(table), output)


def draw(
    folder: Annotated[Path, typer.Argument(help="A suite's results folder, or a leaderboard.csv.", metavar="DIR")],
    metric: Annotated[str | None, typer.Option(help="Whose scores are drawn; default: average_precision.")] = None,
    form: Annotated[str, typer.Option("--format", help="Of the files, separated by commas.")] = "png,svg,pdf",
    output: Annotated[Path | None, typer.Option(help="Folder for the files; default: DIR itself.")] = None,
    width: Annotated[float, typer.Option(help="Inches: a page; 3.5 is a column.", metavar="INCHES")] = 7.2,
    time: Annotated[str, typer.Option(help="Which way it runs in maps: down or right.")] = "down",
    tasks: Globs = None,
    architectures: Globs = None,
    methods: Globs = None,
    plugin: Plugins = None,
) -> None:
    """Draw maps, scores, curves, ranks and cost, as far as the folder's data allows."""
    from ..figures.draw import draw_figures, drawn_metric
    from ..figures.figure_size import FigureSize
    from ..leaderboards.results_folder import ResultsFolder, narrow
    from ..storage.files import write_atomically

    size, registries = FigureSize(width, time), load_registries(plugin or ())
    chosen = {"tasks": tasks or (), "architectures": architectures or (), "methods": methods or ()}
    (results,) = narrow(ResultsFolder(folder), registries=registries, **chosen)
    shown = drawn_metric(results, metric, registries.metrics)
    note_unverified(results, others=["cost.csv"])
    place = (results.folder, write_atomically) if output is None else (output, write_to)
    for drawn in draw_figures(results, shown, form.split(","), *place, size=size):
        for path in drawn.paths:
            say(f"{path}")
        if drawn.caption:
            say(f"{drawn.name}: {drawn.caption}")
        if drawn.reason:
            say(f"{drawn.name}: left out, {drawn.reason}")
