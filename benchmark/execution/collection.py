"""Stored results of a suite, gathered into one table of per-sample scores and one record a cell."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ..storage.store import Store, canonical
from ..storage.text_bytes import encodable
from ..suites.choice import Choice
from ..suites.suite import Suite
from .failures import Failure
from .plan import Job
from .stored.census import Seals, shared_parts
from .stored.columns import Columns, split_pooled
from .stored.run import StoredRun, map_seal
from .stored.truth_use import truth_use_facts, truth_use_seals

ID = ["task", "architecture", "method", "seed"]

Cell = tuple[Any, ...]  # the values of ID


@dataclass(frozen=True)
class Collection:
    """All that a suite's cells say.

    Attributes:
        scores: one row a sample: task, architecture (empty for references), method, seed, sample, label, target,
            then one column a metric.
        cells: one row a cell: task, architecture, method, seed, status (ok, skipped, failed or missing), reason, for
            those that are ok seconds (of explaining), and for trained models accuracy, majority (share of the largest
            class) and tested (number of samples), and what is known of a `TruthUse`.
        yardsticks: one row an explained sample: task, seed, sample, <metric>_chance and <metric>_oracle.
        environments: the distinct environments in which models were trained and cells scored.
        seal: the digest of the stored results that all this is from, and of the maps beside them.
        pooled: of each cell with such, by metric, the pooled score and its resamples' deviations, (1 + resamples,).
    """

    scores: pd.DataFrame
    cells: pd.DataFrame
    yardsticks: pd.DataFrame
    environments: list[dict[str, str]]
    seal: str = ""
    pooled: Mapping[Cell, Columns] = field(default_factory=dict)


@dataclass(frozen=True)
class Absent:
    """What is said of a cell that is not stored and of which no failure is known."""

    status: str
    reason: str


NOT_COMPUTED = Absent("missing", "not computed; run the suite again")
GONE = Absent(
    "failed",
    "its result is gone from the results folder since it was stored; let nothing but saltbench write there, "
    "and run the same command again",
)


def collect(
    suite: Suite, store: Store, device: str, failures: Sequence[Failure] = (), absent: Absent = NOT_COMPUTED
) -> Collection:
    """Return what the store holds of a suite; other cells are skipped or failed (with the reason), or absent.

    The cells of a task and seed whose yardstick is absent are absent, too: their scores cannot be read.

    Raises:
        StoreError: a result cannot be read.
    """
    known = {(f.task, f.architecture, f.method, f.repetition): f for f in failures}
    run = StoredRun(suite, store, device)
    scores, cells, yardsticks, seals = Rows(), [], [], Seals()
    environments: dict[bytes, dict[str, str]] = {}
    pooled: dict[Cell, Columns] = {}
    for repetition in run.repetitions():
        references = repetition.references
        yardstick = run.yardsticks(references)
        seals.add(shared_parts(references, store))
        if yardstick is not None:
            shared = {"task": encodable(references.task.name), "seed": references.repetition}
            yardsticks.append(numbered(shared, yardstick))
        for job in (references, *repetition.trained):
            seals.add(truth_use_seals(job, store))
            use = truth_use_facts(job, store)
            for method in job.methods:
                identity = _identity(job, method)
                found = None if yardstick is None else run.scores(job, method)
                otherwise = known.get(tuple(identity.values()), absent)
                identity |= {name: encodable(value) for name, value in identity.items() if isinstance(value, str)}
                cells.append({**identity, **_standing(found and found.facts[0], use, otherwise)})
                kept = map_seal(job, method, store)
                seals.add(None if found is None or kept is None else [kept, *found.seals])
                if found is not None:
                    of_samples, of_all = split_pooled(found.columns)
                    scores.add(identity, of_samples)
                    if of_all:
                        pooled[tuple(identity.values())] = of_all
                    environments |= {canonical(where): where for each in found.facts for where in _environments(each)}
    in_order = [environments[text] for text in sorted(environments)]
    return Collection(scores.table(), pd.DataFrame(cells), joined(yardsticks), in_order, seals.digest(), pooled)


def failures_of(collection: Collection) -> list[Failure]:
    """Return the cells without scores, in the order of the plan."""
    bad = collection.cells[collection.cells.status != "ok"]
    columns = bad[["task", "architecture", "method", "seed", "reason", "status"]]
    return [Failure(*values) for values in columns.itertuples(index=False)]


def _identity(job: Job, method: Choice) -> dict[str, Any]:
    architecture = job.architecture.name if job.architecture else ""
    return dict(zip(ID, (job.task.name, architecture, method.name, job.repetition), strict=True))


def _standing(facts: Mapping[str, Any] | None, use: Mapping[str, Any], otherwise: Failure | Absent) -> dict[str, Any]:
    if facts is None:
        return {"status": otherwise.status, "reason": encodable(otherwise.reason)}
    model = facts["map"]["model"]
    return {
        "status": "ok",
        "reason": "",
        "seconds": facts["map"]["seconds"],
        **{key: model.get(key) for key in ("accuracy", "majority", "tested")},
        **use,
    }


def _environments(facts: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    yield facts["environment"]
    yield facts["map"]["environment"]
    if facts["map"]["model"]:
        yield facts["map"]["model"]["environment"]


class Rows:
    """Scores of cells below each other, each cell's behind what it is of; a table of each would take a millisecond."""

    def __init__(self) -> None:
        self._identities: list[Mapping[str, Any]] = []
        self._columns: list[Columns] = []

    def add(self, identity: Mapping[str, Any], columns: Columns) -> None:
        """Add a cell's columns, (batch,) each."""
        self._identities.append(identity)
        self._columns.append(columns)

    def table(self) -> pd.DataFrame:
        """Return one row a sample, as `numbered` and `joined` give it."""
        sizes = [len(next(iter(columns.values()), ())) for columns in self._columns]
        if not sum(sizes) or len({tuple(columns) for columns in self._columns}) > 1:
            pairs = zip(self._identities, self._columns, strict=True)
            return joined([numbered(identity, columns) for identity, columns in pairs])
        what = pd.DataFrame(self._identities).loc[np.repeat(np.arange(len(sizes)), sizes)].reset_index(drop=True)
        sample = np.concatenate([np.arange(size) for size in sizes])
        names = self._columns[0]
        found = {name: np.concatenate([columns[name] for columns in self._columns]) for name in names}
        return pd.DataFrame({**what, "sample": sample, **found})


def numbered(identity: Mapping[str, Any], columns: Columns) -> pd.DataFrame:
    """Return columns, (batch,) each, as a table behind what they are of and the samples' numbers; empty without any."""
    samples = len(next(iter(columns.values()), ()))
    return pd.DataFrame({**identity, "sample": np.arange(samples), **columns}, index=range(samples))


def joined(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return those tables that have rows below each other, numbered anew; an empty one if none has."""
    filled = [table for table in tables if not table.empty]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()
