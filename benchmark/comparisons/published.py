"""Published numbers beside measured ones, and whether they agree."""

import csv
import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from importlib import resources
from pathlib import Path
from typing import Any

import pandas as pd

from ..execution.collection import Collection
from ..statistics.intervals import Interval, mean_interval, prediction_interval
from ..storage.csv_tables import to_csv
from ..suites.provenance import open_results, write_tables

FILE = "published_vs_measured.csv"
HIGHEST = {  # of the quantities; the lowest is 0
    "weighted_jaccard": 1.0,
    "euclidean": math.inf,
    "accuracy": 1.0,
    "aup:tint": 1.0,
    "aur:tint": 1.0,
    "information:tint": math.inf,
    "entropy:tint": math.inf,
}
IDENTITY = ("task", "architecture", "method")  # columns that a published table may have before its numbers
PERCENT = ("accuracy",)  # published so; we write shares
UNEXPLAINED = "no explanation on record: it did not occur in the committed run"


@dataclass(frozen=True)
class Publication:
    """Numbers of the source: published/<name>.csv, and <name>.toml with the reasons where ours disagree.

    Attributes:
        name: of the two files.
        error: how far a number as it stands in the file may be from the source's own: half of the last printed digit,
            or how closely it can be read off a figure.
        errors: of the quantities that have another.
        runs: of how many runs of the source each number is the mean.
    """

    name: str
    error: float
    errors: Mapping[str, float] = field(default_factory=dict)
    runs: int = 1

    def error_of(self, quantity: str) -> float:
        """Return how far a number of the quantity may be from the source's own."""
        return self.errors.get(quantity, self.error)


def compare(collection: Collection, publication: Publication) -> pd.DataFrame:
    """Return one row per published number.

    A published number is taken as one run, or as the mean of as many as its publication says; it agrees if it lies,
    allowing for its error, in the 95 % interval in which one further run of ours, or their mean, is expected.

    Columns: task, architecture, method (where the publication has it, otherwise it is saliency), quantity, published,
    seeds, measured (mean over seeds), low and high (95 % of the mean), run_low and run_high (95 % of the further run
    or runs), agrees (yes or no; unknown without two seeds), reason.
    """
    explanations = tomllib.loads(published_text(f"{publication.name}.toml"))
    return pd.DataFrame(
        [
            _row(published, quantity, collection, explanations, publication)
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
    named = [name for name in (*IDENTITY, "quantity") if name in table]
    widths = {name: max(map(len, (name, *table[name]))) + 2 for name in named}
    expected = "one run" if publication.runs == 1 else f"{publication.runs} runs"
    heading = "".join(f"{name:{width}}" for name, width in widths.items())
    yield f"{heading}{'published':>9}  {f'measured (95 % for {expected})':30}agrees"
    for row in table.itertuples():
        measured = f"{row.measured:.3f} ({row.run_low:.3f} … {row.run_high:.3f})"
        names = "".join(f"{getattr(row, name):{width}}" for name, width in widths.items())
        yield f"{names}{row.published:9.3f}  {measured:30}{row.agrees}"
        if row.agrees != "yes":
            yield f"    why: {row.reason}"
    agreeing, inside = (table.agrees == "yes").sum(), count_inside_mean(table, publication)
    yield f"{agreeing} of {len(table)} published numbers agree; {inside} lie even in the 95 % interval of our mean"
    yield f"details in {path}"


def count_inside_mean(table: pd.DataFrame, publication: Publication) -> int:
    """Return how many published numbers lie, allowing for their error, in the 95 % interval of our mean."""
    error = table.quantity.map(publication.error_of)
    return int(((table.low - error <= table.published) & (table.published <= table.high + error)).sum())


def published_text(name: str) -> str:
    """Return a file of the folder published/."""
    return (resources.files(__package__) / "published" / name).read_text("utf-8")


def _row(
    published: dict[str, str], quantity: str, collection: Collection, explanations: Any, publication: Publication
) -> dict[str, Any]:
    value = float(published[quantity]) / (100 if quantity in PERCENT else 1)
    identity = {name: published[name] for name in IDENTITY if name in published}
    per_seed = _per_seed(collection, {"method": "saliency", **identity}, quantity)
    mean, run = (
        interval.within(0, HIGHEST[quantity])
        for interval in (mean_interval(per_seed), prediction_interval(per_seed, publication.runs))
    )
    agrees = agreement(value, run, publication.error_of(quantity))
    notes = reduce(lambda known, name: known.get(name, {}), identity.values(), explanations)
    return {
        **identity,
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


def _per_seed(collection: Collection, identity: Mapping[str, str], quantity: str) -> list[float]:
    pooled = [
        float(scores[quantity][0])
        for cell, scores in collection.pooled.items()
        if cell[: len(IDENTITY)] == tuple(identity[name] for name in IDENTITY) and quantity in scores
    ]
    table = collection.cells if quantity == "accuracy" else collection.scores
    if pooled or quantity not in table:
        return pooled
    rows = table[(table[list(identity)] == pd.Series(identity)).all(axis=1)]
    return [float(value) for value in rows.groupby("seed")[quantity].mean().dropna()]


def agreement(value: float, run: Interval, error: float) -> str:
    """Return yes where the interval of further runs, widened by the error of value, holds it; unknown without one."""
    if math.isnan(run.low):
        return "unknown"
    return "yes" if run.low - error <= value <= run.high + error else "no"
