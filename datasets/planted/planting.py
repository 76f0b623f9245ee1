"""Plant a known signal in series of one's own: ground truth on real data."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import ParameterError
from ...kinds import require_lists, require_numbers, require_whole
from ..layouts import check_layouts, mask
from ..preprocessing import require_ordinary
from ..spec import Array, Split, TaskData
from .patterns import check_shape, class_patterns
from .prepared_series import Lengths, PreparedSeries, check_shares
from .stratification import balanced_labels

STRENGTH = 2.0  # by default, in standard deviations
LONGEST = 2**31  # steps or features: a window may lie anywhere before the series are known


def planted(
    series: ArrayLike,
    labels: ArrayLike | None = None,
    lengths: ArrayLike | None = None,
    *,
    seed: int = 0,
    shape: str = "box",
    strength: float = STRENGTH,
    length: int = 0,
    width: int = 0,
    window: Sequence[int] = (),
    validation_share: float = 0.15,
    test_share: float = 0.2,
) -> TaskData:
    """Return x' = (x − mean) / std + strength · p_c inside a window of the sample, labelled with a new class c.

    Mean and std are those of a feature over the training series, before planting. The new classes are drawn at
    random, so the series themselves tell nothing about them: only the window does, and the truth is 1 exactly
    there. `class_patterns` gives the signal p_c of each class; all classes share their window.

    Labels of one's own would not serve as classes: a network could tell them by the natural signal, at entries that
    nobody knows. They serve as strata. There are then as many new classes as labels, and within each of the labels
    (and each split) the new classes are equally frequent, up to one sample: knowing the old label does not help.

    Args:
        series: (samples, time, features), finite numbers.
        labels: (samples,), any values; None for two new classes and no strata.
        lengths: (samples,), steps of each series that are no padding; None for all. Windows lie within them, and what
            is behind them becomes 0.
        seed: of splits, new classes and windows; the same seed gives the same bytes.
        shape: "box", "ramp", "bump" or "sine".
        strength: height of the signal, in standard deviations of the feature; 0 leaves nothing to find.
        length: time steps of the window, which lies at a random place in each sample; 0 for a quarter of the
            shortest series, or for as many as the classes need.
        width: features of it, side by side; 0 for half of them.
        window: [time from, time to, features from, features to], the same for all samples, in place of the two.
        validation_share: of the samples, for validation.
        test_share: of the samples, for testing.

    Raises:
        ShapeError, NonFiniteError: series, labels or lengths are not as described.
        DataError: too few series, a single label, a feature that is constant in training, or one with a value that
            leaves nothing of the others in single precision, as a missing one written as the largest number.
        ParameterError: a parameter that is impossible, or a window that leaves the series.
    """
    rng = np.random.default_rng(check_seed(seed))
    given = PreparedSeries.of(series, labels, lengths, rng, validation_share, test_share)
    signal = _Signal.of(given.size, given.classes, shape, strength, length, width, window)
    train, validation, test = (signal.plant(rng, given, part) for part in given.parts)
    return TaskData(train, validation, test, given.classes)


def labelled(
    series: ArrayLike,
    labels: ArrayLike | None,
    lengths: ArrayLike | None = None,
    *,
    seed: int = 0,
    validation_share: float = 0.15,
    test_share: float = 0.2,
) -> TaskData:
    """Return the splits that `planted` makes of series (samples, time, features) with that seed, with their own labels.

    Classes are the labels in their order; nobody knows the truth, so it is 0.

    Raises:
        ShapeError, NonFiniteError, DataError, ParameterError: see `planted`.
    """
    given = PreparedSeries.of(
        series, labels, lengths, np.random.default_rng(check_seed(seed)), validation_share, test_share
    )
    train, validation, test = (given.split(part, given.strata[part]) for part in given.parts)
    return TaskData(train, validation, test, given.classes)


@dataclass(frozen=True)
class _Signal:
    """Patterns (classes, length), the number of features that carry them, and where: (time, feature), or anywhere."""

    patterns: Array
    width: int
    place: tuple[int, int] | None

    @staticmethod
    def of(
        size: tuple[int, ...],
        classes: int,
        shape: str,
        strength: float,
        length: int,
        width: int,
        window: Sequence[int],
    ) -> "_Signal":
        _check_strength(strength)
        _check_kinds(length, width, window)
        if len(window):
            place, length, width = _placed(size, length, width, window)
        else:
            place, length, width = None, *_sized(size, classes, length, width)
        patterns = strength * class_patterns(shape, length, classes)
        return _Signal(patterns.astype(np.float32), width, place)

    def plant(self, rng: np.random.Generator, given: PreparedSeries, part: NDArray[np.int64]) -> Split:
        """Return the samples of a split, labelled anew, with the pattern of each one's class and its entries marked."""
        split = given.split(part, balanced_labels(rng, given.strata[part], given.classes))
        length = self.patterns.shape[1]
        starts = self._starts(rng, split.inputs.shape, split.lengths)
        for entries, marks, label, (time, feature) in zip(split.inputs, split.truth, split.labels, starts, strict=True):
            where = np.s_[time : time + length, feature : feature + self.width]
            entries[where] += self.patterns[label][:, None]
            marks[where] = 1
        return split

    def _starts(self, rng: np.random.Generator, shape: tuple[int, ...], lengths: Lengths) -> NDArray[np.int64]:
        samples, time, features = shape
        if self.place is not None:
            return np.tile(np.array(self.place), (samples, 1))
        room = np.empty((samples, 2), dtype=np.int64)
        room[:, 0] = (time if lengths is None else lengths) - self.patterns.shape[1] + 1
        room[:, 1] = features - self.width + 1
        return rng.integers(room)


def _placed(size: tuple[int, ...], length: int, width: int, window: Sequence[int]) -> tuple[tuple[int, int], int, int]:
    _check_either(length, width, window)
    mask([window], size[0], size[1])  # raises where the window is not inside
    start, stop, low, high = window
    return (start, low), stop - start, high - low


def _sized(size: tuple[int, ...], classes: int, length: int, width: int) -> tuple[int, int]:
    quarter = min(size[0], max(size[0] // 4, (classes + 1) // 2))  # as long as the classes need at least
    chosen = (length or quarter, width or max(1, size[1] // 2))
    for name, value, most in zip(("length", "width"), chosen, size, strict=True):
        if not 1 <= value <= most:
            raise ParameterError(f"{name} must be 1 to {most}, the size of the series, or 0 for a share, got {value}")
    return chosen


def check_planting(
    *,
    shape: str,
    strength: float,
    length: int,
    width: int,
    window: Sequence[int],
    validation_share: float,
    test_share: float,
    **_columns: object,
) -> None:
    """Raise unless `planted` can plant such a signal into series that are long and many enough.

    Raises:
        ParameterError: a parameter that no series suit.
    """
    check_shape(shape)
    _check_strength(strength)
    _check_kinds(length, width, window)
    for name, size in (("length", length), ("width", width)):
        if size < 0:
            raise ParameterError(f"{name} must be at least 1, or 0 for a share of the series, got {size}")
    if len(window):
        _check_either(length, width, window)
        check_layouts([[window]], LONGEST, LONGEST)
    check_shares(validation_share, test_share)


def check_seed(seed: int) -> int:
    """Return a seed after checking that one can draw from it.

    Raises:
        ParameterError: no whole number, or a negative one.
    """
    require_whole(seed=seed)
    if seed < 0:
        raise ParameterError(f"seed must be at least 0, got {seed}")
    return seed


def _check_kinds(length: int, width: int, window: Sequence[int]) -> None:
    require_whole(length=length, width=width)
    require_lists(window=window)


def _check_strength(strength: float) -> None:
    require_numbers(strength=strength)
    if not 0 <= strength < np.inf:
        raise ParameterError(f"strength must be finite and at least 0 standard deviations, got {strength}")
    require_ordinary(strength=strength)


def _check_either(length: int, width: int, window: Sequence[int]) -> None:
    if length or width:
        raise ParameterError(f"give either window or length and width, got window={list(window)}, {length} and {width}")
