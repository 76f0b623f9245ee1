"""Stored results of a suite, gathered into one table of per-sample scores and one record a cell."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ..storage.store import Artifact, Store, canonical
from ..storage.text_bytes import encodable
from ..suites.suite import Suite
from .failures import Failure
from .plan import Job, jobs
from .stored_run import SCORES

ID = ["task", "architecture", "method", "seed"]


@dataclass(frozen=True)
class Collection:
    """All that a suite's cells say.

    Attributes:
        scores: one row a sample: task, architecture (empty for references), method, seed, sample, label, target,
            then one column a metric.
        cells: one row a cell: task, architecture, method, seed, status (ok, skipped, failed or missing), reason, for
            those that are ok seconds (of explaining), and for trained models accuracy, majority (share of the largest
            class) and tested (number of samples).
        yardsticks: one row an explained sample: task, seed, sample, <metric>_chance and <metric>_oracle.
        environments: the distinct environments in which models were trained and cells scored.
    """

    scores: pd.DataFrame
    cells: pd.DataFrame
    yardsticks: pd.DataFrame
    environments: list[dict[str, str]]


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
    scores, cells, yardsticks = [], [], []
    environments: dict[bytes, dict[str, str]] = {}
    for job in jobs(suite, device):
        if job.architecture is None:  # first of its task and seed
            yardstick = _yardstick(job, store)
            yardsticks += yardstick
        for identity, artifact in _cells(job, store):
            found = artifact if yardstick else None
            standing = _standing(found, known.get(tuple(identity.values()), absent))
            identity |= {name: encodable(value) for name, value in identity.items() if isinstance(value, str)}
            cells.append({**identity, **standing})
            if found is not None:
                scores.append(_table(found, identity))
                environments |= {canonical(where): where for where in _environments(found)}
    in_order = [environments[text] for text in sorted(environments)]
    return Collection(joined(scores), pd.DataFrame(cells), joined(yardsticks), in_order)


def failures_of(collection: Collection) -> list[Failure]:
    """Return the cells without scores, in the order of the plan."""
    bad = collection.cells[collection.cells.status != "ok"]
    columns = bad[["task", "architecture", "method", "seed", "reason", "status"]]
    return [Failure(*values) for values in columns.itertuples(index=False)]


def _cells(job: Job, store: Store) -> Iterator[tuple[dict[str, Any], Artifact | None]]:
    architecture = job.architecture.name if job.architecture else ""
    for method in job.methods:
        identity = dict(zip(ID, (job.task.name, architecture, method.name, job.repetition), strict=True))
        yield identity, store.get("cells", job.cell_key(method))


def _yardstick(job: Job, store: Store) -> list[pd.DataFrame]:
    artifact = store.get("yardsticks", job.yardstick_key())
    return [] if artifact is None else [_table(artifact, {"task": encodable(job.task.name), "seed": job.repetition})]


def _standing(artifact: Artifact | None, otherwise: Failure | Absent) -> dict[str, Any]:
    if artifact is None:
        return {"status": otherwise.status, "reason": encodable(otherwise.reason)}
    model = artifact.facts["model"]
    return {
        "status": "ok",
        "reason": "",
        "seconds": artifact.facts.get("seconds"),
        **{key: model.get(key) for key in ("accuracy", "majority", "tested")},
    }


def _environments(artifact: Artifact) -> Iterator[dict[str, str]]:
    yield artifact.facts["environment"]
    if artifact.facts["model"]:
        yield artifact.facts["model"]["environment"]


def _table(artifact: Artifact, identity: dict[str, Any]) -> pd.DataFrame:
    table = pd.read_parquet(io.BytesIO(artifact.files[SCORES]))
    table.insert(0, "sample", range(len(table)))
    for position, (name, value) in enumerate(identity.items()):
        table.insert(position, name, value)
    return table


def joined(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return those tables that have rows below each other, numbered anew; an empty one if none has."""
    filled = [table for table in tables if not table.empty]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()
