"""The colours of maps: one scale for all panels of a figure, its bar, and entries that would share a pixel."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

ABSENT = "0.75"  # the grey of entries without a value
BAR = 0.08  # inches
MOST_STEPS, MOST_FEATURES = 1000, 400  # entries of a panel side by side: more would share pixels
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class ColourScale:
    """Which colour a value has: from 0 on, or to both sides of 0; told apart by those who see red and green alike.

    Attributes:
        farthest: the largest magnitude that has a colour of its own, above 0.
        is_signed: values below 0 have colours of their own.
        words: beside the bar.
    """

    farthest: float
    is_signed: bool
    words: str

    @property
    def norm(self) -> Normalize:
        """Return where between the ends of the colours a value lies."""
        return Normalize(-self.farthest if self.is_signed else 0.0, self.farthest)

    @property
    def colours(self) -> Colormap:
        """Return the colours, light at 0."""
        palette: Colormap = sns.color_palette("vlag" if self.is_signed else "rocket_r", as_cmap=True)
        return palette.with_extremes(bad=ABSENT)


def draw_entries(axis: Axes, edges: NDArray[Any], values: NDArray[Any], scale: ColourScale) -> None:
    """Draw the entries of a map, (time, features), between the edges of its steps, time to the right.

    Where entries would share a pixel, the one of the largest magnitude is shown. The first feature is at the top, the
    f-th between f and f + 1.

    Args:
        axis: where they are drawn.
        edges: (time + 1,), rising.
        values: NaN where there is none.
        scale: of the colours.
    """
    steps, shown = _by_pixel(edges, values, MOST_STEPS)
    rows, shown = _by_pixel(np.arange(values.shape[1] + 1.0), shown.T, MOST_FEATURES)
    # as pixels: a viewer leaves gaps between rectangles
    axis.pcolormesh(steps, rows, np.ma.masked_invalid(shown), cmap=scale.colours, norm=scale.norm, rasterized=True)
    axis.set(xlim=(edges[0], edges[-1]), ylim=(values.shape[1], 0))


def colour_bar(figure: Figure, axes: Sequence[Axes], scale: ColourScale) -> None:
    """Give a figure one bar below its panels, of the same thickness whatever the figure's size."""
    width, height = figure.get_size_inches()
    colours = ScalarMappable(scale.norm, scale.colours)
    bar = figure.colorbar(
        colours, ax=axes, location="bottom", aspect=width / BAR, fraction=BAR / height, pad=BAR / 2 / height
    )  # fmt: skip
    power, ends = _in_powers(scale.farthest)
    shares = np.linspace(-1 if scale.is_signed else 0, 1, 5)
    bar.set_ticks(
        (scale.farthest * shares).tolist(), labels=[f"{ends * share:.2g}".replace("-", "−") for share in shares]
    )
    bar.outline.set_linewidth(0.5)
    bar.ax.tick_params(labelsize=6.5)
    bar.set_label(scale.words + power, fontsize=7)


def _in_powers(value: float) -> tuple[str, float]:
    """Return what a number above 0 is to be multiplied by, in words, and the number that then has few digits."""
    exponent = math.floor(math.log10(value))
    if -2 <= exponent < 4:
        return "", value
    return f" in units of 10{str(exponent).translate(_RAISED)}", value / 10.0**exponent


def _by_pixel(edges: NDArray[Any], values: NDArray[Any], most: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the edges of at most so many equal bins, (bins + 1,), and in each the value of the largest magnitude."""
    if len(values) <= most:
        return edges, values
    bins = np.linspace(edges[0], edges[-1], most + 1)
    first = np.searchsorted(edges, bins[:-1], side="right") - 1
    stop = np.maximum(np.searchsorted(edges, bins[1:], side="left"), first + 1)
    return bins, np.stack([_farthest(values[start:end]) for start, end in zip(first, stop, strict=True)])


def _farthest(values: NDArray[Any]) -> NDArray[Any]:
    """Return of each column of (any, columns) the value farthest from 0; NaN where there is none."""
    magnitudes = np.where(np.isnan(values), -1.0, np.abs(values))
    found: NDArray[Any] = np.take_along_axis(values, magnitudes.argmax(0)[None], 0)[0]
    return found
