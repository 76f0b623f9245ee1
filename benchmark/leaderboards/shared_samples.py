"""Average scores over a crossed design's repetitions that explain the same samples."""

from collections.abc import Mapping

import pandas as pd

from ..suites.repetitions import data_level


def over_data(scores: pd.DataFrame, seeds: int | Mapping[str, int]) -> pd.DataFrame:
    """Return scores whose seed is that of the data, averaged over a crossed design's repetitions with the same data.

    Such repetitions explain the same samples: counted apart they would look like more than there are.

    Args:
        scores: one row a sample, as in scores.parquet.
        seeds: those of the suite; a number leaves the scores as they are.
    """
    if isinstance(seeds, int) or scores.empty:
        return scores
    identity = ["task", "architecture", "method", "seed", "sample"]
    averaged = scores.assign(seed=data_level(scores.seed, seeds)).groupby(identity, sort=False)
    return averaged.mean(numeric_only=True).reset_index()
