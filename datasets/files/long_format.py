"""Tables in long format (a row for each sample and time step) to series (samples, time, features)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...entry import unknown
from ...errors import DataError

LONGEST = 60  # characters of a value in a message
LABEL = "label"  # the column that is looked for; a table may lack it


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Names of the columns with the sample, the time and the label ("" for none), and the features (none: the rest)."""

    id: str = "id"
    time: str = "time"
    label: str = LABEL
    features: Sequence[str] = ()

    def label_in(self, names: Collection[str]) -> str:
        """Return the name of the label's column among those of a table, or "" where there is none."""
        return "" if self.label == LABEL and LABEL not in names else self.label

    def features_in(self, names: Collection[str]) -> list[str]:
        """Return the names of the features' columns."""
        others = (self.id, self.time, self.label_in(names))
        return list(self.features) or [name for name in names if name not in others]

    def needed(self, names: Collection[str]) -> list[str]:
        """Return the names of all columns that make the series: id, time, label where there is one, features."""
        label = self.label_in(names)
        return [self.id, self.time, *([label] if label else []), *self.features_in(names)]


def check_names(names: Sequence[str], file: str) -> None:
    """Raise unless every column has a name of its own.

    Raises:
        DataError: a name that is missing, broken over lines or there twice.
    """
    for place, name in enumerate(names, start=1):
        if not name.strip() or name.startswith("__index_level_"):
            of_pandas = ", as an index that pandas wrote; write it with index=False"
            other = "; name it or leave it out, and any lines above the column names"
            raise DataError(f"{file}: column {place} has no name{of_pandas if place == 1 or name.strip() else other}")
        if len(name.splitlines()) > 1:
            raise DataError(f"{file}: column {place} has a line break in its name {name!r}; rename it")
        if names.count(name) > 1:
            raise DataError(f"{file}: {names.count(name)} columns are called '{name}'; rename all but one")


def to_series(frame: pd.DataFrame, file: str, columns: Columns) -> tuple[NDArray[np.float64], NDArray[Any] | None]:
    """Return series (samples, time, features), sorted by sample and time, and their labels (samples,) or None.

    Args:
        frame: the table.
        file: its name, for messages.
        columns: which columns are what.

    Raises:
        DataError: a column is absent, not of numbers, or lacks values; a (sample, time) occurs twice; samples have
            different lengths, or several labels. The message names the row, the column or the sample.
    """
    label, features = columns.label_in(frame.columns), columns.features_in(frame.columns)
    _check_columns(frame, file, columns.needed(frame.columns), features)
    for name in (columns.id, columns.time, label):
        if name:
            _check_complete(frame, file, columns, name)
    _check_time(frame, file, columns.time)
    for name in features:
        _check_numbers(frame, file, columns, name)
    ordered = frame.sort_values([columns.id, columns.time], kind="stable")
    _check_unique(ordered, file, columns)
    samples = ordered.groupby(columns.id, sort=False, observed=True)
    length = _one_length(samples.size(), file, columns)
    values = ordered[features].to_numpy(dtype=np.float64).reshape(-1, length, len(features))
    return values, _labels(samples[label], file, columns) if label else None


def _check_columns(frame: pd.DataFrame, file: str, named: Sequence[str], features: Sequence[str]) -> None:
    for name in named:
        if name not in frame:
            raise DataError(f"{file}: {unknown('column', str(name), frame.columns)}")
        if named.count(name) > 1:
            raise DataError(f"{file}: column '{name}' cannot be two things; name each column once")
    if not features:
        raise DataError(f"{file} has no column of features beside {', '.join(named)}; add at least one")
    if frame.empty:
        raise DataError(f"{file} has no rows; add the series")


def _check_complete(frame: pd.DataFrame, file: str, columns: Columns, name: str) -> None:
    bad = frame[name].isna().to_numpy()
    if bad.any():
        raise DataError(f"{file}: column '{name}' has no value in {_row(frame, columns, bad)}; fill or drop it")


def _check_time(frame: pd.DataFrame, file: str, name: str) -> None:
    kinds = (pd.api.types.is_numeric_dtype, pd.api.types.is_datetime64_any_dtype, pd.api.types.is_timedelta64_dtype)
    if frame[name].dtype == object and not frame[name].map(type).eq(str).any():
        return  # dates, which Parquet and CSV give as objects that have an order
    if not any(is_kind(frame[name].dtype) for is_kind in kinds):
        # text would be sorted as text, 10 before 2
        raise DataError(
            f"{file}: column '{name}' must hold numbers or dates, got '{_example(frame[name])}'; "
            "convert them, or set the parameter time to another column"
        )


def _check_numbers(frame: pd.DataFrame, file: str, columns: Columns, name: str) -> None:
    if not pd.api.types.is_numeric_dtype(frame[name].dtype):
        numbers = pd.to_numeric(frame[name], errors="coerce")
        bad = (numbers.isna() & frame[name].notna()).to_numpy()
        where = f" in {_row(frame, columns, bad)}" if bad.any() else ""
        example = short(frame[name][bad].iloc[0]) if bad.any() else _example(frame[name])
        raise DataError(
            f"{file}: column '{name}' must hold numbers, got '{example}'{where}; "
            "convert it, or name the columns of the features with the parameter columns"
        )
    bad = ~np.isfinite(frame[name].to_numpy(dtype=np.float64, na_value=np.nan))
    if bad.any():
        raise DataError(
            f"{file}: column '{name}' is missing or infinite in {_row(frame, columns, bad)}, "
            f"{bad.sum()} in all; fill or drop the series"
        )


def _check_unique(ordered: pd.DataFrame, file: str, columns: Columns) -> None:
    twice = ordered.duplicated([columns.id, columns.time]).to_numpy()
    if twice.any():
        first = ordered[twice].iloc[0]
        raise DataError(f"{file}: {_where(first, columns, ' has ')} more than once; keep one row for each")


def _one_length(sizes: "pd.Series[int]", file: str, columns: Columns) -> int:
    usual = int(sizes.mode().iloc[0])
    other = sizes[sizes != usual]
    if len(other):
        raise DataError(
            f"{file}: {columns.id} {short(other.index[0])} has {other.iloc[0]} time steps, others have {usual}; "
            "cut or resample the series to one length, or write them to a .ts file, where each has its own"
        )
    return usual


def _labels(labels: Any, file: str, columns: Columns) -> NDArray[Any]:
    kinds = labels.nunique()
    mixed = kinds[kinds > 1]
    if len(mixed):
        raise DataError(
            f"{file}: {columns.id} {short(mixed.index[0])} has {mixed.iloc[0]} different values in column "
            f"'{columns.label}'; a series has one label"
        )
    first: NDArray[Any] = labels.first().to_numpy()
    return first


def _row(frame: pd.DataFrame, columns: Columns, bad: NDArray[np.bool_]) -> str:
    place = int(bad.argmax())
    return f"row {place + 1} ({_where(frame.iloc[place], columns, ', ')})"


def _where(row: Any, columns: Columns, between: str) -> str:
    return f"{columns.id} {short(row[columns.id])}{between}{columns.time} {short(row[columns.time])}"


def _example(values: Any) -> str:
    known = values.dropna()
    return short(known.iloc[0]) if len(known) else "nothing"


def short(value: Any) -> str:
    """Return a value of a file as text for a message: in one line that leaves room for the rest."""
    text = " ".join(str(value).split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
