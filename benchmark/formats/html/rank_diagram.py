"""Critical-difference diagrams of the page: what they say in words, and where their lines run."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ...statistics.method_ranks import Overall
from .table import words

LENGTH = 320.0  # of the axis
LETTER = 7.6  # width at most of a name's letters, on the average
AXIS = 46  # height of the axis
CLIQUE = 10  # distance between the bars of groups
LINE = 23  # distance between names


@dataclass(frozen=True)
class Leader:
    """A method's name, its mean rank, and the line between the two."""

    name: str
    rank: float
    x: float
    y: float
    on_left: bool


@dataclass(frozen=True)
class Picture:
    """A diagram's lines in the units of its drawing, (0, 0) at the top left.

    Attributes:
        width: of the drawing.
        height: of the drawing.
        start: x of rank 1, where the axis begins.
        end: x of the last rank.
        ticks: x and number of each whole rank.
        difference: x at which the bracket of the critical difference ends; None where there is none.
        cliques: from x, to x and y of each group's bar.
        leaders: the methods, best first.
    """

    width: float
    height: float
    start: float
    end: float
    ticks: tuple[tuple[float, int], ...]
    difference: float | None
    cliques: tuple[tuple[float, float, float], ...]
    leaders: tuple[Leader, ...]


@dataclass(frozen=True)
class Diagram:
    """A metric's comparison over blocks; the picture is None where fewer than two methods can be compared."""

    metric: str
    label: str
    caption: str
    picture: Picture | None


def diagram(overall: Overall) -> Diagram:
    """Return the critical-difference diagram of methods compared over blocks."""
    picture = _picture(overall) if len(overall.methods) > 1 else None
    return Diagram(overall.metric, words(overall.metric), _caption(overall), picture)


def _caption(overall: Overall) -> str:
    sentences = [_test(overall)]
    if not math.isnan(overall.critical_difference):
        sentences.append(f"Critical difference {overall.critical_difference:.2f}.")
    partial = [row.method for row in overall.coverage.itertuples() if row.blocks < row.blocks_total]
    if partial:
        sentences.append(f"Not ranked, since they lack a score in some block: {', '.join(partial)}.")
    return " ".join(sentences)


def _test(overall: Overall) -> str:
    methods, blocks = len(overall.methods), len(overall.blocks)
    compared = f"{methods} method{'s' * (methods != 1)} over {blocks} block{'s' * (blocks != 1)}"
    if math.isnan(overall.friedman_p):
        return f"{compared}, too few for a test over blocks."
    p = f"p = {overall.friedman_p:.3f}" if overall.friedman_p >= 0.001 else "p < 0.001"
    return f"{compared}. Friedman’s test: χ² = {overall.friedman:.1f}, {p}."


def _picture(overall: Overall) -> Picture:
    ranks = dict(zip(overall.methods, overall.mean_ranks, strict=True))
    count = len(ranks)
    margin = round(60 + LETTER * max(map(len, ranks)), 1)  # for names and mean ranks

    def place(rank: float) -> float:
        return round(margin + (rank - 1) / (count - 1) * LENGTH, 1)

    groups = [[ranks[method] for method in group] for group in overall.groups]
    cliques = tuple(
        (place(min(group)) - 4, place(max(group)) + 4, AXIS + CLIQUE * (position + 1.5))
        for position, group in enumerate(groups)
    )
    top = AXIS + CLIQUE * (len(groups) + 1.5) + LINE / 2
    leaders = _leaders(overall.methods, [(rank, place(rank)) for rank in overall.mean_ranks], top)
    difference = overall.critical_difference
    return Picture(
        width=2 * margin + LENGTH,
        start=margin,
        end=margin + LENGTH,
        height=max(leader.y for leader in leaders) + LINE / 2,
        ticks=tuple((place(rank), rank) for rank in range(1, count + 1)),
        difference=None if math.isnan(difference) else place(1 + difference),
        cliques=cliques,
        leaders=leaders,
    )


def _leaders(names: Sequence[str], places: Sequence[tuple[float, float]], top: float) -> tuple[Leader, ...]:
    """Return the better half with names on the left, best on top, and the others on the right, worst on top."""
    half = (len(names) + 1) // 2
    rows = [*range(half), *reversed(range(len(names) - half))]
    return tuple(
        Leader(name, rank, x, top + LINE * row, position < half)
        for position, (name, (rank, x), row) in enumerate(zip(names, places, rows, strict=True))
    )
