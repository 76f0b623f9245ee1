"""Accuracy after removal: what a network answers once the entries that a map ranks highest are replaced."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ...entry import unknown
from ...errors import ParameterError, ShapeError, UnknownNameError
from ..execution.training import predict
from ..metrics.arrays import Floats

SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)  # of a map's entries, as in the source


def rank_for_removal(magnitude: Floats, seeds: Sequence[int]) -> Tensor:
    """Return the place of each entry in the order of removal, 0 for the largest |attribution|.

    Entries that tie are put in an order drawn at random: an LSTM's map is exactly zero over many steps, and by index
    the earliest of them would be removed first, a ranking that the map does not contain.

    Args:
        magnitude: |attributions|, (batch, time, features).
        seeds: one a sample.

    Returns:
        int32 (batch, time, features), a permutation of 0 … entries − 1 for each sample.
    """
    ranks = np.empty((len(magnitude), magnitude[0].size), dtype=np.int32)
    for place, values, seed in zip(ranks, magnitude, seeds, strict=True):
        shuffled = np.random.default_rng(seed).permutation(len(place))
        place[shuffled[np.argsort(-values.ravel()[shuffled], kind="stable")]] = np.arange(len(place))
    return torch.from_numpy(ranks.reshape(magnitude.shape))


def correct_after_removal(
    models: Sequence[nn.Module],
    inputs: Tensor,
    labels: Tensor,
    ranks: Tensor,
    replacement: Tensor,
    shares: Sequence[float] = SHARES,
) -> NDArray[np.bool_]:
    """Return whether argmax_c S_c(x') = label, where x' is x with the first round(share · entries) entries replaced.

    The models are not trained again, neither here nor in the source: replaced inputs can lie outside what a model
    has seen, and part of a drop is due to that. A random ranking shows which part.

    Args:
        models: each maps (batch, time, features) to logits (batch, classes).
        inputs: (batch, time, features).
        labels: (batch,).
        ranks: of each entry in the order of removal, (batch, time, features), from any map: also another model's.
        replacement: what takes the place of a removed entry, (batch, time, features), see `draw_replacement`.
        shares: of the entries, each in [0, 1].

    Returns:
        (models, shares, batch).

    Raises:
        ParameterError: a share outside [0, 1].
        ShapeError: ranks or replacement of another shape than inputs.
    """
    _check(inputs, ranks, replacement, shares)
    entries = inputs[0].numel()
    correct = np.empty((len(models), len(shares), len(inputs)), dtype=np.bool_)
    for column, share in enumerate(shares):
        remaining = torch.where(ranks < round(share * entries), replacement, inputs)
        for row, model in enumerate(models):
            correct[row, column] = (predict(model, remaining).argmax(dim=1) == labels).numpy()
    return correct


def draw_replacement(name: str, inputs: Tensor, training: Tensor, seeds: Sequence[int]) -> Tensor:
    """Return what takes the place of removed entries, (batch, time, features).

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
    return _REPLACEMENTS[name](inputs, training, seeds)


def check_replacement(name: str) -> None:
    """Refuse a name that no replacement has.

    Raises:
        UnknownNameError: there is none of that name.
    """
    if name not in _REPLACEMENTS:
        raise UnknownNameError(unknown("replacement", name, _REPLACEMENTS))


def _zero(inputs: Tensor, _training: Tensor, _seeds: Sequence[int]) -> Tensor:
    return torch.zeros_like(inputs)


def _mean(inputs: Tensor, training: Tensor, _seeds: Sequence[int]) -> Tensor:
    return training.mean(dim=0, dtype=torch.float64).to(inputs.dtype).expand_as(inputs)


def _sampled(_inputs: Tensor, training: Tensor, seeds: Sequence[int]) -> Tensor:
    # [seed, 1]: a stream apart from the one that breaks the ties of the same sample
    donors = [int(np.random.default_rng([seed, 1]).integers(len(training))) for seed in seeds]
    return training[donors]


_REPLACEMENTS: Mapping[str, Callable[[Tensor, Tensor, Sequence[int]], Tensor]] = {
    "zero": _zero,
    "mean": _mean,
    "sampled": _sampled,
}


def _check(inputs: Tensor, ranks: Tensor, replacement: Tensor, shares: Sequence[float]) -> None:
    if not all(0 <= share <= 1 for share in shares):
        raise ParameterError(f"removed shares must lie in 0 to 1, got {list(shares)}")
    for name, value in (("ranks", ranks), ("replacement", replacement)):
        if value.shape != inputs.shape:
            raise ShapeError(
                f"removal needs {name} of the inputs' shape {tuple(inputs.shape)}, got {tuple(value.shape)}"
            )
