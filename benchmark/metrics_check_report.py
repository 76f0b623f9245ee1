"""The check of the metrics in the formats that people read and programs parse."""

import json

import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ..entry import unknown
from ..errors import UnknownNameError
from .metrics_check import MAPS

FORMATS = ("table", "csv", "json")

_WIDTH = 170  # columns of a table that goes to a file or pipe


def show(table: pd.DataFrame, form: str) -> None:
    """Print what `check_metrics` returned as a table, as csv, or as json, in which NaN is null.

    Raises:
        UnknownNameError: another format.
    """
    if form not in FORMATS:
        raise UnknownNameError(unknown("format", form, FORMATS))
    if form == "csv":
        print(table.to_csv(index=False, lineterminator="\n"), end="")  # noqa: T201 - the command's output
    elif form == "json":
        rows = table.astype(object).where(table.notna(), None).to_dict("records")
        print(json.dumps(rows, indent=1, ensure_ascii=False, allow_nan=False))  # noqa: T201 - the command's output
    else:
        _show_table(table)


def _show_table(table: pd.DataFrame) -> None:
    result = Table("metric", "", *MAPS, "order", "reason", box=None)
    result.columns[0].no_wrap = True
    for row in table.to_dict("records"):
        arrow = "↑" if row["direction"] == "higher" else "↓"
        means = ("" if pd.isna(row[kind]) else f"{row[kind]:.3f}" for kind in MAPS)
        result.add_row(escape(row["metric"]), arrow, *means, row["order"], escape(row["reason"]))
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _WIDTH
    console.print(result)
