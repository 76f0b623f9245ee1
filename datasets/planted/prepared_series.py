"""Series and labels of one's own, checked, divided into splits, and standardised."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import DataError, NonFiniteError, ParameterError, ShapeError
from ...kinds import require_numbers
from ..preprocessing import standardise_features
from ..spec import Array, Split
from .stratification import divide

Floats = NDArray[np.float64]
Lengths = NDArray[np.int64] | None


@dataclass(frozen=True)
class PreparedSeries:
    """Series in units of the training samples' standard deviations, and which of them are in each split.

    Attributes:
        inputs: float32 (samples, time, features), 0 in padding.
        strata: int64 (samples,), the label of each series, counted from 0.
        lengths: int64 (samples,), steps that are no padding; None for all.
        parts: numbers of the samples of training, validation and test.
        classes: as many as labels; two without any.
    """

    inputs: Array
    strata: NDArray[np.int64]
    lengths: Lengths
    parts: tuple[NDArray[np.int64], ...]
    classes: int

    @property
    def size(self) -> tuple[int, int]:
        """Steps that every series has, and features."""
        steps = self.inputs.shape[1] if self.lengths is None else int(self.lengths.min())
        return steps, self.inputs.shape[2]

    @staticmethod
    def of(
        series: ArrayLike,
        labels: ArrayLike | None,
        lengths: ArrayLike | None,
        rng: np.random.Generator,
        validation_share: float,
        test_share: float,
    ) -> "PreparedSeries":
        """Return series (samples, time, features) divided, each label spread over the splits, and standardised.

        Raises:
            ShapeError, NonFiniteError, DataError, ParameterError: see `planted`.
        """
        values, ends = _series(series, lengths)
        strata = np.zeros(len(values), dtype=np.int64) if labels is None else _strata(labels, len(values))
        check_shares(validation_share, test_share)
        classes = 2 if labels is None else _several(strata)
        parts = divide(rng, strata, validation_share, test_share)
        _check_sizes([len(part) for part in parts], classes)
        return PreparedSeries(_standardised(values, ends, parts[0]), strata, ends, parts, classes)

    def split(self, part: NDArray[np.int64], labels: NDArray[np.int64]) -> Split:
        """Return the samples of a part with labels (samples,), a copy, nothing of which is salient yet."""
        inputs = self.inputs[part]
        return Split(inputs, labels, np.zeros_like(inputs), None if self.lengths is None else self.lengths[part])


def is_padding(lengths: NDArray[np.int64], steps: int) -> NDArray[np.bool_]:
    """Return which entries (samples, time) lie behind the end of their series."""
    found: NDArray[np.bool_] = np.arange(steps) >= lengths[:, None]
    return found


def _standardised(values: Floats, lengths: Lengths, training: NDArray[np.int64]) -> Array:
    if lengths is None:
        return standardise_features(values, training)
    real = ~is_padding(lengths, values.shape[1])
    trained = np.zeros(len(values), dtype=bool)
    trained[training] = True
    steps = values[real][:, None]  # each a series of one step
    inputs = np.zeros(values.shape, dtype=np.float32)
    inputs[real] = standardise_features(steps, np.flatnonzero(np.broadcast_to(trained[:, None], real.shape)[real]))[
        :, 0
    ]
    return inputs


def _series(series: ArrayLike, lengths: ArrayLike | None) -> tuple[Floats, Lengths]:
    try:
        given = np.asarray(series)
    except ValueError as error:
        raise ShapeError(f"series must be of one length and one number of features: {error}; cut them") from error
    if given.ndim != 3 or 0 in given.shape:
        raise ShapeError(
            f"series must be (samples, time, features), none of them 0, got {given.shape}; "
            "one feature alone is series[:, :, None]"
        )
    if given.dtype.kind not in "biuf":
        raise ShapeError(f"series must hold real numbers, got {given.dtype}; convert them first")
    if isinstance(series, np.ma.MaskedArray) and series.mask.any():
        raise NonFiniteError(f"series must have no masked values, got {series.mask.sum()}; fill or drop them")
    with np.errstate(over="ignore"):  # a longer type: refused as infinite
        values = given.astype(np.float64)
    ends = None if lengths is None else _lengths(lengths, values.shape)
    if ends is not None:
        values[is_padding(ends, values.shape[1])] = 0  # whatever padding was filled with
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        sample, time, feature = bad[0]
        raise NonFiniteError(
            f"series must be finite, got {values[tuple(bad[0])]} at sample {sample}, time {time}, feature {feature} "
            f"(counted from 0) and {len(bad) - 1} more; fill or drop them"
        )
    return values, ends


def _lengths(lengths: ArrayLike, size: tuple[int, ...]) -> NDArray[np.int64]:
    given = np.asarray(lengths)
    whole = given.dtype.kind in "iu" and given.shape == size[:1]
    if not whole or not (given.min() >= 1 and given.max() <= size[1]):
        got = f"{given.min()} to {given.max()}" if whole else f"{given.dtype} {given.shape}"
        raise ShapeError(
            f"{size[0]} series of {size[1]} steps need as many lengths, ({size[0]},), whole numbers from 1 to "
            f"{size[1]}, got {got}; count the steps of each series"
        )
    return given.astype(np.int64)


def _strata(labels: ArrayLike, samples: int) -> NDArray[np.int64]:
    given = np.asarray(labels)
    if given.shape != (samples,):
        raise ShapeError(f"{samples} series need as many labels, ({samples},), got {given.shape}")
    missing = given != given  # noqa: PLR0124 - NaN and NaT are unlike themselves, whatever their type
    if missing.any():
        raise NonFiniteError(f"labels must be known, got NaN for sample {missing.argmax()}; drop it")
    try:
        return np.unique(given, return_inverse=True)[1].astype(np.int64)
    except TypeError as error:
        raise ShapeError(f"labels must be of one type, all text or all numbers: {error}; convert them") from error


def _several(strata: NDArray[np.int64]) -> int:
    classes = int(strata.max()) + 1
    if classes < 2:
        raise DataError("labels must be of at least two kinds, got one; leave them out to plant two classes")
    return classes


def check_shares(validation: float, test: float) -> None:
    """Raise unless shares of samples leave some for every split.

    Raises:
        ParameterError: they do not.
    """
    require_numbers(validation_share=validation, test_share=test)
    if not (validation > 0 and test > 0 and validation + test < 1):
        raise ParameterError(
            "validation_share and test_share must be above 0 and leave some samples for training, "
            f"got {validation} and {test}"
        )


def _check_sizes(sizes: Sequence[int], classes: int) -> None:
    if min(sizes) < classes:
        train, validation, test = sizes
        raise DataError(
            f"{classes} classes need at least {classes} series in each split, got {train} for training, {validation} "
            f"for validation and {test} for testing; bring more series or enlarge the smallest share"
        )
