"""Explain samples with a method and score its maps against the truth, without any storage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ...datasets.spec import TaskData
from ...entry import resolve
from ...methods.attributions.adapters import Probabilities
from ...methods.attributions.completeness import TOLERANCE, Explanation, check_complete, is_promised
from ...methods.attributions.explain import sample_seeds
from ...methods.attributions.guard import attribute_checked
from ...methods.attributions.passes.model_state import lent
from ...methods.attributions.spec import MethodSpec
from ..metrics.maps import Maps, read_only
from ..metrics.spec import MetricSpec
from .entry_checks import check_scores
from .tensors import like_parameters
from .training import as_tensors, predict, standing, tensors_for

BACKGROUND = 100  # training samples from which methods draw what absence is

Columns = dict[str, NDArray[Any]]
Metrics = Sequence[tuple[MetricSpec, Mapping[str, Any]]]


@dataclass(frozen=True)
class Explained:
    """The samples of a task that are explained, on a device.

    Attributes:
        inputs: (batch, time, features), the first of the test split.
        labels: int64 (batch,).
        truth: (batch, time, features) in [0, 1].
        background: (any, time, features), the first training samples.
        examples: the first sample of each class, for figures.
    """

    inputs: Tensor
    labels: Tensor
    truth: Tensor
    background: Tensor
    examples: list[int]

    @staticmethod
    def of(data: TaskData, samples: int, device: str) -> "Explained":
        """Return at most so many samples of a task's test split."""
        split = data.test
        count = min(samples, len(split))
        inputs, labels = (values[:count] for values in as_tensors(split, device))
        truth = torch.tensor(split.truth[:count], device=device)
        background = torch.tensor(data.train.inputs[:BACKGROUND], device=device)
        first_of_class = np.unique(split.labels[:count], return_index=True)[1]
        return Explained(inputs, labels, truth, background, sorted(first_of_class.tolist()))

    def like(self, model: nn.Module) -> "Explained":
        """Return the same samples in the type and place of a model's parameters."""
        inputs, background = (like_parameters(model, series) for series in (self.inputs, self.background))
        return replace(self, inputs=inputs, background=background)


@dataclass(frozen=True)
class Question:
    """What is explained: a model's output (None for reference methods) for one class a sample, int64 (batch,)."""

    model: nn.Module | None
    target: Tensor

    @staticmethod
    def about(model: nn.Module | None, explained: Explained, target: str, output: str) -> "Question":
        """Return the question for the true or predicted class, and for its logit or its probability."""
        if model is None:
            return Question(None, explained.labels)
        asked = Probabilities(model) if output == "probability" else model
        if target == "true":
            return Question(asked, explained.labels)
        with lent(model, explained.inputs.device):
            return Question(asked, predict(model, explained.inputs).argmax(dim=1))


def facts_on_test(model: nn.Module, data: TaskData, device: torch.device | str) -> dict[str, Any]:
    """Return accuracy on the test split, majority (share of its largest class) and tested (number of samples)."""
    counts = np.bincount(data.test.labels, minlength=data.classes)
    with lent(model, torch.device(device)):
        accuracy = standing(model, *tensors_for(model, data.test, device)).accuracy
    return {"accuracy": accuracy, "majority": float(counts.max() / counts.sum()), "tested": len(data.test)}


def yardsticks(truth: NDArray[np.floating[Any]], metrics: Metrics) -> Columns:
    """Return <metric>_chance and <metric>_oracle of each sample's truth, (batch,) each."""
    columns: Columns = {}
    same = Maps(read_only(truth), read_only(truth))
    for metric, parameters in metrics:
        if metric.chance is not None:
            chance, oracle = resolve(metric.chance)(same.truth), metric.load()(same, **parameters)
            columns[f"{metric.name}_chance"] = check_scores(metric, chance, len(truth))
            columns[f"{metric.name}_oracle"] = check_scores(metric, oracle, len(truth))
    return columns


def explain_samples(
    method: MethodSpec,
    parameters: Mapping[str, Any],
    question: Question,
    explained: Explained,
    seed: int,
    memory: int | None = None,
) -> Tensor:
    """Return a method's attributions of the explained samples, (batch, time, features); see `attribute_checked`.

    Raises:
        ContractError: the method changes samples or model, or draws random numbers without seeds.
    """
    return attribute_checked(
        method,
        parameters,
        question.model,
        explained.inputs,
        target=question.target,
        background=explained.background,
        truth=explained.truth if method.is_reference else None,
        seeds=sample_seeds(seed, len(explained.inputs)),
        memory=memory,
    )


def score(
    method: MethodSpec,
    parameters: Mapping[str, Any],
    attributions: Tensor,
    question: Question,
    explained: Explained,
    seed: int,
    metrics: Metrics,
    memory: int | None = None,
    tolerance: float = TOLERANCE,
) -> Columns:
    """Return label, target and each metric's scores of attributions, (batch,) each; NaN where a metric is undefined.

    Raises:
        IncompleteError: a map misses more of the output's change than the tolerance, see `check_complete`.
    """
    difference = _difference(method, parameters, attributions, question, explained, seed, memory, tolerance)
    maps = Maps(read_only(_array(attributions)), read_only(explained.truth.cpu().numpy()), difference)
    columns: Columns = {"label": explained.labels.cpu().numpy(), "target": question.target.cpu().numpy()}
    for metric, chosen in metrics:
        is_undefined = metric.needs_output and difference is None
        scores = np.full(len(maps.truth), np.nan) if is_undefined else metric.load()(maps, **chosen)
        columns[metric.name] = check_scores(metric, scores, len(maps.truth))
    return columns


def _difference(
    method: MethodSpec,
    parameters: Mapping[str, Any],
    attributions: Tensor,
    question: Question,
    explained: Explained,
    seed: int,
    memory: int | None,
    tolerance: float,
) -> NDArray[np.float64] | None:
    if question.model is None or not method.is_complete:
        return None
    explanation = Explanation(
        method,
        parameters,
        question.model,
        explained.inputs,
        question.target,
        background=explained.background,
        seeds=sample_seeds(seed, len(explained.inputs)),
        memory=memory,
    )
    ends = explanation.ends()
    if is_promised(method):
        check_complete(explanation, attributions.to(explained.inputs), ends, tolerance)
    return _array(ends.change)


def _array(values: Tensor) -> NDArray[Any]:
    wide = values.float() if values.dtype == torch.bfloat16 else values  # of which NumPy knows nothing
    array: NDArray[Any] = wide.cpu().numpy()
    return array
