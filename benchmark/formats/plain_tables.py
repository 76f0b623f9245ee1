"""A leaderboard as tables of plain numbers, for programs: CSV and Parquet."""

import pandas as pd

from ..leaderboards.results_folder import ResultsFolder
from ..leaderboards.score_columns import with_scores_of
from ..storage.csv_tables import to_csv
from ..suites.registry import Registries
from .render import View


def csv_of(results: ResultsFolder, view: View, registries: Registries) -> bytes:
    """Return the rows and scores that are shown as CSV."""
    return to_csv(_shown(results, view, registries))


def parquet_of(results: ResultsFolder, view: View, registries: Registries) -> bytes:
    """Return the rows and scores that are shown as Parquet."""
    return bytes(_shown(results, view, registries).to_parquet(index=False))


def _shown(results: ResultsFolder, view: View, registries: Registries) -> pd.DataFrame:
    return with_scores_of(view.of(results, registries).table, view.metrics, registries.metrics)
