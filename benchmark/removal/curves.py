"""Curves over shares of a map's entries: what it reports on task, and what networks answer once they are removed.

They are made from stored maps and networks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import device, nn

from ...datasets.spec import TaskData
from ...errors import NonFiniteError
from ...methods.attributions.explain import sample_seeds
from ..execution.asked import AskedModel
from ..execution.evaluator import Evaluator
from ..execution.explaining import Explained, as_array
from ..execution.plan import Job
from ..execution.planned import planned_data
from ..execution.scoring import yardsticks
from ..execution.stored.networks import stored_network
from ..execution.stored.run import StoredRun, yardsticks_of
from ..metrics.arrays import Floats
from ..metrics.maps import Maps
from ..suites.choice import Choice
from ..suites.registry import Registries
from .real_steps import RankedSteps, answer_by_length, rank_real_steps, report_on_task
from .stored_curve import StoredCurve

CPU = device("cpu")

Answers = NDArray[np.int8]


@dataclass(frozen=True)
class Samples:
    """The explained samples of a task and repetition on the CPU, and what removal needs beside them.

    Attributes:
        data: of the task, of whose training samples replacements are made.
        explained: the samples.
        seeds: one a sample, which break ties and draw replacements.
    """

    data: TaskData
    explained: Explained
    seeds: Sequence[int]

    @staticmethod
    def of(job: Job, registries: Registries) -> "Samples":
        """Return the samples that a job explains."""
        data = planned_data(registries, job)
        explained = Explained.of(data, job.protocol.samples, "cpu")
        return Samples(data, explained, sample_seeds(job.seeds.attribution, len(explained.inputs)))

    def ask(self, network: nn.Module) -> AskedModel:
        """Return a network as it is asked about the samples."""
        inputs, labels = as_array(self.explained.like(network).inputs), as_array(self.explained.labels)
        return AskedModel(inputs, labels, labels, self.seeds, network, CPU)


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
        curve = StoredCurve(self.run.store, job.map_key(method), self._metric("on_task", shares=list(shares)))
        if curve.is_lacking():
            curve.put(report_on_task(self._samples.explained, self._maps(job, method), shares))
        return curve.get()

    def chance_on_task(self) -> Floats:
        """Return the share of steps that are on task, (batch,).

        Raises:
            StoreError: a result cannot be read or written.
        """
        spec = self.registries.metrics.get("on_task")
        metric = Choice.of(spec, {})
        columns = yardsticks_of(self.references, self.run.store)
        if columns.lacking([metric]):
            explained = self._samples.explained
            found = yardsticks(explained.truth.numpy(), [(spec, metric.parameters)], explained.lengths)
            columns.put([metric], found, {})
        stored = columns.get([metric])
        assert stored is not None
        chance: Floats = stored[0][f"{metric.name}_chance"]
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
            NonFiniteError: a network answers by NaN or infinity.
            StoreError: a result cannot be read or written.
        """
        metrics = [
            self._metric("accuracy_after_removal", replacement=name, shares=list(shares)) for name in replacements
        ]
        wanted = [
            (number, StoredCurve(self.run.store, {**job.map_key(method), "asked": asked.model_key()}, metric))
            for metric in metrics
            for number, asked in enumerate(self.asked)
        ]
        lacking = [(number, curve) for number, curve in wanted if curve.is_lacking()]
        if lacking:
            samples = self._samples
            ranked = [*rank_real_steps(samples.explained, self._maps(job, method), samples.seeds)]
            for number, curve in lacking:
                curve.put(self._ask(number, ranked, **curve.metric.parameters))
        found = np.stack([curve.get() for _, curve in wanted]).astype(np.int8)
        return found.reshape(len(replacements), len(self.asked), len(shares), -1)

    def _metric(self, name: str, **parameters: Any) -> Choice:
        return Choice.of(self.registries.metrics.get(name), parameters)

    def _ask(self, number: int, ranked: list[RankedSteps], replacement: str, shares: Sequence[float]) -> Floats:
        model, training = self._networks[number], self._samples.data.train
        try:
            return answer_by_length(model, ranked, training, replacement, shares).astype(np.float64)
        except NonFiniteError as error:
            where = f"{self.asked[number].describe()}, removed entries replaced by {replacement}"
            raise NonFiniteError(f"{where}: {error}; leave out the network or that replacement") from error

    def _maps(self, job: Job, method: Choice) -> Maps:
        made = self.run.map(job, method)
        if made is None:  # a suite need not keep them
            made = Evaluator(self.registries, self.run.store).explain(job, method)
        return Maps(made.attributions, self._samples.explained.truth.numpy())

    @cached_property
    def _samples(self) -> Samples:
        return Samples.of(self.references, self.registries)

    @cached_property
    def _networks(self) -> list[AskedModel]:
        return [self._network(job) for job in self.asked]

    def _network(self, job: Job) -> AskedModel:
        network = stored_network(job, self._samples.data, self.registries, self.run.store, "cpu")
        assert network is not None  # it was there when the jobs were chosen
        return self._samples.ask(network.model)
