"""Charts of what maps report and of what removing it costs, beside what a source published of them."""

import io
from collections.abc import Iterator, Sequence
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

from ..storage.files import write_atomically
from ..style.figure_style import COLOURS, DPI, FONTS, STYLES

SALIENCY = "saliency"  # the source's method
HATCHES = {"lstm": "", "bi-lstm": "..", "lstm-self-attention": "//", "input-cell-lstm": "xx"}
BY_OTHER = ("lstm", "input-cell-lstm")  # asked about cells that another's map ranks highest, as in the source
RANDOM = "random-uniform"
SIDESTEP = 0.006  # between curves, in shares of the entries
PUBLISHED = "published: HCP, read off the poster to ± .5 %"
CHANCE = {"color": "0.3", "linestyle": (0, (1, 1.5)), "linewidth": 1.8}
HEIGHT = 4.6  # inches of a row of panels


def draw_reported(
    reported: pd.DataFrame, folder: Path, published: pd.DataFrame | None = None, method: str = SALIENCY
) -> Iterator[Path]:
    """Write reported.png and reported.svg: which share of the reported entries lies in on-task time steps.

    Bars are means over seeds, with the 95 % interval of the mean; the dotted line is chance. Each task has a panel.

    Args:
        reported: as `summarise_reported` returns it.
        folder: where the files are written.
        published: architecture, reported and on_task, for a first panel.
        method: whose maps report.

    Raises:
        StoreError: a file cannot be written.
    """
    ours = reported[(reported.method == method) & (reported.architecture != "")]
    tasks = list(ours.task.unique())
    with rc_context(_style()):
        figure = Figure(figsize=(5.25 * (len(tasks) + (published is not None)), HEIGHT), layout="constrained", dpi=DPI)
        axes = figure.subplots(1, len(tasks) + (published is not None), sharey=True, squeeze=False)[0]
        if published is not None:
            _bars(axes[0], published)
            axes[0].set_title(PUBLISHED)
        for axis, task in zip(axes[-len(tasks) :], tasks, strict=True):
            rows = ours[ours.task == task]
            _bars(axis, rows)
            axis.axhline(rows.chance.mean(), label="a random map (share of steps on task)", **CHANCE)
            axis.set_title(_measured(rows))
        axes[0].set(ylabel="share of the reported entries\nin on-task time steps", ylim=(0, 1.02))
        for axis in axes:
            axis.set_xlabel("reported entries")
        _finish(figure, axes, axes[-1])
        yield from _write(figure, folder / "reported")


def draw_removal(
    removal: pd.DataFrame, folder: Path, published: pd.DataFrame | None = None, method: str = SALIENCY
) -> Iterator[Path]:
    """Write removal.png and removal.svg: accuracy lost when the entries that a map ranks highest are removed.

    Lines are means over seeds, with the 95 % interval of the mean. Each task has a row of panels, one for each
    replacement.

    Args:
        removal: as `summarise_removal` returns it.
        folder: where the files are written.
        published: architecture, ranked_by, removed and accuracy_drop, for a first panel.
        method: whose maps rank.

    Raises:
        StoreError: a file cannot be written.
    """
    tasks, replacements = list(removal.task.unique()), list(removal.replacement.unique())
    columns = len(replacements) + (published is not None)
    with rc_context(_style()):
        figure = Figure(figsize=(4.4 * columns, 0.4 + HEIGHT * len(tasks)), layout="constrained", dpi=DPI)
        grid = figure.subplots(len(tasks), columns, sharey=True, squeeze=False)
        for line, task in zip(grid, tasks, strict=True):
            if published is not None:
                _lines(line[0], published.assign(method=method), method)
                line[0].set_title(PUBLISHED)
            for axis, replacement in zip(line[-len(replacements) :], replacements, strict=True):
                ours = removal[(removal.task == task) & (removal.replacement == replacement)]
                _lines(axis, ours, method)
                axis.set_title(f"{_measured(ours)},\nreplaced by {_words(replacement)}")
            line[0].set_ylabel("accuracy lost")
        for axis in grid.flat:
            axis.set_xlabel("removed entries")
            axis.axhline(0, color="0.8", linewidth=0.8, zorder=0)
            axis.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        _finish(figure, grid.flat, grid[0, -len(replacements)])
        yield from _write(figure, folder / "removal")


def _bars(axis: Axes, rows: pd.DataFrame) -> None:
    names = _in_order(rows.architecture)
    width = 0.8 / len(names)
    for place, name in enumerate(names):
        label, colour = _look(name, names)
        same = rows[rows.architecture == name].sort_values("reported")
        at = np.arange(len(same)) + (place - (len(names) - 1) / 2) * width
        hatch = HATCHES.get(name, "")
        axis.bar(at, same.on_task, width, color=colour, label=label, hatch=hatch, edgecolor="white", linewidth=0)
        if "on_task_low" in same:
            whiskers = np.abs(same[["on_task_low", "on_task_high"]].to_numpy().T - same.on_task.to_numpy())
            axis.errorbar(at, same.on_task, whiskers, fmt="none", color="black", elinewidth=1, capsize=2)
    shares = sorted(set(rows.reported))
    axis.set_xticks(range(len(shares)), [f"{share:.0%}" for share in shares])


def _lines(axis: Axes, rows: pd.DataFrame, method: str) -> None:
    groups = rows.groupby(["architecture", "ranked_by", "method"], sort=False)
    names = _in_order(rows.architecture)
    styled = [
        (_line_style(str(asked), str(ranked_by), str(used), method, names), same.sort_values("removed"))
        for (asked, ranked_by, used), same in groups
    ]
    drawn = sorted(((style, same) for style, same in styled if style), key=lambda pair: pair[0]["zorder"])
    for place, (style, curve) in enumerate(drawn):
        # side by side: whiskers on top of each other could not be told apart
        at = curve.removed + SIDESTEP * (place - (len(drawn) - 1) / 2)
        axis.plot(at, curve.accuracy_drop, marker="o", markersize=4, linewidth=1.8, **style)
        if "accuracy_drop_low" in curve:
            whiskers = np.abs(curve[["accuracy_drop_low", "accuracy_drop_high"]].T - curve.accuracy_drop).to_numpy()
            axis.errorbar(at, curve.accuracy_drop, whiskers, fmt="none", ecolor=style["color"], elinewidth=0.9)


def _line_style(asked: str, ranked_by: str, used: str, method: str, names: Sequence[str]) -> dict[str, Any] | None:
    """Return how a curve is drawn: every network by its own map, two of them by each other's and at random; else None.

    The two are the source's where both are there, or else the first two.
    """
    label, colour = _look(asked, names)
    pair = BY_OTHER if set(BY_OTHER) <= set(names) else names[:2]
    if used == method and ranked_by == asked:
        return {"color": colour, "linestyle": "-", "label": f"{label}, by its own {method}", "zorder": 2.1}
    if asked not in pair:
        return None
    if used == method and ranked_by in pair:
        other, _ = _look(ranked_by, names)
        return {"color": colour, "linestyle": "--", "label": f"{label}, by {other} {method}", "zorder": 2.2}
    if used == RANDOM:
        return {"color": colour, "linestyle": ":", "label": f"{label}, at random", "zorder": 2.3}
    return None


def _in_order(architectures: pd.Series) -> list[str]:
    """Return the names with those of the source first, in its order."""
    found = list(dict.fromkeys(architectures))
    return [*(name for name in STYLES if name in found), *(name for name in found if name not in STYLES)]


def _look(name: str, names: Sequence[str]) -> tuple[str, Any]:
    """Return how a network is called and its colour, which no other of the names has."""
    if name in STYLES:
        return STYLES[name][:2]
    others = [other for other in names if other not in STYLES]
    spare = COLOURS[len(STYLES) :]
    return name.replace("$", r"\$"), spare[others.index(name) % len(spare)]


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
    widest = 0.7 + 0.075 * max(map(len, labels))  # inches
    columns = max(1, min(4, int(figure.get_figwidth() / widest)))
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
