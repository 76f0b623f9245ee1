"""Published numbers beside measured ones, and whether they agree."""

import csv
import math
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import pandas as pd

from ..execution.collection import Collection
from ..statistics.intervals import Interval, mean_interval, prediction_interval
from ..storage.csv_tables import to_csv
from ..suites.provenance import open_results, write_tables

FILE = "published_vs_measured.csv"
HIGHEST = {"weighted_jaccard": 1.0, "euclidean": math.inf, "accuracy": 1.0}  # of the quantities; the lowest is 0
PERCENT = ("accuracy",)  # published so; we write shares
UNEXPLAINED = "no explanation on record: it did not occur in the committed run"


@dataclass(frozen=True)
class Publication:
    """Numbers of the source: published/<name>.csv, and <name>.toml with the reasons where ours disagree.

    Attributes:
        name: of the two files.
        error: how far a number as it stands in the file may be from the source's own: half of the last printed digit,
            or how closely it can be read off a figure.
    """

    name: str
    error: float


def compare(collection: Collection, publication: Publication) -> pd.DataFrame:
    """Return one row per published number.

    A published number is taken as one run; it agrees if it lies, allowing for its error, in the 95 % interval in
    which one further run of ours is expected.

    Columns: task, architecture, quantity, published, seeds, measured (mean over seeds), low and high (95 % of the
    mean), run_low and run_high (95 % of one further run), agrees (yes or no; unknown without two seeds), reason.
    """
    explanations = tomllib.loads(published_text(f"{publication.name}.toml"))
    return pd.DataFrame(
        [
            _row(published, quantity, collection, explanations, publication.error)
            for published in csv.DictReader(published_text(f"{publication.name}.csv").splitlines())
            for quantity in HIGHEST
            if quantity in published
        ]
    )


def report(table: pd.DataFrame, publication: Publication, folder: Path) -> Iterator[str]:
    """Write published_vs_measured.csv into folder and yield it as lines for people, each with whether it agrees.

    Raises:
        StoreError: the CSV file cannot be written, or another run holds the folder.
    """
    path = folder / FILE
    with open_results(folder):
        write_tables(folder, {FILE: to_csv(table)})
    yield f"{'task':15}{'architecture':21}{'quantity':18}{'published':>9}  {'measured (95 % for one run)':28}agrees"
    for row in table.itertuples():
        measured = f"{row.measured:.3f} ({row.run_low:.3f} … {row.run_high:.3f})"
        yield f"{row.task:15}{row.architecture:21}{row.quantity:18}{row.published:9.3f}  {measured:28}{row.agrees}"
        if row.agrees != "yes":
            yield f"    why: {row.reason}"
    agreeing, inside = (table.agrees == "yes").sum(), count_inside_mean(table, publication)
    yield f"{agreeing} of {len(table)} published numbers agree; {inside} lie even in the 95 % interval of our mean"
    yield f"details in {path}"


def count_inside_mean(table: pd.DataFrame, publication: Publication) -> int:
    """Return how many published numbers lie, allowing for their error, in the 95 % interval of our mean."""
    error = publication.error
    return int(((table.low - error <= table.published) & (table.published <= table.high + error)).sum())


def published_text(name: str) -> str:
    """Return a file of the folder published/."""
    return (resources.files(__package__) / "published" / name).read_text("utf-8")


def _row(
    published: dict[str, str], quantity: str, collection: Collection, explanations: Any, error: float
) -> dict[str, Any]:
    value = float(published[quantity]) / (100 if quantity in PERCENT else 1)
    per_seed = _per_seed(collection, published["task"], published["architecture"], quantity)
    mean, run = (make(per_seed).within(0, HIGHEST[quantity]) for make in (mean_interval, prediction_interval))
    agrees = agreement(value, run, error)
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


def agreement(value: float, run: Interval, error: float) -> str:
    """Return yes where the interval of a further run, widened by the error of value, holds it; unknown without one."""
    if math.isnan(run.low):
        return "unknown"
    return "yes" if run.low - error <= value <= run.high + error else "no"
