"""A leaderboard as it is shown and compared: its table, the per-sample scores beside it, and a choice of its rows."""

import fnmatch
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from ...entry import unknown
from ...errors import UnknownNameError
from ..suites.provenance import recorded
from .columns import IDENTITY
from .leaderboard import read_csv
from .sample_scores import FILE as SCORES
from .sample_scores import read_scores
from .shared_samples import over_data


@dataclass(frozen=True)
class Board:
    """A leaderboard.

    Attributes:
        path: the folder or CSV file it was read from.
        table: the leaderboard, one row for each task, architecture and method.
        scores: one row a sample, as in `Collection.scores`; None where there are none.
        without_scores: why there are none.
    """

    path: Path
    table: pd.DataFrame
    scores: pd.DataFrame | None = None
    without_scores: str = ""

    @property
    def name(self) -> str:
        """The suite's name, which is that of the folder."""
        absolute = self.path.absolute()
        return absolute.parent.name if absolute.suffix == ".csv" else absolute.name


def read_board(path: Path) -> Board:
    """Return the leaderboard of a results folder, or of a CSV file alone.

    The folder's per-sample scores join it if the table's numbers are their means. Those of a crossed suite are averaged
    over repetitions that explain the same samples.

    Raises:
        StoreError: there is no leaderboard, or one of the files is damaged.
    """
    table = read_csv(path)
    if not path.is_dir():
        return Board(path, table, None, f"{path} is a CSV file alone, per-sample scores are read from a folder")
    if not (path / SCORES).exists():
        return Board(path, table, None, f"{path} holds no {SCORES}")
    scores = read_scores(path / SCORES, metric_names(table))
    if record := recorded(path):
        scores = over_data(scores, record.suite.seeds)
    if stranger := _other_means(table, scores):
        return Board(path, table, None, f"{SCORES} in {path} is of another run than leaderboard.csv ({stranger})")
    return Board(path, table, scores)


def metric_names(table: pd.DataFrame) -> list[str]:
    """Return the metrics of a leaderboard: the columns that have bounds beside them."""
    return [name for name in table.columns if f"{name}_low" in table and f"{name}_high" in table]


def chosen(kind: str, patterns: Sequence[str], names: Sequence[str]) -> list[str]:
    """Return the names that match any of the shell patterns, each once, in the patterns' order.

    Raises:
        UnknownNameError: a pattern that matches nothing.
    """
    found: dict[str, None] = {}
    for pattern in patterns:
        matching = [name for name in names if fnmatch.fnmatchcase(name, pattern)]
        if not matching:
            raise UnknownNameError(unknown(kind, pattern, set(names)))
        found |= dict.fromkeys(matching)
    return list(found)


def narrowed(
    board: Board, tasks: Sequence[str] = (), architectures: Sequence[str] = (), methods: Sequence[str] = ()
) -> Board:
    """Return the board with the rows whose names match a shell pattern of each kind; no pattern matches all.

    Reference methods have no architecture: patterns of architectures keep them, patterns of methods do not.

    Raises:
        UnknownNameError: a pattern that matches nothing.
    """
    table, scores = board.table, board.scores
    for column, patterns in zip(IDENTITY, (tasks, architectures, methods), strict=True):
        if patterns:
            kept = chosen(column, patterns, [name for name in board.table[column] if name])
            kept += [""] if column == "architecture" else []
            table = table[table[column].isin(kept)]
            scores = scores if scores is None else scores[scores[column].isin(kept)]
    if table.empty:
        raise UnknownNameError(f"no row of {board.path} matches all of the patterns together; widen one of them")
    return replace(board, table=table.reset_index(drop=True), scores=scores)


def _other_means(table: pd.DataFrame, scores: pd.DataFrame) -> str:
    names = metric_names(table)
    means = scores.groupby([*IDENTITY, "seed"])[names].mean().groupby(IDENTITY).mean()
    complete = table[table.status == "ok"].set_index(IDENTITY)[names]
    equal = np.isclose(complete, means.reindex(complete.index), equal_nan=True).all(axis=1)
    return "" if equal.all() else f"first seen at {' '.join(filter(None, complete.index[~equal][0]))}"
