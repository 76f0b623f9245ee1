"""Series with their maps, as a paper prints them: curves on colours, or heat maps of many features."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from numpy.typing import NDArray

from ...errors import ParameterError
from ..style.feature_bands import draw_coloured_curves, draw_curves, extents, in_bands, tick_values
from ..style.figure_style import PAGE, label, paper_style
from ..style.map_colours import ColourScale, colour_bar, draw_entries
from ..style.time_axis import Times
from .pictured import Pictured, read_pictured

KINDS = ("auto", "behind", "along", "heat")
MOST_CURVES = 6  # features that are drawn as curves unless told otherwise
MOST_PANELS = 80
NARROWEST, WIDEST, COLUMN = 2.0, 100.0, 1.3  # inches of a figure, and of samples side by side
CURVE, STRIPE = 0.42, 0.09  # inches of a feature's curve, and of a feature of a heat map
LOWEST, LOW, HIGHEST = 0.3, 0.5, 2.4  # inches of a panel, the lowest of many
TALL = 9.0  # inches of a page
TITLE, FOOT = 0.17, 0.75  # inches of a panel's title, and of time and the bar of colours
NAME = 0.095  # inches of a feature's name
LETTER, SMALL_LETTER = 0.062, 0.05  # inches of a letter of a title, and of a feature's name
NAMES = 3  # letters of a feature's name for each inch of a figure


class Picture(Figure):
    """A figure that a notebook shows, whether matplotlib's own interface is in use or not."""

    def _repr_png_(self) -> bytes:
        with paper_style():
            sink = io.BytesIO()
            self.savefig(sink, format="png")
            return sink.getvalue()


def plot(
    series: Any,
    attributions: Any,
    *,
    truth: Any = None,
    times: Any = None,
    features: Sequence[str] | None = None,
    samples: Sequence[str] | None = None,
    kind: str = "auto",
    signed: bool | None = None,
    width: float = PAGE,
) -> Figure:
    """Return a figure of series with their maps: time to the right, a row for each map, one bar of colours.

    Maps with values below 0 have colours to both sides of 0, others from 0 on. A single map has a bar in its own
    units; of several each is drawn as shares of its largest magnitude among the samples. Where more entries stand side
    by side than there are pixels, the largest magnitude among them is shown. Each feature's curve fills its band from
    its smallest to its largest value among the samples.

    Args:
        series: (batch, time, features), (time, features) or (time,): a tensor, an array, or a DataFrame of one sample,
            whose columns name the features and whose index the times. NaN leaves a gap.
        attributions: a map of the series' shape, a dictionary of maps by name, or a list of what `explain` returned.
            None in a dictionary is a row without a map, a sentence one that says why; NaN in a map is grey.
        truth: of the series' shape, a row above the others.
        times: (time,) numbers, dates or durations that rise; None for the steps' numbers.
        features: their names.
        samples: their names.
        kind: "behind" draws curves on the map's colours, "along" coloured curves, "heat" the map alone; "auto" is
            "behind" for up to 6 features, and "heat" for more.
        signed: False draws magnitudes, True both sides of 0; None for what the maps hold.
        width: inches, at least 2, such as 3.5 for a column of a page.

    Returns:
        A matplotlib figure; `figure.savefig("maps.pdf")` writes it.

    Raises:
        ShapeError: maps, times or names that do not fit the series.
        ParameterError: an option that there is not, or more panels than a figure holds.
        NonFiniteError: infinity in the series or a map.
    """
    if kind not in KINDS:
        raise ParameterError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}")
    if not isinstance(width, (int, float)) or not NARROWEST <= width <= WIDEST:
        raise ParameterError(f"width must be inches, {NARROWEST:g} to {WIDEST:g}, got {width!r}")
    pictured, scale = read_pictured(series, attributions, truth, times, features, samples).coloured(signed)
    with paper_style():
        return _figure(pictured, scale, kind, width)


@dataclass(frozen=True)
class _Panel:
    """A map of one sample.

    Attributes:
        title: names, one a line.
        series: (time, features).
        values: the map, (time, features), or why there is none.
    """

    title: Sequence[str]
    series: NDArray[Any]
    values: NDArray[Any] | str


def _figure(pictured: Pictured, scale: ColourScale, kind: str, width: float) -> Figure:
    count = len(pictured.features)
    drawn = ("behind" if count <= MOST_CURVES else "heat") if kind == "auto" else kind
    lines = list(_lines(pictured, width))
    columns = len(lines[0])
    if columns * len(lines) > MOST_PANELS:
        raise ParameterError(
            f"a figure holds at most {MOST_PANELS} panels, one for each sample and map, got {columns * len(lines)}; "
            "give fewer samples"
        )
    fixed = FOOT + TITLE * sum(max(len(panel.title) for panel in line) for line in lines)
    high = min(HIGHEST, max(LOW, count * (STRIPE if drawn == "heat" else CURVE)))
    high = max(LOWEST, min(high, (TALL - fixed) / len(lines)))
    layout = ConstrainedLayoutEngine(w_pad=0.03, h_pad=0.03, wspace=0.01, hspace=0.01)
    figure = Picture(figsize=(width, high * len(lines) + fixed), layout=layout)
    axes = figure.subplots(len(lines), columns, squeeze=False, sharex=True, sharey=True)
    reach = extents(pictured.series)
    letters = int((width - _beside(pictured.features, width)) / columns / LETTER)
    for line, panels in zip(axes, lines, strict=True):
        for axis, panel in zip(line, panels, strict=True):
            _draw(axis, panel, pictured.times, reach, scale, drawn)
            if isinstance(panel.values, str):
                _tell(axis, fill(panel.values, int(0.8 * letters), max_lines=int(high / TITLE), placeholder=" …"))
            axis.set_title("\n".join(label(name, letters) for name in panel.title), loc="left", fontsize=7, pad=2.5)
    _name_features(axes[0, 0], pictured, reach, high, width)
    pictured.times.dress(axes[-1, 0], width / columns - 0.8)
    for axis in axes[-1]:
        axis.set_xlabel(label(pictured.times.words, letters), labelpad=1)
    colour_bar(figure, list(axes.flat), scale)
    figure.draw_without_rendering()  # what is made when it is drawn, ticks among it, has this style too
    return figure


def _lines(pictured: Pictured, width: float) -> Iterator[list[_Panel]]:
    """Yield panels that stand side by side: the samples where they fit and there are several maps."""
    names = list(pictured.maps)
    numbers = range(len(pictured.samples))
    if len(names) > 1 and len(numbers) * COLUMN <= width:
        for place, name in enumerate(names):
            yield [_panel(pictured, number, name, is_first=place == 0) for number in numbers]
        return
    for number in numbers:
        for place, name in enumerate(names):
            yield [_panel(pictured, number, name, is_first=place == 0)]


def _panel(pictured: Pictured, number: int, name: str, *, is_first: bool) -> _Panel:
    values = pictured.maps[name]
    title = [pictured.samples[number] if is_first else "", name]
    own = values if isinstance(values, str) else values[number]
    return _Panel([words for words in title if words], pictured.series[number], own)


def _draw(axis: Axes, panel: _Panel, times: Times, reach: NDArray[Any], scale: ColourScale, kind: str) -> None:
    axis.set(xlim=times.edges[[0, -1]], ylim=(panel.series.shape[1], 0))
    axis.tick_params(length=2, labelsize=6)
    if isinstance(panel.values, str):
        return
    curves = in_bands(panel.series, reach)
    if kind == "along":
        draw_coloured_curves(axis, curves, panel.values, times, scale)
        return
    draw_entries(axis, times.edges, panel.values, scale)
    if kind == "behind":
        draw_curves(axis, curves, times)


def _tell(axis: Axes, words: str) -> None:
    box = {"facecolor": "white", "edgecolor": "none", "pad": 2}
    axis.text(0.5, 0.5, words, ha="center", va="center", fontsize=7, transform=axis.transAxes, bbox=box)


def _beside(features: Sequence[str], width: float) -> float:
    """Return about how many inches the names of features, or the values of a single one, take beside the panels."""
    return 0.3 + SMALL_LETTER * min(max(map(len, features)), int(NAMES * width)) * (len(features) > 1)


def _name_features(axis: Axes, pictured: Pictured, reach: NDArray[Any], high: float, width: float) -> None:
    """Write the features' names beside the panels, as many as fit below each other; of a single one its values."""
    count = len(pictured.features)
    letters = int(NAMES * width)
    if count == 1:
        tick_values(axis, float(reach[0, 0]), float(reach[1, 0]), high)
        axis.set_ylabel(label(pictured.features[0], letters), fontsize=6.5)
        return
    every = int(np.ceil(count * NAME / high))
    places = range(0, count, every)
    axis.set_yticks([place + 0.5 for place in places], [label(pictured.features[place], letters) for place in places])
