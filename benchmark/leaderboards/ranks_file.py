"""ranks.csv, the ranks of methods in each task and architecture, and which of them cannot be told from the best."""

import pandas as pd

from ..storage.csv_tables import Layout
from .columns import IDENTITY

FILE = "ranks.csv"
LAYOUT = Layout(["metric", *IDENTITY, "tied_with_best"], ["score", "rank", "p_best"], ["metric", *IDENTITY])
TIED = "True"


def tied_in(ranks: pd.DataFrame) -> set[tuple[str, ...]]:
    """Return task, architecture and method of the rows that are tied with another one, the best of their block."""
    is_tied = (ranks.tied_with_best == TIED) & ranks.p_best.notna()
    return set(ranks.loc[is_tied, IDENTITY].itertuples(index=False, name=None))
