"""The words and numbers that the tables for readers share."""

import math

from ..style.numbers import number
from .table_layout import Cell, Grid

BETTER = {True: "↑", False: "↓", None: ""}


def caption(grid: Grid, best: str, tied: str, at_chance: str) -> list[str]:
    """Return the sentences that explain a table, given what its marks look like."""
    cells = list(grid.cells)
    sentences = [f"{grid.title}."]
    if any(not math.isnan(cell.low) for cell in cells):
        sentences.append("Beside a score are its 95 % confidence bounds.")
    if any(cell.best for cell in cells):
        sentences.append(f"{best}: the best score of a method on a task and architecture.")
    if not grid.ties_known:
        sentences.append("Ties with the best are not marked: that needs the scores of every sample.")
    elif any(cell.tied for cell in cells):
        sentences.append(
            f"{tied}: not significantly different from the best (Wilcoxon signed-rank test on the same samples, "
            "corrected by Holm, 5 %)."
        )
    if any(cell.at_chance for cell in cells):
        sentences.append(f"{at_chance}: an accuracy that guessing explains.")
    return sentences


def bounds(cell: Cell) -> tuple[str, str]:
    """Return how far the bounds lie below and above the score, as they are printed; nothing where there are none."""
    if math.isnan(cell.low) or math.isnan(cell.high):
        return "", ""
    return number(cell.value - cell.low), number(cell.high - cell.value)
