"""The network's own attention weights as an attribution."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from ...errors import ParameterError, ShapeError, UnsupportedOperationError
from .adapters import unwrap
from .spec import Cost

_METHOD = "attention(inputs) -> (batch, time)"


def attention(model: nn.Module, inputs: Tensor) -> Tensor:
    """Return a_t / features at every feature of step t, a_t the network's attention to it, (batch, time, features).

    The map says when the network looks, and nothing about features or classes: it is the same for every target.
    The network's class has to define a method `attention(inputs)` that returns a_t, (batch, time), not negative; it
    gets the inputs that `forward` gets. Where the network is wrapped in other modules, the module that defines it
    is asked about the inputs that reach it.

    Args:
        model: (batch, time, features) to (batch, classes), with one such module in it.
        inputs: (batch, time, features).

    Raises:
        UnsupportedOperationError: no module, or more than one, that defines the method, or one that is not called
            exactly once.
        ShapeError: an attention of another shape than (batch, time).
        ParameterError: a negative attention, or NaN.

    Source: Bahdanau, Cho, Bengio, "Neural Machine Translation by Jointly Learning to Align and Translate", ICLR
        2015; on what it does not explain: Jain, Wallace, "Attention is not Explanation", NAACL 2019.
    """
    attentive = _attentive(model)
    with torch.no_grad():
        received = inputs if attentive is model else _received(model, attentive, inputs)
        weights = attentive.attention(received)  # type: ignore[operator]
    batch, time, features = inputs.shape
    _check(weights, attentive, (batch, time))
    attributions: Tensor = (weights / features)[:, :, None].expand(-1, -1, features).contiguous()
    return attributions


def cost(_time: int, _features: int) -> Cost:
    """Return one forward row: that of a wrapped network, whose inputs have to be seen on their way."""
    return Cost(1, 0)


def _attentive(model: nn.Module) -> nn.Module:
    found = list(dict.fromkeys(_offering(model)))
    if len(found) != 1:
        names = ", ".join(type(module).__name__ for module in found) or "none"
        raise UnsupportedOperationError(
            f"the method attention needs one module whose class defines {_METHOD}, got {names} in "
            f"{type(unwrap(model)).__name__}; define it on the network, or choose another method, such as "
            "feature-ablation"
        )
    return found[0]


def _offering(module: nn.Module) -> Iterator[nn.Module]:
    # On the class: a submodule that is called attention is another thing
    if callable(getattr(type(module), "attention", None)):
        yield module
    else:
        for child in module.children():
            yield from _offering(child)


def _received(model: nn.Module, attentive: nn.Module, inputs: Tensor) -> Tensor:
    """Return what reaches a module inside the model, as its first argument."""
    calls: list[Any] = []
    hook = attentive.register_forward_pre_hook(
        lambda _module, args, options: calls.append(next(iter((*args, *options.values())), None)), with_kwargs=True
    )
    try:
        model(inputs)
    finally:
        hook.remove()
    if len(calls) != 1 or not isinstance(calls[0], Tensor):
        raise UnsupportedOperationError(
            f"the method attention needs {type(attentive).__name__} to be called once with a tensor for each input "
            f"of {type(model).__name__}, got {len(calls)} calls; define {_METHOD} on {type(model).__name__}"
        )
    return calls[0]


def _check(weights: object, attentive: nn.Module, shape: tuple[int, int]) -> None:
    if not isinstance(weights, Tensor) or weights.shape != shape:
        got = tuple(weights.shape) if isinstance(weights, Tensor) else type(weights).__name__
        raise ShapeError(
            f"attention of {type(attentive).__name__} must be (batch, time) = {shape}, got {got}; "
            "average it over hops, heads and queries"
        )
    if not bool((weights >= 0).all()):
        raise ParameterError(
            f"attention of {type(attentive).__name__} must not be negative or NaN, got {float(weights.min())}; "
            "return it after the softmax"
        )
