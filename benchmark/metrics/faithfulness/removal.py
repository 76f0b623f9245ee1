"""Accuracy after removal: what a network answers once the entries that a map ranks highest are replaced."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ....datasets.spec import TaskData
from ....entry import unknown
from ....errors import ParameterError, ShapeError, UnknownNameError
from ..arrays import Floats
from ..maps import Maps
from ..needs import Model, Series
from .masking import removal_order, replace_first

SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)  # of a map's entries, as in the source


def accuracy_after_removal(
    maps: Maps, *, model: Model, data: TaskData, replacement: str = "mean", shares: Sequence[float] = SHARES[1:]
) -> Floats:
    """Return the mean over shares of 1[argmax_c S_c(x') = label], (batch,) in [0, 1]; x' as in `answer_after_removal`.

    Args:
        maps: the maps of the samples.
        model: the network that is asked.
        data: the task's, of whose training samples replacements are made.
        replacement: what takes the place of an entry, see `draw_replacement`.
        shares: of the entries, each in [0, 1].

    Raises:
        ParameterError: no share, or one outside [0, 1].
        UnknownNameError: another replacement.

    Source: A. A. Ismail et al., Input-Cell Attention Reduces Vanishing Saliency of Recurrent Neural Networks,
    NeurIPS 2019, poster.
    """
    filling = draw_replacement(replacement, model.inputs, data.train.inputs, model.seeds)
    answers = answer_after_removal(model, removal_order(maps.magnitude, model.seeds), filling, shares)
    mean: Floats = answers.mean(axis=0)
    return mean


def answer_after_removal(
    model: Model, order: NDArray[np.int32], filling: Series, shares: Sequence[float] = SHARES
) -> NDArray[np.bool_]:
    """Return whether argmax_c S_c(x') = label, where x' is x with the first round(share · entries) entries replaced.

    The network is not trained again, neither here nor in the source: replaced inputs can lie outside what it has
    seen, and part of a drop is due to that. A random order shows which part.

    Args:
        model: the network that is asked, with the inputs x (batch, time, features).
        order: of removal, (batch, time, features), see `removal_order`; from any map, also another network's.
        filling: what takes the place of a removed entry, (batch, time, features), see `draw_replacement`.
        shares: of the entries, each in [0, 1].

    Returns:
        (shares, batch).

    Raises:
        ParameterError: no share, or one outside [0, 1].
        ShapeError: order or filling of another shape than the inputs.
    """
    _check(model.inputs, order, filling, shares)
    return np.stack([_answer(model, replace_first(model.inputs, order, share, filling)) for share in shares])


def _answer(model: Model, inputs: Series) -> NDArray[np.bool_]:
    answers: NDArray[np.bool_] = model.logits(inputs).argmax(axis=1) == model.labels
    return answers


def draw_replacement(name: str, inputs: Series, training: Series, seeds: Sequence[int]) -> Series:
    """Return what takes the place of removed entries, (batch, time, features), in the type of the inputs.

    Args:
        name: "zero"; "mean", the mean of the training samples at the entry; or "sampled", the entry's value in one
            training sample, drawn for each explained sample and the same at all its entries and shares. The drawn
            sample may be of the same class.
        inputs: (batch, time, features).
        training: (any, time, features).
        seeds: one a sample, for "sampled".

    Raises:
        UnknownNameError: another name.
    """
    check_replacement(name)
    return _REPLACEMENTS[name](inputs, training, seeds).astype(inputs.dtype)


def check_removal(*, replacement: str, shares: Sequence[float]) -> None:
    """Raise unless shares of a map's entries can be removed so.

    Raises:
        ParameterError: no share, or one outside [0, 1].
        UnknownNameError: another replacement.
    """
    check_replacement(replacement)
    _check_shares(shares)


def check_replacement(name: str) -> None:
    """Refuse a name that no replacement has.

    Raises:
        UnknownNameError: there is none of that name.
    """
    if name not in _REPLACEMENTS:
        raise UnknownNameError(unknown("replacement", name, _REPLACEMENTS))


def _zero(inputs: Series, _training: Series, _seeds: Sequence[int]) -> Series:
    return np.zeros_like(inputs)


def _mean(inputs: Series, training: Series, _seeds: Sequence[int]) -> Series:
    return np.broadcast_to(training.mean(axis=0, dtype=np.float64), inputs.shape)


def _sampled(_inputs: Series, training: Series, seeds: Sequence[int]) -> Series:
    # [seed, 1]: a stream apart from the one that breaks the ties of the same sample
    donors = [int(np.random.default_rng([seed, 1]).integers(len(training))) for seed in seeds]
    return training[donors]


_REPLACEMENTS: Mapping[str, Callable[[Series, Series, Sequence[int]], Series]] = {
    "zero": _zero,
    "mean": _mean,
    "sampled": _sampled,
}


def _check_shares(shares: Sequence[float]) -> None:
    if not shares or not all(isinstance(share, float | int) and 0 <= share <= 1 for share in shares):
        raise ParameterError(f"removed shares must lie in 0 to 1, got {list(shares)}")


def _check(inputs: Series, order: NDArray[np.int32], filling: Series, shares: Sequence[float]) -> None:
    _check_shares(shares)
    for name, value in (("order", order), ("filling", filling)):
        if value.shape != inputs.shape:
            raise ShapeError(f"removal needs {name} of the inputs' shape {inputs.shape}, got {value.shape}")
