"""Which share of a score's variance the seeds of data, training and attribution, and the samples, have."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..metrics.spec import MetricSpec
from .blocks import BLOCK
from .seed_groups import SeedGroups

Values = NDArray[np.float64]
Source = tuple[str, ...]  # a factor, or several whose combination makes a difference

SAMPLE = "samples"
COLUMNS = ["metric", *BLOCK, "method", "source", "levels", "variance", "estimate", "share"]


def variance(scores: pd.DataFrame, metrics: Sequence[MetricSpec], seeds: int | Mapping[str, int]) -> pd.DataFrame:
    """Return the variance of every method's score split by its sources.

    The sources of a crossed design are the factors data, training and attribution with more than one seed, their
    combinations (`data:training` is what a network's training seed does for one data set and not for others), and the
    samples, with all combinations that they are part of. Those of repetitions with three new seeds each are the seeds
    together and the samples. Columns: metric, task, architecture, method, source, levels (how many there are),
    variance (of a single sample's score, at least 0), estimate (as it was found, which may be negative), and share (of
    the variance of a run's mean score, to which samples contribute their variance divided by their number).

    Few levels say little: with two seeds of a factor, the 95 % interval of its variance reaches from a fifth to a
    thousand times the estimate (χ² with one degree of freedom). All numbers are NaN where a repetition lacks samples
    that others have, since the split needs equal numbers.

    Args:
        scores: one row a sample, as in scores.parquet; reference methods are left out.
        metrics: those of the scores.
        seeds: those of the suite.
    """
    levels = dict(seeds) if isinstance(seeds, Mapping) else {"seeds": seeds}
    if scores.empty:
        return pd.DataFrame(columns=COLUMNS)
    groups = SeedGroups.of(scores, [*BLOCK, "method"])
    columns = [scores[metric.name].to_numpy() for metric in metrics]
    identities = [dict(zip([*BLOCK, "method"], values, strict=True)) for values in groups.identities]
    rows = [
        {"metric": metric.name, **identity, **row}
        for number, identity in enumerate(identities)
        if identity["architecture"]
        for metric, split in zip(metrics, _splits(groups.block(number, columns), levels), strict=True)
        for row in split
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _splits(per_seed: Sequence[Values], levels: Mapping[str, int]) -> Iterator[Iterator[dict[str, Any]]]:
    """Yield the split of each column of scores, which are (columns, samples) for each seed."""
    factors = {factor: size for factor, size in levels.items() if size > 1}
    # samples come with the data: new ones for each of its seeds
    parent = next((factor for factor in factors if factor in ("data", "seeds")), None)
    columns, samples = per_seed[0].shape
    sources = [source for source in _sources(list(factors)) if source]
    found = [dict.fromkeys([*sources, (SAMPLE,)], math.nan) for _ in range(columns)]
    is_balanced = len(per_seed) == math.prod(levels.values()) and samples > 1
    if is_balanced and all(of_seed.shape[1] == samples for of_seed in per_seed):
        values = np.stack(per_seed, axis=1)
        whole = np.flatnonzero(~np.isnan(values).any(axis=(1, 2)))
        shaped = values[whole].reshape(len(whole), *factors.values(), samples)
        for column, estimates in zip(whole, _components(shaped, list(factors), parent), strict=True):
            found[column] = {source: estimates[source] for source in sources}
            found[column][SAMPLE,] = sum(estimate for source, estimate in estimates.items() if SAMPLE in source)
    return (_split(of_column, factors, samples) for of_column in found)


def _split(found: Mapping[Source, float], factors: Mapping[str, int], samples: int) -> Iterator[dict[str, Any]]:
    parts = {source: max(estimate, 0) / (samples if SAMPLE in source else 1) for source, estimate in found.items()}
    total = sum(parts.values())
    for source, estimate in found.items():
        yield {
            "source": ":".join(source),
            "levels": samples if SAMPLE in source else math.prod(factors[factor] for factor in source),
            "variance": max(estimate, 0),
            "estimate": estimate,
            "share": parts[source] / total if total else math.nan,
        }


def components(values: Values, factors: Sequence[str], parent: str | None) -> dict[Source, float]:
    """Return the variance components of a balanced random-effects design, by the method of moments.

    A source is a set U of factors. With n_f levels of factor f, its mean square has the expectation
    Σ_{V ⊇ U} σ²_V · ∏_{f ∉ V} n_f, and the components σ² are those whose expectations are the mean squares found.

    Args:
        values: (factor, …, samples), one axis a factor; each axis has at least two levels.
        factors: names of all axes but the last.
        parent: the factor with each of whose levels the samples are others; None where they are always the same.

    Returns:
        The components, which may be negative. A source with samples in it names their parent too.

    Source: S. R. Searle, G. Casella & C. E. McCulloch, Variance Components, 1992, chapter 4.
    """
    return _components(values[None], factors, parent)[0]


def _components(values: Values, factors: Sequence[str], parent: str | None) -> list[dict[Source, float]]:
    """Return the components of each column of values (columns, factor, …, samples)."""
    sizes = dict(zip([*factors, SAMPLE], values.shape[1:], strict=True))
    sources = [
        source
        for source in _sources(list(sizes))
        if source and (SAMPLE not in source or parent is None or parent in source)
    ]
    expected = [[_repeats(sizes, other) if set(source) <= set(other) else 0 for other in sources] for source in sources]
    found = np.stack([_mean_squares(values, sizes, source, parent) for source in sources], axis=1)
    estimates = np.linalg.solve(np.array(expected, float), found[:, :, None])[:, :, 0]
    return [dict(zip(sources, map(float, of_column), strict=True)) for of_column in estimates]


def _sources(factors: Sequence[str]) -> list[Source]:
    return [source for size in range(len(factors) + 1) for source in combinations(factors, size)]


def _repeats(sizes: Mapping[str, int], source: Source) -> int:
    return math.prod(size for factor, size in sizes.items() if factor not in source)


def _mean_squares(values: Values, sizes: Mapping[str, int], source: Source, parent: str | None) -> Values:
    effect, freedom = values, 1
    for axis, (factor, size) in enumerate(sizes.items(), start=1):
        mean = effect.mean(axis=axis, keepdims=True)
        if factor not in source:
            effect = mean
        elif factor == parent and SAMPLE in source:
            freedom *= size  # samples of one level have nothing in common with those of another
        else:
            effect, freedom = effect - mean, freedom * (size - 1)
    return np.array([(of_column**2).sum() for of_column in effect]) * _repeats(sizes, source) / freedom
