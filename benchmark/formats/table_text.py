"""The words and numbers that the tables for readers share."""

import math

from ..style.numbers import number
from .table_layout import Grid, TableEntry

BETTER = {True: "↑", False: "↓", None: ""}


def caption(grid: Grid, best: str, tied: str, at_chance: str, needless: str) -> list[str]:
    """Return the sentences that explain a table, given what its marks look like."""
    entries = list(grid.entries)
    sentences = [f"{grid.title}."]
    if any(not math.isnan(entry.low) for entry in entries):
        sentences.append("Beside a score are its 95 % confidence bounds.")
    if any(entry.best for entry in entries):
        sentences.append(f"{best}: the best score of a method on a task and architecture.")
    if not grid.ties_known:
        sentences.append("Ties with the best are not marked: that needs the scores of every sample.")
    elif any(entry.tied for entry in entries):
        pooled = ", or of pooled scores a paired bootstrap" if grid.has_pooled else ""
        sentences.append(
            f"{tied}: not significantly different from the best (Wilcoxon signed-rank test on the same samples"
            f"{pooled}, corrected by Holm, 5 %)."
        )
    if any(entry.at_chance for entry in entries):
        sentences.append(f"{at_chance}: an accuracy that guessing explains.")
    if any(entry.needless for entry in entries):
        sentences.append(f"{needless}: a network that does not need the truth, which cannot judge its maps.")
    return sentences


def bounds(entry: TableEntry) -> tuple[str, str]:
    """Return how far the bounds lie below and above the score, as they are printed; nothing where there are none."""
    if math.isnan(entry.low) or math.isnan(entry.high):
        return "", ""
    return number(entry.value - entry.low), number(entry.high - entry.value)
