"""What a run shows on a terminal: live progress, and at its end the table and where the files are."""

import math
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

from ...errors import SaltbenchError
from ...methods.attributions.passes.budget import parse_memory
from ..execution.devices import choose_device, default_workers
from ..leaderboards.finished_run import Result
from ..storage.output import add_row, say, show
from ..style.numbers import number
from ..suites.suite import Suite
from .progress import progress
from .runner import run_suite

SUMMARY = ("accuracy", "weighted_jaccard", "euclidean", "average_precision", "roc_auc")  # the columns of the table
INDENT = "  "


def execute(
    suite: Suite,
    results: Path,
    device: str,
    workers: int | None,
    plugins: Sequence[Path] = (),
    memory: str | None = None,
    timeout: float | None = None,
) -> Result:
    """Run a suite with live progress on standard error."""
    chosen = choose_device(device)
    console = Console(stderr=True, highlight=False)
    with progress(console) as report:
        return run_suite(
            suite,
            results,
            plugins=plugins,
            device=chosen,
            workers=workers or default_workers(chosen),
            memory=None if memory is None else parse_memory(memory),
            timeout=timeout,
            report=report,
        )


def finish(result: Result) -> None:
    """Print the table and where the files are.

    Raises:
        SaltbenchError: a cell failed.
    """
    show(summary(result.table), indented_summary(result.table))
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


def summary(table: pd.DataFrame) -> Table:
    """Return the main columns of a leaderboard as a table for the terminal."""
    result = Table("task", "architecture", "method", *SUMMARY, box=None)
    for _, row in table.iterrows():
        add_row(result, (row.task, row.architecture, row.method, *_scores(row)))
    return result


def indented_summary(table: pd.DataFrame) -> Table:
    """Return the same for a narrow terminal: methods below their architecture, architectures below their task."""
    result = Table("", *(column.replace("_", "\n") for column in SUMMARY), box=None, padding=(0, 1, 0, 0))
    result.columns[0].overflow = "fold"
    above: tuple[str, ...] = ()
    for _, row in table.iterrows():
        heads = tuple(filter(None, (row.task, row.architecture)))
        for depth, head in enumerate(heads):
            if above[: depth + 1] != heads[: depth + 1]:
                add_row(result, (INDENT * depth + head,))
        add_row(result, (INDENT * len(heads) + row.method, *_scores(row)))
        above = heads
    return result


def _scores(row: pd.Series) -> list[str]:
    return [number(row.get(column, math.nan)) for column in SUMMARY]
