"""Ask a network a question about series: by which method, of which output, and within what memory."""

import math
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from ...errors import ParameterError, SaltbenchError
from ...methods.attributions.adapters import Flat, Probabilities, adapted, is_multi_label, is_value
from ...methods.attributions.bound_method import bind
from ...methods.attributions.checks.completeness import Explanation as Explained
from ...methods.attributions.checks.completeness import completed, is_promised
from ...methods.attributions.checks.guard import attribute_checked
from ...methods.attributions.explain import predicted_classes
from ...methods.attributions.fingerprints.facts import kept_still
from ...methods.attributions.inputs.several_inputs import check_joint
from ...methods.attributions.passes.model_state import lend_once
from ...methods.attributions.spec import MethodSpec
from ..execution.network_checks.network_checks import check_answers, check_choice, output_sizes
from ..suites.suite import OUTPUTS
from .explanation import Explanation
from .inputs import Given
from .targets import Outputs, Target, check_named


class Found(NamedTuple):
    """What was found for one target.

    Attributes:
        attributions: (batch, time, features).
        target: the explained output of each sample, int64 (batch,), or (batch, sizes) where outputs have several; None
            for the predicted class where it was not looked up.
        residual: what each map misses, float64 (batch,); None where the method promises nothing.
    """

    attributions: Tensor
    target: Tensor | None
    residual: Tensor | None


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

    def answer(
        self,
        model: nn.Module,
        given: Given,
        targets: Sequence[Target],
        baseline: Tensor | None,
        background: Tensor | None,
        seeds: Sequence[int],
    ) -> list[Found]:
        """Return what is found for each of the targets.

        Args:
            model: takes the inputs.
            given: these.
            targets: at least one.
            baseline: (batch, time, features) as the method sees the inputs; None for zeros.
            background: (any, time, features), so, too.
            seeds: one a sample.

        Raises:
            SaltbenchError: as `explain`.
        """
        if given.layout is not None:
            check_joint(self.spec, bind(self.spec, self.parameters).takes.names, given.layout)
        parts = None if given.layout is None else given.layout.spans
        with kept_still(given.model(model)) as known:
            explained, outputs = self._in_a_row(model, known, given)
            with kept_still(explained):
                count = check_answers(explained, given.rows)
                numbers = [outputs.number(target) for target in targets]
                for number in numbers:
                    check_named(explained, count, number)
                asked = self._asked(explained)
                options = {"baseline": baseline, "background": background, "seeds": seeds, "parts": parts}
                with lend_once(asked, given.rows.device) if self.spec.is_shipped else nullcontext():
                    found = [self._complete(asked, given.rows, number, options) for number in numbers]
        return [one._replace(target=outputs.places(one.target)) for one in found]

    def explanations(
        self, given: Given, found: Sequence[Found], are_several: bool, baseline: Tensor | None, seconds: float
    ) -> list[Explanation]:
        """Return the map of each input with what it is of.

        Args:
            given: the inputs.
            found: for each target.
            are_several: maps of all targets behind each other, (targets, batch, …), and not that of the only one.
            baseline: (batch, time, features); None for zeros.
            seconds: that it took.
        """
        joined = _stacked if are_several else _only
        of_targets = [given.maps(one.attributions, self.spec.is_complete) for one in found]
        maps = [joined(parts) for parts in zip(*of_targets, strict=True)]
        takes_baseline = "baseline" in bind(self.spec, self.parameters).takes.names
        absences = given.absences(baseline) if takes_baseline else [None] * len(maps)
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

    def _in_a_row(self, model: nn.Module, conditioned: nn.Module, given: Given) -> tuple[nn.Module, Outputs]:
        """Return the model of the rows with its outputs, (batch, any), in a row, and how they are counted."""
        rows = given.rows
        sizes = output_sizes(conditioned, rows)
        if len(sizes) < 2:
            return conditioned, Outputs(len(rows), sizes, None)

        def predict(steps: Tensor) -> Tensor:
            found = torch.zeros_like(steps)
            for step in steps.unique().tolist():
                classes = predicted_classes(given.model(adapted(model, item=step)), rows, self.memory)
                found = torch.where(steps == step, classes.cpu(), found)
            return found

        are_apart = is_value(model) or is_multi_label(model)
        return given.model(Flat(model, sizes)), Outputs(len(rows), sizes, None if are_apart else predict)

    def _asked(self, model: nn.Module) -> nn.Module:
        check_choice("output", self.output, OUTPUTS)
        if self.output == "logit":
            return model
        if is_value(model):
            raise ParameterError(
                "output must be 'logit' for a model that returns a value, got 'probability'; leave it out"
            )
        return Probabilities(model)

    def _complete(self, model: nn.Module, rows: Tensor, target: Tensor | None, options: Mapping[str, Any]) -> Found:
        """Return the maps of rows, (batch, time, features), after checking that they are complete if promised."""
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
    return None if any(value is None for value in values) else torch.stack(list(values))


def _only(values: Sequence[Any]) -> Any:
    (value,) = values
    return value
