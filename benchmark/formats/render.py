"""A leaderboard in the formats people paste, read and compute with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...entry import unknown
from ...errors import ParameterError, UnknownNameError
from ..leaderboards.results_folder import Board, narrowed
from ..leaderboards.score_columns import READABLE, score_columns, with_scores_of
from ..metrics.spec import MetricSpec
from ..storage.csv_tables import to_csv
from ..storage.text_bytes import utf8
from ..suites.registry import Registry
from .html.page import page
from .latex import latex_table
from .markdown import markdown_table
from .table_layout import Grid, laid_out


@dataclass(frozen=True, kw_only=True)
class View:
    """What of a leaderboard is shown.

    Attributes:
        metrics, tasks, architectures, methods: shell patterns; none for all, of metrics the readable few in
            tables for readers.
        across: "tasks" or "architectures" for a table of one score with a column for each of them.
        standalone: LaTeX as a whole document.
    """

    metrics: Sequence[str] = ()
    tasks: Sequence[str] = ()
    architectures: Sequence[str] = ()
    methods: Sequence[str] = ()
    across: str = ""
    standalone: bool = False


@dataclass(frozen=True)
class Format:
    """A format.

    Attributes:
        write: returns the leaderboard in it.
        marks_ties: what it shows needs the per-sample scores.
        is_text: it can be shown on a terminal.
        options: the fields of View that it knows.
    """

    write: Callable[[Board, View, Registry[MetricSpec]], bytes]
    marks_ties: bool = False
    is_text: bool = True
    options: tuple[str, ...] = ("metrics", "tasks", "architectures", "methods")


def render(board: Board, form: str, view: View, registry: Registry[MetricSpec]) -> bytes:
    """Return the leaderboard in a format of FORMATS, text in UTF-8.

    Raises:
        UnknownNameError: another format, or a pattern that matches nothing.
        ParameterError: an option that the format does not know.
    """
    if form not in FORMATS:
        raise UnknownNameError(unknown("format", form, FORMATS))
    for option, value in vars(view).items():
        if value and option not in FORMATS[form].options:
            able = ", ".join(name for name in FORMATS if option in FORMATS[name].options)
            raise ParameterError(f"--{option} is for the formats {able}, got {form}; leave it out")
    return FORMATS[form].write(board, view, registry)


def _csv(board: Board, view: View, _registry: Registry[MetricSpec]) -> bytes:
    return to_csv(with_scores_of(_narrowed(board, view).table, view.metrics))


def _parquet(board: Board, view: View, _registry: Registry[MetricSpec]) -> bytes:
    return bytes(with_scores_of(_narrowed(board, view).table, view.metrics).to_parquet(index=False))


def _markdown(board: Board, view: View, registry: Registry[MetricSpec]) -> bytes:
    return utf8(markdown_table(_grid(board, view, registry)))


def _latex(board: Board, view: View, registry: Registry[MetricSpec]) -> bytes:
    return latex_table(_grid(board, view, registry), standalone=view.standalone).encode("ascii")


def _html(board: Board, _view: View, _registry: Registry[MetricSpec]) -> bytes:
    return utf8(page(board.path))


def _narrowed(board: Board, view: View) -> Board:
    return narrowed(board, view.tasks, view.architectures, view.methods)


def _grid(board: Board, view: View, registry: Registry[MetricSpec]) -> Grid:
    default = ("average_precision",) if view.across else READABLE
    shown = _narrowed(board, view)
    return laid_out(shown, score_columns(shown.table, view.metrics, default, registry), view.across)


_FOR_READERS = ("metrics", "tasks", "architectures", "methods", "across")

FORMATS: dict[str, Format] = {
    "csv": Format(_csv),
    "markdown": Format(_markdown, marks_ties=True, options=_FOR_READERS),
    "latex": Format(_latex, marks_ties=True, options=(*_FOR_READERS, "standalone")),
    "html": Format(_html, options=()),
    "parquet": Format(_parquet, is_text=False),
}
