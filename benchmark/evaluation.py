"""One job, from data to stored scores: train or load the model, explain it, score the maps."""

import io
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from numpy.typing import NDArray
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor, nn

from ..datasets.spec import TaskData
from ..entry import resolve
from ..errors import Interrupted, SaltbenchError, StoreError
from ..methods.attributions.explain import Probabilities, attribute, bind, sample_seeds
from ..methods.attributions.spec import MethodSpec
from .maps import Maps
from .plan import Job
from .provenance import environment
from .registry import Registries
from .store import Artifact, Store, canonical
from .suite import Choice
from .training import as_tensors, predict, standing, train

SCORES = "scores.parquet"
EXAMPLES = "examples.safetensors"
WEIGHTS = "weights.safetensors"


@dataclass(frozen=True)
class Failure:
    """A cell that could not be scored, and why."""

    task: str
    architecture: str
    method: str
    repetition: int
    reason: str


@dataclass(frozen=True)
class Explained:
    """The samples of a task that are explained, on a device, with one example of each class for figures."""

    inputs: Tensor
    labels: Tensor
    truth: Tensor
    examples: list[int]


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

    def _cell(self, job: Job, method: Choice, subject: "Subject | None") -> Iterator[Failure]:
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
        split = self._data(job).test
        count = min(job.protocol.samples, len(split))
        inputs, labels = as_tensors(split, job.protocol.device)
        truth = torch.tensor(split.truth[:count], device=job.protocol.device)
        first_of_class = np.unique(split.labels[:count], return_index=True)[1]
        return Explained(inputs[:count], labels[:count], truth, sorted(first_of_class.tolist()))

    def _yardstick(self, job: Job) -> None:
        if self.store.get("yardsticks", job.yardstick_key()) is not None:
            return
        explained = self._explained(job)
        truth = explained.truth.cpu().numpy()
        columns: dict[str, NDArray[np.float64]] = {}
        for choice in job.protocol.metrics:
            metric = self.registries.metrics.get(choice.name)
            if metric.chance is not None:
                columns[f"{metric.name}_chance"] = resolve(metric.chance)(truth)
                columns[f"{metric.name}_oracle"] = metric.load()(Maps(truth, truth), **choice.parameters)
        examples = {
            "inputs": explained.inputs[explained.examples],
            "truth": explained.truth[explained.examples],
        }
        files = {SCORES: _parquet(columns, job.yardstick_key()), EXAMPLES: _tensors(examples)}
        self.store.put("yardsticks", Artifact(job.yardstick_key(), {}, files))

    def _model(self, job: Job) -> "Subject":
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
        counts = np.bincount(data.test.labels, minlength=data.classes)
        facts = {
            "training": training.as_json(),
            "accuracy": standing(model, *as_tensors(data.test, device)).accuracy,
            "majority": float(counts.max() / counts.sum()),
            "tested": len(data.test),
            "seconds": time.perf_counter() - started,
            "environment": environment(),
        }
        return model, facts

    def _score(self, job: Job, choice: Choice, subject: "Subject | None") -> Artifact:
        method = self.registries.methods.get(choice.name)
        explained = self._explained(job)
        model, target = _question(job, subject, explained)
        started = time.perf_counter()
        attributions = attribute(
            bind(method, choice.parameters),
            model,
            explained.inputs,
            target,
            truth=explained.truth if method.is_reference else None,
            seeds=sample_seeds(job.seeds.attribution, len(explained.inputs)),
        )
        seconds = time.perf_counter() - started
        maps = Maps(
            attributions.cpu().numpy(),
            explained.truth.cpu().numpy(),
            _difference(method, model, explained, target),
        )
        columns = {
            "label": explained.labels.cpu().numpy(),
            "target": target.cpu().numpy(),
            **self._scores(job, maps),
        }
        key = job.cell_key(choice)
        facts = {
            "model": dict(subject.facts) if subject else {},
            "seconds": seconds,
            "environment": environment(),
        }
        files = {
            SCORES: _parquet(columns, key),
            EXAMPLES: _tensors({"map": attributions[explained.examples]}),
        }
        return Artifact(key, facts, files)

    def _scores(self, job: Job, maps: Maps) -> dict[str, NDArray[np.float64]]:
        scores = {}
        for choice in job.protocol.metrics:
            metric = self.registries.metrics.get(choice.name)
            undefined = metric.needs_output and maps.output_difference is None
            empty = np.full(len(maps.truth), np.nan)
            scores[metric.name] = empty if undefined else metric.load()(maps, **choice.parameters)
        return scores


@dataclass(frozen=True)
class Subject:
    """A trained model and the facts of its training."""

    model: nn.Module
    facts: Any


def _question(job: Job, subject: Subject | None, explained: Explained) -> tuple[nn.Module | None, Tensor]:
    if subject is None:
        return None, explained.labels
    target = predict(subject.model, explained.inputs).argmax(dim=1) if job.protocol.target == "predicted" else None
    model = Probabilities(subject.model) if job.protocol.output == "probability" else subject.model
    return model.eval(), explained.labels if target is None else target


def _difference(
    method: MethodSpec, model: nn.Module | None, explained: Explained, target: Tensor
) -> NDArray[np.float64] | None:
    if model is None or not method.is_complete:
        return None
    outputs = predict(model, explained.inputs).double() - predict(model, torch.zeros_like(explained.inputs)).double()
    return outputs.gather(1, target[:, None])[:, 0].cpu().numpy()


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
    return Failure(job.task.name, architecture, method.name, job.repetition, _reason(error))


def _reason(error: BaseException) -> str:
    text = " ".join(str(error).split())
    if isinstance(error, SaltbenchError):
        return text
    if isinstance(error, MemoryError) or "can't allocate memory" in text or "out of memory" in text:
        return f"out of memory: {text}; use a smaller model, fewer features or a machine with more memory"
    where = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {text} ({Path(where.filename).name}:{where.lineno})"
