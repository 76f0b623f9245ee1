"""Occlusion: slide a window of the baseline over time and features."""

from collections.abc import Sequence

from torch import Tensor

from ..passes.passes import Passes, copies
from ..passes.segments import Span, sliding
from .replacement import average, replacement_effects


def occlusion(
    inputs: Tensor,
    target: Tensor,
    baseline: Tensor,
    passes: Passes,
    parts: Sequence[Span] | None = None,
    *,
    time_window: int = 0,
    feature_window: int = 0,
    time_stride: int = 0,
    feature_stride: int = 0,
) -> Tensor:
    """Return the mean of S_c(x) - S_c(x with a window at the baseline) over an entry's windows, in output units.

    A window starts at every multiple of the stride up to the first that reaches the end of the axis, where the last
    one is cut off (see `sliding`); so an entry near the border is in fewer windows than others, and the mean is over
    those. The result is (batch, time, features).

    Args:
        inputs: x, (batch, time, features).
        target: int64 (batch,), the explained class c of each sample.
        baseline: (batch, time, features).
        passes: through the network, in bounded memory.
        parts: the features of each of several inputs; None for one.
        time_window: steps of a window; 0 for a tenth of the series.
        feature_window: features of a window; 0 for a tenth of them.
        time_stride: steps from one window to the next, not more than the window; 0 for half of it.
        feature_stride: features from one window to the next, not more than the window; 0 for half of it.

    Raises:
        ParameterError: a window longer than the series, a stride longer than its window, or a negative number.

    Source: Zeiler, Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014.
    """
    time, features = inputs.shape[1:]
    grid = sliding((time, features), (time_window, feature_window), (time_stride, feature_stride), parts)
    effects = replacement_effects(passes, inputs, target, grid, 1, copies(baseline))
    return average(effects, grid, time, features)
