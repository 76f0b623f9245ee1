"""Scale by powers of two, which round nothing, to keep squares in range."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .spec import Array

SAFE = 60  # the squares of 2^±60 and sums of many of them are ordinary numbers, also in single precision
LARGEST = float(np.finfo(np.float32).max) / 2  # in magnitude; two of them can be added

Floats = NDArray[np.floating[Any]]
Exponents = NDArray[np.int64]


def exponents(values: Floats, axis: int | tuple[int, ...]) -> Exponents:
    """Return k over the axes: values / 2^k lie within ±1; 0 where the squares stay in range as they are."""
    largest = np.maximum(values.max(axis=axis), -values.min(axis=axis))
    found = np.frexp(largest)[1].astype(np.int64)
    return np.where(np.abs(found) > SAFE, found, 0)


def scaled(values: Floats, powers: Exponents) -> Floats:
    """Return values / 2^k, (…), in their own type, infinite where that leaves its range."""
    if not powers.any():
        return values
    with np.errstate(over="ignore"):
        result: Floats = np.ldexp(values, -powers)
    return result


def to_single(values: Floats) -> Array:
    """Return values (…) in single precision, infinite where they leave its range."""
    with np.errstate(over="ignore"):
        return values.astype(np.float32)


def beyond_range(values: Array) -> NDArray[np.bool_]:
    """Return where a value is infinite or too large for another to be added to it."""
    return ~(np.abs(values) <= LARGEST)


def lost(values: Floats, single: Array) -> NDArray[np.bool_]:
    """Return for each column whether all values below half of its largest become one number in single precision.

    So it is beside a missing value that is written as the largest number there is. Values that are equal anyway
    lose nothing.

    Args:
        values: (rows, columns).
        single: the same after standardisation.
    """
    magnitude = np.abs(values)
    small = magnitude < magnitude.max(axis=0) / 2

    def differ(of: Floats) -> NDArray[np.bool_]:
        least, most = np.where(small, of, np.inf).min(axis=0), np.where(small, of, -np.inf).max(axis=0)
        return np.asarray(least < most)

    return differ(values) & ~differ(single)
