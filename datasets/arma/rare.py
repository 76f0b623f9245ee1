"""Autoregressive moving averages of which few features, or few time steps, are salient."""

import numpy as np
from numpy.typing import NDArray

from ...entry import unknown
from ...errors import ParameterError, UnknownNameError
from ..layouts import placed_boxes
from ..preprocessing import require_sizes
from ..processes.autoregressive import autoregressive
from ..spec import Array, Split, TaskData

COEFFICIENTS = (-0.25, -0.1, -0.05)  # of 2 x_t + .5 x_(t−1) + .2 x_(t−2) + .1 x_(t−3) = 2 ε_t
RARE = ("feature", "time")
SETS = ("per-sample", "shared", "groups")


def rare(
    seed: int, *, rare: str, sets: str, salient: int, time: int, features: int, train: int, validation: int, test: int
) -> TaskData:
    """Return x_t = ε_t − .25 x_(t−1) − .1 x_(t−2) − .05 x_(t−3), ε ~ N(0, 1), independent in each feature.

    Salient are so many features in the middle half of the time, or so many time steps in the middle half of the
    features. The label is the column of the task's function that a sample has: 0, or its group.

    Args:
        seed: of the data.
        rare: "feature" or "time": of which few are salient.
        sets: "per-sample" draws the salient features, or the first salient step, for each sample; "shared" once;
            "groups" for each of two groups, to which the samples belong by turns. Group 0 has the first half of the
            time, or of the features, in place of the middle one.
        salient: number of salient features, or time steps.
        time: number of time steps.
        features: number of features.
        train: number of samples from which methods draw what absence is; nothing is trained.
        validation: number of samples that nothing uses.
        test: number of explained samples, at most.

    Raises:
        ParameterError: a size below one or beyond memory, fewer than 4 time steps or features, or more salient features
            than there are, or as many salient steps as there are.
        UnknownNameError: something else that is rare, or other sets.

    Source: Crabbé, van der Schaar, Dynamask, ICML 2021 (per sample); Enguehard, time_interpret, 2023 (shared); Liu et
    al., ContraLSP, ICLR 2024 (shared, groups).
    """
    check_rare(
        rare=rare,
        sets=sets,
        salient=salient,
        time=time,
        features=features,
        train=train,
        validation=validation,
        test=test,
    )
    rng = np.random.default_rng(seed)
    draw = _draw_features if rare == "feature" else _draw_steps
    shared = draw(rng, 2, salient, (time, features))  # of each group

    def split(count: int) -> Split:
        groups = np.arange(count) % 2 if sets == "groups" else np.zeros(count, dtype=np.int64)
        within = draw(rng, count, salient, (time, features)) if sets == "per-sample" else shared[groups]
        truth = within * _bands(rare, groups if sets == "groups" else groups + 1, (time, features))
        series = autoregressive(rng.standard_normal(truth.shape), COEFFICIENTS)
        return Split(series.astype(np.float32), groups, truth)

    splits = split(train), split(validation), split(test)
    return TaskData(*splits, classes=2 if sets == "groups" else 1)


def check_rare(
    *, rare: str, sets: str, salient: int, time: int, features: int, train: int, validation: int, test: int
) -> None:
    """Raise unless `rare` can draw such series.

    Raises:
        ParameterError, UnknownNameError: as `rare`.
    """
    require_sizes(time, features, train=train, validation=validation, test=test)
    for kind, name, known in (("rare", rare, RARE), ("sets", sets, SETS)):
        if name not in known:
            raise UnknownNameError(unknown(kind, name, known))
    if min(time, features) < 4:
        raise ParameterError(f"time and features must be at least 4, to have a middle half, got {time} and {features}")
    most = features if rare == "feature" else time - 1
    if not 1 <= salient <= most:
        raise ParameterError(f"salient must be 1 … {most} for a rare {rare}, got {salient}")


def _draw_features(rng: np.random.Generator, count: int, salient: int, size: tuple[int, int]) -> Array:
    """Return 1 at the drawn features of each sample, (count, 1, features)."""
    ranks = rng.random((count, 1, size[1])).argsort(axis=2)
    return (ranks < salient).astype(np.float32)


def _draw_steps(rng: np.random.Generator, count: int, salient: int, size: tuple[int, int]) -> Array:
    """Return 1 at the drawn time steps of each sample, (count, time, 1)."""
    starts = rng.integers(size[0] - salient, size=count)
    return placed_boxes(starts, np.zeros_like(starts), (salient, 1), (size[0], 1))


def _bands(rare: str, halves: NDArray[np.int64], size: tuple[int, int]) -> Array:
    """Return 1 in the first (0) or the middle (1) half of the time, or of the features, that is not drawn.

    Args:
        rare: what is drawn.
        halves: of each sample, (batch,).
        size: (time, features).

    Returns:
        (batch, time, 1) or (batch, 1, features).
    """
    length = size[0] if rare == "feature" else size[1]
    places = np.arange(length)
    first, middle = places < length // 2, (places >= length // 4) & (places < 3 * length // 4)
    found = np.stack((first, middle)).astype(np.float32)[halves]
    return found[:, :, None] if rare == "feature" else found[:, None]
