"""Forms in which networks answer: find what is explained in what they return, and make one number of each of it."""

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from ...errors import ParameterError, ShapeError

Key = int | str | slice
Item = Key | tuple[Key, ...]


def taken(outputs: Any, item: Item) -> Any:
    """Return what stands at an item of what a model returns.

    Args:
        outputs: tuples, lists and dictionaries in each other, or a tensor (batch, …).
        item: names and positions, one after the other; those that meet a tensor are its indices behind the batch.

    Raises:
        ParameterError: there is no such item.
    """
    keys = item if isinstance(item, tuple) else (item,)
    for place, key in enumerate(keys):
        if isinstance(outputs, Tensor):
            return _entries(outputs, keys[place:])
        outputs = _part(outputs, key)
    return outputs


def _part(outputs: Any, key: Key) -> Any:
    with contextlib.suppress(LookupError, TypeError):
        return outputs[key]
    raise ParameterError(f"item must be {_items(outputs)}, got {key!r}")


def _items(outputs: Any) -> str:
    if isinstance(outputs, Mapping) and outputs:
        return f"one of {', '.join(map(repr, outputs))}"
    if isinstance(outputs, (tuple, list)) and outputs:
        return f"a position in 0 … {len(outputs) - 1} where the model returns a {type(outputs).__name__}"
    return f"None where the model returns a {type(outputs).__name__}"


def _entries(outputs: Tensor, keys: tuple[Any, ...]) -> Tensor:
    with contextlib.suppress(LookupError, TypeError):
        return outputs[(slice(None), *keys)]
    sizes = tuple(outputs.shape[1:])
    told = f"positions within {sizes}, behind the batch," if sizes else "None"
    given = keys[0] if len(keys) == 1 else keys
    raise ParameterError(f"item must be {told} where the model returns a tensor {tuple(outputs.shape)}, got {given!r}")


def is_single(outputs: Tensor) -> bool:
    """Return whether outputs are one number a sample, (batch,), (batch, 1) or of a single sample ()."""
    return outputs.ndim < 2 or (outputs.ndim == 2 and outputs.shape[1] == 1)


def columns(outputs: Tensor) -> Tensor:
    """Return outputs as they are, one number a sample as (batch, 1)."""
    return outputs.reshape(-1, 1) if is_single(outputs) else outputs


def log_probabilities(probabilities: Tensor) -> Tensor:
    """Return log p of the probabilities of all classes, (batch, …, classes), or of those of class 1 alone, (…, 1)."""
    probabilities = columns(probabilities)
    if probabilities.shape[-1] == 1:
        probabilities = torch.cat([1 - probabilities, probabilities], -1)
    return _log(probabilities)


def log_odds_of_both(logits: Tensor) -> Tensor:
    """Return -z and z, the log-odds of two classes, (batch, …, 2), of the logits z of class 1.

    Raises:
        ShapeError: logits that are neither (batch,) nor (batch, …, 1).
    """
    logits = columns(logits)
    if logits.shape[-1] != 1:
        raise ShapeError(
            f"a single logit must have shape (batch,) or (batch, 1), got {tuple(logits.shape)}; choose another "
            "output, such as 'logits', where the target says which of several is explained"
        )
    return torch.cat([-logits, logits], -1)


def log_odds(probabilities: Tensor) -> Tensor:
    """Return log p - log(1 - p) of the probabilities of labels, (batch, …, labels)."""
    probabilities = columns(probabilities)
    return _log(probabilities) - _log(1 - probabilities)


def _log(probabilities: Tensor) -> Tensor:
    smallest = torch.finfo(probabilities.dtype).tiny  # the logarithm of a probability of 0 stays finite
    return torch.log(probabilities.clamp_min(smallest))


FORMS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "logits": lambda outputs: outputs,
    "probabilities": log_probabilities,
    "single-logit": log_odds_of_both,
    "multi-label": columns,
    "multi-label-probabilities": log_odds,
    "value": columns,
}
