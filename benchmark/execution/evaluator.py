"""One job, from data to stored scores: train or load the network, explain it, score the maps."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from torch import nn

from ...datasets.spec import TaskData
from ...errors import StoreError
from ..metrics.needs import OF_NETWORKS
from ..process.settings import settings_restored
from ..storage.store import Artifact, Store, canonical
from ..suites.choice import Choice
from ..suites.provenance import environment
from ..suites.registry import Registries
from .asked import Asked
from .explaining import Explained, Question, as_array, make_map
from .failures import Failure, reason_for, status_for
from .network_checks.network_checks import check_answers
from .network_checks.truth_use import truth_use
from .plan import Job
from .planned import planned_data, planned_entry
from .scoring import Metrics, score, yardsticks
from .stored.maps import StoredMap
from .stored.networks import Network, build_network, load_network, put_network
from .stored.run import MAPS, MODELS, SAMPLES, has_samples, missing, put_map, scores_of, stored_map, yardsticks_of
from .stored.truth_use import put_truth_use, truth_use_seals
from .training import facts_on_test, train


@dataclass
class Evaluator:
    """Runs jobs against a store; keeps the last task's data and the last network's weights for all that share them.

    Attributes:
        registries: the entries that jobs name.
        store: where results go.
        memory: bytes for explaining; see `attribute`.
    """

    registries: Registries
    store: Store
    memory: int | None = None
    _last_data: tuple[bytes, TaskData] | None = None
    _last_weights: tuple[bytes, Artifact] | None = None

    def run(self, job: Job) -> Iterator[Failure]:
        """Compute and store what the job lacks, and yield the cells that failed.

        Raises:
            StoreError: the results folder cannot be read or written.
        """
        failed = self.prepare(job)
        yield from failed
        given_up = {failure.method for failure in failed}
        for method in missing(job, self.store):
            if method.name not in given_up:
                yield from self.compute(job, method)

    def prepare(self, job: Job) -> list[Failure]:
        """Store what the job's cells share, and train the network that some ask; return the cells that fail for that.

        A network is asked for maps that are not stored, not for scores of those that are, and once whether it uses the
        truth.

        Raises:
            StoreError: the results folder cannot be read or written.
        """
        asking: list[Choice] = []

        def share() -> None:
            self._share(job)
            asking.extend(method for method in missing(job, self.store) if self._asks_network(job, method))

        # without its yardsticks no score can be read: a stored cell fails with the others
        if failed := _failures(job, job.methods, share):
            return failed
        if not asking and truth_use_seals(job, self.store) is not None:
            return []
        return _failures(job, asking or job.methods, lambda: self._prepare(job))

    def compute(self, job: Job, method: Choice) -> list[Failure]:
        """Explain and score what one cell of a prepared job lacks, and store it; return the cell if it fails.

        Raises:
            StoreError: the results folder cannot be read or written.
        """
        return _failures(job, [method], partial(self._cell, job, method))

    def _cell(self, job: Job, method: Choice) -> None:
        explained = self._explained(job)
        made = stored_map(job, method, self.store)
        if made is None:
            with (
                settings_restored()
            ):  # before anything is stored: a method may allow no open file, or set the file mask
                made = self.explain(job, method)
            put_map(job, method, made, explained.examples, self.store)
        scores = scores_of(job, method, self.store)
        if lacking := scores.lacking(job.protocol.metrics):
            labels, truth = as_array(explained.labels), as_array(explained.truth)
            ask = partial(self._ask, job, method, explained)
            with settings_restored():
                columns = score(made, labels, truth, self._metrics(lacking), ask, explained.lengths)
            scores.put(lacking, columns, {"map": made.facts, "environment": environment()})

    def _ask(self, job: Job, choice: Choice, explained: Explained, names: Sequence[str]) -> dict[str, Any] | None:
        """Return what a metric asks for; the network is loaded anew, so that no metric sees what another does to it."""
        has_classes = job.architecture and not (job.task.brings or job.task.per_step)
        network = self._model(job).model if has_classes and OF_NETWORKS & {*names} else None
        method, seed = planned_entry(self.registries.methods, choice), job.seeds.attribution
        question = Question.about(network, explained, job.protocol.target, job.protocol.output)
        data, retrain = self._data(job), partial(self._retrained, job)
        asked = Asked(method, choice.parameters, network, question, explained, data, seed, self.memory, retrain)
        return asked.arguments(names)

    def _retrained(self, job: Job, data: TaskData) -> nn.Module:
        """Return a job's architecture trained on other data, by the same recipe and seed."""
        build, protocol = partial(build_network, job, data, self.registries), job.protocol
        return train(build, data, protocol.training, job.seeds.training, protocol.device)[0]

    def explain(self, job: Job, choice: Choice) -> StoredMap:
        """Return the maps of a cell of a prepared job, made anew.

        Raises:
            StoreError: the results folder cannot be read or written.
            Exception: whatever a task, an architecture or a method raises.
        """
        method, explained = planned_entry(self.registries.methods, choice), self._explained(job)
        # built anew for every cell, so that none sees what a method does to it
        network = self._model(job) if job.architecture else None
        model = network.model if network else None
        question = Question.about(model, explained, job.protocol.target, job.protocol.output)
        facts = {"model": network.facts if network else {}, "environment": environment()}
        seed = job.seeds.attribution
        return make_map(method, choice.parameters, question, explained, seed, self.memory, facts=facts)

    def _share(self, job: Job) -> None:
        """Store the explained samples, and what chance and the truth score on them."""
        columns = yardsticks_of(job, self.store)
        lacking = columns.lacking(job.protocol.metrics)
        if lacking or not has_samples(job, self.store):
            explained = self._explained(job)
            self.store.put(SAMPLES, explained.stored().artifact(job.data_key()))
        if lacking:
            with settings_restored():
                scored = yardsticks(as_array(explained.truth), self._metrics(lacking), explained.lengths)
            columns.put(lacking, scored, {})

    def _asks_network(self, job: Job, method: Choice) -> bool:
        if job.architecture is None:
            return False
        lacking = self._metrics(scores_of(job, method, self.store).lacking(job.protocol.metrics))
        is_asked = any(OF_NETWORKS & {*metric.asked} for metric, _ in lacking)
        return is_asked or not self.store.has(MAPS, job.map_key(method))

    def _prepare(self, job: Job) -> None:
        """Train the network, or load it; check that it answers each sample by itself, and see what it uses."""
        model = self._model(job).model
        explained = self._explained(job).like(model)
        check_answers(explained.asked_of(model), explained.inputs)
        if truth_use_seals(job, self.store) is None:
            use = truth_use(model, self._data(job), job.seeds.data, job.protocol.device)
            put_truth_use(job, use, self.store)

    def _data(self, job: Job) -> TaskData:
        key = canonical({"task": job.task.as_json(), "seed": job.seeds.data})
        if self._last_data is None or self._last_data[0] != key:
            with settings_restored():
                self._last_data = key, planned_data(self.registries, job)
        return self._last_data[1]

    def _explained(self, job: Job) -> Explained:
        return Explained.of(self._data(job), job.protocol.samples, job.protocol.device)

    def _metrics(self, chosen: Sequence[Choice]) -> Metrics:
        return [(planned_entry(self.registries.metrics, choice), choice.parameters) for choice in chosen]

    def _model(self, job: Job) -> Network:
        data = self._data(job)
        if stored := self._weights(job):
            return load_network(stored, job, data, self.registries)
        with settings_restored():
            network = self._train(job, data)
        put_network(job, network, self.store)
        return network

    def _weights(self, job: Job) -> Artifact | None:
        key = canonical(job.model_key())
        if self._last_weights is None or self._last_weights[0] != key:
            stored = self.store.get(MODELS, job.model_key())
            self._last_weights = None if stored is None else (key, stored)
        return self._last_weights and self._last_weights[1]

    def _train(self, job: Job, data: TaskData) -> Network:
        started = time.perf_counter()
        recipe, device = job.protocol.training, job.protocol.device
        if job.task.brings:
            known = build_network(job, data, self.registries).to(device).eval()
            return Network(known, {"seconds": time.perf_counter() - started, "environment": environment()})

        def build() -> nn.Module:
            return build_network(job, data, self.registries)

        model, training = train(build, data, recipe, job.seeds.training, device)
        facts: dict[str, Any] = {
            "training": training.as_json(),
            **facts_on_test(model, data, device),
            "seconds": time.perf_counter() - started,
            "environment": environment(),
        }
        return Network(model, facts)


def _failures(job: Job, methods: Sequence[Choice], compute: Callable[[], object]) -> list[Failure]:
    """Return a failure for each of the methods if compute raises."""
    try:
        with settings_restored():
            compute()
    except (StoreError, KeyboardInterrupt):
        raise
    except BaseException as error:  # noqa: BLE001 - third-party entries raise anything; the reason is kept
        return [Failure.of(job, method, reason_for(error), status_for(error)) for method in methods]
    return []
