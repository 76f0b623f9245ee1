"""The scores of every sample that a results folder holds beside its leaderboard."""

import io
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ...errors import StoreError, text_of
from ..storage.csv_tables import check_key
from .columns import IDENTITY

FILE = "scores.parquet"
SAMPLE = [*IDENTITY, "seed", "sample"]  # what tells a row from others
LARGEST = 1e150  # a score; the square of a larger one is no number
REMEDY = "remove it or run the suite again"
TYPES = {**dict.fromkeys(IDENTITY, pa.string()), **dict.fromkeys(("seed", "sample", "label"), pa.int64())}
# what pyarrow raises on files that are damaged or of other types
UNREADABLE = (pa.ArrowException, OSError, ValueError, TypeError, LookupError, NotImplementedError)


def parse_scores(content: bytes, path: Path, metrics: Sequence[str]) -> pd.DataFrame:
    """Return one row a sample: task, architecture, method, seed, sample, label, and the metrics, NaN where it has none.

    Args:
        content: of the Parquet file.
        path: of the file, for messages.
        metrics: whose scores are returned.

    Raises:
        StoreError: it is no Parquet table, lacks a column or holds something else there, or has a sample twice.
    """
    try:
        found = pq.read_table(io.BytesIO(content))
    except UNREADABLE as error:
        raise StoreError(f"cannot read {path}: {text_of(error)}; {REMEDY}") from error
    names = found.column_names
    absent = [column for column in TYPES if column not in names]
    if absent:
        raise StoreError(f"{path} lacks the columns {', '.join(absent)}; {REMEDY}")
    types = {**TYPES, **{name: pa.float64() for name in metrics if name in names}}
    table = pd.DataFrame({name: _column(path, found, name, kind) for name, kind in types.items()})
    check_key(path, table, SAMPLE)
    return table.reindex(columns=[*TYPES, *metrics])


def _column(path: Path, found: pa.Table, name: str, kind: pa.DataType) -> "pd.Series[object]":
    try:
        column = found.column(name).cast(kind)
        values: pd.Series[object] = column.to_pandas()
    except UNREADABLE as error:  # also of a name that stands twice
        raise StoreError(f"{path} needs {kind} in {name}: {text_of(error)}; {REMEDY}") from error
    is_metric = pa.types.is_floating(kind)
    if (values.abs() > LARGEST).any() if is_metric else column.null_count:
        needed = f"numbers of at most {LARGEST:g}" if is_metric else f"{kind} and no gaps"
        raise StoreError(f"{path} needs {needed} in {name}; {REMEDY}")
    return values
