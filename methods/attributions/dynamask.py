"""Dynamask: a mask learned for each series, of a given area, that keeps or deletes what the network looks at."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ...errors import ParameterError
from .mask_perturbations import Perturb, moving_average, perturbed_by
from .mask_regularisers import jump_slopes, size_slopes
from .passes import Passes, Piece, copies, gradient, pick
from .spec import Cost


def dynamask(
    inputs: Tensor,
    target: Tensor,
    baseline: Tensor,
    passes: Passes,
    *,
    perturbation: str = "fade-to-moving-average",
    area: float = 0.1,
    masks: int = 1,
    epochs: int = 1000,
    size_weight: float = 4e-4,
    size_growth: float = 1000.0,
    time_weight: float = 0.0,
    learning_rate: float = 1.0,
    momentum: float = 0.9,
    window: int = 0,
    blur_width: float = 2.0,
    deletion: bool = False,
) -> Tensor:
    """Return the mask m that minimises (S_c(Π_m x) - S_c(x))² + λ_a L_a(m) + λ_c L_c(m), (batch, time, features).

    Π_m perturbs the cells where m is small. L_a = ‖sort(m) - r_a‖² asks that a share a of the cells be 1 and the
    others 0, L_c = Σ |m_{t+1,i} - m_{t,i}| that the mask seldom jump. m starts at ½ everywhere and descends, clamped
    to [0, 1] after each epoch, while λ_a grows from size_weight to size_weight · size_growth. The error is the
    published one for regression, of the explained output.

    Each sample has a loss of its own, so that nobody else in the batch matters. The authors' code differs in three
    things: it takes means over the cells in L_a and L_c, so that the price of a cell depends on the size of the series
    (the default λ_a is theirs, 1 to 1000, for 50 steps of 50 features); it leaves out the jump into the last time
    step; and of cells that tie for the last places of the area, all of them in the first epoch, it takes those that
    its sort happens to put last, where here they share the places.

    Args:
        inputs: x, (batch, time, features).
        target: int64 (batch,), the explained class c.
        baseline: what fade-to-baseline fades to, (batch, time, features).
        passes: passes through the network.
        perturbation: Π: fade-to-moving-average, gaussian-blur or fade-to-baseline.
        area: a, the share of the cells that the mask keeps, in [0, 1].
        masks: how many areas are tried, a / masks, 2a / masks, …, a; each sample gets the mask of smallest error.
        epochs: steps of the descent, at least 1.
        size_weight: λ_a at first, at least 0.
        size_growth: factor by which λ_a grows over the epochs, above 0.
        time_weight: λ_c, at least 0.
        learning_rate: above 0.
        momentum: in [0, 1).
        window: steps on either side in the moving average; 0 for the mean over the whole series.
        blur_width: standard deviation in time steps of the blur where m = 0.
        deletion: look for the cells whose deletion changes the output most: Π_{1-m}, with the error maximised.

    Returns:
        m in [0, 1], (batch, time, features).

    Raises:
        ParameterError: a parameter out of range, or a model without gradients.

    Source: Crabbé, van der Schaar, "Explaining Time Series Predictions with Dynamic Masks", ICML 2021.
    """
    _check_areas(area, masks)
    descent = _Descent(epochs, size_weight, size_growth, time_weight, learning_rate, momentum)
    perturb = perturbed_by(perturbation, blur_width)
    absent = moving_average(inputs, window) if perturbation == "fade-to-moving-average" else baseline
    errors = _Errors(passes, inputs, absent, target, perturb, deletion)
    return _best([area * count / masks for count in range(1, masks + 1)], descent, errors)


def dynamask_cost(_time: int, _features: int, *, epochs: int, masks: int, **_others: object) -> Cost:
    """Return the rows of a sample: the original, an epoch forward and backward each, and one to compare each mask."""
    return Cost(1 + epochs * masks + (masks if masks > 1 else 0), epochs * masks)


class _Errors:
    """(S_c(Π_m x) - S_c(x))² of the samples of a chunk, negative where masks mark what to delete."""

    def __init__(
        self, passes: Passes, inputs: Tensor, absent: Tensor, target: Tensor, perturb: Perturb, deletion: bool
    ) -> None:
        self.inputs = inputs
        self._passes, self._absent, self._target = passes, absent, target
        self._perturb, self._deletion = perturb, deletion
        self._original = passes.outputs(inputs, target, 1, copies(inputs))[:, 0]

    def of(self, mask: Tensor) -> Tensor:
        """Return the error of each sample, (batch,)."""

        def write(samples: slice, draws: slice, rows: Tensor) -> None:
            rows.copy_(self._perturbed(mask[samples], [(samples, draws)])[:, None])

        found = self._passes.outputs(self.inputs, self._target, 1, write, kind="masked output")
        return self._signed(found[:, 0] - self._original)

    def each_slope(self, mask: Tensor, take: Callable[[slice, Tensor], object]) -> None:
        """Hand over samples and the derivative of their errors by their masks, (samples, time, features)."""

        def compute(pieces: Sequence[Piece]) -> Tensor:
            rows = pick(mask, pieces).detach().requires_grad_()
            explained = self._passes.explained(self._perturbed(rows, pieces), pick(self._target, pieces))
            return gradient(self._signed(explained - pick(self._original, pieces)), rows)

        self._passes.each("masked gradient", self._target, 1, compute, lambda rows, _, part: take(rows, part[:, 0]))

    def _perturbed(self, mask: Tensor, pieces: Sequence[Piece]) -> Tensor:
        kept = 1 - mask if self._deletion else mask
        return self._perturb(pick(self.inputs, pieces), pick(self._absent, pieces), kept)

    def _signed(self, change: Tensor) -> Tensor:
        return -change.square() if self._deletion else change.square()


@dataclass(frozen=True)
class _Descent:
    """Gradient descent with momentum on error and regularisers, while the weight of the mask's size grows."""

    epochs: int
    size_weight: float
    size_growth: float
    time_weight: float
    learning_rate: float
    momentum: float

    def __post_init__(self) -> None:
        for name, value, fits, wanted in (
            ("epochs", self.epochs, self.epochs >= 1, "at least 1"),
            ("size_weight", self.size_weight, 0 <= self.size_weight < math.inf, "at least 0"),
            ("size_growth", self.size_growth, 0 < self.size_growth < math.inf, "above 0"),
            ("time_weight", self.time_weight, 0 <= self.time_weight < math.inf, "at least 0"),
            ("learning_rate", self.learning_rate, 0 < self.learning_rate < math.inf, "above 0"),
            ("momentum", self.momentum, 0 <= self.momentum < 1, "at least 0 and below 1"),
        ):
            if not fits:
                raise ParameterError(f"{name} must be {wanted}, got {value}")

    def fit(self, errors: _Errors, area: float) -> Tensor:
        """Return a mask of this area for each sample, (batch, time, features)."""
        mask = torch.full_like(errors.inputs, 0.5)
        velocity = torch.zeros_like(mask)
        kept = _kept_cells(area, mask[0].numel())
        for epoch in range(self.epochs):
            weight = self.size_weight * self.size_growth ** (epoch / self.epochs)

            def step(samples: slice, slopes: Tensor, size_weight: float = weight) -> None:
                self._step(mask[samples], velocity[samples], slopes, size_weight, kept)

            errors.each_slope(mask, step)
        return mask

    def _step(self, mask: Tensor, velocity: Tensor, slopes: Tensor, size_weight: float, kept: int) -> None:
        torch.add(slopes, velocity, alpha=self.momentum, out=velocity)
        velocity.add_(size_slopes(mask, kept), alpha=2 * size_weight)
        if self.time_weight:
            velocity.add_(jump_slopes(mask), alpha=self.time_weight)
        mask.sub_(velocity, alpha=self.learning_rate).clamp_(0, 1)


def _best(areas: Sequence[float], descent: _Descent, errors: _Errors) -> Tensor:
    best = descent.fit(errors, areas[0])
    if len(areas) == 1:
        return best
    lowest = errors.of(best)
    for area in areas[1:]:
        mask = descent.fit(errors, area)
        found = errors.of(mask)
        better = found < lowest
        best[better], lowest[better] = mask[better], found[better]
    return best


def _kept_cells(area: float, cells: int) -> int:
    # As published, a part of a cell counts as a cell; but .1 · 30 is 3 cells, not 4
    return min(cells, math.ceil(area * cells * (1 - 1e-12)))


def _check_areas(area: float, masks: int) -> None:
    if not 0 <= area <= 1:
        raise ParameterError(f"area must be a share of the cells in 0 … 1, got {area}")
    if masks < 1:
        raise ParameterError(f"masks must be at least 1, got {masks}")
