"""Images read row by row as time series; the strokes' pixels are the graded ground truth."""

import numpy as np
from sklearn.datasets import load_digits

from ...errors import ParameterError
from ..preprocessing import require_counts, standardise
from ..spec import Split, TaskData

DIGITS = 1797
INK = 16  # the darkest pixel of scikit-learn's digits


def digits_rows(seed: int, *, validation: int, test: int) -> TaskData:
    """Return the 1,797 handwritten digits of scikit-learn, 8 rows as time steps and 8 columns as features.

    The seed shuffles the images into splits; what validation and test do not take is for training. The truth is
    pixel / 16, the share of ink in each pixel; inputs are standardised per pixel with training statistics.

    Args:
        seed: of the split.
        validation: number of validation samples.
        test: number of test samples.

    Raises:
        ParameterError: sizes that leave no sample for training.

    Source: Alpaydin & Kaynak 1998, Optical Recognition of Handwritten Digits (bundled with scikit-learn).
    """
    check_digits(validation=validation, test=test)
    bunch = load_digits()
    order = np.random.default_rng(seed).permutation(DIGITS)
    images = bunch.images[order].astype(np.float32)
    labels = bunch.target[order].astype(np.int64)
    parts = np.split(np.arange(DIGITS), [DIGITS - validation - test, DIGITS - test])
    splits = standardise(*(Split(images[part], labels[part], images[part] / INK) for part in parts))
    return TaskData(*splits, classes=10)


def check_digits(*, validation: int, test: int) -> None:
    """Raise unless there are so many images, and one more to train on.

    Raises:
        ParameterError: a size below one, or sizes that leave no sample for training.
    """
    require_counts(validation=validation, test=test)
    if validation + test >= DIGITS:
        raise ParameterError(
            f"digits/rows has {DIGITS} images, validation={validation} and test={test} leave none for training"
        )
