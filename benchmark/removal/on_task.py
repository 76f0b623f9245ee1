"""The on/off-task distribution: how much of what a map reports lies in time steps that matter."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...errors import ParameterError
from ..metrics.arrays import Floats
from ..metrics.maps import Maps

SHARES = (0.1, 0.2, 0.3, 0.4, 0.5)  # of the cells, as in the source


def reported_on_task(maps: Maps, shares: Sequence[float] = SHARES) -> Floats:
    """Return Σ_{(t, f) reported} 1[t is on task] / k: the share of the k reported cells that lie in on-task steps.

    Reported are the k = round(share · cells) cells with the largest |attribution|, at least one. Where the k-th
    cell ties with others, the value is the mean over all ways to break the tie: an LSTM's map is exactly zero over
    many steps, and any fixed order of them would favour some steps.

    Args:
        maps: attributions and truth, (batch, time, features).
        shares: of the cells, each in (0, 1].

    Returns:
        (shares, batch) in [0, 1].

    Raises:
        ParameterError: a share outside (0, 1].

    Source: A. A. Ismail et al., Input-Cell Attention Reduces Vanishing Saliency of Recurrent Neural Networks,
    NeurIPS 2019, poster; breaking ties is ours.
    """
    if not all(0 < share <= 1 for share in shares):
        raise ParameterError(f"reported shares must lie above 0 and be at most 1, got {list(shares)}")
    features = maps.truth.shape[2]
    on_task = np.repeat(on_task_steps(maps.truth), features, axis=1)
    values = np.empty((len(shares), len(maps.truth)))
    for sample, (magnitude, cells) in enumerate(zip(maps.magnitude, on_task, strict=True)):
        values[:, sample] = _of_one(magnitude.ravel(), cells, shares)
    return values


def chance_on_task(maps: Maps) -> Floats:
    """Return the share of time steps that are on task, (batch,): what a map that ranks at random reports."""
    chance: Floats = on_task_steps(maps.truth).mean(axis=1, dtype=np.float64)
    return chance


def on_task_steps(truth: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Return which time steps hold any salient cell: 1[max_f truth(t, f) > 0], (batch, time)."""
    steps: NDArray[np.bool_] = np.any(truth > 0, axis=2)
    return steps


def _of_one(magnitude: Floats, on_task: NDArray[np.bool_], shares: Sequence[float]) -> list[float]:
    descending = np.sort(magnitude)[::-1]
    return [_expected(magnitude, on_task, descending, max(1, round(share * len(magnitude)))) for share in shares]


def _expected(magnitude: Floats, on_task: NDArray[np.bool_], descending: Floats, count: int) -> float:
    threshold = descending[count - 1]
    above, tied = magnitude > threshold, magnitude == threshold
    open_places = count - np.count_nonzero(above)
    return float((np.count_nonzero(on_task & above) + open_places * on_task[tied].mean()) / count)
