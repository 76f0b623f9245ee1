"""Numbers and tables as they stand in running text."""

import math

import pandas as pd


def three(value: float) -> str:
    """Return a number with three decimals, or a dash where there is none."""
    return "–" if math.isnan(value) else f"{value:.3f}"


def percent(value: float) -> str:
    """Return a share in [0, 1] as a percentage, or a dash where there is none."""
    return "–" if math.isnan(value) else f"{100 * value:.1f} %"


def markdown(table: pd.DataFrame) -> str:
    """Return a table in Markdown, numbers with three decimals."""
    lines = [[str(name).replace("_", " ") for name in table.columns], ["---"] * len(table.columns)]
    lines += [[_cell(value) for value in row] for row in table.itertuples(index=False)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(value: object) -> str:
    if pd.isna(value):
        return ""
    text = f"{value:.3f}" if isinstance(value, float) else str(value)
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")
