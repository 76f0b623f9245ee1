"""Attribution maps beside their ground truth, with what several metrics share computed once."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import NonFiniteError, ParameterError, ShapeError
from .arrays import Floats, by_entry, read_only
from .ranking import Ranking, rank


@dataclass(frozen=True, eq=False)
class Maps:
    """Attributions of a batch of samples, and where the salient entries are.

    Scores do not depend on the rest of the batch; a few dozen samples at a time keep the arrays in the cache.

    Attributes:
        attributions: (batch, time, features), signed.
        truth: (batch, time, features) in [0, 1]: how salient each entry is.
        output_difference: (batch,), explained output of the inputs minus that of the baseline; None for
            methods that do not promise completeness.

    Raises:
        ShapeError: attributions that are empty or not (batch, time, features), or other shapes that differ.
        NonFiniteError: NaN or infinity in any of the three.
        ParameterError: a truth outside [0, 1].
    """

    attributions: NDArray[np.floating[Any]]
    truth: NDArray[np.floating[Any]]
    output_difference: NDArray[np.floating[Any]] | None = None

    def __post_init__(self) -> None:
        _check_shapes(self.attributions, self.truth)
        check_finite("attributions", self.attributions)
        check_finite("truth", self.truth)
        _check_unit_range(self.truth)
        if self.output_difference is not None:
            _check_per_sample(self.output_difference, len(self.attributions))
            check_finite("output_difference", self.output_difference)

    @cached_property
    def magnitude(self) -> Floats:
        """|attributions|, (batch, time, features)."""
        return read_only(np.abs(self.attributions.astype(np.float64, order="C")))

    @cached_property
    def relevance(self) -> Floats:
        """The truth in float64, (batch, time, features)."""
        return read_only(self.truth.astype(np.float64, order="C"))

    @cached_property
    def scaled(self) -> Floats:
        """Magnitude min-max scaled to [0, 1] per sample, (batch, time, features).

        A constant map has no range to scale: it becomes all zeros if it is all zero, else all ones.
        """
        low = self.magnitude.min(axis=(1, 2), keepdims=True)
        high = self.magnitude.max(axis=(1, 2), keepdims=True)
        shift = np.where(high > low, low, 0.0)
        # the span is 0 for an all-zero map only, which any divisor keeps at zero
        span = np.where(high > shift, high - shift, 1.0)
        return read_only((self.magnitude - shift) / span)

    @cached_property
    def ranking(self) -> Ranking:
        """Entries ranked by magnitude."""
        return rank(by_entry(self.magnitude), by_entry(self.relevance))


def _check_shapes(attributions: NDArray[Any], truth: NDArray[Any]) -> None:
    if attributions.ndim != 3 or attributions.size == 0 or attributions.shape != truth.shape:
        raise ShapeError(
            "maps need attributions and truth of one shape (batch, time, features), none of them 0, "
            f"got attributions {attributions.shape} and truth {truth.shape}"
        )


def _check_per_sample(output_difference: NDArray[Any], batch: int) -> None:
    if output_difference.shape != (batch,):
        raise ShapeError(
            f"output_difference must have the shape ({batch},), one a sample, got {output_difference.shape}"
        )


def check_finite(name: str, values: NDArray[Any]) -> None:
    """Check that an array of any shape has neither NaN nor infinity.

    Raises:
        NonFiniteError: it has.
    """
    if not np.isfinite(values).all():
        raise NonFiniteError(f"{name} must be finite, got NaN or infinity; drop or repair those samples")


def _check_unit_range(truth: NDArray[Any]) -> None:
    if truth.min() < 0 or truth.max() > 1:
        raise ParameterError(f"truth must lie in [0, 1], got {truth.min()} to {truth.max()}; scale it first")
