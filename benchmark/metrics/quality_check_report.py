"""The check of the metrics in the formats that people read and programs parse."""

import pandas as pd
from rich.table import Table

from ...entry import unknown
from ...errors import UnknownNameError
from ..storage.csv_tables import to_csv
from ..storage.output import add_row, write
from ..storage.output import show as show_table
from ..storage.text_bytes import json_bytes
from .quality_check import MAPS

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
        write(to_csv(table), None)
    elif form == "json":
        rows = table.astype(object).where(table.notna(), None).to_dict("records")
        write(json_bytes(rows), None)
    else:
        _show_table(table)


def _show_table(table: pd.DataFrame) -> None:
    result = Table("metric", "", *MAPS, "order", "reason", box=None)
    result.columns[0].no_wrap = True
    for row in table.to_dict("records"):
        arrow = "↑" if row["direction"] == "higher" else "↓"
        means = ("" if pd.isna(row[kind]) else f"{row[kind]:.3f}" for kind in MAPS)
        add_row(result, (row["metric"], arrow, *means, row["order"], row["reason"]))
    show_table(result, _WIDTH)
