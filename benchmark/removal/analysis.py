"""What a suite's maps report and what removing it costs, from stored weights: tables with one row a sample."""

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from ...datasets.spec import TaskData
from ...methods.attributions.explain import sample_seeds
from ..execution.explaining import Explained, Question, explain_samples
from ..execution.isolation import one_thread
from ..execution.plan import Job, jobs
from ..execution.planned import planned_data, planned_entry
from ..execution.stored_networks import stored_network
from ..execution.stored_run import MODELS, has
from ..leaderboards.finished_run import Result
from ..metrics.maps import Maps
from ..metrics.on_task import SHARES as REPORTED_SHARES
from ..metrics.on_task import chance_on_task, reported_on_task
from ..process.settings import settings_restored
from ..storage.store import Artifact, Store
from ..storage.text_bytes import encodable
from ..suites.provenance import open_results
from ..suites.registry import Registries
from ..suites.suite import Choice, Suite
from . import deletion as removal
from .deletion import correct_after_removal, removal_ranks

VERSION = 1  # raised when what an analysis holds changes
KIND = "analyses"
REFERENCES = ("oracle", "random-uniform")  # the best ranking and one without content
REPLACEMENTS = ("mean", "sampled")  # zero is the mean where a task is standardised
REPORTED, REMOVED = "reported.parquet", "removal.parquet"


@dataclass(frozen=True)
class SalientCells:
    """The two tables of a suite, one row a sample.

    Attributes:
        reported: task, architecture (empty for references), method, seed, reported (share of the cells), sample,
            on_task (share of the reported cells that lie in on-task steps), chance (share of on-task steps).
        removal: task, architecture (which is asked), ranked_by (whose map ranks, empty for references), method,
            replacement, seed, removed (share of the cells), sample, correct (1 or 0).
    """

    reported: pd.DataFrame
    removal: pd.DataFrame


@dataclass(frozen=True)
class Repetition:
    """The jobs of one task and seed whose networks are trained, and the reference methods."""

    references: Job
    trained: tuple[tuple[Job, tuple[Choice, ...]], ...]  # with the methods that gave a map
    replacements: tuple[str, ...]

    def key(self) -> dict[str, Any]:
        """Return all that determines the analysis."""
        maps = [job.map_key(method) for job, methods in self.trained for method in methods]
        models = [job.model_key() for job, _ in self.trained]
        return {
            "analysis": VERSION,
            "models": models,
            "maps": maps,
            "references": [method.as_json() for method in _chosen(self.references)],
            "reported": list(REPORTED_SHARES),
            "removed": list(removal.SHARES),
            "replacements": list(self.replacements),
        }


def salient_cells(
    suite: Suite, run: Result, registries: Registries, device: str, replacements: Sequence[str] = REPLACEMENTS
) -> SalientCells:
    """Return both tables of a suite that has run, computing those that the store lacks.

    Every network is asked about inputs from which its own map, every other network's and the reference maps remove
    cells. Networks whose training failed are absent, and so are methods that do not apply. All is computed in one
    thread on the CPU; the result is stored by task and seed.

    Args:
        suite: the grid; any task with a ground truth.
        run: what running it left.
        registries: of its entries.
        device: on which the networks were trained.
        replacements: what takes the place of removed cells, see `removal.replacements`.

    Raises:
        UnknownNameError: another replacement.
        StoreError: the folder cannot be read or written, or another run holds it.
    """
    with open_results(run.folder) as store, one_thread():
        found = list(_analyses(suite, store, registries, device, tuple(replacements)))
    return SalientCells(*(_joined([tables[name] for tables in found]) for name in (REPORTED, REMOVED)))


def _analyses(
    suite: Suite, store: Store, registries: Registries, device: str, replacements: tuple[str, ...]
) -> Iterator[Mapping[str, pd.DataFrame]]:
    for repetition in _repetitions(suite, store, device, replacements):
        if store.get(KIND, repetition.key()) is None:
            with settings_restored():
                analysis = _analyse(repetition, store, registries)
            store.put(KIND, analysis)
        stored = store.get(KIND, repetition.key())
        assert stored is not None
        yield {name: pd.read_parquet(io.BytesIO(content)) for name, content in stored.files.items()}


def _repetitions(suite: Suite, store: Store, device: str, replacements: tuple[str, ...]) -> Iterator[Repetition]:
    for _, same in groupby(jobs(suite, device), key=lambda job: (job.task.name, job.repetition)):
        references, *others = same
        trained = [job for job in others if store.get(MODELS, job.model_key()) is not None]
        if trained:
            yield Repetition(references, tuple((job, _with_map(job, store)) for job in trained), replacements)


def _with_map(job: Job, store: Store) -> tuple[Choice, ...]:
    return tuple(method for method in job.methods if has(job, method, store))


def _chosen(references: Job) -> tuple[Choice, ...]:
    return tuple(method for method in references.methods if method.name in REFERENCES)


def _analyse(repetition: Repetition, store: Store, registries: Registries) -> Artifact:
    job = repetition.references
    data = planned_data(registries, job)
    explained = Explained.of(data, job.protocol.samples, "cpu")
    models = {_name(job): _network(job, store, data, registries) for job, _ in repetition.trained}
    seeds = sample_seeds(job.seeds.attribution, len(explained.inputs))
    training = torch.from_numpy(data.train.inputs)
    fillings = {name: removal.replacements(name, explained.inputs, training, seeds) for name in repetition.replacements}
    on_task, correct = [], []
    for identity, maps in _maps(repetition, models, explained, registries):
        on_task.append(_reported(maps).assign(**identity))
        removed = _removed(maps, models, explained, fillings, seeds)
        correct.append(removed.assign(ranked_by=identity["architecture"], method=identity["method"]))
    facts = {"task": encodable(job.task.name), "seed": job.repetition}
    tables = {REPORTED: pd.concat(on_task), REMOVED: pd.concat(correct)}
    files = {name: bytes(table.assign(**facts).to_parquet(index=False)) for name, table in tables.items()}
    return Artifact(repetition.key(), {}, files)


def _network(job: Job, store: Store, data: TaskData, registries: Registries) -> nn.Module:
    network = stored_network(job, data, registries, store, "cpu")
    assert network is not None
    return network.model


def _maps(
    repetition: Repetition, models: Mapping[str, nn.Module], explained: Explained, registries: Registries
) -> Iterator[tuple[dict[str, str], Maps]]:
    rows: list[tuple[nn.Module | None, Job, tuple[Choice, ...]]]
    rows = [(None, repetition.references, _chosen(repetition.references))]
    rows += [(models[_name(job)], job, methods) for job, methods in repetition.trained]
    for model, job, methods in rows:
        question = Question.about(model, explained, job.protocol.target, job.protocol.output)
        for choice in methods:
            method = planned_entry(registries.methods, choice)
            found = explain_samples(method, choice.parameters, question, explained, job.seeds.attribution)
            identity = {"architecture": _name(job), "method": encodable(choice.name)}
            yield identity, Maps(found.numpy(), explained.truth.numpy())


def _name(job: Job) -> str:
    return encodable(job.architecture.name) if job.architecture else ""


def _reported(maps: Maps) -> pd.DataFrame:
    values = reported_on_task(maps)
    chance = np.broadcast_to(chance_on_task(maps.truth), values.shape)
    return _long({"reported": REPORTED_SHARES}, on_task=values, chance=chance)


def _removed(
    maps: Maps,
    models: Mapping[str, nn.Module],
    explained: Explained,
    fillings: Mapping[str, Tensor],
    seeds: Sequence[int],
) -> pd.DataFrame:
    ranks = removal_ranks(maps.magnitude, seeds)
    correct = [
        correct_after_removal(list(models.values()), explained.inputs, explained.labels, ranks, filling)
        for filling in fillings.values()
    ]
    axes = {"replacement": tuple(fillings), "architecture": tuple(models), "removed": removal.SHARES}
    return _long(axes, correct=np.stack(correct).astype(np.int8))


def _long(axes: Mapping[str, Sequence[Any]], **values: Any) -> pd.DataFrame:
    """Return arrays (*axes, batch) as a table with a column for each axis, one for the sample, and one an array."""
    samples = next(iter(values.values())).shape[-1]
    index = pd.MultiIndex.from_product([*axes.values(), range(samples)], names=[*axes, "sample"])
    return pd.DataFrame({name: array.ravel() for name, array in values.items()}, index=index).reset_index()


def _joined(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
