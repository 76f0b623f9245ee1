"""The tables of a run, made from what its store holds."""

import hashlib
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from ..execution.collection import Collection
from ..leaderboards.cost import COST, cost
from ..leaderboards.leaderboard import leaderboard
from ..leaderboards.sample_scores import FILE as SCORES
from ..leaderboards.statistical_tables import statistical_tables
from ..storage.csv_tables import to_csv
from ..suites.provenance import Provenance, write_tables
from ..suites.registry import Registries
from ..suites.suite import Suite


class Tables(NamedTuple):
    """Tables that were written.

    Attributes:
        leaderboard: that of the run.
        digests: of all of them, by file name.
    """

    leaderboard: pd.DataFrame
    digests: dict[str, str]


def make_tables(suite: Suite, device: str, collection: Collection, registries: Registries, folder: Path) -> Tables:
    """Write leaderboard, statistics, cost and the scores of every sample into a results folder, and its provenance.

    Raises:
        StoreError: a file cannot be written.
    """
    metrics = [registries.metrics.get(metric.name) for metric in suite.metrics]
    table = leaderboard(collection, metrics, suite.seeds)
    tables = {
        "leaderboard.csv": table,
        **statistical_tables(collection, metrics, suite.seeds),
        COST: cost(collection),
    }
    scores = bytes(collection.scores.to_parquet(index=False))
    contents = {SCORES: scores, **{name: to_csv(one) for name, one in tables.items()}}
    write_tables(folder, contents, Provenance(suite, device, collection.environments))
    return Tables(table, {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()})
