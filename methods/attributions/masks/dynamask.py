"""Dynamask: a mask of a given area, learned for each series."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ..passes.passes import Passes, Piece, Write, copies, gradient, pick
from ..spec import Cost
from ..validation.parameter_checks import check_areas
from .mask_descent import Descent, TakeSlopes
from .mask_perturbations import Perturbation, choose_perturbation


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

    Π_m perturbs the entries where m is small. L_a = ‖sort(m) - r_a‖² asks that a share a of the entries be 1 and the
    others 0, L_c = Σ |m_{t+1,i} - m_{t,i}| that the mask seldom jump. m starts at ½ everywhere and descends, clamped
    to [0, 1] after each epoch, while λ_a grows from size_weight to size_weight · size_growth. The error is the
    published one for regression, of the explained output.

    Each sample has a loss of its own, so that nobody else in the batch matters. The authors' code differs in three
    things: it takes means over the entries in L_a and L_c, so that the price of an entry depends on the size of the
    series (the default λ_a is theirs, 1 to 1000, for 50 steps of 50 features); it leaves out the jump into the last
    time step; and of entries that tie for the last places of the area, all of them in the first epoch, it takes those
    that its sort happens to put last, where here they share the places.

    Args:
        inputs: x, (batch, time, features).
        target: int64 (batch,), the explained class c.
        baseline: what fade-to-baseline fades to, (batch, time, features).
        passes: passes through the network.
        perturbation: Π: fade-to-moving-average, gaussian-blur or fade-to-baseline.
        area: a, the share of the entries that the mask keeps, in [0, 1].
        masks: how many areas are tried, a / masks, 2a / masks, …, a; each sample gets the mask of smallest error.
        epochs: steps of the descent, at least 1.
        size_weight: λ_a at first, at least 0.
        size_growth: factor by which λ_a grows over the epochs, above 0.
        time_weight: λ_c, at least 0.
        learning_rate: above 0.
        momentum: in [0, 1).
        window: steps on either side in the moving average; 0 for the mean over the whole series.
        blur_width: standard deviation in time steps of the blur where m = 0.
        deletion: look for the entries whose deletion changes the output most: Π_{1-m}, with the error maximised.

    Returns:
        m in [0, 1], (batch, time, features).

    Raises:
        ParameterError: a parameter out of range, or a model without gradients.

    Source: Crabbé, van der Schaar, "Explaining Time Series Predictions with Dynamic Masks", ICML 2021.
    """
    check_areas(area, masks)
    descent = Descent(epochs, size_weight, size_growth, time_weight, learning_rate, momentum)
    perturbed = choose_perturbation(perturbation, inputs, baseline, window, blur_width)
    errors = _Errors(passes, inputs, target, perturbed, deletion)
    return _best([area * count / masks for count in range(1, masks + 1)], inputs, descent, errors)


def dynamask_cost(_time: int, _features: int, *, epochs: int, masks: int, **_others: object) -> Cost:
    """Return the rows of a sample: the original, an epoch forward and backward each, and one to compare each mask."""
    return Cost(1 + epochs * masks + (masks if masks > 1 else 0), epochs * masks)


class _Errors:
    """(S_c(Π_m x) - S_c(x))² of the samples of a chunk, negative where masks mark what to delete."""

    def __init__(
        self, passes: Passes, inputs: Tensor, target: Tensor, perturbation: Perturbation, deletion: bool
    ) -> None:
        self._passes, self._target = passes, target
        self._perturbation, self._deletion = perturbation, deletion
        self._inputs = inputs
        self._original = passes.outputs(inputs, target, 1, copies(inputs))[:, 0]

    def of(self, mask: Tensor) -> Tensor:
        """Return the error of each sample, (batch,)."""
        found = self._passes.outputs(self._inputs, self._target, 1, self._written(mask), kind="masked output")
        errors = (found[:, 0] - self._original).square()
        return -errors if self._deletion else errors

    def each_slope(self, mask: Tensor, take: TakeSlopes) -> None:
        """Hand over samples, the derivatives of their errors by the points Π_m x, and those of the points by the masks.

        Where masks mark what to delete, both the error and the derivative of 1 - m are negative: that cancels out.
        """

        def compute(pieces: Sequence[Piece]) -> Tensor:
            points = self._passes.rows(self._inputs, pieces, self._written(mask)).requires_grad_()
            explained = self._passes.explained(points, pick(self._target, pieces))
            return gradient((explained - pick(self._original, pieces)).square(), points)

        def taken(samples: slice, _draws: slice, part: Tensor) -> None:
            take(samples, part[:, 0], self._perturbation.slopes[samples])

        self._passes.each("masked gradient", self._target, 1, compute, taken)

    def _written(self, mask: Tensor) -> Write:
        def write(samples: slice, _draws: slice, rows: Tensor) -> None:
            kept = 1 - mask[samples] if self._deletion else mask[samples]
            self._perturbation.write(kept, samples, rows[:, 0])

        return write


def _best(areas: Sequence[float], inputs: Tensor, descent: Descent, errors: _Errors) -> Tensor:
    best = _fitted(areas[0], inputs, descent, errors)
    if len(areas) == 1:
        return best
    lowest = errors.of(best)
    for area in areas[1:]:
        mask = _fitted(area, inputs, descent, errors)
        found = errors.of(mask)
        better = found < lowest
        best[better], lowest[better] = mask[better], found[better]
    return best


def _fitted(area: float, inputs: Tensor, descent: Descent, errors: _Errors) -> Tensor:
    mask = torch.full_like(inputs, 0.5)
    descent.fit(mask, area, errors.each_slope)
    return mask
