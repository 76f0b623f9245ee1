"""A leaderboard in the formats people paste."""

from collections.abc import Callable

import pandas as pd

from ..entry import unknown
from ..errors import UnknownNameError
from .leaderboard import to_csv


def render(table: pd.DataFrame, form: str) -> str:
    """Return the leaderboard as csv or markdown.

    Raises:
        UnknownNameError: another format.
    """
    if form not in FORMATS:
        raise UnknownNameError(unknown("format", form, FORMATS))
    return FORMATS[form](table)


def _markdown(table: pd.DataFrame) -> str:
    lines = [list(table.columns), ["---"] * len(table.columns)]
    lines += [[_cell(value) for value in row] for row in table.itertuples(index=False)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(value: object) -> str:
    if pd.isna(value):
        return ""
    text = f"{value:.3f}" if isinstance(value, float) else str(value)
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")


FORMATS: dict[str, Callable[[pd.DataFrame], str]] = {
    "csv": lambda table: to_csv(table).decode(),
    "markdown": _markdown,
}
