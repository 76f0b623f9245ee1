"""MNIST as a time series: a digit's rows or columns are its time steps, its ink the graded ground truth."""

import math

import numpy as np
from numpy.typing import NDArray

from ...errors import ParameterError
from ..preprocessing import require_counts
from ..spec import Split, TaskData
from .mnist_source import Digits, load_mnist

INK = 255  # the darkest pixel


def mnist_rows(seed: int, *, train: int, validation: int, test: int) -> TaskData:
    """Return MNIST digits with the 28 rows, top to bottom, as time steps and the 28 columns as features.

    The seed shuffles the 60,000 published training digits, of which the first go to validation and the next to
    training, and the 10,000 published test digits: their first half is easier than their second. The truth is
    pixel / 255. Inputs are (pixel / 255 − m) / s with one mean m and one standard deviation s over all pixels of the
    training split: a scale for each pixel would divide 67 pixels by zero and multiply ink that a pixel sees once in
    60,000 digits by up to 245, while one scale keeps a digit's pixels comparable, and blank paper the same everywhere.

    Args:
        seed: of the split.
        train: number of training samples.
        validation: number of validation samples.
        test: number of test samples.

    Raises:
        ParameterError: a size below one, or more samples than there are.
        DataError: the data are not at hand, damaged or not the published ones; see load_mnist.

    Source: LeCun et al. 1998; as a time series with m = .1307 and s = .3081: Ismail et al., Benchmarking Deep
    Learning Interpretability in Time Series Predictions, NeurIPS 2020.
    """
    return _series(seed, train, validation, test, columns=False)


def mnist_columns(seed: int, *, train: int, validation: int, test: int) -> TaskData:
    """Return MNIST digits with the 28 columns, left to right, as time steps and the 28 rows as features.

    Splits, truth, scale, arguments, errors and source are those of mnist_rows; each sample is transposed.
    """
    return _series(seed, train, validation, test, columns=True)


def _series(seed: int, train: int, validation: int, test: int, columns: bool) -> TaskData:
    require_counts(train=train, validation=validation, test=test)
    for_training, for_testing = load_mnist()
    _require("train + validation", train + validation, len(for_training), "training")
    _require("test", test, len(for_testing), "test")
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(len(for_training))
    trained_on = shuffled[validation : validation + train]
    mean, std = _moments(for_training.pixels[trained_on])

    def split(digits: Digits, picked: NDArray[np.int64]) -> Split:
        return _split(digits, picked, mean, std, columns)

    return TaskData(
        train=split(for_training, trained_on),
        validation=split(for_training, shuffled[:validation]),
        test=split(for_testing, rng.permutation(len(for_testing))[:test]),
        classes=10,
    )


def _require(what: str, asked: int, available: int, kind: str) -> None:
    if asked > available:
        raise ParameterError(f"MNIST has {available} {kind} digits, {what} asks for {asked}; ask for fewer")


def _moments(pixels: NDArray[np.uint8]) -> tuple[np.float32, np.float32]:
    # sums of whole numbers are exact, so the bytes of the task do not depend on the order of summation
    flat = pixels.reshape(-1)
    total = int(flat.sum(dtype=np.int64))
    squares = int(np.einsum("i,i", flat, flat, dtype=np.int64))
    spread = math.sqrt(flat.size * squares - total**2)
    return np.float32(total / (INK * flat.size)), np.float32(spread / (INK * flat.size))


def _split(digits: Digits, picked: NDArray[np.int64], mean: np.float32, std: np.float32, columns: bool) -> Split:
    pixels = digits.pixels[picked]
    # written in this order at once: a transposed view would be slower to train on
    truth = np.divide(pixels.transpose(0, 2, 1) if columns else pixels, INK, dtype=np.float32, order="C")
    inputs = truth - mean
    inputs /= std
    return Split(inputs, digits.labels[picked].astype(np.int64), truth)
