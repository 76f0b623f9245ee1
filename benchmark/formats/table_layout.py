"""A leaderboard laid out for readers: groups of rows, with the best of each block and what ties with it marked."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from ...errors import ParameterError
from ..leaderboards.columns import IDENTITY
from ..leaderboards.ranks_file import tied_in
from ..leaderboards.results_folder import ResultsFolder
from ..leaderboards.score_columns import MAIN, ScoreColumn, readable_names, score_columns
from ..suites.registry import Registries
from .render import View

ACROSS = {"tasks": "task", "architectures": "architecture"}
REFERENCES = "reference methods"
NO_NETWORK = "no network"


@dataclass(frozen=True)
class TableEntry:
    """One number of a table.

    Attributes:
        value, low, high: the score and its bounds; NaN where there is none.
        status: of the row, where it is not ok.
        best: no method of the block has a better score.
        tied: not the best, but not significantly different from it.
        at_chance: an accuracy that guessing explains.
        needless: the accuracy of a network that does not need the truth.
    """

    value: float = math.nan
    low: float = math.nan
    high: float = math.nan
    status: str = ""
    best: bool = False
    tied: bool = False
    at_chance: bool = False
    needless: bool = False


@dataclass(frozen=True)
class Group:
    """Rows under one title, each a method's name and its entries."""

    title: str
    rows: list[tuple[str, list[TableEntry]]] = field(default_factory=list)


@dataclass(frozen=True)
class Grid:
    """A table for readers.

    Attributes:
        title: what the table shows.
        headings: of the columns after the method's.
        directions: of each column, whether higher is better; None where that is no question.
        groups: the rows.
        ties_known: the ties could be marked.
        has_pooled: a score is one of all samples together, of which no sample has its own.
    """

    title: str
    headings: list[str]
    directions: list[bool | None]
    groups: list[Group]
    ties_known: bool
    has_pooled: bool = False

    @property
    def entries(self) -> Iterator[TableEntry]:
        """All entries."""
        return (entry for group in self.groups for _, entries in group.rows for entry in entries)


def grid_of(results: ResultsFolder, view: View, registries: Registries) -> Grid:
    """Return the rows and scores that are shown, laid out.

    Raises:
        UnknownNameError: a pattern that matches nothing, or a metric whose direction no entry says.
        ParameterError: as `lay_out`.
        StoreError: the leaderboard or the scores beside it are damaged.
    """
    shown = view.of(results, registries)
    default = (MAIN,) if view.across else readable_names(shown.table, registries.metrics)
    return lay_out(shown, score_columns(shown.table, view.metrics, default, registries.metrics), view.across)


def lay_out(results: ResultsFolder, columns: Sequence[ScoreColumn], across: str = "") -> Grid:
    """Return the leaderboard with a row for each method, grouped by task and architecture.

    Args:
        results: whose leaderboard is shown.
        columns: the scores to show.
        across: "tasks" or "architectures" gives each of them a column, for the one score that is shown.

    Raises:
        ParameterError: across is something else, or there is not one score to put across.
    """
    if not across:
        return _by_score(results, columns)
    if across not in ACROSS:
        raise ParameterError(f"--across must be tasks or architectures, got '{across}'")
    if len(columns) != 1:
        names = ", ".join(column.name for column in columns) or "none"
        raise ParameterError(f"--across shows one score, got {len(columns)} ({names}); choose one with --metrics")
    return _by_name(results, columns[0], ACROSS[across])


def _by_score(results: ResultsFolder, columns: Sequence[ScoreColumn]) -> Grid:
    scores = [_entries(results, column) for column in columns]
    groups: dict[tuple[str, str], Group] = {}
    for position, row in enumerate(results.table.to_dict("records")):
        at_chance = row["at_chance"] == "true"
        needless = row.get("needs_truth") == "false" and not at_chance  # who guesses needs nothing
        accuracy = TableEntry(row["accuracy"], at_chance=at_chance, needless=needless)
        group = groups.setdefault(
            (row["task"], row["architecture"]), Group(f"{row['task']}, {row['architecture'] or REFERENCES}")
        )
        group.rows.append((row["method"], [accuracy, *(entries[position] for entries in scores)]))
    headings = ["accuracy", *(readable(column.name) for column in columns)]
    directions = [None, *(column.higher_is_better for column in columns)]
    has_pooled = any(column.metric.is_pooled for column in columns)
    return Grid(_title(results), headings, directions, list(groups.values()), results.knows_ties, has_pooled)


def _by_name(results: ResultsFolder, column: ScoreColumn, across: str) -> Grid:
    names = sorted(dict.fromkeys(results.table[across]), key=lambda name: name == "")
    groups: dict[tuple[str, bool], Group] = {}
    rows: dict[tuple[tuple[str, bool], str], list[TableEntry]] = {}
    for row, entry in zip(results.table.to_dict("records"), _entries(results, column), strict=True):
        key = (row["architecture" if across == "task" else "task"], row["architecture"] == "")
        group = groups.setdefault(key, Group(_across_title(*key)))
        if (key, row["method"]) not in rows:
            rows[key, row["method"]] = [TableEntry() for _ in names]
            group.rows.append((row["method"], rows[key, row["method"]]))
        rows[key, row["method"]][names.index(row[across])] = entry
    in_order = [groups[key] for key in sorted(groups, key=lambda key: key == ("", True))]
    title = f"{_title(results)}: {readable(column.name)}, {'higher' if column.higher_is_better else 'lower'} is better"
    headings = [name or NO_NETWORK for name in names]
    return Grid(title, headings, [None] * len(names), in_order, results.knows_ties, column.metric.is_pooled)


def _across_title(name: str, is_reference: bool) -> str:
    return ", ".join(filter(None, [name, REFERENCES if is_reference else ""]))


def _entries(results: ResultsFolder, column: ScoreColumn) -> list[TableEntry]:
    best, tied = _best(results.table, column), _tied(results, column)
    rows = zip(results.table.to_dict("records"), best, strict=True)
    return [_entry(row, column.name, is_best, _identity(row) in tied) for row, is_best in rows]


def _entry(row: Mapping[str, Any], name: str, is_best: bool, is_tied: bool) -> TableEntry:
    value = row[name]
    return TableEntry(
        value=value,
        low=row.get(f"{name}_low", math.nan),
        high=row.get(f"{name}_high", math.nan),
        status="" if row["status"] == "ok" else row["status"],
        best=is_best,
        tied=is_tied and not is_best and not math.isnan(value),
    )


def _identity(row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(row[name] for name in IDENTITY)


def _best(table: pd.DataFrame, column: ScoreColumn) -> list[bool]:
    ranked = table[column.name].where((table.status == "ok") & (table.architecture != ""))
    blocks = ranked.groupby([table.task, table.architecture])
    best = blocks.transform("max" if column.higher_is_better else "min")
    # the only method of a block is not the best of anything
    return [bool(one) for one in (ranked == best) & (blocks.transform("count") > 1)]


def _tied(results: ResultsFolder, column: ScoreColumn) -> set[tuple[str, ...]]:
    # correcting for chance is one linear map a task: it moves neither order nor ties within a block
    if (ranks := results.ranks_by(column.metric)) is not None:
        return tied_in(ranks)
    if results.scores is None:
        return set()
    from ..statistics.block_ranks import rank_within_blocks  # loads SciPy, which a table without ties does not need

    table = rank_within_blocks(results.scores, column.metric)
    return set(table.loc[table.tied_with_best & table.p_best.notna(), IDENTITY].itertuples(index=False, name=None))


def _title(results: ResultsFolder) -> str:
    table = results.table[results.table.status == "ok"]
    if table.empty:
        return f"Leaderboard of {results.name}"
    samples, seeds = (_range(table[column]) for column in ("samples", "seeds"))
    return f"Leaderboard of {results.name}, means over {samples} samples of {seeds} seed{'' if seeds == '1' else 's'}"


def _range(numbers: "pd.Series[Any]") -> str:
    low, high = int(numbers.min()), int(numbers.max())
    return f"{low}" if low == high else f"{low} to {high}"


def readable(name: str) -> str:
    """Return a column's name as words."""
    return name.replace("_", " ")
