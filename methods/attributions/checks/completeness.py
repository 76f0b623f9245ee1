"""Check that the maps of a complete method sum to the change of the output, and say why one does not."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from ....errors import BudgetError, IncompleteError, ParameterError, RefusedSeriesError
from ..bound_method import bind
from ..explain import attribute, rows_of
from ..fingerprints.facts import kept_still, measured_of
from ..gradient_failures import INSTEAD
from ..gradients.finer_path import finer_path_integral
from ..inputs.held_inputs import each_condition, find_conditioned
from ..passes.baselines import absence
from ..passes.budget import Budget
from ..passes.model_state import lend
from ..passes.passes import Passes, Write, copies
from ..passes.segments import Span
from ..refusals import tell_causes, work_of
from ..spec import MethodSpec

TOLERANCE = (
    0.01  # share of the change of the output that a map may miss; of quadrature that more steps mend, ten times it
)

_QUADRATURE = 10  # tolerances that the quadrature of few steps may take
_SMALL = 0.1  # of the size of a map: a change below this is what is left of larger ones, and no scale for a miss
_ROUNDING = 64  # epsilons of what is added up
_WORST = 4  # samples that are explained again with more steps
_NEAR = 1e-3  # of the way from an end of it, in which an output without a jump goes as far as in the next one
_FEWEST = 800  # steps that are tried before a miss is said to stay


class Ends(NamedTuple):
    """S_c(x) and the mean of S_c(x′) over x′, float64 (batch,) each."""

    present: Tensor
    absent: Tensor

    @property
    def change(self) -> Tensor:
        """S_c(x) - mean over x′ of S_c(x′), float64 (batch,)."""
        return self.present - self.absent


@dataclass(frozen=True)
class Explanation:
    """What was explained, and how; see `attribute` for what is not said here.

    Attributes:
        spec: the method's entry.
        parameters: its own parameters, all of them. Those named `against` and `baseline_samples` say what absence x′
            is: the baseline without either, series drawn from the background with `baseline_samples` alone.
        model: (batch, time, features) to (batch, classes).
        inputs: x, (batch, time, features).
        target: int64 (batch,), the explained class c of each sample.
        baseline: (batch, time, features); None for zeros.
        background: (any, time, features).
        seeds: one integer a sample.
        memory: bytes that may be taken.
        parts: the features of each of several inputs.
        fixed: entries that the model sees as they are, bool (batch, time, features).
    """

    spec: MethodSpec
    parameters: Mapping[str, Any]
    model: nn.Module
    inputs: Tensor
    target: Tensor
    baseline: Tensor | None = None
    background: Tensor | None = None
    seeds: Sequence[int] | None = None
    memory: int | None = None
    parts: Sequence[Span] | None = None
    fixed: Tensor | None = None

    def ends(self) -> Ends:
        """Return what the network makes of the samples and of what the method takes absence to be.

        Raises:
            RefusedSeriesError: the network does not answer what the method takes absence to be.
            ParameterError: absence is drawn, and there is no background or no seeds.
            BudgetError: the memory does not hold one sample.
        """
        found = self.inputs.new_empty(2, len(self.inputs), dtype=torch.float64)
        with kept_still(self.model), lend(self.model, self.inputs.device):
            for rows in each_condition(self.model, len(self.inputs)):
                found[:, list(rows)] = torch.stack(self._of(rows)._ends())
        return Ends(*found)

    def _ends(self) -> Ends:
        absent = torch.zeros_like(self.inputs) if self.baseline is None else self.baseline
        given = {"model": self.model, "inputs": self.inputs, "baseline": absent, "background": self.background}
        with tell_causes(work_of(bind(self.spec, self.parameters), self.spec, given, range(len(self.inputs)))):
            measured = measured_of(self.model, "ends", self.inputs)
            passes = Passes(self.model, Budget(self.memory, self.inputs.device, measured))
            present = passes.outputs(self.inputs, self.target, 1, copies(self.inputs))[:, 0]
            without = passes.outputs(self.inputs, self.target, *self._absence(absent))
        return Ends(present.double(), without.double().mean(1))

    def _absence(self, baseline: Tensor) -> tuple[int, Write]:
        """Return how many series stand for the absence of each sample, and what writes them."""
        against = self.parameters.get("against", "sampled" if "baseline_samples" in self.parameters else "baseline")
        draws = self.parameters.get("baseline_samples", 1) if against == "sampled" else 1
        return draws, absence(against, baseline, self.background, self.seeds, draws)

    def with_steps(self, steps: int, rows: Tensor) -> Tensor:
        """Return the maps of some samples, int64 (rows,), by a quadrature of so many steps."""
        if find_conditioned(self.model) is not None:  # it knows its samples by their numbers
            return self._maps(steps)[rows]
        return self._of(rows.tolist())._maps(steps)

    @property
    def follows_path(self) -> bool:
        """Whether the maps are integrals along the straight path from the baseline."""
        return "path" in self.spec.tags and self.parameters.get("against", "baseline") == "baseline"

    def along_finer_path(self, row: int, allowed: float) -> Tensor | None:
        """Return what `finer_path_integral` makes of a sample, (time, features)."""
        series = self.inputs[row]
        start = torch.zeros_like(series) if self.baseline is None else self.baseline[row]
        with kept_still(self.model), lend(self.model, series.device):
            passes = Passes(self.model, Budget(self.memory, series.device))
            return finer_path_integral(series, start, self.target[row : row + 1], passes, allowed)

    def _maps(self, steps: int) -> Tensor:
        return attribute(
            bind(self.spec, {**self.parameters, "steps": steps}),
            self.model,
            self.inputs,
            self.target,
            baseline=self.baseline,
            background=self.background,
            seeds=self.seeds,
            memory=self.memory,
            spec=self.spec,
            parts=self.parts,
            fixed=self.fixed,
        )

    def _of(self, rows: Sequence[int]) -> "Explanation":
        per_sample = ("inputs", "target", "baseline", "seeds", "fixed")
        return replace(self, **{name: rows_of(getattr(self, name), rows) for name in per_sample})


def is_promised(spec: MethodSpec) -> bool:
    """Return whether maps have to be complete: the entry says so, and is no other library's method as it is."""
    return spec.is_complete and "as-it-is" not in spec.tags


def check_tolerance(tolerance: float) -> None:
    """Raise unless tolerance is a number of at least 0.

    Raises:
        ParameterError: something else.
    """
    if isinstance(tolerance, bool) or not isinstance(tolerance, (int, float)) or not tolerance >= 0:
        raise ParameterError(
            f"tolerance must be a share of the output's change, at least 0, got {tolerance!r}; the default is "
            f"{TOLERANCE}, and float('inf') accepts any map"
        )


def completed(explanation: Explanation, attributions: Tensor, ends: Ends, tolerance: float = TOLERANCE) -> Tensor:
    """Return maps that sum to the change of the output from absence to the samples, or say why they do not.

    They are those given. Only integrated gradients from a baseline that miss ten times the tolerance, or what no number
    of steps mends, are computed anew, by steps that lie close where the output is steep: a recurrent network may tip
    over within a hundred-thousandth of the way.

    What a map misses is measured by the change, or a tenth of the map's size Σ|a| where that is larger, since a change
    near 0 is no scale. What the output does at once at an end of the way is missed by any quadrature. Where more
    steps mend it, ten times the tolerance is allowed, of the change or Σ|a|, the larger one: the gradient of networks
    with kinks, such as ReLU, jumps on the way.

    Args:
        explanation: what was explained.
        attributions: its maps, (batch, time, features).
        ends: what `Explanation.ends` returns.
        tolerance: share that may be missed, at least 0; infinity for any.

    Raises:
        IncompleteError: a map misses more than that; with the cause.
    """
    gaps = _Gaps.of(attributions, ends)
    missing = gaps.missing(tolerance)
    suspects = missing[:_WORST]
    if math.isinf(tolerance) or not len(suspects):
        return attributions
    if "steps" not in explanation.parameters or "quadrature" not in explanation.spec.tags:
        raise gaps.error(explanation.spec.name, suspects[0], _UNSEEN)
    coarse = missing[gaps.is_coarse(tolerance)[missing]]
    if len(coarse) and (finer := _with_finer_paths(explanation, attributions, ends, coarse, tolerance)) is not None:
        return completed(explanation, finer, ends, tolerance)
    for jumps, cause in zip(_jumps(explanation, ends), (_AT_ONCE, _AT_LAST), strict=True):
        sudden = suspects[gaps.are_explained_by(jumps)[suspects]]
        if len(sudden):
            raise gaps.error(explanation.spec.name, sudden[0], cause.format(float(jumps[sudden[0]].abs())))
    staying, enough = _refined(explanation, gaps, suspects)
    if len(staying):
        finer = _with_finer_paths(explanation, attributions, ends, missing, tolerance)
        if finer is None:
            raise gaps.error(explanation.spec.name, staying[0], _FLAT)
        return completed(explanation, finer, ends, tolerance)
    first = suspects[gaps.is_coarse(tolerance)[suspects]]
    if len(first):
        raise gaps.error(explanation.spec.name, first[0], f"raise steps, to {enough}")
    return attributions


_FLAT = (
    "more steps do not mend it: an operation of the network has no gradient (rounding, a threshold, integer codes, a "
    f"function with a gradient of its own), or the output is all but a threshold; {INSTEAD}"
)
_AT_ONCE = (
    "more steps do not mend it: the output changes by {:.3g} in the first thousandth of the way from absence, as where "
    "a series is divided by its own spread, or absence is a threshold; pass baseline= with series unlike that, such as "
    f"the mean of training samples, or {INSTEAD}"
)
_AT_LAST = (
    "more steps do not mend it: the output changes by {:.3g} in the last thousandth of the way to the series, as where "
    "zeros tell how long a series is; pass baseline= with zeros in the same places, or " + INSTEAD
)
_UNSEEN = (
    "a part of the network is out of the method's sight, or answers the same series differently; choose another "
    "method, such as feature-ablation"
)


@dataclass(frozen=True)
class _Gaps:
    """How much maps miss, Σ a - (S_c(x) - S_c(x′)), float64 (batch,), and what that is measured by."""

    missed: Tensor
    change: Tensor
    size: Tensor
    rounding: Tensor

    @classmethod
    def of(cls, attributions: Tensor, ends: Ends) -> "_Gaps":
        wide = attributions.double().flatten(1)
        size = wide.abs().sum(1)
        epsilon = torch.finfo(attributions.dtype).eps
        rounding = _ROUNDING * epsilon * (size + ends.present.abs() + ends.absent.abs())
        return cls(wide.sum(1) - ends.change, ends.change, size, rounding)

    def missing(self, tolerance: float) -> Tensor:
        """Return the samples that miss more than the tolerance, the worst first, int64 (any,)."""
        scale = torch.maximum(self.change.abs(), _SMALL * self.size)
        excess = self.missed.abs() - self.allowed(tolerance)
        order = (self.missed.abs() / scale.clamp_min(torch.finfo(scale.dtype).tiny)).argsort(descending=True)
        return order[excess[order] > 0]

    def allowed(self, tolerance: float) -> Tensor:
        """Return what each map may miss, float64 (batch,)."""
        return self.rounding + float(tolerance) * torch.maximum(self.change.abs(), _SMALL * self.size)

    def is_coarse(self, tolerance: float) -> Tensor:
        """Return which samples miss more than quadrature may, bool (batch,)."""
        return self.missed.abs() > self.rounding + _QUADRATURE * tolerance * torch.maximum(self.change.abs(), self.size)

    def are_explained_by(self, jumps: Tensor) -> Tensor:
        """Return which samples miss no more than half as much with what they miss at the start, float64 (batch,)."""
        return (self.missed + jumps).abs() < self.missed.abs() / 2

    def error(self, method: str, sample: Tensor, cause: str) -> IncompleteError:
        number = int(sample)
        missed, change = float(self.missed[number].abs()), float(self.change[number])
        return IncompleteError(
            f"a map of {method} must sum to the change of the output from absence to the series, {change:.3g} in "
            f"sample {number}, got {missed:.3g} missed; {cause}, or accept it by tolerance="
        )


def _jumps(explanation: Explanation, ends: Ends) -> tuple[Tensor, Tensor]:
    """Return how much the output jumps at either end of the way from the baseline, float64 (batch,) each."""
    none = torch.zeros_like(ends.absent)
    if explanation.parameters.get("against", "baseline") != "baseline":
        return none, none
    absent = torch.zeros_like(explanation.inputs) if explanation.baseline is None else explanation.baseline
    way = explanation.inputs - absent
    shares = (_NEAR, 2 * _NEAR, 1 - 2 * _NEAR, 1 - _NEAR)
    try:
        passed = [replace(explanation, inputs=absent + share * way).ends().present for share in shares]
    except RefusedSeriesError:
        return none, none
    first, second, before, last = passed
    # What is steep goes on beside the jump
    return (first - ends.absent) - (second - first), (ends.present - last) - (last - before)


def _refined(explanation: Explanation, gaps: _Gaps, suspects: Tensor) -> tuple[Tensor, int]:
    """Return the suspects whose miss stays, however many steps are taken, and how many steps mended the others."""
    steps, enough = explanation.parameters["steps"], 0
    most = max(16 * steps, _FEWEST)
    while len(suspects) and steps < most:
        steps *= 2
        try:
            maps = explanation.with_steps(steps, suspects)
        except BudgetError:  # the memory does not hold so many nodes
            break
        missed = maps.double().sum((1, 2)) - gaps.change[suspects]
        stays = missed * gaps.missed[suspects].sign() > gaps.missed[suspects].abs() / 2
        if not bool(stays.all()):
            enough = steps
        suspects = suspects[stays]
    return suspects, enough


def _with_finer_paths(
    explanation: Explanation, attributions: Tensor, ends: Ends, rows: Tensor, tolerance: float
) -> Tensor | None:
    """Return the maps with those of some samples, int64 (rows,), along finer paths, None where one is not complete."""
    if not explanation.follows_path:
        return None
    condition = find_conditioned(explanation.model)
    allowed = _Gaps.of(attributions, ends).allowed(tolerance / 2)
    found = attributions.clone()
    for row in rows.tolist():
        if condition is not None:
            condition.give(row)
        finer = explanation.along_finer_path(row, float(allowed[row]))
        if finer is None:
            return None
        found[row] = finer
    # the path's own outputs may be rounded otherwise than the ends: what still misses is not to be tried for ever
    still = _Gaps.of(found, ends).missing(tolerance)
    return None if bool(torch.isin(rows, still).any()) else found
