"""Specification of a task: a seeded function that gives labelled splits with ground truth."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..entry import Entry, Factory, resolve
from ..errors import NonFiniteError, ParameterError, ShapeError

Array = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class TaskSpec(Entry):
    """A task; its factory is `(seed, **parameters) -> TaskData`, the same bytes for the same seed.

    Attributes:
        content: for a task that reads files of the user: a function () -> str that names their content wherever they
            lie, such as a digest, and raises a DataError where they cannot be read; or "module:attribute". Results of
            other files are then computed anew.
        function: for a white box, whose network is known: a function (series, salient) -> (batch, classes) of tensors
            (batch, time, features), or "module:attribute". Such a task is explained without training; the label of a
            sample is the column that it is explained for.
        truthless: the classes whose samples have nothing to find, and so no scores.
        per_step: whether there is a label at every step, in labels (batch, time).
    """

    content: Factory | None = None
    function: Factory | None = None
    truthless: tuple[int, ...] = ()
    per_step: bool = False

    def origin(self) -> str:
        """Return the entry's source and the content of its files.

        Raises:
            DataError: the files cannot be read.
        """
        return "; ".join(filter(None, (self.source, resolve(self.content)() if self.content else "")))


@dataclass(frozen=True)
class Split:
    """Samples of one split.

    Attributes:
        inputs: float32 (batch, time, features).
        labels: int64 (batch,), classes counted from 0; or (batch, time), one at every step.
        truth: float32 (batch, time, features) in [0, 1]: how salient each entry is.
        lengths: int64 (batch,), how many steps of each sample are real, 1 at least: the others are padding, which no
            method changes and no metric counts; None for all.

    Raises:
        ShapeError: arrays whose shapes do not fit, a truth outside [0, 1], or lengths beyond the steps.
        ParameterError: something else than arrays of these types.
        NonFiniteError: NaN or infinity in the inputs.
    """

    inputs: Array
    labels: NDArray[np.int64]
    truth: Array
    lengths: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        for name, dtype in (("inputs", np.float32), ("labels", np.int64), ("truth", np.float32)):
            _check_type(name, getattr(self, name), dtype)
        if self.inputs.ndim != 3 or self.inputs.shape != self.truth.shape:
            raise ShapeError(
                "a split needs inputs and truth of one shape (batch, time, features), "
                f"got inputs {self.inputs.shape} and truth {self.truth.shape}"
            )
        if self.labels.shape not in (self.inputs.shape[:1], self.inputs.shape[:2]):
            raise ShapeError(
                f"a split of {len(self.inputs)} samples needs as many labels, or one at each of {self.inputs.shape[1]} "
                f"steps, got {self.labels.shape}"
            )
        if not np.isfinite(self.inputs).all():
            raise NonFiniteError("a split's inputs must be finite, got NaN or infinity; clean the series first")
        # np.nanmin would let NaN pass: the negated comparison does not
        if self.truth.size and not (self.truth.min() >= 0 and self.truth.max() <= 1):
            raise ShapeError("a split's truth must lie in [0, 1]; scale it before making the task")

        if self.lengths is not None:
            _check_lengths(self.lengths, *self.inputs.shape[:2])

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class TaskData:
    """The three splits of a task; the test split is never seen by training or selection."""

    train: Split
    validation: Split
    test: Split
    classes: int

    @property
    def time(self) -> int:
        """Number of time steps of each sample."""
        return int(self.train.inputs.shape[1])

    @property
    def features(self) -> int:
        """Number of features of each time step."""
        return int(self.train.inputs.shape[2])


def _check_lengths(lengths: NDArray[np.int64], count: int, steps: int) -> None:
    _check_type("lengths", lengths, np.int64)
    if lengths.shape != (count,) or (count and not (lengths.min() >= 1 and lengths.max() <= steps)):
        raise ShapeError(
            f"a split of {count} samples of {steps} steps needs as many lengths, in 1 … {steps}, got {lengths.shape} "
            f"from {lengths.min(initial=steps)} to {lengths.max(initial=0)}"
        )


def _check_type(name: str, values: object, dtype: type[np.generic]) -> None:
    got = values.dtype if isinstance(values, np.ndarray) else type(values).__name__
    if got != dtype:
        raise ParameterError(f"a split's {name} must be an array of {np.dtype(dtype)}, got {got}; convert it")
