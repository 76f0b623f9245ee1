"""The poster's bar chart and line chart of task fMRI, published beside measured."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from .fmri_comparison import METHOD, published_fmri
from .store import write_atomically
from .vanishing_figure import DPI, FONTS, STYLES

HATCHES = {"lstm": "", "bi-lstm": "..", "lstm-self-attention": "//", "input-cell-lstm": "xx"}
BY_OTHER = ("lstm", "input-cell-lstm")  # asked about cells that another's map ranks highest, as in the source
RANDOM = "random-uniform"
SIDESTEP = 0.006  # between curves, in shares of the cells
PUBLISHED = "published: HCP, read off the poster to ± .5 %"
CHANCE = {"color": "0.3", "linestyle": (0, (1, 1.5)), "linewidth": 1.8}


def draw_reported(reported: pd.DataFrame, folder: Path) -> Iterator[Path]:
    """Write reported.png and reported.svg: which share of the reported cells lies in on-task time steps.

    Bars are means over seeds, with the 95 % interval of the mean; the dotted line is chance.

    Args:
        reported: as `summarise_reported` returns it.
        folder: where the files are written.

    Raises:
        StoreError: a file cannot be written.
    """
    with rc_context(_style()):
        figure = Figure(figsize=(10.5, 4.6), layout="constrained", dpi=DPI)
        left, right = figure.subplots(1, 2, sharey=True)
        ours = reported[reported.method == METHOD]
        _bars(left, published_fmri()[0])
        _bars(right, ours)
        right.axhline(ours.chance.mean(), label="a random map (share of steps on task)", **CHANCE)
        left.set(title=PUBLISHED, ylabel="share of the reported cells\nin on-task time steps", ylim=(0, 1.02))
        right.set_title(_measured(ours))
        for axis in (left, right):
            axis.set_xlabel("reported cells")
        _finish(figure, (left, right), right)
        yield from _write(figure, folder / "reported")


def draw_removal(removal: pd.DataFrame, folder: Path) -> Iterator[Path]:
    """Write removal.png and removal.svg: accuracy lost when the cells that a map ranks highest are removed.

    Lines are means over seeds, with the 95 % interval of the mean; there is one panel for each replacement.

    Args:
        removal: as `summarise_removal` returns it.
        folder: where the files are written.

    Raises:
        StoreError: a file cannot be written.
    """
    replacements = list(removal.replacement.unique())
    with rc_context(_style()):
        figure = Figure(figsize=(4.4 * (1 + len(replacements)), 5), layout="constrained", dpi=DPI)
        axes = figure.subplots(1, 1 + len(replacements), sharey=True)
        _lines(axes[0], published_fmri()[1].assign(method=METHOD))
        axes[0].set(title=PUBLISHED, ylabel="accuracy lost")
        for axis, replacement in zip(axes[1:], replacements, strict=True):
            ours = removal[removal.replacement == replacement]
            _lines(axis, ours)
            axis.set_title(f"{_measured(ours)},\nreplaced by {_words(replacement)}")
        for axis in axes:
            axis.set_xlabel("removed cells")
            axis.axhline(0, color="0.8", linewidth=0.8, zorder=0)
            axis.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        _finish(figure, axes, axes[1])
        yield from _write(figure, folder / "removal")


def _bars(axis: Axes, rows: pd.DataFrame) -> None:
    names = [name for name in STYLES if name in set(rows.architecture)]
    width = 0.8 / len(names)
    for place, name in enumerate(names):
        label, colour, _ = STYLES[name]
        same = rows[rows.architecture == name].sort_values("reported")
        at = np.arange(len(same)) + (place - (len(names) - 1) / 2) * width
        axis.bar(
            at, same.on_task, width, color=colour, label=label, hatch=HATCHES[name], edgecolor="white", linewidth=0
        )
        if "on_task_low" in same:
            whiskers = np.abs(same[["on_task_low", "on_task_high"]].to_numpy().T - same.on_task.to_numpy())
            axis.errorbar(at, same.on_task, whiskers, fmt="none", color="black", elinewidth=1, capsize=2)
    shares = sorted(set(rows.reported))
    axis.set_xticks(range(len(shares)), [f"{share:.0%}" for share in shares])


def _lines(axis: Axes, rows: pd.DataFrame) -> None:
    groups = rows.groupby(["architecture", "ranked_by", "method"], sort=False)
    styled = [(_line_style(*map(str, key)), same.sort_values("removed")) for key, same in groups]
    drawn = sorted(((style, same) for style, same in styled if style), key=lambda pair: pair[0]["zorder"])
    for place, (style, curve) in enumerate(drawn):
        # side by side: whiskers on top of each other could not be told apart
        at = curve.removed + SIDESTEP * (place - (len(drawn) - 1) / 2)
        axis.plot(at, curve.accuracy_drop, marker="o", markersize=4, linewidth=1.8, **style)
        if "accuracy_drop_low" in curve:
            whiskers = np.abs(curve[["accuracy_drop_low", "accuracy_drop_high"]].T - curve.accuracy_drop).to_numpy()
            axis.errorbar(at, curve.accuracy_drop, whiskers, fmt="none", ecolor=style["color"], elinewidth=0.9)


def _line_style(asked: str, ranked_by: str, method: str) -> dict[str, Any] | None:
    """Return how a curve is drawn: every network by its own map, the LSTMs by each other's and at random; else None."""
    name, colour, _ = STYLES.get(asked, (asked, "black", "-"))
    if method == METHOD and ranked_by == asked:
        return {"color": colour, "linestyle": "-", "label": f"{name}, by its own saliency", "zorder": 2.1}
    if asked not in BY_OTHER:
        return None
    if method == METHOD and ranked_by in BY_OTHER:
        other = STYLES[ranked_by][0]
        return {"color": colour, "linestyle": "--", "label": f"{name}, by {other} saliency", "zorder": 2.2}
    if method == RANDOM:
        return {"color": colour, "linestyle": ":", "label": f"{name}, at random", "zorder": 2.3}
    return None


def _measured(rows: pd.DataFrame) -> str:
    seeds = rows.seeds.max()
    return f"measured: {rows.task.iloc[0]}, {seeds} seed{'s' if seeds > 1 else ''}"


def _words(replacement: str) -> str:
    return {"mean": "the training mean", "sampled": "a training sample", "zero": "zero"}[replacement]


def _finish(figure: Figure, axes: Any, with_labels: Axes) -> None:
    for axis in axes:
        axis.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        sns.despine(ax=axis)
    handles, labels = with_labels.get_legend_handles_labels()
    columns = min(4, len(labels))
    figure.legend(
        handles, labels, loc="outside lower center", ncols=columns, frameon=False, fontsize=9.5, handlelength=3
    )


def _style() -> Any:
    # the salt makes the identifiers in the SVG, and with them its bytes, the same every time
    return {**sns.axes_style("ticks"), **FONTS, "axes.titlesize": 11, "svg.hashsalt": "saltbench"}


def _write(figure: Figure, stem: Path) -> Iterator[Path]:
    png, svg = io.BytesIO(), io.BytesIO()
    FigureCanvasAgg(figure).print_png(png, metadata={"Software": "saltbench"})
    FigureCanvasSVG(figure).print_svg(svg, metadata={"Creator": "saltbench", "Date": None})
    for suffix, sink in ((".png", png), (".svg", svg)):
        path = stem.with_suffix(suffix)
        write_atomically(path, sink.getvalue())
        yield path
