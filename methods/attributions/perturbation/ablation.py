"""Feature ablation: replace a segment by the baseline."""

from collections.abc import Sequence

from torch import Tensor

from ..passes.passes import Passes, copies
from ..passes.segments import Span, segments
from .replacement import average, replacement_effects


def feature_ablation(
    inputs: Tensor,
    target: Tensor,
    baseline: Tensor,
    passes: Passes,
    parts: Sequence[Span] | None = None,
    *,
    time_segments: int = 20,
    feature_segments: int = 20,
) -> Tensor:
    """Return S_c(x) - S_c(x with the entry's segment at the baseline), (batch, time, features), in output units.

    Every entry of a segment gets the effect of the whole segment. With as many segments as there are steps and
    features each entry is replaced alone, which takes a pass an entry.

    Args:
        inputs: x, (batch, time, features).
        target: int64 (batch,), the explained class c of each sample.
        baseline: (batch, time, features).
        passes: through the network, in bounded memory.
        parts: the features of each of several inputs; None for one.
        time_segments: at most so many segments along time, at least 1 (see `segments`).
        feature_segments: at most so many along the features, at least 1.

    Raises:
        ParameterError: a number of segments below 1.

    Source: Zeiler, Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014; for single entries of
    time series: Suresh et al., "Clinical Intervention Prediction and Understanding with Deep Neural Networks", 2017.
    """
    time, features = inputs.shape[1:]
    grid = segments(time, features, time_segments, feature_segments, parts)
    effects = replacement_effects(passes, inputs, target, grid, 1, copies(baseline))
    return average(effects, grid, time, features)
