"""Curves of features in bands below each other, the first at the top, each as high as its values reach."""

from typing import Any

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.patheffects import Normal, Stroke
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from .map_colours import ColourScale
from .time_axis import Times

ROOM = 0.1  # of the height of a feature's band, above and below its curve
TICK = 0.13  # inches between values


def extents(series: NDArray[Any]) -> NDArray[Any]:
    """Return the smallest and the largest value of each feature, (2, features); 0 and 0 where none is known."""
    low = np.where(np.isnan(series), np.inf, series).min((0, 1))
    high = np.where(np.isnan(series), -np.inf, series).max((0, 1))
    return np.where(low > high, 0.0, np.stack([low, high]))


def in_bands(series: NDArray[Any], reach: NDArray[Any]) -> NDArray[Any]:
    """Return the heights of curves, (time, features), whose f-th lies between f and f + 1, downwards.

    Args:
        series: (time, features).
        reach: the smallest and the largest value of each band, (2, features).
    """
    low, high = reach
    extent = np.where(high > low, high - low, 1.0)
    share = np.where(high > low, (series - low) / extent, np.where(np.isnan(series), np.nan, 0.5))
    heights: NDArray[Any] = np.arange(series.shape[1]) + 1 - ROOM - (1 - 2 * ROOM) * share
    return heights


def draw_curves(axis: Axes, curves: NDArray[Any], times: Times) -> None:
    """Draw curves of these heights, (time, features), that can be seen on any colour."""
    halo = [Stroke(linewidth=2.0, foreground="white", alpha=0.85), Normal()]
    for heights in curves.T:
        _draw_curve(axis, heights, times, color="black", linewidth=0.8, path_effects=halo)


def draw_coloured_curves(
    axis: Axes, curves: NDArray[Any], values: NDArray[Any], times: Times, scale: ColourScale
) -> None:
    """Draw curves of these heights in the colours of a map, both (time, features)."""
    for heights, own in zip(curves.T, values.T, strict=True):
        _draw_curve(axis, heights, times, color="0.25", linewidth=0.5, zorder=3)
        axis.add_collection(_coloured(times, heights, own, scale))
    sns.despine(ax=axis)


def tick_values(axis: Axes, low: float, high: float, height: float) -> None:
    """Write a few round values from low to high beside the band of a single feature, so many inches high."""
    most = min(4, max(1, int((1 - 2 * ROOM) * height / TICK)))
    values = np.asarray(MaxNLocator(most).tick_values(low, high) if high > low else [low])
    values = values[(values >= low) & (values <= high)]
    heights = in_bands(values[:, None], np.array([[low], [high]]))[:, 0]
    axis.set_yticks(heights.tolist(), [f"{value:g}".replace("-", "−") for value in values])


def _draw_curve(axis: Axes, heights: NDArray[Any], times: Times, **line: Any) -> None:
    axis.plot(times.values, heights, **line)
    known = ~np.isnan(heights)
    joined = np.concatenate([[False], known[:-1]]) | np.concatenate([known[1:], [False]])
    alone = known & ~joined  # no line reaches them
    if alone.any():
        axis.plot(times.values[alone], heights[alone], **{**line, "linestyle": "none", "marker": "o", "markersize": 2})


def _coloured(times: Times, heights: NDArray[Any], values: NDArray[Any], scale: ColourScale) -> LineCollection:
    """Return a curve, (time,), in pieces from edge to edge through each step, of the colour of its value."""
    middles = np.concatenate([heights[:1], (heights[1:] + heights[:-1]) / 2, heights[-1:]])
    starts = np.where(np.isnan(middles[:-1]), heights, middles[:-1])
    ends = np.where(np.isnan(middles[1:]), heights, middles[1:])
    x = np.stack([times.edges[:-1], times.values, times.edges[1:]], 1)
    pieces = np.stack([x, np.stack([starts, heights, ends], 1)], 2)
    known = ~np.isnan(heights)
    shown = np.ma.masked_invalid(values[known])
    return LineCollection(
        list(pieces[known]), array=shown, cmap=scale.colours, norm=scale.norm, linewidth=3.5, capstyle="butt", zorder=2
    )
