"""The changes between two leaderboards in the formats that people read and programs parse."""

import io
import math
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table

from ...errors import printable
from ..comparisons.change import Rule, Verdict
from ..storage.csv_tables import to_csv
from ..storage.output import add_row
from ..storage.text_bytes import utf8
from ..style.numbers import number
from .markdown import markdown_text

WIDTH = 160  # columns of the table
COLUMNS = ("verdict", "task", "architecture", "method", "metric", "before", "after", "difference", "p", "rule")


def table_of(table: pd.DataFrame) -> bytes:
    """Return the changes beyond noise as a table, and what was compared by which rule."""
    changed = _beyond_noise(table)
    sink = io.StringIO()
    console = Console(file=sink, width=WIDTH, highlight=False)
    if len(changed):
        shown = Table(*COLUMNS, box=None)
        for row in changed.to_dict("records"):
            add_row(shown, _shown(row))
        console.print(shown)
    for line in (summary(table), *_legend(table)):
        console.print(printable(line), markup=False, soft_wrap=True)
    return utf8(sink.getvalue())


def csv_of(table: pd.DataFrame) -> bytes:
    """Return all that was compared as CSV, whether it changed or not."""
    return to_csv(table)


def markdown_of(table: pd.DataFrame) -> bytes:
    """Return the changes beyond noise as a table in Markdown, and what was compared by which rule."""
    changed = _beyond_noise(table)
    lines = [list(COLUMNS), ["---"] * len(COLUMNS)]
    lines += [list(map(markdown_text, _shown(row))) for row in changed.to_dict("records")]
    rows = "".join(f"| {' | '.join(line)} |\n" for line in lines) + "\n" if len(changed) else ""
    legend = "".join(f"- {markdown_text(line)}\n" for line in _legend(table))
    return utf8(f"{rows}{summary(table)}\n\n{legend}")


def summary(table: pd.DataFrame) -> str:
    """Return how many things had which verdict."""
    counts = table.verdict.value_counts()
    told = ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict if verdict in counts)
    return f"{len(table)} compared: {told}" if told else "nothing to compare"


def _beyond_noise(table: pd.DataFrame) -> pd.DataFrame:
    in_order = table.verdict.map(list(Verdict).index).sort_values(kind="stable").index
    return table.loc[in_order].loc[lambda rows: ~rows.verdict.isin([Verdict.NOISE, Verdict.SAME])]


def _shown(row: dict[str, Any]) -> list[str]:
    difference = _signed(row["difference"])
    if not math.isnan(row["low"]):
        difference += f" ({_signed(row['low'])} … {_signed(row['high'])})"
    p = "" if math.isnan(row["p"]) else f"{row['p']:.1e}"
    numbers = {"before": _value(row["before"]), "after": _value(row["after"]), "difference": difference, "p": p}
    return [numbers.get(column, row.get(column, "")) for column in COLUMNS]


def _value(value: Any) -> str:
    return number(value) if isinstance(value, float) else str(value or "")


def _signed(value: float) -> str:
    return "" if math.isnan(value) else f"{value:+z.3f}"


def _legend(table: pd.DataFrame) -> list[str]:
    return [f"{rule}: {rule.meaning}" for rule in Rule if rule in set(table.rule)]
