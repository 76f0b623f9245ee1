"""The formats of tables by name; a new one is a module of this folder and a line here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ...entry import Factory, resolve, unknown
from ...errors import UnknownNameError

_FOLDER = "saltbench.benchmark.formats"
_ROWS = ("metrics", "tasks", "architectures", "methods")


@dataclass(frozen=True, kw_only=True)
class Format:
    """A format.

    Attributes:
        writer: function that returns a table in it; or "module:attribute", imported on first use, so that no format
            waits for the libraries of another.
        marks_ties: what it shows of a leaderboard needs the per-sample scores.
        is_text: it can be shown on a terminal.
        options: the fields of `View` that it knows.
    """

    writer: Factory
    marks_ties: bool = False
    is_text: bool = True
    options: tuple[str, ...] = ()

    def write(self, *table: Any) -> bytes:
        """Return what the writer makes of a table, text in UTF-8."""
        content: bytes = resolve(self.writer)(*table)
        return content


# (results, view, registries) -> bytes
LEADERBOARD: dict[str, Format] = {
    "csv": Format(writer=f"{_FOLDER}.plain_tables:csv_of", options=_ROWS),
    "table": Format(writer=f"{_FOLDER}.terminal:table_of", marks_ties=True, options=(*_ROWS, "across")),
    "markdown": Format(writer=f"{_FOLDER}.markdown:markdown_of", marks_ties=True, options=(*_ROWS, "across")),
    "latex": Format(writer=f"{_FOLDER}.latex:latex_of", marks_ties=True, options=(*_ROWS, "across", "standalone")),
    "html": Format(writer=f"{_FOLDER}.html.page:html_of"),
    "parquet": Format(writer=f"{_FOLDER}.plain_tables:parquet_of", is_text=False, options=_ROWS),
}

# (changes between two leaderboards) -> bytes
CHANGES: dict[str, Format] = {
    "table": Format(writer=f"{_FOLDER}.changes:table_of"),
    "csv": Format(writer=f"{_FOLDER}.changes:csv_of"),
    "markdown": Format(writer=f"{_FOLDER}.changes:markdown_of"),
}

# (what `versus` returned) -> bytes
VERSUS: dict[str, Format] = {
    "table": Format(writer=f"{_FOLDER}.versus:table_of"),
    "csv": Format(writer=f"{_FOLDER}.versus:csv_of"),
    "markdown": Format(writer=f"{_FOLDER}.versus:markdown_of"),
}

# (what entries state of themselves, patterns that chose them) -> bytes
LISTING: dict[str, Format] = {
    "table": Format(writer=f"{_FOLDER}.listing:table_of"),
    "csv": Format(writer=f"{_FOLDER}.listing:csv_of"),
    "json": Format(writer=f"{_FOLDER}.listing:json_of"),
}

# (what `check_metrics` returned) -> bytes
QUALITY_CHECK: dict[str, Format] = {
    "table": Format(writer=f"{_FOLDER}.quality_check:table_of"),
    "csv": Format(writer=f"{_FOLDER}.quality_check:csv_of"),
    "json": Format(writer=f"{_FOLDER}.quality_check:json_of"),
}


def format_named(name: str, formats: Mapping[str, Format]) -> Format:
    """Return the format of a name.

    Raises:
        UnknownNameError: there is none.
    """
    if name not in formats:
        raise UnknownNameError(unknown("format", name, formats))
    return formats[name]


def choices(formats: Iterable[str]) -> str:
    """Return names in words: "csv, markdown or latex"."""
    *others, last = formats
    return f"{', '.join(others)} or {last}" if others else last
