"""The check of the metrics in the formats that people read and programs parse."""

import pandas as pd
from rich.table import Table

from ..metrics.quality_check import MAPS
from ..storage.csv_tables import to_csv
from ..storage.output import add_row
from ..storage.text_bytes import json_bytes
from .console_table import printed

WIDTH = 170  # columns of a table that goes to a file or pipe


def table_of(table: pd.DataFrame) -> bytes:
    """Return what `check_metrics` returned as a table for people."""
    shown = Table("metric", "", *MAPS, "order", "reason", box=None)
    shown.columns[0].no_wrap = True
    for row in table.to_dict("records"):
        arrow = "↑" if row["direction"] == "higher" else "↓"
        means = ("" if pd.isna(row[kind]) else f"{row[kind]:.3f}" for kind in MAPS)
        add_row(shown, (row["metric"], arrow, *means, row["order"], row["reason"]))
    return printed(shown, WIDTH)


def csv_of(table: pd.DataFrame) -> bytes:
    """Return what `check_metrics` returned as CSV."""
    return to_csv(table)


def json_of(table: pd.DataFrame) -> bytes:
    """Return what `check_metrics` returned as JSON, in which NaN is null."""
    return json_bytes(table.astype(object).where(table.notna(), None).to_dict("records"))
