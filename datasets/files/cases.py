"""Series of one file, each of its own length."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
from numpy.typing import NDArray

from ...errors import DataError
from .long_format import short
from .parquet_table import MOST_VALUES
from .text_columns import numbers_or_text

MISSING = ("?", "", "na", "null")  # beside nan, which is a number to all that read numbers

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """A series (time, features) of finite numbers, and how many steps the file has of it, missing ones included."""

    values: Floats
    written: int

    @property
    def features(self) -> int:
        """Number of features."""
        return int(self.values.shape[1])

    @staticmethod
    def of_columns(columns: Sequence[Floats], where: str) -> "Case":
        """Return the series of features (time,), which ends with the last step that has a number.

        Raises:
            DataError: a value is missing before that, or infinite, or all are missing; where is named.
        """
        values = np.stack(columns, axis=1)
        known = np.flatnonzero(~np.isnan(values).all(axis=1))
        if not len(known):
            raise DataError(f"{where}: a series must have values, got none; drop it")
        real = values[: known[-1] + 1]
        bad = np.argwhere(~np.isfinite(real))
        if len(bad):
            step, feature = bad[0] + 1
            what = "is missing" if np.isnan(real[tuple(bad[0])]) else "is infinite"
            raise DataError(
                f"{where}: the value of dimension {feature} {what} at step {step} (counted from 1), {len(bad)} in all; "
                "fill or drop the series"
            )
        return Case(real, len(values))


@dataclass(frozen=True)
class Cases:
    """The series of a file, and their labels where it has any."""

    series: Sequence[Case]
    labels: Sequence[str] | None

    def padded(self, file: str) -> tuple[Floats, NDArray[np.int64] | None]:
        """Return series (samples, time, features), and their lengths (samples,), or None where all have as many steps.

        Behind its end a series is 0.

        Raises:
            DataError: that would take more than memory can hold; the file is named.
        """
        lengths = np.array([len(case.values) for case in self.series], dtype=np.int64)
        size = (len(lengths), int(lengths.max()), self.series[0].features)
        if np.prod(size, dtype=object) > MOST_VALUES:
            raise DataError(
                f"{file}: {size[0]} series of up to {size[1]} steps and {size[2]} features are more than {MOST_VALUES} "
                "values when the shorter ones are filled up; split it by length"
            )
        values = np.zeros(size)
        for row, case in zip(values, self.series, strict=True):
            row[: len(case.values)] = case.values
        return values, lengths if lengths.min() < lengths.max() else None

    def classes(self) -> NDArray[Any] | None:
        """Return the labels (samples,), as numbers where all are numbers that differ, or None."""
        if self.labels is None:
            return None
        found: NDArray[Any] = numbers_or_text(pa.chunked_array([pa.array(self.labels, pa.string())])).to_numpy()
        return found if found.dtype.kind in "if" else found.astype(str)


def numbers(texts: Sequence[str], where: str) -> Floats:
    """Return the numbers that texts are, (any,); NaN for one that stands for a missing one.

    Raises:
        DataError: a text that is no number; where is named.
    """
    plain = ["nan" if (text := given.strip()).lower() in MISSING else text for given in texts]
    try:
        return np.asarray(pyarrow.compute.cast(pa.array(plain, pa.string()), pa.float64()))
    except pa.ArrowInvalid as error:
        bad = next((text for text in plain if not _is_number(text)), "")
        raise DataError(f"{where}: expected numbers, got '{short(bad)}'; correct it") from error


def _is_number(text: str) -> bool:
    try:
        pyarrow.compute.cast(pa.array([text], pa.string()), pa.float64())
    except pa.ArrowInvalid:
        return False
    return True
