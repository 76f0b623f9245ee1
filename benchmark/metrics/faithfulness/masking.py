"""Faithfulness: what a network makes of a series from which the entries that a map ranks highest are removed.

A metric of this kind needs ("map", "model"): it ranks the entries of a map (`removal_order`), replaces some of them
in the inputs (`removed`), and asks the network (`model.probabilities`, `model.logits`) what is left of its answer.
One whose replacement is drawn from the training samples needs "data", too.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ....entry import unknown
from ....errors import ParameterError, UnknownNameError
from ..arrays import Floats
from ..maps import Maps
from ..needs import Model, Series


def comprehensiveness(maps: Maps, *, model: Model, share: float = 0.2, replacement: str = "zero") -> Floats:
    """Return p_c(x) - p_c(x without S) in [-1, 1], S being the share of the entries with the largest |a|.

    p_c is the probability of the explained class c. The network is not trained again: without S, a series may be
    unlike any that it has seen, and part of a drop is due to that.

    Args:
        maps: the maps of the samples.
        model: the network that was explained.
        share: of the entries, in [0, 1]; round(share · entries) are removed. Ties are broken at random, by the seeds
            of the samples.
        replacement: what stands in place of an entry: "zero", or "average", the mean over time of its feature in the
            series.

    Raises:
        ParameterError: a share outside [0, 1].
        UnknownNameError: another replacement.
    """
    check_comprehensiveness(share=share, replacement=replacement)
    changed = removed(model.inputs, removal_order(maps.magnitude, model.seeds), share, replacement)
    before, after = (model.probabilities(inputs) for inputs in (model.inputs, changed))
    samples = np.arange(len(model.target))
    drop: Floats = before[samples, model.target] - after[samples, model.target]
    return drop


def check_comprehensiveness(*, share: float, replacement: str) -> None:
    """Raise unless a share of the entries can be replaced so.

    Raises:
        ParameterError: a share outside [0, 1].
        UnknownNameError: another replacement.
    """
    if not 0 <= share <= 1:
        raise ParameterError(f"comprehensiveness needs a share in 0 to 1, got {share:g}")
    _check_replacement(replacement)


def removal_order(magnitude: Floats, seeds: Sequence[int]) -> NDArray[np.int32]:
    """Return the place of each entry in the order of removal, 0 for the largest |attribution|.

    Entries that tie are put in an order drawn at random: an LSTM's map is exactly zero over many steps, and by index
    the earliest of them would be removed first, a ranking that the map does not contain.

    Args:
        magnitude: |attributions|, (batch, time, features).
        seeds: one a sample.

    Returns:
        (batch, time, features), a permutation of 0 … entries − 1 for each sample.
    """
    order = np.empty((len(magnitude), magnitude[0].size), dtype=np.int32)
    for place, values, seed in zip(order, magnitude, seeds, strict=True):
        shuffled = np.random.default_rng(seed).permutation(len(place))
        place[shuffled[np.argsort(-values.ravel()[shuffled], kind="stable")]] = np.arange(len(place))
    return order.reshape(magnitude.shape)


def removed(inputs: Series, order: NDArray[np.int32], share: float, replacement: str) -> Series:
    """Return inputs in which the first round(share · entries) entries of each sample are replaced.

    Args:
        inputs: (batch, time, features).
        order: of removal, (batch, time, features), see `removal_order`.
        share: of the entries, in [0, 1].
        replacement: "zero" or "average", see `comprehensiveness`.

    Raises:
        UnknownNameError: another replacement.
    """
    _check_replacement(replacement)
    return replace_first(inputs, order, share, _REPLACEMENTS[replacement](inputs))


def replace_first(inputs: Series, order: NDArray[np.int32], share: float, filling: Series) -> Series:
    """Return inputs with those of filling in place of the first round(share · entries) entries of each sample.

    Args:
        inputs: (batch, time, features).
        order: of removal, (batch, time, features), see `removal_order`.
        share: of the entries, in [0, 1].
        filling: (batch, time, features).
    """
    return np.where(order < round(share * inputs[0].size), filling, inputs)


def _check_replacement(name: str) -> None:
    if name not in _REPLACEMENTS:
        raise UnknownNameError(unknown("replacement", name, _REPLACEMENTS))


def _zero(inputs: Series) -> Series:
    return np.zeros_like(inputs)


def _average(inputs: Series) -> Series:
    # in double precision, so that the sum's order does not show in the network's type
    return np.broadcast_to(inputs.mean(axis=1, keepdims=True, dtype=np.float64).astype(inputs.dtype), inputs.shape)


_REPLACEMENTS: Mapping[str, Callable[[Series], Series]] = {"zero": _zero, "average": _average}
