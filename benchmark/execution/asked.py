"""The network and the method as metrics see them: arrays in and out, nothing that a metric could change."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ...datasets.spec import Split, TaskData
from ...errors import NonFiniteError, ShapeError
from ...methods.attributions.adapters import Probabilities, softmax_logits
from ...methods.attributions.explain import sample_seeds
from ...methods.attributions.passes.model_state import lend
from ...methods.attributions.spec import MethodSpec
from ..metrics.arrays import read_only
from ..metrics.needs import OF_NETWORKS
from .explaining import Explained, Question, as_array, explain_samples
from .network_checks.randomisation import RandomisedCopy, layers
from .tensors import like_parameters
from .training import predict


@dataclass(frozen=True)
class Asked:
    """What metrics of one cell may ask for.

    Attributes:
        method: that made the maps.
        parameters: its own.
        network: (batch, time, features) to logits (batch, classes); None for reference methods, which look at none.
        question: what was explained.
        explained: the samples.
        data: of the task.
        seed: of the attributions.
        memory: bytes for explaining.
        retrain: trains the architecture on other data; None where a network was given as it is.
    """

    method: MethodSpec
    parameters: Mapping[str, Any]
    network: nn.Module | None
    question: Question
    explained: Explained
    data: TaskData
    seed: int
    memory: int | None = None
    retrain: Callable[[TaskData], nn.Module] | None = None

    def arguments(self, names: Sequence[str]) -> dict[str, Any] | None:
        """Return what a metric asks for by name; None where that is a network, or training, and there is none."""
        if self.network is None and OF_NETWORKS & {*names}:
            return None
        if self.retrain is None and "trainer" in names:
            return None
        return {name: getattr(self, f"_{name}") for name in names}

    @cached_property
    def _model(self) -> "AskedModel":
        assert self.network is not None
        return AskedModel(
            self._inputs, self._labels, self._target, self._seeds, self.network, self.explained.inputs.device
        )

    @cached_property
    def _explainer(self) -> "AskedExplainer":
        return AskedExplainer(self._inputs, self._labels, self._target, self._seeds, self)

    @cached_property
    def _trainer(self) -> "AskedTrainer":
        return AskedTrainer(self)

    @cached_property
    def _data(self) -> TaskData:
        train, validation, test = map(_read_only, (self.data.train, self.data.validation, self.data.test))
        return replace(self.data, train=train, validation=validation, test=test)

    @cached_property
    def _inputs(self) -> NDArray[np.floating[Any]]:
        like = self.explained if self.network is None else self.explained.like(self.network)
        return read_only(as_array(like.inputs))

    @property
    def _labels(self) -> NDArray[np.int64]:
        return read_only(as_array(self.explained.labels))

    @property
    def _target(self) -> NDArray[np.int64]:
        return read_only(as_array(self.question.target))

    @property
    def _seeds(self) -> Sequence[int]:
        return tuple(sample_seeds(self.seed, len(self.explained.inputs)))


@dataclass(frozen=True, eq=False)
class AskedModel:
    """A network as a metric sees it, see `metrics.needs.Model`."""

    inputs: NDArray[np.floating[Any]]
    labels: NDArray[np.int64]
    target: NDArray[np.int64]
    seeds: Sequence[int]
    _network: nn.Module
    _device: torch.device

    def logits(self, inputs: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """Return the logits of series (any, time, features), (any, classes).

        Raises:
            ShapeError: series of another size.
            NonFiniteError: series with NaN or infinity, or logits of such.
        """
        return as_array(self._logits(inputs)).astype(np.float64)

    def probabilities(self, inputs: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """Return the probabilities of the classes for series (any, time, features), (any, classes).

        Raises:
            ShapeError: series of another size.
            NonFiniteError: series with NaN or infinity, or logits of such.
        """
        return as_array(softmax_logits(self._network, self._logits(inputs)).double().softmax(dim=1))

    def _logits(self, inputs: NDArray[np.floating[Any]]) -> Tensor:
        check_series("the model", inputs, self.inputs.shape[1:])
        with lend(self._network, self._device):
            logits = predict(self._network, like_parameters(self._network, inputs))
        if not bool(logits.isfinite().all()):
            raise NonFiniteError("the network answers the series that a metric asks about by NaN or infinity")
        return logits


@dataclass(frozen=True, eq=False)
class AskedExplainer:
    """A method as a metric sees it, see `metrics.needs.Explainer`."""

    inputs: NDArray[np.floating[Any]]
    labels: NDArray[np.int64]
    target: NDArray[np.int64]
    seeds: Sequence[int]
    _asked: Asked

    def __call__(
        self, inputs: NDArray[np.floating[Any]], target: NDArray[np.int64] | None = None
    ) -> NDArray[np.floating[Any]]:
        """Return attributions of other inputs of the samples, (batch, time, features) as they are.

        Args:
            inputs: one series a sample.
            target: classes to explain, (batch,); None for those that were.

        Raises:
            ShapeError: not one series of the same size for each sample.
            NonFiniteError: NaN or infinity.
        """
        check_series("the explainer", inputs, self.inputs.shape[1:], len(self.inputs))
        asked, question = self._asked, self._asked.question
        assert asked.network is not None
        if target is not None:
            question = replace(question, target=torch.tensor(target, device=question.target.device))
        explained = replace(asked.explained.like(asked.network), inputs=like_parameters(asked.network, inputs))
        made = explain_samples(asked.method, asked.parameters, question, explained, asked.seed, asked.memory)
        return as_array(made)

    def cascade(self) -> "Iterator[AskedExplainer]":
        """Yield the method on a copy of the network with random layers, one more each time from output to input.

        It is one copy that changes: ask each before the next.

        Raises:
            RandomisationError: a network whose layers cannot be given other values.
        """
        asked = self._asked
        assert asked.network is not None
        with lend(asked.network, asked.explained.inputs.device):
            found = layers(asked.network, asked.explained.like(asked.network).inputs)
        copied = RandomisedCopy(asked.network, found, asked.seed)
        is_probability = isinstance(asked.question.model, Probabilities)
        answering = Probabilities(copied.model) if is_probability else copied.model
        random = replace(asked, network=copied.model, question=replace(asked.question, model=answering))
        for layer in found:
            copied.randomise(layer)
            yield replace(self, _asked=random)


@dataclass(frozen=True, eq=False)
class AskedTrainer:
    """An architecture and a method as a metric sees them that trains, see `metrics.needs.Trainer`."""

    _asked: Asked

    def explain(self, inputs: NDArray[np.floating[Any]], target: NDArray[np.int64]) -> NDArray[np.floating[Any]]:
        """Return maps of any samples, (any, time, features), for classes (any,), of the network that was explained.

        Raises:
            ShapeError: series of another size.
            NonFiniteError: NaN or infinity.
        """
        asked = self._asked
        assert asked.network is not None
        check_series("the trainer", inputs, tuple(asked.explained.inputs.shape[1:]))
        own = asked.explained.like(asked.network)
        classes = torch.tensor(target, device=own.inputs.device)
        series = like_parameters(asked.network, inputs)
        others = replace(own, inputs=series, labels=classes, truth=torch.zeros_like(series), examples=[], lengths=None)
        question = replace(asked.question, target=classes)
        return as_array(explain_samples(asked.method, asked.parameters, question, others, asked.seed, asked.memory))

    def train(self, data: TaskData) -> Callable[[NDArray[np.floating[Any]]], NDArray[np.float64]]:
        """Return what answers series (any, time, features) by logits (any, classes): a network trained on the data."""
        asked = self._asked
        assert asked.retrain is not None
        network = asked.retrain(data)

        def answer(inputs: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
            with lend(network, asked.explained.inputs.device):
                return as_array(predict(network, like_parameters(network, inputs))).astype(np.float64)

        return answer


def check_series(asked: str, inputs: NDArray[Any], size: tuple[int, ...], batch: int | None = None) -> None:
    """Raise unless inputs are finite series, (batch, time, features), such as a metric may ask about.

    Args:
        asked: in words.
        inputs: what a metric gives.
        size: (time, features).
        batch: how many there must be; None for any number.

    Raises:
        ShapeError: series of another size, or another number of them.
        NonFiniteError: NaN or infinity.
    """
    count = "any number" if batch is None else str(batch)
    if inputs.shape[1:] != size or batch not in (None, len(inputs)):
        raise ShapeError(f"{asked} takes {count} of series {size}, got {inputs.shape}; let the metric keep their size")
    if not np.isfinite(inputs).all():
        raise NonFiniteError(f"{asked} takes finite series, got NaN or infinity; let the metric keep them finite")


def _read_only(split: Split) -> Split:
    lengths = None if split.lengths is None else read_only(split.lengths)
    return Split(read_only(split.inputs), read_only(split.labels), read_only(split.truth), lengths)
