"""Numbers and tables as they stand in running text."""

import math

import pandas as pd

from .render import render


def three(value: float) -> str:
    """Return a number with three decimals, or a dash where there is none."""
    return "–" if math.isnan(value) else f"{value:.3f}"


def percent(value: float) -> str:
    """Return a share in [0, 1] as a percentage, or a dash where there is none."""
    return "–" if math.isnan(value) else f"{100 * value:.1f} %"


def markdown(table: pd.DataFrame) -> str:
    """Return a table in Markdown, numbers with three decimals."""
    return render(table.rename(columns=lambda name: name.replace("_", " ")), "markdown")
