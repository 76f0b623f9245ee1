"""Feature permutation: replace a segment by that of another series."""

from collections.abc import Sequence

from torch import Tensor

from ..passes.baselines import absence
from ..passes.passes import Passes
from ..passes.segments import Span, segments
from .replacement import average, replacement_effects


def feature_permutation(
    inputs: Tensor,
    target: Tensor,
    background: Tensor,
    seeds: Sequence[int],
    passes: Passes,
    parts: Sequence[Span] | None = None,
    *,
    time_segments: int = 10,
    feature_segments: int = 10,
    draws: int = 10,
) -> Tensor:
    """Return S_c(x) - mean over x̃ of S_c(x with the entry's segment from x̃), (batch, time, features), in output units.

    The x̃ are drawn from the background with replacement, for each sample by its own seed. Permutation importance
    as published, and in Captum, permutes a feature among the samples of the batch, so that a map depends on who else
    is explained, and no sample can be explained alone; its mean over all permutations that move the sample is this
    method's over all draws, with the other samples as background. Every entry of a segment gets the whole effect.

    Args:
        inputs: x, (batch, time, features).
        target: int64 (batch,), the explained class c of each sample.
        background: (any, time, features), the series x̃ are drawn from.
        seeds: one a sample.
        passes: through the network, in bounded memory.
        parts: the features of each of several inputs; None for one.
        time_segments: at most so many segments along time, at least 1 (see `segments`).
        feature_segments: at most so many along the features, at least 1.
        draws: how many x̃ are averaged, at least 1; each serves for all segments.

    Raises:
        ParameterError: a number of segments or draws below 1.

    Source: Fisher, Rudin, Dominici, "All Models are Wrong, but Many are Useful", JMLR 20, 2019.
    """
    time, features = inputs.shape[1:]
    grid = segments(time, features, time_segments, feature_segments, parts)
    drawn = absence("sampled", inputs, background, seeds, draws)
    return average(replacement_effects(passes, inputs, target, grid, draws, drawn), grid, time, features)
