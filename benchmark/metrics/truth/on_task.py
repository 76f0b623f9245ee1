"""The on/off-task distribution: how much of what a map reports lies in time steps that matter."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ....errors import ParameterError
from ..arrays import Floats
from ..maps import Maps

SHARES = (0.1, 0.2, 0.3, 0.4, 0.5)  # of a map's entries, as in the source


def reported_on_task(maps: Maps, shares: Sequence[float] = SHARES) -> Floats:
    """Return Σ_{(t, f) reported} 1[t is on task] / k: the share of the k reported entries in on-task steps.

    Reported are the k = round(share · entries) entries with the largest |attribution|, at least one. Where the k-th
    entry ties with others, the value is the mean over all ways to break the tie: an LSTM's map is exactly zero over
    many steps, and any fixed order of them would favour some steps. Where a truth is empty there is nothing to report.

    Args:
        maps: attributions and truth, (batch, time, features).
        shares: of the map's entries, each in (0, 1].

    Returns:
        (shares, batch) in [0, 1]; NaN where a sample's truth is empty.

    Raises:
        ParameterError: no share, or one outside (0, 1].

    Source: A. A. Ismail et al., Input-Cell Attention Reduces Vanishing Saliency of Recurrent Neural Networks,
    NeurIPS 2019, poster; breaking ties is ours.
    """
    check_reported(shares=shares)
    features = maps.truth.shape[2]
    on_task_entries = np.repeat(on_task_steps(maps.truth), features, axis=1)
    values = np.full((len(shares), len(maps.truth)), np.nan)
    for sample, (magnitude, is_on_task) in enumerate(zip(maps.magnitude, on_task_entries, strict=True)):
        if is_on_task.any():
            values[:, sample] = _shares_of_one(magnitude.ravel(), is_on_task, shares)
    return values


def on_task(maps: Maps, *, shares: Sequence[float] = SHARES) -> Floats:
    """Return the mean over the reported shares of the entries of `reported_on_task`, (batch,) in [0, 1] or NaN.

    Raises:
        ParameterError: no share, or one outside (0, 1].
    """
    mean: Floats = reported_on_task(maps, shares).mean(axis=0)
    return mean


def check_reported(*, shares: Sequence[float]) -> None:
    """Raise unless shares of a map's entries can be reported.

    Raises:
        ParameterError: no share, or one outside (0, 1].
    """
    if not shares or not all(isinstance(share, float | int) and 0 < share <= 1 for share in shares):
        raise ParameterError(f"reported shares must lie above 0 and be at most 1, got {list(shares)}")


def chance_on_task(truth: NDArray[np.floating]) -> Floats:
    """Return the share of time steps that are on task, exact: what a map that ranks at random reports.

    Args:
        truth: (batch, time, features) in [0, 1].

    Returns:
        (batch,) in [0, 1]; NaN where a sample's truth is empty.
    """
    chance: Floats = on_task_steps(truth).mean(axis=1, dtype=np.float64)
    return np.where(chance > 0, chance, np.nan)


def on_task_steps(truth: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Return which time steps hold any salient entry: 1[max_f truth(t, f) > 0], (batch, time)."""
    steps: NDArray[np.bool_] = np.any(truth > 0, axis=2)
    return steps


def _shares_of_one(magnitude: Floats, on_task: NDArray[np.bool_], shares: Sequence[float]) -> list[float]:
    descending = np.sort(magnitude)[::-1]
    return [_expected(magnitude, on_task, descending, max(1, round(share * len(magnitude)))) for share in shares]


def _expected(magnitude: Floats, on_task: NDArray[np.bool_], descending: Floats, count: int) -> float:
    threshold = descending[count - 1]
    above, tied = magnitude > threshold, magnitude == threshold
    open_places = count - np.count_nonzero(above)
    return float((np.count_nonzero(on_task & above) + open_places * on_task[tied].mean()) / count)
