"""Curves over shares of a map's entries: what it reports on task, and what networks answer once they are removed.

They are made from stored maps and networks, and stored as columns of their metric beside its scores.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ...datasets.spec import TaskData
from ...methods.attributions.explain import sample_seeds
from ..execution.evaluator import Evaluator
from ..execution.explaining import Explained
from ..execution.plan import Job
from ..execution.planned import planned_data
from ..execution.scoring import yardsticks
from ..execution.stored_columns import StoredColumns
from ..execution.stored_networks import stored_network
from ..execution.stored_run import SCORES, StoredRun, yardsticks_of
from ..metrics.arrays import Floats
from ..metrics.maps import Maps
from ..metrics.on_task import reported_on_task
from ..metrics.removal_entries import ON_TASK
from ..suites.provenance import environment
from ..suites.registry import Registries
from ..suites.suite import Choice
from .deletion import correct_after_removal, draw_replacement, rank_for_removal

Answers = NDArray[np.int8]


@dataclass(frozen=True)
class Samples:
    """The explained samples of a task and repetition on the CPU, and what removal needs beside them."""

    data: TaskData
    explained: Explained
    seeds: Sequence[int]

    @staticmethod
    def of(job: Job, registries: Registries) -> "Samples":
        """Return the samples that a job explains."""
        data = planned_data(registries, job)
        explained = Explained.of(data, job.protocol.samples, "cpu")
        return Samples(data, explained, sample_seeds(job.seeds.attribution, len(explained.inputs)))

    def filling(self, replacement: str) -> Tensor:
        """Return what takes the place of removed entries, (batch, time, features)."""
        training = torch.from_numpy(self.data.train.inputs)
        return draw_replacement(replacement, self.explained.inputs, training, self.seeds)


@dataclass(frozen=True)
class Curves:
    """Curves of the maps of one task and repetition; what the store lacks is computed on the CPU, and stored.

    Attributes:
        run: what is stored of the suite's run.
        references: the job of the reference methods.
        asked: the jobs whose stored networks are asked.
        registries: of the suite's entries.
    """

    run: StoredRun
    references: Job
    asked: tuple[Job, ...]
    registries: Registries

    def on_task(self, job: Job, method: Choice, shares: Sequence[float]) -> Floats:
        """Return which share of the entries that a map reports lies in on-task steps, (shares, batch).

        Raises:
            StoreError: a result cannot be read or written.
        """
        metric = Choice.of(ON_TASK, {"shares": list(shares)})
        columns = self._columns(job.map_key(method), shares)
        if columns.lacking([metric]):
            _put(columns, metric, reported_on_task(self._maps(job, method), shares))
        return _curve(columns, metric)

    def chance_on_task(self) -> Floats:
        """Return the share of steps that are on task, (batch,).

        Raises:
            StoreError: a result cannot be read or written.
        """
        metric = Choice.of(ON_TASK, {})
        columns = yardsticks_of(self.references, self.run.store)
        if columns.lacking([metric]):
            truth = self._samples.explained.truth.numpy()
            columns.put([metric], yardsticks(truth, [(ON_TASK, metric.parameters)]), {})
        found = columns.get([metric])
        assert found is not None
        chance: Floats = found[0][f"{metric.name}_chance"].to_numpy()
        return chance

    def answers(self, job: Job, method: Choice, replacements: Sequence[str], shares: Sequence[float]) -> Answers:
        """Return whether networks answer rightly once the entries that a map ranks highest are replaced.

        Args:
            job: of the map; its network need not be the one that is asked.
            method: of the map.
            replacements: what takes the place of an entry, see `draw_replacement`.
            shares: of the map's entries, each in [0, 1].

        Returns:
            (replacements, asked, shares, batch), 1 for a right answer.

        Raises:
            UnknownNameError: another replacement.
            StoreError: a result cannot be read or written.
        """
        wanted = [
            (
                _after_removal(name, shares),
                number,
                self._columns({**job.map_key(method), "asked": asked.model_key()}, shares),
            )
            for name in replacements
            for number, asked in enumerate(self.asked)
        ]
        lacking = [(metric, number, columns) for metric, number, columns in wanted if columns.lacking([metric])]
        if lacking:
            ranks = rank_for_removal(self._maps(job, method).magnitude, self._samples.seeds)
            for metric, number, columns in lacking:
                _put(columns, metric, self._ask(number, ranks, metric.parameters["replacement"], shares))
        curves = np.stack([_curve(columns, metric) for metric, _, columns in wanted]).astype(np.int8)
        return curves.reshape(len(replacements), len(self.asked), len(shares), -1)

    def _ask(self, number: int, ranks: Tensor, replacement: str, shares: Sequence[float]) -> Floats:
        explained, filling = self._samples.explained, self._samples.filling(replacement)
        network = self._networks[number]
        (correct,) = correct_after_removal([network], explained.inputs, explained.labels, ranks, filling, shares)
        return correct.astype(np.float64)

    def _maps(self, job: Job, method: Choice) -> Maps:
        made = self.run.map(job, method)
        if made is None:  # a suite need not keep them
            made = Evaluator(self.registries, self.run.store).explain(job, method)
        return Maps(made.attributions, self._samples.explained.truth.numpy())

    def _columns(self, of: Mapping[str, Any], shares: Sequence[float]) -> StoredColumns:
        suffixes = tuple(f"_{share}" for share in shares)
        return StoredColumns(self.run.store, SCORES, {"curve of": of, "shares": list(shares)}, suffixes=suffixes)

    @cached_property
    def _samples(self) -> Samples:
        return Samples.of(self.references, self.registries)

    @cached_property
    def _networks(self) -> list[nn.Module]:
        return [self._network(job) for job in self.asked]

    def _network(self, job: Job) -> nn.Module:
        network = stored_network(job, self._samples.data, self.registries, self.run.store, "cpu")
        assert network is not None  # it was there when the jobs were chosen
        return network.model


def _after_removal(replacement: str, shares: Sequence[float]) -> Choice:
    return Choice("accuracy_after_removal", 1, "", {"replacement": replacement, "shares": list(shares)})


def _put(columns: StoredColumns, metric: Choice, curve: Floats) -> None:
    named = {f"{metric.name}{suffix}": values for suffix, values in zip(columns.suffixes, curve, strict=True)}
    columns.put([metric], named, {"environment": environment()})


def _curve(columns: StoredColumns, metric: Choice) -> Floats:
    found = columns.get([metric])
    assert found is not None
    curve: Floats = found[0].to_numpy(dtype=np.float64).T
    return curve
