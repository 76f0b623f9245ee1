"""Stratified splits, and labels balanced within groups of samples."""

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]


def divide(
    rng: np.random.Generator, groups: NDArray[np.int64], validation_share: float, test_share: float
) -> tuple[Indices, Indices, Indices]:
    """Return the indices (any,) of training, validation and test samples; each group, (samples,), is spread over them.

    Of n samples ⌊n · share⌋ go to validation and to test, and of each group its share of them, up to one or two.
    """
    order = _by_group(rng, groups)
    tested = _every(len(order), test_share)
    rest = order[~tested]
    validated = _every(len(rest), validation_share / (1 - test_share))
    return rest[~validated], rest[validated], order[tested]


def balanced_labels(rng: np.random.Generator, groups: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
    """Return random labels 0 … classes − 1, (samples,), whose frequencies in each group and in all differ by ≤ 1."""
    labels = np.empty(len(groups), dtype=np.int64)
    labels[_by_group(rng, groups)] = rng.permutation(classes)[np.arange(len(groups)) % classes]
    return labels


def _by_group(rng: np.random.Generator, groups: NDArray[np.int64]) -> Indices:
    order = rng.permutation(len(groups))
    return order[np.argsort(groups[order], kind="stable")]


def _every(count: int, share: float) -> NDArray[np.bool_]:
    # a share of the places, evenly spaced: consecutive places are of one group
    steps = np.floor(np.arange(count + 1) * share + 1e-9)  # 10 · .3 is 2.9999999999999996
    taken: NDArray[np.bool_] = np.diff(steps) > 0
    return taken
