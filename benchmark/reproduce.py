"""Published numbers beside measured ones."""

import csv
import math
import tomllib
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pandas as pd

from .collection import Collection
from .console import execute, finish
from .leaderboard import to_csv
from .registry import load_registries
from .runner import Result
from .statistics import Interval, mean_interval, prediction_interval
from .store import open_store, write_atomically
from .suite import load_suite
from .vanishing import vanishing

HIGHEST = {"weighted_jaccard": 1.0, "euclidean": math.inf, "accuracy": 1.0}  # of the quantities; the lowest is 0
ROUNDING = 0.0005  # half of the last published digit
UNEXPLAINED = "no explanation on record: it did not occur in the committed run"


def table1(results: Path, device: str, workers: int | None) -> Iterator[str]:
    """Run the suite table1 as far as it is missing, and yield its comparison with the source line by line.

    Args:
        results: parent of the folder table1.
        device: "auto", "cpu" or "cuda".
        workers: processes; None takes one a core.

    Raises:
        StoreError: a result cannot be read or written.
        SaltbenchError: a cell failed; all others are complete.
    """
    result = execute(load_suite("table1", load_registries()), results, device, workers, ())
    yield from report_table1(result)
    finish(result)


def report_table1(result: Result) -> Iterator[str]:
    """Write table1's published_vs_measured.csv and yield it as lines for people, with a verdict on all 72 numbers.

    A published number is taken as one run; it agrees if it lies, allowing for its rounding, in the 95 % interval in
    which one further run of ours is expected. Accuracies are shares in [0, 1].

    Raises:
        StoreError: the CSV file cannot be written.
    """
    table = compare_table1(result.collection)
    path = result.folder / "published_vs_measured.csv"
    with open_store(result.folder):
        write_atomically(path, to_csv(table))
    yield f"{'task':15}{'architecture':21}{'quantity':18}{'published':>9}  {'measured (95 % for one run)':28}agrees"
    for row in table.itertuples():
        measured = f"{row.measured:.3f} ({row.run_low:.3f} … {row.run_high:.3f})"
        yield f"{row.task:15}{row.architecture:21}{row.quantity:18}{row.published:9.3f}  {measured:28}{row.agrees}"
        if row.agrees != "yes":
            yield f"    why: {row.reason}"
    inside = ((table.low - ROUNDING <= table.published) & (table.published <= table.high + ROUNDING)).sum()
    agreeing = (table.agrees == "yes").sum()
    yield f"{agreeing} of {len(table)} published numbers agree; {inside} lie even in the 95 % interval of our mean"
    yield f"details in {path}"


Reproduction = Callable[[Path, str, int | None], Iterator[str]]  # (results, device, workers) to lines for people

REPRODUCTIONS: dict[str, Reproduction] = {"table1": table1, "vanishing": vanishing}


def compare_table1(collection: Collection) -> pd.DataFrame:
    """Return one row per published number.

    Columns: task, architecture, quantity, published, seeds, measured (mean over seeds), low and high (95 % of the
    mean), run_low and run_high (95 % of one further run), agrees (yes or no; unknown without two seeds), reason.
    """
    explanations = tomllib.loads(_published("table1.toml"))
    return pd.DataFrame(
        [
            _row(published, quantity, collection, explanations)
            for published in csv.DictReader(_published("table1.csv").splitlines())
            for quantity in HIGHEST
        ]
    )


def _row(published: dict[str, str], quantity: str, collection: Collection, explanations: Any) -> dict[str, Any]:
    scale = 100 if quantity == "accuracy" else 1
    value = float(published[quantity]) / scale
    per_seed = _per_seed(collection, published["task"], published["architecture"], quantity)
    mean, run = (make(per_seed).within(0, HIGHEST[quantity]) for make in (mean_interval, prediction_interval))
    agrees = _agrees(value, run)
    notes = explanations.get(published["task"], {}).get(published["architecture"], {})
    return {
        "task": published["task"],
        "architecture": published["architecture"],
        "quantity": quantity,
        "published": value,
        "seeds": len(per_seed),
        "measured": mean.mean,
        "low": mean.low,
        "high": mean.high,
        "run_low": run.low,
        "run_high": run.high,
        "agrees": agrees,
        "reason": "" if agrees == "yes" else notes.get(quantity, UNEXPLAINED),
    }


def _per_seed(collection: Collection, task: str, architecture: str, quantity: str) -> list[float]:
    table = collection.cells if quantity == "accuracy" else collection.scores
    rows = table[(table.task == task) & (table.architecture == architecture) & (table.method == "saliency")]
    return [float(value) for value in rows.groupby("seed")[quantity].mean().dropna()]


def _agrees(value: float, run: Interval) -> str:
    if math.isnan(run.low):
        return "unknown"
    return "yes" if run.low - ROUNDING <= value <= run.high + ROUNDING else "no"


def _published(name: str) -> str:
    return (resources.files(__package__) / "published" / name).read_text("utf-8")
