"""Which share of a score's variance the seeds of data, training and attribution, and the samples, have."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..metrics.spec import MetricSpec
from .pairwise import BLOCK

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
    rows = [
        {"metric": metric.name, **dict(zip([*BLOCK, "method"], identity, strict=True)), **row}
        for identity, table in scores[scores.architecture != ""].groupby([*BLOCK, "method"], sort=False)
        for metric in metrics
        for row in _split([values.to_numpy() for _, values in table.groupby("seed")[metric.name]], levels)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _split(per_seed: Sequence[Values], levels: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    factors = {factor: size for factor, size in levels.items() if size > 1}
    # samples come with the data: new ones for each of its seeds
    parent = next((factor for factor in factors if factor in ("data", "seeds")), None)
    samples = len(per_seed[0])
    sources = [source for source in _sources(list(factors)) if source]
    found = dict.fromkeys([*sources, (SAMPLE,)], math.nan)
    if len(per_seed) == math.prod(levels.values()) and samples > 1 and _is_balanced(per_seed):
        estimates = components(np.reshape(per_seed, (*factors.values(), samples)), list(factors), parent)
        found = {source: estimates[source] for source in sources}
        found[SAMPLE,] = sum(estimate for source, estimate in estimates.items() if SAMPLE in source)
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


def _is_balanced(per_seed: Sequence[Values]) -> bool:
    return all(len(values) == len(per_seed[0]) and not np.isnan(values).any() for values in per_seed)


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
    sizes = dict(zip([*factors, SAMPLE], values.shape, strict=True))
    sources = [
        source
        for source in _sources(list(sizes))
        if source and (SAMPLE not in source or parent is None or parent in source)
    ]
    expected = [[_repeats(sizes, other) if set(source) <= set(other) else 0 for other in sources] for source in sources]
    found = [_mean_square(values, sizes, source, parent) for source in sources]
    return dict(zip(sources, map(float, np.linalg.solve(expected, found)), strict=True))


def _sources(factors: Sequence[str]) -> list[Source]:
    return [source for size in range(len(factors) + 1) for source in combinations(factors, size)]


def _repeats(sizes: Mapping[str, int], source: Source) -> int:
    return math.prod(size for factor, size in sizes.items() if factor not in source)


def _mean_square(values: Values, sizes: Mapping[str, int], source: Source, parent: str | None) -> float:
    effect, freedom = values, 1
    for axis, (factor, size) in enumerate(sizes.items()):
        mean = effect.mean(axis=axis, keepdims=True)
        if factor not in source:
            effect = mean
        elif factor == parent and SAMPLE in source:
            freedom *= size  # samples of one level have nothing in common with those of another
        else:
            effect, freedom = effect - mean, freedom * (size - 1)
    return float((effect**2).sum()) * _repeats(sizes, source) / freedom
