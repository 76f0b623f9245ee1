"""Series in data frames of pandas: long, a row for each step, or wide, a row for each case."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ....errors import ParameterError, ShapeError
from ....methods.attributions.validation.axes import place_of
from ..explanation import Explanation

_HOW = (
    "a long frame has the index (case, time) and a column for each feature, or axes=(case column, time column); a wide "
    "one a row for each case and the columns (feature, time), or the steps of one feature"
)


@dataclass(frozen=True)
class Places:
    """Where the numbers of a frame stand in series: its rows and columns, each int64 (rows, columns) or to broadcast.

    Attributes:
        batch: the cases.
        time: the steps.
        features: the features.
        sizes: of these.
    """

    batch: NDArray[np.int64]
    time: NDArray[np.int64]
    features: NDArray[np.int64]
    sizes: tuple[int, int, int]

    def series(self, numbers: NDArray[Any]) -> NDArray[Any]:
        """Return numbers (rows, columns) as series (batch, time, features), NaN where there is none."""
        found = np.full(self.sizes, np.nan, dtype=numbers.dtype)
        found[self.batch, self.time, self.features] = numbers
        return found

    def numbers(self, series: NDArray[Any]) -> NDArray[Any]:
        """Return series (batch, time, features) as numbers (rows, columns)."""
        found: NDArray[Any] = series[self.batch, self.time, self.features]
        return found


@dataclass(frozen=True)
class Frame:
    """Data frames of one form.

    Attributes:
        axes: the columns of case and time, or of case, time, feature and value; None where the index or the columns say
            what is what.
        frame: the one that is explained.
    """

    axes: tuple[Any, ...] | None
    frame: pd.DataFrame

    def read(self, values: Any) -> Any:
        """Return a frame as series (batch, time, features); arrays, and a frame of one series, as they are.

        Raises:
            ParameterError, ShapeError: a frame of another form.
        """
        if not isinstance(values, pd.DataFrame):
            return values
        is_one = values is not self.frame and self.axes is None and values.index.nlevels == values.columns.nlevels == 1
        if is_one and self.frame.columns.nlevels == 1 and self.frame.index.nlevels == 2:
            return _numbers(values, list(values.columns))
        columns = self._columns(values)
        return self._places(values).series(_numbers(values, columns))

    def give(self, explanation: Explanation, are_several: bool) -> pd.DataFrame:
        """Return a map, (batch, time, features), in the frame's form; several below each other, by `target`."""
        maps = explanation.map.double().cpu().numpy()
        if are_several:
            found = pd.concat([self._of(own) for own in maps], keys=range(len(maps)), names=["target"])
        else:
            found = self._of(maps)
        found.attrs.update(method=explanation.method, version=explanation.version, seconds=explanation.seconds)
        return found

    def _of(self, series: NDArray[np.float64]) -> pd.DataFrame:
        columns = self._columns(self.frame)
        numbers = self._places(self.frame).numbers(series)
        found = self.frame.copy()
        for place, column in enumerate(columns):
            found[column] = numbers[:, place]
        return found

    def _columns(self, frame: pd.DataFrame) -> list[Any]:
        """Return the columns that hold numbers of series."""
        if self.axes is None:
            return list(frame.columns)
        missing = [name for name in self.axes if name not in frame.columns]
        if missing or len(self.axes) not in (2, 4):
            raise ParameterError(
                "axes of a data frame must name its columns of case and time, or of case, time, feature and value, got "
                f"{self.axes!r} of {', '.join(map(str, frame.columns))}"
            )
        return [self.axes[3]] if len(self.axes) == 4 else [name for name in frame.columns if name not in self.axes]

    def _places(self, frame: pd.DataFrame) -> Places:
        if self.axes is not None and len(self.axes) == 4:
            case, time, feature, _ = (frame[name] for name in self.axes)
            return _long(case, time, pd.factorize(feature)[0][:, None])
        if self.axes is not None or frame.index.nlevels == 2:
            names = (0, 1) if self.axes is None else self.axes
            case, time = (frame.index.get_level_values(n) if self.axes is None else frame[n] for n in names)
            return _long(case, time, np.arange(len(self._columns(frame)))[None])
        if frame.index.nlevels > 1:
            raise ParameterError(
                f"a data frame must have an index of one or two levels, got {frame.index.nlevels}; {_HOW}"
            )
        return _wide(frame)


def _long(case: Any, time: Any, features: NDArray[np.int64]) -> Places:
    cases, names = pd.factorize(case)
    order = np.lexsort((pd.factorize(time, sort=True)[0], cases))
    steps = np.empty(len(cases), dtype=np.int64)
    table = pd.DataFrame(
        {"case": cases, "time": np.asarray(time), "feature": np.broadcast_to(features[:, 0], len(cases))}
    )
    if table.duplicated(["case", "time", "feature"] if features.shape[1] == 1 else ["case", "time"]).any():
        raise ParameterError(
            "a long data frame must have a row for each case and time, got one twice; keep one of them"
        )
    ordered = table.iloc[order]
    starts = ordered.groupby("case")["time"].transform(lambda times: pd.factorize(times)[0])
    steps[order] = starts.to_numpy()
    counts = pd.Series(steps).groupby(cases).max() + 1
    if counts.nunique() > 1:
        odd = int((counts != counts.mode().iloc[0]).idxmax())
        raise ShapeError(
            f"series of a data frame must have as many steps, got {counts[odd]} of case {names[odd]!r} and "
            f"{counts.mode().iloc[0]} of others; explain those of one length together, or pad them and give lengths="
        )
    sizes = len(names), int(counts.iloc[0]) if len(counts) else 0, int(features.max()) + 1 if features.size else 0
    return Places(cases[:, None], steps[:, None], features, sizes)


def _wide(frame: pd.DataFrame) -> Places:
    cases = np.arange(len(frame))[:, None]
    if frame.columns.nlevels == 1:
        return Places(
            cases, np.arange(frame.shape[1])[None], np.zeros((1, 1), dtype=np.int64), (len(frame), frame.shape[1], 1)
        )
    if frame.columns.nlevels > 2 or frame.columns.duplicated().any():
        raise ParameterError(f"columns of a wide data frame must be pairs of feature and time, once each; {_HOW}")
    named = [place_of(str(name)) for name in frame.columns.names]
    time_level = named.index(1) if 1 in named else 1
    time = pd.factorize(frame.columns.get_level_values(time_level), sort=True)[0]
    features = pd.factorize(frame.columns.get_level_values(1 - time_level))[0]
    sizes = len(frame), int(time.max()) + 1, int(features.max()) + 1
    if sizes[1] * sizes[2] != frame.shape[1]:
        raise ShapeError(
            f"a wide data frame must have a column for each of {sizes[2]} features at each of {sizes[1]} times, got "
            f"{frame.shape[1]} columns; pad those that are shorter, and give lengths="
        )
    return Places(cases, time[None], features[None], sizes)


def _numbers(frame: pd.DataFrame, columns: list[Any]) -> NDArray[Any]:
    """Return columns of a frame as numbers (rows, columns)."""
    chosen = frame[columns]
    odd = [name for name, kind in chosen.dtypes.items() if not (pd.api.types.is_numeric_dtype(kind))]
    if odd:
        example = chosen[odd[0]].iloc[0] if len(chosen) else "nothing"
        raise ParameterError(
            f"a data frame of series must hold numbers, got {type(example).__name__} in column {odd[0]!r}; {_HOW}"
        )
    found: NDArray[Any] = chosen.to_numpy(dtype=np.float64, na_value=np.nan)
    return found
