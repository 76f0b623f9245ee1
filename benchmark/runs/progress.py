"""Live progress on standard error: a bar on a terminal, a line a job elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from ...errors import printable
from ..execution.plan import Job


@contextmanager
def progress(console: Console) -> Iterator[Callable[[Job, int, int], None]]:
    """Give the function that a run calls after every finished job."""
    if not console.is_terminal:
        yield lambda job, done, total: console.print(
            f"[{done}/{total}] {printable(job.describe())}", markup=False, soft_wrap=True
        )
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        shown = bar.add_task("starting workers", total=None)

        def report(job: Job, done: int, total: int) -> None:
            bar.update(shown, completed=done, total=total, description=f"done: {printable(job.describe())}")

        yield report
