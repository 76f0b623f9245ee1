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

Metrics = Sequence[tuple[MetricSpec, Mapping[str, Any]]]
Ask = Callable[[Sequence[str]], Mapping[str, Any] | None]


def yardsticks(truth: NDArray[np.floating[Any]], metrics: Metrics) -> Columns:
    """Return <metric>_chance and <metric>_oracle of each sample's truth, (batch,) each."""
    columns: Columns = {}
    same = Maps(read_only(truth), read_only(truth))
    for metric, parameters in metrics:
        if metric.chance is not None:
            chance, oracle = partial(resolve(metric.chance), same.truth), partial(metric.load(), same, **parameters)
            columns[f"{metric.name}_chance"] = checked_scores(metric, chance, len(truth))
            columns[f"{metric.name}_oracle"] = checked_scores(metric, oracle, len(truth))
    return columns


def score(
    made: StoredMap, labels: NDArray[np.int64], truth: NDArray[np.floating[Any]], metrics: Metrics, ask: Ask
) -> Columns:
    """Return label, target and each metric's scores of maps, (batch,) each; NaN where a metric is undefined.

    Args:
        made: maps of samples.
        labels: of these samples, (batch,).
        truth: of these samples, (batch, time, features) in [0, 1].
        metrics: with their parameters.
        ask: gives what a metric asks for beside map and truth, None where that is not there.

    Raises:
        ContractError: a metric does not return one score a sample in its range, or draws random numbers without seeds.
    """
    difference = None if made.output_difference is None else read_only(made.output_difference)
    maps = Maps(read_only(made.attributions), read_only(truth), difference)
    columns: Columns = {"label": labels, "target": made.target}
    for metric, chosen in metrics:
        asked = ask(metric.asked) if metric.asked else {}
        if asked is None:
            columns[metric.name] = np.full(len(truth), np.nan)
        else:
            columns[metric.name] = checked_scores(metric, partial(metric.load(), maps, **asked, **chosen), len(truth))
    return columns
