"""The words and numbers that the tables for readers share."""

import math
import unicodedata

from .grid import Cell, Grid

_DIRECTIONS = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
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


def number(value: float) -> str:
    """Return a score with three digits and without a minus before zeros, and nothing for NaN."""
    return "" if math.isnan(value) else f"{value:z.3f}"


def bounds(cell: Cell) -> tuple[str, str]:
    """Return how far the bounds lie below and above the score, as they are printed; nothing where there are none."""
    if math.isnan(cell.low) or math.isnan(cell.high):
        return "", ""
    return number(cell.value - cell.low), number(cell.high - cell.value)


def one_line(text: str) -> str:
    """Return text with single spaces for white space, and the replacement character for what cannot be printed."""
    return harmless(" ".join(text.split()))


def harmless(text: str) -> str:
    """Return text with the replacement character for what a reader's program would obey instead of showing it."""
    return "".join("\ufffd" if _is_obeyed(one) else one for one in text)


def _is_obeyed(letter: str) -> bool:
    # control characters but for white space, halves of characters, and what turns the direction of text
    if letter in "\t\n\r":
        return False
    return unicodedata.category(letter) in ("Cc", "Cs") or unicodedata.bidirectional(letter) in _DIRECTIONS
