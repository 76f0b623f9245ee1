"""A leaderboard for a terminal: methods below their task and architecture, as many columns as there is room for."""

from collections.abc import Iterator

from rich.cells import cell_len
from rich.table import Column, Table
from rich.text import Text

from ...errors import printable
from ..leaderboards.results_folder import ResultsFolder
from ..storage.output import add_row
from ..style.numbers import number
from ..suites.registry import Registries
from .console_table import printed
from .render import View
from .table_layout import Grid, TableEntry, grid_of
from .table_text import BETTER, bounds, caption

BEST = "*"
TIED = "†"
AT_CHANCE = "‡"
NEEDLESS = "§"
LINE = "\n"
WIDTH = 140  # columns of a table that goes to a file or pipe


def table_of(results: ResultsFolder, view: View, registries: Registries) -> bytes:
    """Return the rows and scores that are shown as a table that cuts no name and no number, and its caption.

    In a narrow terminal the last columns are left out, and the caption says so.
    """
    return printed(*_forms(grid_of(results, view, registries)), width=WIDTH)


def _forms(grid: Grid) -> Iterator[Table]:
    """Give the table in ever narrower forms: titles in two lines, fewer columns, and at last one score, no bounds."""
    for columns in range(len(grid.headings), 1, -1):
        yield _table(grid, columns, unbroken_titles=True)
        yield _table(grid, columns)
    yield _table(grid, min(2, len(grid.headings)), with_bounds=False)


def _table(grid: Grid, columns: int, *, unbroken_titles: bool = False, with_bounds: bool = True) -> Table:
    table = _headed(grid, columns)
    # only without bounds, where there is room for nothing, names may be broken
    unbroken = table.columns if with_bounds else table.columns[1:]
    for group in grid.groups:
        add_row(table, (group.title,))
        if unbroken_titles:
            _widen(table.columns[0], group.title)
        for method, entries in group.rows:
            texts = (f"  {method}", *(_text(entry, with_bounds=with_bounds) for entry in entries[:columns]))
            add_row(table, texts)
            for column, text in zip(unbroken, texts[-len(unbroken) :], strict=True):
                _widen(column, text)
    return table


def _headed(grid: Grid, columns: int) -> Table:
    """Return a table without rows, its headings of several words in two lines."""
    sentences = caption(grid, best=BEST, tied=TIED, at_chance=AT_CHANCE, needless=NEEDLESS)
    if columns < len(grid.headings):
        sentences.append(f"No room for {', '.join(grid.headings[columns:])}: see leaderboard.csv, or a wider terminal.")
    under = Text(printable(" ".join(sentences)))
    table = Table("", box=None, padding=(0, 1, 0, 0), caption=under, caption_justify="left")
    for heading, direction in zip(grid.headings[:columns], grid.directions, strict=False):
        table.add_column(f"{heading.replace(' ', LINE, 1)} {BETTER[direction]}".strip())
        _widen(table.columns[-1], str(table.columns[-1].header))
    for column in table.columns:
        column.overflow = "fold"
    return table


def _widen(column: Column, text: str) -> None:
    column.width = max(column.width or 0, *(cell_len(printable(line)) for line in text.split("\n")), 0)


def _accuracy_marks(entry: TableEntry) -> str:
    return AT_CHANCE * entry.at_chance + NEEDLESS * entry.needless


def _text(entry: TableEntry, *, with_bounds: bool) -> str:
    if entry.status:
        return entry.status
    marked = number(entry.value) + BEST * entry.best + TIED * entry.tied + _accuracy_marks(entry)
    below, above = bounds(entry) if with_bounds else ("", "")
    if below == above:
        return f"{marked} ± {below}" if below else marked
    return f"{marked} (−{below}, +{above})"
