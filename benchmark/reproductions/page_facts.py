"""What the texts of results/README.md are filled with, read from each reproduction's tables."""

from pathlib import Path

import pandas as pd

from ...errors import StoreError
from ..comparisons.published import FILE, Publication, count_inside_mean
from ..leaderboards.leaderboard_file import FILE as LEADERBOARD
from ..leaderboards.leaderboard_file import LAYOUT
from ..leaderboards.results_folder import ResultsFolder
from ..leaderboards.rows import Rows
from ..storage.csv_tables import Layout, check_key
from ..style.numbers import markdown, percent, span, three
from .moving_box import PUBLISHED_CURVES
from .table1 import PUBLISHED_TABLE1
from .vanishing.rates import PREDICTIONS, RATE

RANDOM, INPUT = "random-uniform", "abs-input"
SCORES = ["weighted_jaccard", "euclidean", "average_precision", "roc_auc", "positional_bias"]
RANKING = ("input-cell-lstm", "lstm-self-attention")  # the source's order; both above every other architecture


def collect_table1_facts(folder: Path) -> dict[str, str]:
    """Return the facts of the section on Table 1.

    Raises:
        StoreError: a table is damaged or lacks a row.
    """
    board = read_leaderboard(folder)
    earlier = board.where(task="box/earlier")
    networks, random = _networks(board), earlier.where(method=RANDOM)
    best = _networks(earlier)
    zeros = board.where(method="zeros").number("euclidean")
    return {
        **_compared(folder, PUBLISHED_TABLE1, "box/earlier"),
        **count_networks(board),
        "random": three(random.number("weighted_jaccard")),
        "ones": three(earlier.where(method="ones").number("weighted_jaccard")),
        "measured_best": three(best.weighted_jaccard.max()),
        "zeros": three(zeros),
        "worse_than_zeros": str((networks.euclidean > zeros).sum()),
        "ap_random": three(random.number("average_precision")),
        "ap_best": three(best.average_precision.max()),
    }


def collect_moving_box_facts(folder: Path) -> dict[str, str]:
    """Return the facts of the section on the moving box.

    Raises:
        StoreError: a table is damaged or lacks a row.
    """
    board, comparison = read_leaderboard(folder), _comparison(folder)
    random = board.where(method=RANDOM).table.weighted_jaccard
    attention = comparison.where(quantity="weighted_jaccard", architecture=RANKING[0]).table
    compared = comparison.table[["task", "quantity"]].drop_duplicates().itertuples(index=False)
    in_order = [_is_ranked(comparison.where(task=row.task, quantity=row.quantity)) for row in compared]
    return {
        **_compared(folder, PUBLISHED_CURVES),
        **count_networks(board),
        "ordered": str(sum(in_order)),
        "orders": str(len(in_order)),
        "seeds": str(comparison.table.seeds.max()),
        "width": three(((attention.run_high - attention.run_low) / 2).median()),
        "random": span(random),
        "measured_best": three(_networks(board).weighted_jaccard.max()),
    }


def collect_mnist_facts(folder: Path) -> dict[str, str]:
    """Return the facts of the section on MNIST.

    Raises:
        StoreError: a table is damaged or lacks a row.
    """
    board = read_leaderboard(folder)
    networks = _networks(board)
    by_rows = board.where(task="mnist/rows")
    bias = {name: by_rows.where(architecture=name, method="saliency") for name in ("lstm", "input-cell-lstm")}
    best = networks.loc[networks.average_precision.fillna(-1).idxmax()]
    saliency = pd.concat([board.where(method=method).table for method in ("saliency", RANDOM)])
    saliency = saliency.sort_values("task", ascending=False, kind="stable")
    return {
        **count_networks(board),
        "bias_lstm": three(bias["lstm"].number("positional_bias")),
        "bias_input_cell": three(bias["input-cell-lstm"].number("positional_bias")),
        "bias_random": three(by_rows.where(method=RANDOM).number("positional_bias")),
        "scores": markdown(saliency[["task", "architecture", "method", "accuracy", *SCORES]]),
        "above_random_ap": _above(RANDOM, board, "average_precision"),
        "ap_best": three(best.average_precision),
        "best_method": best.method,
        "best_architecture": best.architecture,
        "best_task": best.task,
        "ap_random": three(board.where(task=best.task, method=RANDOM).number("average_precision")),
        "ap_input": three(board.where(task=best.task, method=INPUT).number("average_precision")),
        "above_input": _above(INPUT, board, "average_precision"),
    }


def collect_vanishing_facts(folder: Path) -> dict[str, str]:
    """Return the facts of the section on why saliency vanishes.

    Raises:
        StoreError: the table is damaged or lacks a row.
    """
    condition = ["time", "task", "trained"]
    rates = {f"{RATE}_{name}": words for name, words in PREDICTIONS.items()}
    extremes = ["first_to_last", "share_last_10", "chain_rule_deviation"]
    texts = [*condition[1:], "architecture"]
    layout = Layout(texts, [condition[0], *extremes, RATE, *rates], [*condition, "architecture"])
    summary = ResultsFolder(folder).rows("summary.csv", layout)
    ratios = summary.table.assign(ratio=[f"10^{value:.1f}" for value in summary.table.first_to_last])
    lstm = summary.where(architecture="lstm").table
    return {
        "ratios": markdown(pivot(summary.path, ratios, condition, "architecture", "ratio")),
        "share": span(lstm.share_last_10, percent),
        "rates": markdown(lstm[[*condition, RATE, *rates]].rename(columns={RATE: "measured", **rates})),
        "conditions": str(len(lstm)),
        "too_fast": str((lstm[f"{RATE}_source_product"] > lstm[RATE]).sum()),
        "deviation": f"{summary.table.chain_rule_deviation.max():.1e}",
    }


def pivot(path: Path, table: pd.DataFrame, rows: list[str], columns: str, values: str) -> pd.DataFrame:
    """Return a table with a row for each value of rows, and a column for each of columns, in the order of the file.

    Raises:
        StoreError: two rows of the file at path, which the table is made of, would share a place.
    """
    check_key(path, table, [*rows, columns])
    wide = table.set_index([*rows, columns])[values].unstack(columns)
    # not by unstack(sort=False), with which pandas 2 puts values into wrong places
    in_order = table.set_index(rows).index.drop_duplicates(), table[columns].drop_duplicates()
    return wide.loc[in_order].reset_index()


def read_leaderboard(folder: Path) -> Rows:
    """Return a reproduction's leaderboard.

    Raises:
        StoreError: it is damaged.
    """
    layout = Layout(LAYOUT.texts, [*LAYOUT.numbers, *SCORES], LAYOUT.key)
    return ResultsFolder(folder).rows(LEADERBOARD, layout)


def _comparison(folder: Path) -> Rows:
    key = ["task", "architecture", "quantity"]
    numbers = ["published", "seeds", "measured", "low", "high", "run_low", "run_high"]
    return ResultsFolder(folder).rows(FILE, Layout([*key, "agrees", "reason"], numbers, key))


def _networks(board: Rows) -> pd.DataFrame:
    table = board.table[board.table.architecture != ""]
    if table.empty:
        raise StoreError(f"{board.path.parent.name}/{board.path.name} has no row with an architecture")
    return table


def count_networks(board: Rows) -> dict[str, str]:
    """Return how many networks there are, how many beat the random map, and how many are at chance."""
    networks = _networks(board)
    return {
        "networks": str(len(networks)),
        "above_random": _above(RANDOM, board, "weighted_jaccard"),
        "at_chance": str((networks.at_chance.astype(str).str.lower() == "true").sum()),
    }


def _above(reference: str, board: Rows, column: str) -> str:
    """Return how many rows of networks score higher than a reference method on their task."""
    level = board.where(method=reference).table.set_index("task")[column]
    networks = _networks(board)
    return str((networks[column] > networks.task.map(level)).sum())


def _compared(folder: Path, publication: Publication, *tasks: str) -> dict[str, str]:
    """Return how the published numbers fare, and the best published weighted Jaccard of the tasks (none: of all)."""
    comparison = _comparison(folder)
    table = comparison.table
    best = comparison.where(quantity="weighted_jaccard").table
    best = best[best.task.isin(tasks)] if tasks else best
    return {
        "compared": str(len(table)),
        "agreeing": str((table.agrees == "yes").sum()),
        "inside": str(count_inside_mean(table, publication)),
        "published_best": three(best.published.max()),
        "disagreements": _disagreements(table),
    }


def _disagreements(table: pd.DataFrame) -> str:
    rows = table[table.agrees != "yes"]
    if rows.empty:
        return "Nothing: all of them agree.\n"
    return markdown(rows[["task", "architecture", "quantity", "published", "measured", "agrees", "reason"]])


def _is_ranked(rows: Rows) -> bool:
    sign = -1 if rows.table.quantity.iloc[0] == "euclidean" else 1
    first, second = (sign * rows.where(architecture=name).number("measured") for name in RANKING)
    others = rows.table[~rows.table.architecture.isin(RANKING)].measured
    return bool(first > second > (sign * others).max())
