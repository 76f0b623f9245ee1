"""The axis of time: steps, numbers or dates."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from ...errors import ParameterError, ShapeError, text_of

TICK = 0.55  # inches between ticks


@dataclass(frozen=True)
class Times:
    """When the steps of a series are.

    Attributes:
        values: (time,), rising; of dates the days since matplotlib's epoch.
        words: below the axis.
        are_dates: they are dates.
        zone: the time zone of dates that have one.
    """

    values: NDArray[Any]
    words: str = "time"
    are_dates: bool = False
    zone: Any = None

    @property
    def edges(self) -> NDArray[Any]:
        """Return where each step begins and the last one ends, (time + 1,): half-way between its neighbours."""
        if len(self.values) == 1:
            return np.array([self.values[0] - 0.5, self.values[0] + 0.5])
        middles = (self.values[1:] + self.values[:-1]) / 2
        ends = self.values[[0, -1]] + np.diff(self.values)[[0, -1]] / (-2, 2)
        edges: NDArray[Any] = np.concatenate([ends[:1], middles, ends[1:]])
        return edges

    def dress(self, axis: Axes, width: float) -> None:
        """Give an axis so many inches wide ticks that do not collide."""
        most = max(2, int(width / TICK))
        if len(self.values) == 1 and not self.are_dates:
            axis.set_xticks(self.values)
        elif self.are_dates:
            locator = AutoDateLocator(tz=self.zone, minticks=min(3, most), maxticks=most)
            axis.xaxis.set_major_locator(locator)
            axis.xaxis.set_major_formatter(ConciseDateFormatter(locator, tz=self.zone))
        else:
            axis.xaxis.set_major_locator(MaxNLocator(most, integer=bool((self.values % 1 == 0).all())))


def read_times(times: Any, steps: int) -> Times:
    """Return the times of so many steps, (time,), of numbers, dates or durations; None for the steps' numbers.

    Raises:
        ShapeError: another number of them.
        ParameterError: what is neither, or does not rise.
    """
    if times is None:
        return Times(np.arange(steps, dtype=float))
    index = _index(times)
    if len(index) != steps:
        raise ShapeError(f"times must be one for each of the {steps} steps, got {len(index)}; give as many")
    words = "time" if index.name is None else str(index.name)
    if isinstance(index, pd.PeriodIndex):
        index = index.to_timestamp()
    if isinstance(index, pd.TimedeltaIndex):
        index, words = index / pd.Timedelta(seconds=1), f"{words} in seconds"
    are_dates = isinstance(index, pd.DatetimeIndex)
    try:
        values = np.asarray(date2num(index) if are_dates else index, dtype=float)
    except (TypeError, ValueError) as error:
        raise ParameterError(
            f"times must be numbers, dates or durations, got {index.dtype}: {text_of(error)}; convert them"
        ) from error
    if not (np.isfinite(values).all() and (np.diff(values) > 0).all()):
        raise ParameterError("times must rise from step to step, got some that do not; sort the series by time")
    return Times(values, words, are_dates, index.tz if isinstance(index, pd.DatetimeIndex) else None)


def _index(times: Any) -> pd.Index:
    try:
        return times if isinstance(times, pd.Index) else pd.Index(times)
    except (TypeError, ValueError) as error:
        raise ParameterError(
            f"times must be one number, date or duration a step, (time,), got {type(times).__name__}: {text_of(error)}"
        ) from error
