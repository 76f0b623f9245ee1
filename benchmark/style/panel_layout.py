"""Panels side by side on the width of a page."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .figure_style import PAGE

Item = TypeVar("Item")
LETTER, MARK = 0.058, 0.55  # inches of a legend's letter, and of what stands before it
FOOT = 0.55  # inches on a page for the legend, which is higher in a column, and the words of the last axis
TALL = 9.3  # inches of a page
MOST_NAMES = 50  # below each other on a page: bars, or marks of a key
CHOOSE = "saltbench figures draws those that --tasks, --architectures and --methods choose"


def page_grid(
    lines: Sequence[Sequence[Item]], height: float, *, width: float = PAGE, sharex: bool = True
) -> tuple[Figure, list[tuple[Item, Axes]]]:
    """Return a figure and the axes of each item, in lines of panels so many inches high with one scale of scores.

    The figure is so many inches wide.
    """
    columns = max(map(len, lines))
    figure = Figure(figsize=(width, height * len(lines) + FOOT * PAGE / width), layout="constrained")
    axes = figure.subplots(len(lines), columns, squeeze=False, sharex=sharex, sharey=True)
    used = []
    for position, line in enumerate(lines):
        used += list(zip(line, axes[position], strict=False))
        for column in range(len(line), columns):
            axes[position - 1][column].tick_params(labelbottom=True)
            axes[position][column].set_visible(False)
    return figure, used


def lines_on_a_page(
    lines: Sequence[Sequence[Item]], height: float, *, width: float = PAGE
) -> tuple[list[Sequence[Item]], int]:
    """Return the first lines, at least one, of panels so many inches high that fit a page; and how many do not."""
    most = max(1, int((TALL - FOOT * PAGE / width) / height))
    return list(lines[:most]), sum(map(len, lines[most:]))


def first_names(names: Iterable[str], most: int = MOST_NAMES) -> tuple[list[str], int]:
    """Return the first different names, and how many others there are."""
    different = list(dict.fromkeys(names))
    return different[:most], max(0, len(different) - most)


def left_out(counts: Mapping[str, int]) -> str:
    """Return a line that says how many panels, methods, … do not fit a page; empty where all do."""
    parts = [f"{count} more {what if count > 1 else what.removesuffix('s')}" for what, count in counts.items() if count]
    verb = "do" if len(parts) > 1 or max(counts.values(), default=0) > 1 else "does"
    return f"{' and '.join(parts)} {verb} not fit the page: {CHOOSE}" if parts else ""


def chunks(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """Yield the items in order, at most so many at a time."""
    for first in range(0, len(items), size):
        yield items[first : first + size]


def drawn_lines(axes: Iterable[Axes]) -> dict[str, Any]:
    """Return the labelled lines of panels by their words, each once."""
    return {words: line for axis in axes for line, words in zip(*axis.get_legend_handles_labels(), strict=True)}


def legend_above(figure: Figure, handles: Mapping[str, Any]) -> None:
    """Give a figure a legend above its panels, in as many columns as its words leave room for."""
    if handles:
        columns = int(figure.get_figwidth() / (MARK + LETTER * max(map(len, handles))))
        columns = max(1, min(columns, len(handles)))
        figure.legend(
            list(handles.values()), list(handles), loc="outside upper center", ncols=columns, frameon=False
        )  # fmt: skip
