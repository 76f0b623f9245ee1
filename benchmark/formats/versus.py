"""One method against another in the formats that people read and programs parse."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

import pandas as pd
from rich.table import Table
from rich.text import Text

from ...errors import printable
from ..comparisons.change import Verdict
from ..storage.csv_tables import to_csv
from ..storage.output import add_row
from ..storage.text_bytes import utf8
from .console_table import printed
from .markdown import markdown_text
from .table_layout import readable

HEADINGS = ("difference", "95 % bounds", "p (Holm)", "verdict")


def table_of(table: pd.DataFrame) -> bytes:
    """Return what `versus` found as a table for people, metrics below their task and architecture."""
    shown = Table("", *HEADINGS, box=None, padding=(0, 1, 0, 0))
    shown.columns[0].overflow = "fold"
    for column in shown.columns[1:]:
        column.no_wrap = True
    for title, rows in _groups(table):
        add_row(shown, (title,))
        for row in rows:
            add_row(shown, (f"  {readable(row['metric'])}", *_numbers(row)))
    shown.caption, shown.caption_justify = Text(printable(summary(table))), "left"
    return printed(shown)


def markdown_of(table: pd.DataFrame) -> bytes:
    """Return what `versus` found as a table in Markdown."""
    lines = [["metric", *HEADINGS], ["---"] * (1 + len(HEADINGS))]
    for title, rows in _groups(table):
        lines.append([f"*{markdown_text(title)}*", *("" for _ in HEADINGS)])
        lines += [[markdown_text(readable(row["metric"])), *_numbers(row)] for row in rows]
    return utf8("".join(f"| {' | '.join(line)} |\n" for line in lines) + f"\n{markdown_text(summary(table))}\n")


def csv_of(table: pd.DataFrame) -> bytes:
    """Return what `versus` found as CSV."""
    return to_csv(table)


def summary(table: pd.DataFrame) -> str:
    """Return in sentences how often the first method is better or worse, and by which rule."""
    counts = table.verdict.value_counts()
    better, worse, noise = (int(counts.get(verdict, 0)) for verdict in (Verdict.BETTER, Verdict.WORSE, Verdict.NOISE))
    method, other = table.method.iloc[0], table.other.iloc[0]
    return (
        f"{method} against {other}: better in {better}, worse in {worse} of {len(table)} comparisons, {noise} within "
        f"noise. The difference is {method} minus {other} on the same samples of the same networks; better or worse "
        "where p of the Wilcoxon signed-rank test, corrected by Holm over all rows, is below .05 and the bounds "
        "exclude 0. Networks that guess say little about a method."
    )


def _groups(table: pd.DataFrame) -> Iterator[tuple[str, Iterator[Mapping[str, Any]]]]:
    yield from groupby(table.to_dict("records"), key=_title)


def _title(row: Mapping[str, Any]) -> str:
    return f"{row['task']}, {row['architecture']}{' (guesses)' if row['at_chance'] == 'true' else ''}"


def _numbers(row: Mapping[str, Any]) -> tuple[str, str, str, str]:
    low, high = f"{row['low']:+z.3f}", f"{row['high']:+z.3f}"
    p = "< .001" if row["p_holm"] < 0.001 else f"{row['p_holm']:.3f}"
    return f"{row['difference']:+z.3f}", f"{low} … {high}", p, str(row["verdict"])
