"""Explain samples with a method, and find what its maps must sum to; nothing is stored here."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ...datasets.spec import TaskData
from ...errors import UnsupportedOperationError
from ...methods.architectures.white_box import WhiteBox
from ...methods.attributions.adapters import Probabilities, adapted
from ...methods.attributions.checks.completeness import TOLERANCE, Explanation, completed, is_promised
from ...methods.attributions.checks.guard import attribute_checked
from ...methods.attributions.explain import sample_seeds
from ...methods.attributions.inputs.held_inputs import Conditioned
from ...methods.attributions.passes.model_state import lend
from ...methods.attributions.spec import MethodSpec
from ...methods.attributions.steps.sum_over_steps import sum_over_steps
from ..metrics.maps import check_finite
from .stored.maps import StoredMap
from .stored.samples import Examples, StoredSamples, example_rows
from .tensors import like_parameters
from .training import as_tensors, predict
from .unpadded import Lengths, beside_padding, first_steps, of_one_length

BACKGROUND = 100  # training samples from which methods draw what absence is


@dataclass(frozen=True)
class Explained:
    """The samples of a task that are explained, on a device.

    Attributes:
        inputs: (batch, time, features), the first of the test split.
        labels: int64 (batch,).
        truth: (batch, time, features) in [0, 1].
        background: (any, time, features), the first training samples.
        examples: the first sample of each class, for figures.
        lengths: int64 (batch,), steps of each sample that are no padding; None for all.
        step_labels: int64 (batch, time), where there is a label at every step. What is explained is then a sum over the
            steps, the only output, and `labels` are 0; None for one label a sample.
    """

    inputs: Tensor
    labels: Tensor
    truth: Tensor
    background: Tensor
    examples: list[int]
    lengths: Lengths = None
    step_labels: Tensor | None = None

    @staticmethod
    def of(data: TaskData, samples: int, device: str) -> "Explained":
        """Return at most so many samples of a task's test split."""
        split = data.test
        count = min(samples, len(split))
        inputs, labels = (values[:count] for values in as_tensors(split, device))
        truth = torch.tensor(split.truth[:count], device=device)
        background = torch.tensor(data.train.inputs[:BACKGROUND], device=device)
        lengths = None if split.lengths is None else split.lengths[:count]
        step_labels = labels if labels.ndim == 2 else None
        columns = labels if step_labels is None else torch.zeros_like(labels[:, 0])
        examples = example_rows(columns.cpu().numpy()).tolist()
        return Explained(inputs, columns, truth, background, examples, lengths, step_labels)

    def by_length(self) -> Iterator[tuple[list[int], int]]:
        """Yield the numbers of the samples of each length, and it; see `of_one_length`."""
        return of_one_length(self.lengths, len(self.inputs), self.inputs.shape[1])

    def asked_of(self, model: nn.Module) -> nn.Module:
        """Return a model of the series alone, (batch, time, features), with one answer a sample.

        A white box gets each sample's truth beside, and what is summed over steps each sample's classes.
        """
        if self.step_labels is not None:
            return sum_over_steps(model, self.step_labels)
        if not isinstance(model, WhiteBox):
            return model
        shapes = f"series {tuple(self.inputs.shape)} and what is salient in them"
        return adapted(Conditioned(model, [self.truth], shapes), output="value")

    def stored(self) -> StoredSamples:
        """Return what is stored of the samples."""
        labels, inputs, truth = (as_array(values) for values in (self.labels, self.inputs, self.truth))
        rows = self.examples
        return StoredSamples(labels, Examples(labels[rows], inputs[rows], truth[rows]))

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
        """Return the question for the true or predicted class, and for its logit or its probability.

        Raises:
            UnsupportedOperationError: a white box is asked for its predicted class or a probability.
        """
        if model is None:
            return Question(None, explained.labels)
        if isinstance(model, WhiteBox):
            _check_white_box(target, output)
            return Question(explained.asked_of(model), explained.labels)
        if explained.step_labels is not None:
            classes = explained.step_labels if target == "true" else _predicted(model, explained)
            return Question(sum_over_steps(model, classes, output), explained.labels)
        asked = Probabilities(model) if output == "probability" else model
        if target == "true":
            return Question(asked, explained.labels)
        return Question(asked, _predicted(model, explained))


def _predicted(model: nn.Module, explained: Explained) -> Tensor:
    with lend(model, explained.inputs.device):
        return predict(model, explained.inputs).argmax(dim=-1)


def _check_white_box(target: str, output: str) -> None:
    if (target, output) != ("true", "logit"):
        raise UnsupportedOperationError(
            f"a white box has neither classes nor probabilities, got target {target} and output {output}; "
            "explain its output: target true, output logit"
        )


def make_map(
    method: MethodSpec,
    parameters: Mapping[str, Any],
    question: Question,
    explained: Explained,
    seed: int,
    memory: int | None = None,
    tolerance: float = TOLERANCE,
    facts: Mapping[str, Any] | None = None,
) -> StoredMap:
    """Return a method's maps of the explained samples, with the seconds they took among the given facts.

    Raises:
        ContractError: the method changes samples or model, or draws random numbers without seeds.
        IncompleteError: a map misses more of the output's change than the tolerance, see `completed`.
        NonFiniteError: a map has NaN or infinity.
    """
    started = time.perf_counter()
    # a GPU works on while Python goes on: only the copy waits for it, and makes the clock tell the truth
    attributions = explain_samples(method, parameters, question, explained, seed, memory).cpu()
    seconds = time.perf_counter() - started
    check_finite("attributions", as_array(attributions))  # before they are stored: no metric takes them
    complete, difference = _completed(method, parameters, attributions, question, explained, seed, memory, tolerance)
    maps = as_array(complete)
    target = question.target.cpu().numpy()
    return StoredMap(maps, target, difference, {**(facts or {}), "seconds": seconds})


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
    found = torch.zeros_like(explained.inputs)
    for rows, length in explained.by_length():
        found[rows, :length] = attribute_checked(
            method,
            parameters,
            beside_padding(question.model, explained.inputs, rows, length),
            first_steps(explained.inputs, rows, length),
            truth=first_steps(explained.truth, rows, length) if method.is_reference else None,
            memory=memory,
            **_options(question, explained, seed, rows, length),
        )
    return found


def _options(question: Question, explained: Explained, seed: int, rows: list[int], length: int) -> dict[str, Any]:
    """Return what of some samples and their first steps, (rows, length, features), a method is given."""
    seeds = sample_seeds(seed, len(explained.inputs))
    return {
        "target": question.target[rows],
        "background": explained.background[:, :length],
        "seeds": [seeds[row] for row in rows],
    }


def _completed(
    method: MethodSpec,
    parameters: Mapping[str, Any],
    attributions: Tensor,
    question: Question,
    explained: Explained,
    seed: int,
    memory: int | None,
    tolerance: float,
) -> tuple[Tensor, NDArray[np.float64] | None]:
    """Return the maps, (batch, time, features), and the change of the output that they sum to, (batch,)."""
    if question.model is None or not method.is_complete:
        return attributions, None
    whole, change = attributions.clone(), np.zeros(len(attributions))
    for rows, length in explained.by_length():
        model = beside_padding(question.model, explained.inputs, rows, length)
        assert model is not None
        options = _options(question, explained, seed, rows, length)
        inputs = first_steps(explained.inputs, rows, length)
        explanation = Explanation(method, parameters, model, inputs, memory=memory, **options)
        ends = explanation.ends()
        if is_promised(method):
            maps = first_steps(attributions, rows, length).to(explained.inputs)
            whole[rows, :length] = completed(explanation, maps, ends, tolerance).cpu()
        change[rows] = as_array(ends.change)
    return whole, change


def as_array(values: Tensor) -> NDArray[Any]:
    """Return the values of a tensor of any shape, bfloat16 as float32."""
    wide = values.float() if values.dtype == torch.bfloat16 else values  # of which NumPy knows nothing
    array: NDArray[Any] = wide.cpu().numpy()
    return array
