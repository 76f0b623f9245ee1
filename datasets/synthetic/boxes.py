"""Boxes in noise: Gaussian series whose class shifts the mean inside known boxes of time and features."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...errors import ParameterError
from ..layouts import Layout, check_layouts, mask
from ..preprocessing import require_counts, require_ordinary, require_room, standardise
from ..spec import Array, Split, TaskData


def boxes(
    seed: int,
    *,
    layouts: Sequence[Layout],
    time: int,
    features: int,
    train: int,
    validation: int,
    test: int,
    shift: float,
    noise: float,
) -> TaskData:
    """Return x = ±shift · r + noise · N(0, 1), with the sign given by the class and r the sample's box mask.

    Each sample draws its class and one of the layouts, both uniformly. Inputs are standardised per
    (time, feature) with training statistics.

    Args:
        seed: of the data; the same seed gives the same bytes.
        layouts: each a list of boxes [time from, time to, features from, features to], upper bounds excluded.
        time: number of time steps T.
        features: number of features F.
        train: number of training samples.
        validation: number of validation samples.
        test: number of test samples.
        shift: distance of the mean inside a box from zero.
        noise: standard deviation of every value.

    Raises:
        ParameterError: a size below one or beyond memory, a box outside the series, a negative shift, a noise that
            is not positive, or one of the two out of the range of single precision.

    Source: Ismail et al., NeurIPS 2019, synthetic data sets.
    """
    check_boxes(
        layouts=layouts,
        time=time,
        features=features,
        train=train,
        validation=validation,
        test=test,
        shift=shift,
        noise=noise,
    )
    masks = np.stack([mask(layout, time, features) for layout in layouts])
    rng = np.random.default_rng(seed)
    splits = standardise(*(_draw(rng, count, masks, shift, noise) for count in (train, validation, test)))
    return TaskData(*splits, classes=2)


def check_boxes(
    *,
    layouts: Sequence[Layout],
    time: int,
    features: int,
    train: int,
    validation: int,
    test: int,
    shift: float,
    noise: float,
) -> None:
    """Raise unless `boxes` can draw such series.

    Raises:
        ParameterError: as `boxes`.
    """
    require_counts(time=time, features=features, train=train, validation=validation, test=test)
    for count in (train, validation, test, len(layouts)):  # a mask each layout
        require_room(count, time, features)
    if shift < 0 or noise <= 0:
        raise ParameterError(f"boxes need shift >= 0 and noise > 0, got shift={shift} and noise={noise}")
    require_ordinary(shift=shift, noise=noise)
    check_layouts(layouts, time, features)


def _draw(rng: np.random.Generator, count: int, masks: Array, shift: float, noise: float) -> Split:
    labels: NDArray[np.int64] = rng.integers(2, size=count)
    layout = rng.integers(len(masks), size=count) if len(masks) > 1 else np.zeros(count, dtype=np.int64)
    inputs = rng.standard_normal((count, *masks.shape[1:]), dtype=np.float32)
    inputs *= np.float32(noise)
    # one layout is shared without a copy; several are looked up per sample
    truth = masks[layout] if len(masks) > 1 else np.broadcast_to(masks[0], inputs.shape)
    sign = np.where(labels == 1, np.float32(shift), np.float32(-shift))
    inputs += sign[:, None, None] * truth
    return Split(inputs, labels, truth)
