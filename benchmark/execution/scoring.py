"""Score maps against the truth, and what chance and the truth itself score; nothing is stored here."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...entry import resolve
from ..metrics.arrays import read_only
from ..metrics.maps import Maps
from ..metrics.spec import MetricSpec
from .entry_checks import checked_scores
from .stored.columns import Columns
from .stored.maps import StoredMap
from .unpadded import Lengths, first_steps, of_one_length

Metrics = Sequence[tuple[MetricSpec, Mapping[str, Any]]]
Ask = Callable[[Sequence[str]], Mapping[str, Any] | None]


def yardsticks(truth: NDArray[np.floating[Any]], metrics: Metrics, lengths: Lengths = None) -> Columns:
    """Return <metric>_chance and <metric>_oracle of each sample's truth, (batch,) each.

    Args:
        truth: (batch, time, features) in [0, 1].
        metrics: with their parameters.
        lengths: int64 (batch,), steps that are no padding; None for all.
    """
    columns: Columns = {}
    for rows, length in of_one_length(lengths, len(truth), truth.shape[1]):
        own = read_only(first_steps(truth, rows, length))
        same = Maps(own, own)
        for metric, parameters in metrics:
            if metric.chance is not None:
                chance, oracle = partial(resolve(metric.chance), same.truth), partial(metric.load(), same, **parameters)
                _put(columns, f"{metric.name}_chance", rows, checked_scores(metric, chance, len(rows)), len(truth))
                _put(columns, f"{metric.name}_oracle", rows, checked_scores(metric, oracle, len(rows)), len(truth))
    return columns


def _put(columns: Columns, name: str, rows: Sequence[int], scores: NDArray[np.float64], count: int) -> None:
    """Write the scores of some samples, (rows,), into a column of so many."""
    columns.setdefault(name, np.full(count, np.nan))[list(rows)] = scores


def score(
    made: StoredMap,
    labels: NDArray[np.int64],
    truth: NDArray[np.floating[Any]],
    metrics: Metrics,
    ask: Ask,
    lengths: Lengths = None,
) -> Columns:
    """Return label, target and each metric's scores of maps, (batch,) each; NaN where a metric is undefined.

    Args:
        made: maps of samples.
        labels: of these samples, (batch,).
        truth: of these samples, (batch, time, features) in [0, 1].
        metrics: with their parameters.
        ask: gives what a metric asks for beside map and truth, None where that is not there.
        lengths: of these samples, int64 (batch,), steps that are no padding, which does not count; None for all. What
            asks for more than map and truth is undefined beside padding.

    Raises:
        ContractError: a metric does not return one score a sample in its range, or draws random numbers without seeds.
    """
    columns: Columns = {"label": labels, "target": made.target}
    unpadded = [
        (rows, _unpadded(made, truth, rows, length))
        for rows, length in of_one_length(lengths, len(truth), truth.shape[1])
    ]
    for metric, chosen in metrics:
        asked = {} if not metric.asked else ask(metric.asked) if lengths is None else None
        columns[metric.name] = np.full(len(truth), np.nan)
        for rows, maps in unpadded if asked is not None else []:
            compute = partial(metric.load(), maps, **(asked or {}), **chosen)
            _put(columns, metric.name, rows, checked_scores(metric, compute, len(rows)), len(truth))
    return columns


def _unpadded(made: StoredMap, truth: NDArray[np.floating[Any]], rows: list[int], length: int) -> Maps:
    """Return the maps of some samples without their padding, (rows, length, features)."""
    maps, own = (read_only(first_steps(values, rows, length)) for values in (made.attributions, truth))
    return Maps(maps, own, None if made.output_difference is None else read_only(made.output_difference[rows]))
