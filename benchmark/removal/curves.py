"""Curves over shares of a map's entries: what it reports on task, and what networks answer once they are removed.

They are made from stored maps and networks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

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
from ..execution.stored_networks import stored_network
from ..execution.stored_run import StoredRun, yardsticks_of
from ..metrics.arrays import Floats
from ..metrics.maps import Maps
from ..metrics.on_task import reported_on_task
from ..metrics.removal_entries import ON_TASK
from ..suites.registry import Registries
from ..suites.suite import Choice
from .deletion import correct_after_removal, draw_replacement, rank_for_removal
from .stored_curve import StoredCurve

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
        curve = StoredCurve(self.run.store, job.map_key(method), Choice.of(ON_TASK, {"shares": list(shares)}))
        if curve.is_lacking():
            curve.put(reported_on_task(self._maps(job, method), shares))
        return curve.get()

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
            (number, self._answers_of(asked, job, method, _after_removal(name, shares)))
            for name in replacements
            for number, asked in enumerate(self.asked)
        ]
        lacking = [(number, curve) for number, curve in wanted if curve.is_lacking()]
        if lacking:
            ranks = rank_for_removal(self._maps(job, method).magnitude, self._samples.seeds)
            for number, curve in lacking:
                curve.put(self._ask(number, ranks, **curve.metric.parameters))
        found = np.stack([curve.get() for _, curve in wanted]).astype(np.int8)
        return found.reshape(len(replacements), len(self.asked), len(shares), -1)

    def _answers_of(self, asked: Job, job: Job, method: Choice, metric: Choice) -> StoredCurve:
        return StoredCurve(self.run.store, {**job.map_key(method), "asked": asked.model_key()}, metric)

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
