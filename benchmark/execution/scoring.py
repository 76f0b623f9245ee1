"""Score maps against the truth, and what chance and the truth itself score; nothing is stored here."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...entry import resolve
from ..metrics.arrays import read_only
from ..metrics.maps import Maps
from ..metrics.pooling import deviations
from ..metrics.spec import MetricSpec
from .entry_checks import checked_pool, checked_scores
from .stored.columns import CHANCE, POOLED, Columns
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
    parts: list[tuple[list[int], Maps]] = []
    for rows, length in of_one_length(lengths, len(truth), truth.shape[1]):
        own = read_only(first_steps(truth, rows, length))
        parts.append((rows, Maps(own, own)))
    for metric, parameters in metrics:
        if metric.chance is None:
            continue
        for rows, same in parts:
            chance = partial(resolve(metric.chance), same.truth)
            _put(columns, f"{metric.name}_chance", rows, checked_scores(metric, chance, len(rows)), len(truth))
        if metric.is_pooled:
            _pool(columns[f"{metric.name}_chance"], parts)
        columns[f"{metric.name}_oracle"] = _scores(metric, parameters, parts, len(truth))
    return columns


def _pool(levels: NDArray[np.float64], parts: Sequence[tuple[list[int], Maps]]) -> None:
    """Give each sample, (batch,), the level of all their entries together: a long one has more of them."""
    entries = np.empty(len(levels))
    for rows, maps in parts:
        entries[rows] = maps.truth[0].size
    levels[:] = np.average(levels, weights=entries)


def _scores(
    metric: MetricSpec, parameters: Mapping[str, Any], parts: Sequence[tuple[list[int], Maps]], count: int
) -> NDArray[np.float64]:
    """Return a metric's scores of all samples, (count,), a pooled one's for each of them."""
    if metric.is_pooled:
        pool = checked_pool(metric, partial(metric.load(), [maps for _, maps in parts], **parameters))
        return np.full(count, pool.score)
    columns: Columns = {}
    for rows, maps in parts:
        compute = partial(metric.load(), maps, **parameters)
        _put(columns, metric.name, rows, checked_scores(metric, compute, len(rows)), count)
    return columns[metric.name]


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

    A pooled metric has no score of a sample, and NaN there. Behind it stand its score and how far those of resamples
    of the samples lie from it, (1 + resamples,), under the metric's name and `POOLED`. Beside a metric that is compared
    with a random map stand that map's scores, under its name and `CHANCE`.

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
        if metric.is_pooled:
            columns |= _pooled(metric, chosen, [maps for _, maps in unpadded], len(truth))
            continue
        asked = {} if not metric.asked else ask(metric.asked) if lengths is None else None
        suffixes = ("", CHANCE) if metric.has_random_chance else ("",)
        columns |= {f"{metric.name}{suffix}": np.full(len(truth), np.nan) for suffix in suffixes}
        for rows, maps in unpadded if asked is not None else []:
            for suffix in suffixes:
                scored = maps if suffix != CHANCE else _random(maps, (asked or {})["model"].seeds)
                compute = partial(metric.load(), scored, **(asked or {}), **chosen)
                _put(columns, f"{metric.name}{suffix}", rows, checked_scores(metric, compute, len(rows)), len(truth))
    return columns


def _random(maps: Maps, seeds: Sequence[int]) -> Maps:
    """Return uniform random maps of the same samples."""
    # [seed, 5]: a stream apart from those of the metrics
    drawn = np.stack([np.random.default_rng([seed, 5]).random(maps.truth.shape[1:]) for seed in seeds])
    return Maps(read_only(drawn), maps.truth)


def _pooled(metric: MetricSpec, parameters: Mapping[str, Any], parts: Sequence[Maps], count: int) -> Columns:
    pool = checked_pool(metric, partial(metric.load(), parts, **parameters))
    values = np.append(pool.score, deviations(pool, count))
    return {metric.name: np.full(count, np.nan), f"{metric.name}{POOLED}": values}


def _unpadded(made: StoredMap, truth: NDArray[np.floating[Any]], rows: list[int], length: int) -> Maps:
    """Return the maps of some samples without their padding, (rows, length, features)."""
    maps, own = (read_only(first_steps(values, rows, length)) for values in (made.attributions, truth))
    return Maps(maps, own, None if made.output_difference is None else read_only(made.output_difference[rows]))
