"""What a suite's maps report and what removing it costs: tables with one row a sample, from a stored run."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from ..execution.collection import joined
from ..execution.plan import Job
from ..execution.stored.run import MODELS, Repetition, StoredRun
from ..metrics.faithfulness.removal import SHARES as REMOVED
from ..metrics.truth.on_task import SHARES as REPORTED
from ..process.settings import settings_restored
from ..process.threads import one_thread
from ..storage.text_bytes import encodable
from ..suites.choice import Choice
from ..suites.provenance import open_results
from ..suites.registry import Registries
from .curves import Curves

REFERENCES = ("oracle", "random-uniform")  # the best ranking and one without content
REPLACEMENTS = ("mean", "sampled")  # zero is the mean where a task is standardised


@dataclass(frozen=True)
class RemovalTables:
    """The two tables of a suite, one row a sample.

    Attributes:
        reported: task, architecture (empty for references), method, seed, reported (share of the map's entries),
            sample, on_task (share of the reported entries that lie in on-task steps), chance (share of on-task steps).
        removal: task, architecture (which is asked), ranked_by (whose map ranks, empty for references), method,
            replacement, seed, removed (share of the entries), sample, correct (1 or 0).
    """

    reported: pd.DataFrame
    removal: pd.DataFrame


def tabulate_removal(
    run: StoredRun, registries: Registries, replacements: Sequence[str] = REPLACEMENTS
) -> RemovalTables:
    """Return both tables of a suite that has run, computing what the store lacks of their curves.

    Every network is asked about inputs from which its own map, every other network's and the reference maps remove
    entries. Networks whose training failed are absent, and so are methods that do not apply, and white boxes, which
    answer neither right nor wrong. Networks answer in one thread on the CPU.

    Args:
        run: of any suite whose tasks have a ground truth.
        registries: of its entries.
        replacements: what takes the place of removed entries, see `draw_replacement`.

    Raises:
        UnknownNameError: another replacement.
        NonFiniteError: a network answers by NaN or infinity.
        StoreError: the folder cannot be read or written, or another run holds it.
    """
    parts: list[RemovalTables] = []
    with open_results(run.store.root) as store, one_thread():
        held = replace(run, store=store)
        for repetition in held.repetitions():
            with settings_restored():
                parts += _tabulate(held, repetition, registries, replacements)
    return RemovalTables(joined([part.reported for part in parts]), joined([part.removal for part in parts]))


def _tabulate(
    run: StoredRun, repetition: Repetition, registries: Registries, replacements: Sequence[str]
) -> Iterator[RemovalTables]:
    """Yield the rows of each map."""
    references = repetition.references
    asked = (job for job in repetition.trained if not (job.task.brings or job.task.per_step))
    trained = tuple(job for job in asked if run.store.get(MODELS, job.model_key()) is not None)
    if not trained:
        return
    curves = Curves(run, references, trained, registries)
    chance, names = curves.chance_on_task(), [_name(job) for job in trained]
    known = {"task": encodable(references.task.name), "seed": references.repetition}
    axes = {"replacement": replacements, "architecture": names, "removed": REMOVED}
    for job, method in _ranking(run, references, trained):
        on_task = curves.on_task(job, method, REPORTED)
        answers = curves.answers(job, method, replacements, REMOVED)
        name, by = _name(job), encodable(method.name)
        reported = _long({"reported": REPORTED}, on_task=on_task, chance=np.broadcast_to(chance, on_task.shape))
        yield RemovalTables(
            reported.assign(architecture=name, method=by, **known),
            _long(axes, correct=answers).assign(ranked_by=name, method=by, **known),
        )


def _ranking(run: StoredRun, references: Job, trained: Sequence[Job]) -> Iterator[tuple[Job, Choice]]:
    """Yield the cells whose maps rank: of two reference methods, then of each network's methods that gave one."""
    yield from ((references, method) for method in references.methods if method.name in REFERENCES)
    yield from ((job, method) for job in trained for method in job.methods if run.has(job, method))


def _name(job: Job) -> str:
    return encodable(job.architecture.name) if job.architecture else ""


def _long(axes: Mapping[str, Sequence[Any]], **values: Any) -> pd.DataFrame:
    """Return arrays (*axes, batch) as a table with a column for each axis, one for the sample, and one an array."""
    samples = next(iter(values.values())).shape[-1]
    index = pd.MultiIndex.from_product([*axes.values(), range(samples)], names=[*axes, "sample"])
    return pd.DataFrame({name: array.ravel() for name, array in values.items()}, index=index).reset_index()
