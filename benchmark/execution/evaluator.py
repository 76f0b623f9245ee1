"""One job, from data to stored scores: train or load the model, explain it, score the maps."""

import io
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor, nn

from ...datasets.spec import TaskData
from ...errors import StoreError
from ..process.settings import settings_restored
from ..storage.store import Artifact, Store, canonical
from ..suites.provenance import environment
from ..suites.registry import Registries
from ..suites.suite import Choice
from .entry_checks import check_architecture
from .failures import Failure, reason_for, status_for
from .network_checks.network_checks import check_answers
from .plan import Job
from .planned import planned_data, planned_entry
from .scoring import Explained, Metrics, Question, explain_samples, facts_on_test, score, yardsticks
from .stored_run import EXAMPLES, SCORES, WEIGHTS, missing
from .training import train


@dataclass(frozen=True)
class Subject:
    """A trained model and the facts of its training."""

    model: nn.Module
    facts: Any


@dataclass
class Evaluator:
    """Runs jobs against a store; keeps the last task's data, since neighbouring jobs share it.

    Attributes:
        registries: the entries that jobs name.
        store: where results go.
        memory: bytes for explaining; see `attribute`.
        announce: called with each method before its cell begins.
    """

    registries: Registries
    store: Store
    memory: int | None = None
    announce: Callable[[Choice], None] = lambda _method: None
    _cached: tuple[bytes, TaskData] | None = None

    def run(self, job: Job) -> Iterator[Failure]:
        """Compute and store what the job lacks, and yield the cells that failed.

        Raises:
            StoreError: the results folder cannot be read or written.
        """
        if failed := self.prepare(job):
            yield from failed
            return
        for method in missing(job, self.store):
            self.announce(method)
            yield from self.compute(job, method)

    def prepare(self, job: Job) -> list[Failure]:
        """Store what the job's cells share, its yardstick and trained model; return its cells if they fail for that.

        Raises:
            StoreError: the results folder cannot be read or written.
        """
        # without its yardstick no score can be read: a stored cell fails with the others
        failed = _failures(job, job.methods, lambda: self._yardstick(job))
        lacking = missing(job, self.store)
        if not failed and job.architecture and lacking:
            failed = _failures(job, lacking, lambda: self._prepare(job))
        return failed

    def compute(self, job: Job, method: Choice) -> list[Failure]:
        """Explain and score one cell of a job that is prepared, and store it; return the cell if it fails.

        Raises:
            StoreError: the results folder cannot be read or written.
        """
        return _failures(job, [method], partial(self._cell, job, method))

    def _cell(self, job: Job, method: Choice) -> None:
        # loaded anew for every cell, so that none sees what a method does to it
        subject = self._model(job) if job.architecture else None
        self.store.put("cells", self._score(job, method, subject))

    def _data(self, job: Job) -> TaskData:
        key = canonical({"task": job.task.as_json(), "seed": job.seeds.data})
        if self._cached is None or self._cached[0] != key:
            self._cached = key, planned_data(self.registries, job)
        return self._cached[1]

    def _explained(self, job: Job) -> Explained:
        return Explained.of(self._data(job), job.protocol.samples, job.protocol.device)

    def _metrics(self, job: Job) -> Metrics:
        chosen = job.protocol.metrics
        return [(planned_entry(self.registries.metrics, choice), choice.parameters) for choice in chosen]

    def _yardstick(self, job: Job) -> None:
        if self.store.get("yardsticks", job.yardstick_key()) is not None:
            return
        explained = self._explained(job)
        columns = yardsticks(explained.truth.cpu().numpy(), self._metrics(job))
        examples = {
            "inputs": explained.inputs[explained.examples],
            "truth": explained.truth[explained.examples],
        }
        files = {SCORES: _parquet(columns, job.yardstick_key()), EXAMPLES: _tensors(examples)}
        self.store.put("yardsticks", Artifact(job.yardstick_key(), {}, files))

    def _prepare(self, job: Job) -> None:
        """Train the model, or load it, and check that it answers each of the samples that are explained by itself."""
        model = self._model(job).model
        check_answers(model, self._explained(job).like(model).inputs)

    def _model(self, job: Job) -> Subject:
        architecture = job.architecture
        assert architecture is not None
        data, device = self._data(job), job.protocol.device
        factory = planned_entry(self.registries.architectures, architecture).load()

        def build() -> nn.Module:
            model = factory(features=data.features, classes=data.classes, **architecture.parameters)
            return check_architecture(architecture.name, model)

        stored = self.store.get("models", job.model_key())
        if stored is not None:
            model = build().to(device)
            model.load_state_dict(load_tensors(stored.files[WEIGHTS]))
            return Subject(model.eval(), stored.facts)
        model, facts = self._train(job, build, data)
        files = {WEIGHTS: _tensors(model.state_dict())}
        self.store.put("models", Artifact(job.model_key(), facts, files))
        return Subject(model, facts)

    def _train(self, job: Job, build: Callable[[], nn.Module], data: TaskData) -> tuple[nn.Module, dict[str, Any]]:
        started = time.perf_counter()
        recipe, device = job.protocol.training, job.protocol.device
        model, training = train(build, data, recipe, job.seeds.training, device)
        facts = {
            "training": training.as_json(),
            **facts_on_test(model, data, device),
            "seconds": time.perf_counter() - started,
            "environment": environment(),
        }
        return model, facts

    def _score(self, job: Job, choice: Choice, subject: Subject | None) -> Artifact:
        method, parameters = planned_entry(self.registries.methods, choice), choice.parameters
        explained, seed = self._explained(job), job.seeds.attribution
        model = subject.model if subject else None
        question = Question.about(model, explained, job.protocol.target, job.protocol.output)
        started = time.perf_counter()
        # a GPU works on while Python goes on: only the copy waits for it, and makes the clock tell the truth
        attributions = explain_samples(method, parameters, question, explained, seed, self.memory).cpu()
        facts = {
            "model": dict(subject.facts) if subject else {},
            "seconds": time.perf_counter() - started,
            "environment": environment(),
        }
        columns = score(method, parameters, attributions, question, explained, seed, self._metrics(job), self.memory)
        key = job.cell_key(choice)
        files = {
            SCORES: _parquet(columns, key),
            EXAMPLES: _tensors({"map": attributions[explained.examples]}),
        }
        return Artifact(key, facts, files)


def _parquet(columns: dict[str, NDArray[Any]], key: dict[str, Any]) -> bytes:
    table = pa.Table.from_pandas(pd.DataFrame(columns), preserve_index=False)
    table = table.replace_schema_metadata({"saltbench.key": canonical(key)})
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()


def _tensors(tensors: dict[str, Tensor]) -> bytes:
    return save_tensors({name: value.detach().cpu().contiguous() for name, value in tensors.items()})


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
