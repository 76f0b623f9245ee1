"""One job, from data to stored scores: train or load the model, explain it, score the maps."""

import io
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor, nn

from ..datasets.spec import TaskData
from ..errors import Interrupted, SaltbenchError, StoreError, UnsupportedOperationError
from .plan import Job
from .provenance import environment
from .registry import Registries
from .scoring import Explained, Metrics, Question, explain_samples, facts_on_test, score, yardsticks
from .store import Artifact, Store, canonical
from .suite import Choice
from .training import train

SCORES = "scores.parquet"
EXAMPLES = "examples.safetensors"
WEIGHTS = "weights.safetensors"


@dataclass(frozen=True)
class Failure:
    """A cell without scores, and why: failed, or skipped since the method does not apply to the network."""

    task: str
    architecture: str
    method: str
    repetition: int
    reason: str
    status: str = "failed"


@dataclass(frozen=True)
class Subject:
    """A trained model and the facts of its training."""

    model: nn.Module
    facts: Any


def is_complete(job: Job, store: Store) -> bool:
    """Return whether the store holds all that a job computes, sound.

    Raises:
        StoreError: a result cannot be read.
    """
    yardstick = store.get("yardsticks", job.yardstick_key())
    return yardstick is not None and not _missing(job, store)


def _missing(job: Job, store: Store) -> list[Choice]:
    return [method for method in job.methods if store.get("cells", job.cell_key(method)) is None]


@dataclass
class Evaluator:
    """Runs jobs against a store; keeps the last task's data, since neighbouring jobs share it."""

    registries: Registries
    store: Store
    should_stop: Callable[[], bool] = lambda: False
    memory: int | None = None  # bytes for explaining; see `attribute`
    _cached: tuple[bytes, TaskData] | None = None

    def run(self, job: Job) -> list[Failure]:
        """Compute and store what the job lacks, and return the cells that failed.

        Raises:
            StoreError: the results folder cannot be read or written.
            Interrupted: should_stop returned True.
        """
        missing = _missing(job, self.store)
        try:
            self._yardstick(job)
            subject = self._model(job) if job.architecture and missing else None
        except (StoreError, Interrupted):
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - third-party entries raise anything; the reason is kept
            return [_failure(job, method, error) for method in missing]
        return [failure for method in missing for failure in self._cell(job, method, subject)]

    def _cell(self, job: Job, method: Choice, subject: Subject | None) -> Iterator[Failure]:
        if self.should_stop():
            raise Interrupted("stopped on request")
        try:
            self.store.put("cells", self._score(job, method, subject))
        except (StoreError, Interrupted):
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - see run
            yield _failure(job, method, error)

    def _data(self, job: Job) -> TaskData:
        key = canonical({"task": job.task.as_json(), "seed": job.seeds.data})
        if self._cached is None or self._cached[0] != key:
            load = self.registries.tasks.get(job.task.name).load()
            self._cached = key, load(job.seeds.data, **job.task.parameters)
        return self._cached[1]

    def _explained(self, job: Job) -> Explained:
        return Explained.of(self._data(job), job.protocol.samples, job.protocol.device)

    def _metrics(self, job: Job) -> Metrics:
        return [(self.registries.metrics.get(choice.name), choice.parameters) for choice in job.protocol.metrics]

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

    def _model(self, job: Job) -> Subject:
        assert job.architecture is not None
        data, device = self._data(job), job.protocol.device
        factory = self.registries.architectures.get(job.architecture.name).load()
        parameters = job.architecture.parameters

        def build() -> nn.Module:
            model: nn.Module = factory(features=data.features, classes=data.classes, **parameters)
            return model

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
        model, training = train(build, data, recipe, job.seeds.training, device, self.should_stop)
        facts = {
            "training": training.as_json(),
            **facts_on_test(model, data, device),
            "seconds": time.perf_counter() - started,
            "environment": environment(),
        }
        return model, facts

    def _score(self, job: Job, choice: Choice, subject: Subject | None) -> Artifact:
        method, parameters = self.registries.methods.get(choice.name), choice.parameters
        explained, seed = self._explained(job), job.seeds.attribution
        model = subject.model if subject else None
        question = Question.about(model, explained, job.protocol.target, job.protocol.output)
        started = time.perf_counter()
        attributions = explain_samples(method, parameters, question, explained, seed, self.memory)
        facts = {
            "model": dict(subject.facts) if subject else {},
            "seconds": time.perf_counter() - started,
            "environment": environment(),
        }
        columns = score(method, parameters, attributions, question, explained, seed, self._metrics(job))
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


def _failure(job: Job, method: Choice, error: BaseException) -> Failure:
    architecture = job.architecture.name if job.architecture else ""
    return Failure(job.task.name, architecture, method.name, job.repetition, reason_for(error), status_for(error))


def status_for(error: BaseException) -> str:
    """Return what an error makes of a cell: skipped if the method does not apply to the network, else failed."""
    return "skipped" if isinstance(error, UnsupportedOperationError) else "failed"


def reason_for(error: BaseException) -> str:
    """Return an error in one line: saltbench's own message, or the type, text and place of another."""
    text = " ".join(str(error).split())
    if isinstance(error, SaltbenchError):
        return text
    if isinstance(error, MemoryError) or "can't allocate memory" in text or "out of memory" in text:
        return f"out of memory: {text}; use a smaller model, fewer features or a machine with more memory"
    where = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {text} ({Path(where.filename).name}:{where.lineno})"
