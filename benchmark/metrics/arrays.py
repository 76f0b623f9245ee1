"""Array arithmetic that metrics and their chance levels share; every result depends on one sample alone."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
F = TypeVar("F", bound=np.generic)


def read_only(values: NDArray[F]) -> NDArray[F]:
    """Return a view of values, (…), that cannot be written through: metrics share it."""
    view = values.view()
    view.flags.writeable = False
    return view


def by_entry(values: Floats) -> Floats:
    """Return (batch, time, features) as (batch, time · features)."""
    return values.reshape(len(values), -1)


def ratio(numerator: Floats, denominator: Floats) -> Floats:
    """Return numerator / denominator, both (batch,); NaN where the denominator is 0."""
    quotient = np.full(denominator.shape, np.nan)
    np.divide(numerator, denominator, out=quotient, where=denominator != 0)
    return quotient


def trapezoid(values: Floats, at: Floats | None = None) -> Floats:
    """Return ∫ v dx by the trapezoid rule along the last axis, (batch,), of values (batch, points) at points (points,).

    Args:
        values: (batch, points).
        at: where they stand, (points,) or (batch, points); None for 0, 1, 2, ….
    """
    area: Floats = np.asarray(np.trapezoid(values, at, axis=-1), dtype=np.float64)
    return area


def centre_in_time(weights: Floats) -> Floats:
    """Return Σ w p / Σ w, where p runs from 0 at the first to 1 at the last time step.

    Args:
        weights: (batch, time, features), not negative.

    Returns:
        (batch,) in [0, 1]; 0 where there is one time step only; NaN where every weight is 0.
    """
    by_time = weights.sum(axis=2)
    positions = np.linspace(0.0, 1.0, by_time.shape[1])
    return ratio((by_time * positions).sum(axis=1), by_time.sum(axis=1))
