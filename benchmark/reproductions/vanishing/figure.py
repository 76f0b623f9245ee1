"""The figure that shows why saliency vanishes, and where it does not."""

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
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from ...storage.files import write_atomically
from ...style.figure_style import COLOURS, DPI, FONTS, STYLES
from .rates import PREDICTIONS, log10_relevance

ATTENTION = ("lstm-self-attention", "input-cell-lstm")
THEORY = {
    "state_product": (COLOURS[9], "-"),
    "forget_gates": (COLOURS[5], "--"),
    "source_product": (COLOURS[4], "-."),
    "source_approximation": (COLOURS[7], ":"),
}


def draw_vanishing(profiles: pd.DataFrame, folder: Path) -> Path:
    """Write vanishing.png: relevance by distance to the last step, and what the Jacobians of an LSTM predict.

    Curves are means over seeds of log10 relevance, bands reach from the smallest to the largest seed. Relevance is
    divided by its mean over time: a flat map is 1 everywhere. The columns are: before training (first task), after
    training on each task. Rows: all architectures on a logarithmic axis; those with attention on a linear one; the
    longest series, and the LSTM beside the predictions.

    Raises:
        StoreError: the figure cannot be written.
    """
    style: Any = {**sns.axes_style("ticks"), **FONTS}
    with rc_context(style):
        figure = _figure(profiles)
        sink = io.BytesIO()
        FigureCanvasAgg(figure).print_png(sink, metadata={"Software": "saltbench"})
    path = folder / "vanishing.png"
    write_atomically(path, sink.getvalue())
    return path


def _figure(profiles: pd.DataFrame) -> Figure:
    short = profiles[profiles.time == profiles.time.min()]
    long = profiles[profiles.time == profiles.time.max()]
    conditions = list(_conditions(short))
    figure = Figure(figsize=(4.6 * len(conditions), 11.2), layout="constrained", dpi=DPI)
    grid = figure.add_gridspec(3, len(conditions), height_ratios=(1, 0.85, 1.15))
    for column, (title, rows) in enumerate(conditions):
        first = column == 0
        _logarithmic(figure.add_subplot(grid[0, column]), rows, title, labelled=first)
        _linear(figure.add_subplot(grid[1, column]), rows, labelled=first)
    _logarithmic(figure.add_subplot(grid[2, 0]), _before(long), f"{_steps(long)}, before training", blind=True)
    _theory(figure.add_subplot(grid[2, 1:]), _before(short))
    figure.suptitle(
        "An LSTM's saliency dies out with the distance to the last step; "
        "attention gives every step a short way to the output",
        fontsize=14,
        x=0.01,
        ha="left",
    )
    return figure


def _conditions(rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    yield f"{_steps(rows)}, before training", _before(rows)
    for task, same in rows[rows.trained == "yes"].groupby("task", sort=False):
        yield f"{_steps(rows)}, trained on {task}", same


def _before(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[(rows.trained == "no") & (rows.task == rows.task.iloc[0])]


def _steps(rows: pd.DataFrame) -> str:
    return f"{rows.time.iloc[0]:,} steps"


def _logarithmic(axis: Axes, rows: pd.DataFrame, title: str, *, labelled: bool = False, blind: bool = False) -> None:
    axis.set_title(title)
    curves = {name: _curve(axis, same, name) for name, same in rows.groupby("architecture", sort=False)}
    axis.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"$10^{{{value:.0f}}}$"))
    _dress(axis, rows, "relevance (1: a flat map)")
    if labelled:
        _label_families(axis, curves)
    if blind:
        _mark_blindness(axis, rows, curves)


def _curve(axis: Axes, rows: pd.DataFrame, architecture: Any, *, linear: bool = False) -> pd.Series:
    _, colour, line = STYLES.get(architecture, (architecture, "black", "-"))
    seeds = pd.DataFrame({seed: _relative(one) for seed, one in rows.groupby("seed")})
    if linear:
        seeds = 10**seeds
    mean: pd.Series = seeds.mean(axis=1)
    axis.fill_between(seeds.index, seeds.min(axis=1), seeds.max(axis=1), color=colour, alpha=0.2, linewidth=0)
    axis.plot(mean, color=colour, linestyle=line, linewidth=2)
    return mean


def _relative(profile: pd.DataFrame) -> pd.Series:
    """Return log10 of relevance over its mean over time, by distance."""
    logs = pd.Series(log10_relevance(profile), index=profile.distance)
    return logs - np.log10(np.mean(10.0 ** logs.to_numpy()))


def _linear(axis: Axes, rows: pd.DataFrame, *, labelled: bool) -> None:
    axis.set_title("the same, attention only, linear axis")
    curves = {}
    for name, same in rows.groupby("architecture", sort=False):
        if name in ATTENTION:
            curves[name] = _curve(axis, same, name, linear=True)
    axis.axhline(1, color="0.4", linewidth=1, linestyle=":")
    axis.set_ylim(0, 2.5)
    _dress(axis, rows, "relevance (1: a flat map)")
    if labelled:
        for height, name in zip((0.93, 0.84), curves, strict=False):
            words, colour, _ = STYLES[str(name)]
            axis.text(0.97, height, words, color=colour, transform=axis.transAxes, ha="right", va="top")


def _dress(axis: Axes, rows: pd.DataFrame, label: str) -> None:
    evidence = rows.groupby("distance").evidence.mean()
    inside = evidence.index[evidence > 0]
    if len(inside) and (rows.trained == "yes").all():
        axis.axvspan(inside.min() - 0.5, inside.max() + 0.5, color="0.9", zorder=0)
        axis.text(
            (inside.min() + inside.max()) / 2, 0.02, "evidence", color="0.35", ha="center", va="bottom",
            transform=axis.get_xaxis_transform(),
        )  # fmt: skip
    axis.set(xlabel="steps before the last one", ylabel=label, xlim=(0, rows.distance.max()))
    sns.despine(ax=axis)


def _label_families(axis: Axes, curves: dict[Any, pd.Series]) -> None:
    low = min(curve.min() for curve in curves.values())
    for position, (name, curve) in enumerate(curves.items()):
        words, colour, line = STYLES.get(name, (name, "black", "-"))
        attends = name in ATTENTION
        words += " (dashed)" if line == "--" else ""
        height = 0.10 * low if attends else 0.55 * low
        axis.text(
            curve.index.max() * (0.98 if attends else 0.03), height + 0.09 * low * (position % 2), words, color=colour,
            ha="right" if attends else "left", va="center",
        )  # fmt: skip


def _mark_blindness(axis: Axes, rows: pd.DataFrame, curves: dict[Any, pd.Series]) -> None:
    zero = rows[rows.architecture == "lstm"].groupby("distance").underflow_float32.mean() > 0.5
    if not zero.any() or "lstm" not in curves:
        return
    distance = zero.index[zero].min()
    height = curves["lstm"][distance]
    axis.plot([distance], [height], "o", color="black", markersize=7)
    axis.annotate(
        f"from {distance} steps on,\nmost LSTM maps are\nexactly zero in float32",
        (distance, height),
        (0.4, 0.88),
        textcoords="axes fraction",
        va="top",
    )


def _theory(axis: Axes, rows: pd.DataFrame) -> None:
    """Draw one architecture's relevance over that of the last step, beside the gains of four products."""
    lstm = rows[rows.architecture == rows.architecture.iloc[0]]
    axis.set_title(f"{STYLES['lstm'][0]} before training: measured relevance and what products of Jacobians predict")
    measured = _from_last(lstm, None)
    axis.plot(measured, color="black", linewidth=3.5, alpha=0.55)
    ends = [(measured.iloc[-1], "measured, autograd", "black")]
    for name, (colour, line) in THEORY.items():
        curve = _from_last(lstm, f"log10_{name}")
        axis.plot(curve, color=colour, linestyle=line, linewidth=2.2)
        ends.append((curve.iloc[-1], PREDICTIONS[name], colour))
    axis.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"$10^{{{value:.0f}}}$"))
    end = measured.index.max()
    axis.set(xlabel="steps before the last one", ylabel="relative to the last step", xlim=(0, 1.36 * end))
    axis.set_xticks([tick for tick in MaxNLocator(6, integer=True).tick_values(0, end) if 0 <= tick <= end])
    sns.despine(ax=axis)
    for height, words, colour in _apart(ends, axis):
        axis.text(1.01 * end, height, words, color=colour, va="center")


def _from_last(rows: pd.DataFrame, column: str | None) -> pd.Series:
    """Return log10 of the relevance or of a column, less its value at the last step, as the mean over seeds."""
    seeds = {}
    for seed, one in rows.groupby("seed"):
        values = log10_relevance(one) if column is None else one[column].to_numpy()
        curve = pd.Series(values, index=one.distance).sort_index()
        seeds[seed] = curve - curve.iloc[0]
    mean: pd.Series = pd.DataFrame(seeds).mean(axis=1)
    return mean


def _apart(ends: list[tuple[float, str, Any]], axis: Axes) -> Iterator[tuple[float, str, Any]]:
    """Yield the labels from top to bottom, at least a line's height apart."""
    low, high = axis.get_ylim()
    gap, above = 0.065 * (high - low), np.inf
    for height, words, colour in sorted(ends, key=lambda end: -end[0]):
        above = min(height, above - gap)
        yield above, words, colour
