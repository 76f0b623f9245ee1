"""Numbers and words as tables print them."""

import math
import unicodedata
from collections.abc import Callable

import pandas as pd

_DIRECTIONS = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")


def number(value: float) -> str:
    """Return a score with three digits and without a minus before zeros, and nothing for NaN."""
    return "" if math.isnan(value) else f"{value:z.3f}"


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


def three(value: float) -> str:
    """Return a number with three decimals, as `number` writes it, or a dash where there is none."""
    return number(value) or "–"


def percent(value: float) -> str:
    """Return a share in [0, 1] as a percentage, or a dash where there is none."""
    return "–" if math.isnan(value) else f"{100 * value:z.1f} %"


def span(values: pd.Series, show: Callable[[float], str] = three) -> str:
    """Return the smallest and the largest of numbers as show writes them, once where it writes them alike."""
    return " to ".join(dict.fromkeys((show(values.min()), show(values.max()))))


def markdown(table: pd.DataFrame) -> str:
    """Return a table in Markdown, numbers with three decimals."""
    lines = [[str(name).replace("_", " ") for name in table.columns], ["---"] * len(table.columns)]
    lines += [[_cell(value) for value in row] for row in table.itertuples(index=False)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(value: object) -> str:
    if pd.isna(value):
        return ""
    text = number(value) if isinstance(value, float) else str(value)
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")
