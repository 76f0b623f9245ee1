"""The figure of the moving box: scores against the time at which the evidence begins."""

import io
from pathlib import Path
from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from ..figures.curves_figure import by_number, curve, number
from ..storage.files import write_atomically
from ..style.figure_style import DPI, FONTS, STYLES

QUANTITIES = {"weighted_jaccard": "weighted Jaccard\n(higher is better)", "euclidean": "Euclidean\n(lower is better)"}
REFERENCE = "random-uniform"
REFERENCE_STYLE = {"color": "0.35", "linestyle": (0, (1, 1.5)), "linewidth": 1.8}


def draw_moving_box(comparison: pd.DataFrame, leaderboard: pd.DataFrame, folder: Path) -> tuple[Path, Path]:
    """Write moving_box.png and moving_box.svg: the source's curves on the left, ours on the right, one scale a row.

    Ours are means over seeds with the 95 % confidence interval of the mean. The dotted line is the score of a map of
    uniform random numbers, measured with ours and drawn beside both.

    Args:
        comparison: as `compare` returns it; tasks end with their start time, as moving-box/t20.
        leaderboard: of the same tasks, with the reference row random-uniform.
        folder: where the files are written.

    Raises:
        StoreError: a file cannot be written.
    """
    # the salt makes the identifiers in the SVG, and with them its bytes, the same every time
    style: Any = {**sns.axes_style("ticks"), **FONTS, "svg.hashsalt": "saltbench"}
    with rc_context(style):
        figure = _figure(comparison, leaderboard)
        png, svg = io.BytesIO(), io.BytesIO()
        FigureCanvasAgg(figure).print_png(png, metadata={"Software": "saltbench"})
        FigureCanvasSVG(figure).print_svg(svg, metadata={"Creator": "saltbench", "Date": None})
    paths = folder / "moving_box.png", folder / "moving_box.svg"
    for path, sink in zip(paths, (png, svg), strict=True):
        write_atomically(path, sink.getvalue())
    return paths


def _figure(comparison: pd.DataFrame, leaderboard: pd.DataFrame) -> Figure:
    figure = Figure(figsize=(10.5, 7.2), layout="constrained", dpi=DPI)
    axes = figure.subplots(len(QUANTITIES), 2, sharex=True, sharey="row")
    for line, (quantity, label) in zip(axes, QUANTITIES.items(), strict=True):
        rows = comparison[comparison.quantity == quantity]
        random = by_number(leaderboard[leaderboard.method == REFERENCE])[quantity]
        for axis, column in zip(line, ("published", "measured"), strict=True):
            axis.plot(random, label="a uniform random map (ours)", **REFERENCE_STYLE)
            for architecture, same in rows.groupby("architecture", sort=False):
                _curve(axis, by_number(same), architecture, column)
            sns.despine(ax=axis)
        line[0].set_ylabel(label)
    axes[0][0].set_title("published, read off the poster to ± .003")
    axes[0][1].set_title(f"measured, mean of {comparison.seeds.max()} seeds with its 95 % interval")
    starts = sorted({number(task) for task in comparison.task})
    for axis in axes[-1]:
        axis.set(xlabel="time step at which the box of 60 steps begins", xticks=starts)
    handles, labels = axes[0][1].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False, fontsize=10)
    return figure


def _curve(axis: Axes, rows: pd.DataFrame, architecture: Any, column: str) -> None:
    name, colour, line = STYLES.get(architecture, (architecture, "black", "-"))
    bounded = rows.rename(columns={"low": "measured_low", "high": "measured_high"})
    curve(axis, bounded, column, name, color=colour, linestyle=line, marker="o", markersize=4, linewidth=2)
