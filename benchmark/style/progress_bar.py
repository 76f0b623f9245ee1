"""A bar that shows how far something has come, on a terminal and in a notebook."""

import importlib.util
import itertools
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

Report = Callable[[str, int, int], None]  # what was done, how much is, and of how much
WIDGETS = "ipywidgets"  # of which rich makes what changes in a notebook


def is_live(console: Console) -> bool:
    """Return whether a bar can be drawn anew: on a terminal, and in a notebook that has widgets."""
    return console.is_terminal or (console.is_jupyter and importlib.util.find_spec(WIDGETS) is not None)


@contextmanager
def progress_bar(console: Console, first: str, *, redirects: bool = True) -> Iterator[Report]:
    """Give a function to say what was done, shown beside a bar that is gone after the block.

    Args:
        console: on which the bar is.
        first: what is said before anything is done.
        redirects: what is printed meanwhile stands above the bar, instead of in the streams that it was printed to.
    """
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(
        *columns, console=console, transient=True, redirect_stdout=redirects, redirect_stderr=redirects
    ) as bar:
        shown = bar.add_task(first, total=None)

        def report(words: str, done: int, total: int) -> None:
            bar.update(shown, completed=done, total=total, description=printable(words))

        yield report


@contextmanager
def counted_progress(first: str, total: int) -> Iterator[Callable[[str], None]]:
    """Give a function to say that one more of so many is done, shown on a terminal and in a notebook, else nowhere."""
    console = Console(stderr=True, highlight=False)
    if not is_live(console):
        yield lambda _words: None
        return
    done = itertools.count(1)
    with progress_bar(console, first, redirects=False) as report:
        yield lambda words: report(words, next(done), total)
