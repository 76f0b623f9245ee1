"""What a network is asked, and how: about which series, by which method, and within what memory."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from ...errors import ParameterError, SaltbenchError
from ...methods.attributions.adapters import Probabilities, is_scores, is_value
from ...methods.attributions.bound_method import bind
from ...methods.attributions.checks.completeness import Explanation as Explained
from ...methods.attributions.checks.completeness import completed, is_promised
from ...methods.attributions.checks.guard import attribute_checked
from ...methods.attributions.explain import predicted_classes
from ...methods.attributions.passes.segments import Span
from ...methods.attributions.spec import MethodSpec
from ..execution.network_checks.network_checks import check_choice
from ..suites.suite import OUTPUTS
from .explanation import Explanation
from .given import Given


class Found(NamedTuple):
    """What was found for one target.

    Attributes:
        attributions: (batch, time, features).
        target: the explained output of each sample, int64 (batch,), or (batch, sizes) where outputs have several, or of
            each step, (batch, time); None for the predicted class where it was not looked up.
        residual: what each map misses, float64 (batch,); None where the method promises nothing.
    """

    attributions: Tensor
    target: Tensor | None
    residual: Tensor | None


@dataclass(frozen=True)
class Question:
    """What a network is asked about.

    Attributes:
        network: takes the inputs.
        given: these.
        baseline: (batch, time, features) as the method sees the inputs; None for zeros.
        background: (any, time, features), so, too.
        seeds: one a sample.
    """

    network: nn.Module
    given: Given
    baseline: Tensor | None
    background: Tensor | None
    seeds: Sequence[int]

    def options(self, steps: int | None = None) -> dict[str, Any]:
        """Return what `attribute` takes beside the rows, (batch, steps, features): all, or their first steps."""
        absent, drawn_from = self.baseline, self.background
        return {
            "baseline": None if absent is None else absent[:, :steps],
            "background": None if drawn_from is None else drawn_from[:, :steps],
            "seeds": self.seeds,
            "parts": self.given.parts,
            "fixed": None if self.given.fixed is None else self.given.fixed[:, :steps],
        }

    def cut(self, samples: Sequence[int], span: Span) -> "Question":
        """Return the question about a span of the steps of some samples, (samples, span, features), all else held."""
        absent = None if self.baseline is None else self.baseline[list(samples), span.start : span.stop]
        drawn_from = None if self.background is None else self.background[:, span.start : span.stop]
        seeds = [self.seeds[sample] for sample in samples]
        return Question(self.network, self.given.cut(samples, span), absent, drawn_from, seeds)


@dataclass(frozen=True)
class Request:
    """How a network is explained; see `explain` for what is not said here.

    Attributes:
        spec: the method.
        parameters: its own, in place of the defaults.
        output: "logit" or "probability".
        memory: bytes that may be taken.
        tolerance: share of the output's change that a map may miss.
    """

    spec: MethodSpec
    parameters: Mapping[str, Any]
    output: str
    memory: int | None
    tolerance: float

    def explanations(
        self, question: Question, found: Sequence[Found], are_several: bool, seconds: float
    ) -> list[Explanation]:
        """Return the map of each input with what it is of.

        Args:
            question: what was asked.
            found: for each target.
            are_several: maps of all targets behind each other, (targets, batch, …), and not that of the only one.
            seconds: that it took.
        """
        given, joined = question.given, _stacked if are_several else _only
        of_targets = [given.maps(one.attributions, self.spec.is_complete) for one in found]
        maps = [joined(parts) for parts in zip(*of_targets, strict=True)]
        takes_baseline = "baseline" in bind(self.spec, self.parameters).takes.names
        absences = given.absences(question.baseline) if takes_baseline else [None] * len(maps)
        notes: dict[str, Any] = {
            "method": self.spec.name,
            "version": self.spec.version,
            "parameters": self.spec.configure(self.parameters),
            "target": joined([one.target for one in found]),
            "residual": joined([one.residual for one in found]),
            "seconds": seconds,
        }
        return [
            Explanation(own, baseline=None if absence is None else absence.expand(own.shape), **notes)
            for own, absence in zip(maps, absences, strict=True)
        ]

    def asked(self, model: nn.Module) -> nn.Module:
        """Return a model of what is explained, its logits or its probabilities.

        Raises:
            ParameterError: another output, or probabilities of what has none.
        """
        check_choice("output", self.output, OUTPUTS)
        if self.output == "logit":
            return model
        if is_value(model):
            raise ParameterError(
                "output must be 'logit' for a model that returns a value, got 'probability'; leave it out"
            )
        if is_scores(model):
            raise ParameterError(
                "output must be 'logit' for a function of arrays, whose scores are explained as they are, got "
                "'probability'; leave it out, or say what it returns, saltbench.adapted(function, output=...)"
            )
        return Probabilities(model)

    def complete(self, model: nn.Module, rows: Tensor, target: Tensor | None, options: Mapping[str, Any]) -> Found:
        """Return the maps of rows, (batch, time, features), after checking that they are complete if promised.

        Args:
            model: (batch, time, features) to (batch, any).
            rows: (batch, time, features).
            target: int64 (batch,); None for the predicted class.
            options: further arguments of `attribute`.

        Raises:
            SaltbenchError: as `attribute` and `completed`.
        """
        spec, arguments = self.spec, {**options, "memory": self.memory}
        is_measured = spec.is_complete and len(rows) > 0
        if is_measured and target is None:
            target = predicted_classes(model, rows, self.memory)
        attributions = attribute_checked(spec, self.parameters, model, rows, target=target, **arguments)
        if not is_measured or target is None:
            return Found(attributions, target, None)
        configured = spec.configure(self.parameters)
        explained = Explained(spec, configured, model, rows, target.to(rows.device), **arguments)
        try:
            ends = explained.ends()
        except SaltbenchError:
            if math.isfinite(self.tolerance) and is_promised(spec):
                raise
            return Found(attributions, target, None)  # any map is accepted
        if is_promised(spec):
            attributions = completed(explained, attributions, ends, self.tolerance)
        return Found(attributions, target, attributions.double().sum((1, 2)) - ends.change)


def _stacked(values: Sequence[Any]) -> Any:
    """Return tensors behind each other, or None where there are none, or none alike."""
    shapes = {None if value is None else value.shape for value in values}
    return None if None in shapes or len(shapes) > 1 else torch.stack(list(values))


def _only(values: Sequence[Any]) -> Any:
    (value,) = values
    return value
