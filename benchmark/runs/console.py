"""What a run shows on a terminal: live progress, and at its end the table and where the files are."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table

from ...errors import SaltbenchError
from ...methods.attributions.passes.budget import parse_memory
from ..execution.devices import choose_device, default_workers
from ..leaderboards.finished_run import Result
from ..storage.output import add_row, say, show
from ..suites.suite import Suite
from .progress import progress
from .runner import run_suite


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
    show(summary(result.table))
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
    shown = ["accuracy", "weighted_jaccard", "euclidean", "average_precision", "roc_auc"]
    result = Table("task", "architecture", "method", *shown, box=None)
    for _, row in table.iterrows():
        scores = (_short(row.get(column)) for column in shown)
        add_row(result, (row.task, row.architecture, row.method, *scores))
    return result


def _short(value: Any) -> str:
    return "" if value is None or value != value else f"{value:.3f}"  # noqa: PLR0124 - NaN
