"""The check of the metrics in the formats that people read and programs parse."""

import pandas as pd
from rich.table import Table

from ..metrics.quality_check import MAPS
from ..storage.csv_tables import to_csv
from ..storage.output import add_row
from ..storage.text_bytes import json_bytes
from ..style.numbers import number
from .console_table import printed

WIDTH = 170  # columns of a table that goes to a file or pipe


def table_of(table: pd.DataFrame) -> bytes:
    """Return what `check_metrics` returned as a table for people, with a column for each map where there is room."""
    wide = Table("metric", "", *MAPS, "order", "reason", box=None)
    narrow = Table("metric", "", "order, and mean scores", box=None)
    for shown in (wide, narrow):
        shown.columns[0].no_wrap = True
    for row in table.to_dict("records"):
        head = row["metric"], "↑" if row["direction"] == "higher" else "↓"
        means = {kind: number(row[kind]) for kind in MAPS}
        add_row(wide, (*head, *means.values(), row["order"], row["reason"]))
        verdict = ": ".join(filter(None, (row["order"], row["reason"])))
        add_row(narrow, (*head, verdict))
        if scores := ", ".join(f"{kind} {mean}" for kind, mean in means.items() if mean):
            add_row(narrow, ("", "", scores))
    return printed(wide, narrow, width=WIDTH)


def csv_of(table: pd.DataFrame) -> bytes:
    """Return what `check_metrics` returned as CSV."""
    return to_csv(table)


def json_of(table: pd.DataFrame) -> bytes:
    """Return what `check_metrics` returned as JSON, in which NaN is null."""
    return json_bytes(table.astype(object).where(table.notna(), None).to_dict("records"))
