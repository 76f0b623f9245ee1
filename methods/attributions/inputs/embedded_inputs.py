"""Explain what modules inside of a network return, such as an embedding, in place of its inputs."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from ....errors import ParameterError
from ..adapters import SameOutputs, unwrap
from ..array_functions import ArrayFunction
from ..passes.model_state import lend

_FEW = 64  # samples in a pass


class Embedded(SameOutputs):
    """A model of its inputs and of what some of its modules return, which takes the place of what they do.

    Args:
        model: takes the inputs.
        modules: names of modules of the network, each called once in a pass.
        names: under which the model takes its inputs; None by place.
    """

    def __init__(self, model: nn.Module, modules: Sequence[str], names: Sequence[str] | None) -> None:
        super().__init__(model)
        self._found = [_module(model, name) for name in modules]
        self._names = names

    def forward(self, *values: Any) -> Tensor:
        """Return the outputs (batch, …) of the inputs, and behind them what each of the modules is to return."""
        count = len(values) - len(self._found)
        with _returning(self._found, values[count:]):
            return _called(self.model, values[:count], self._names)


def embeddings_of(
    model: nn.Module, modules: Sequence[str], inputs: Sequence[Tensor], names: Sequence[str] | None
) -> list[Tensor]:
    """Return what modules of a network return for inputs, (batch, time, features) or (batch, features) each.

    Args:
        model: takes the inputs.
        modules: their names.
        inputs: each (batch, …).
        names: under which the model takes them; None by place.

    Raises:
        ParameterError: there is no such module, it is not called once, or does not return one row a sample.
    """
    found = [_module(model, name) for name in modules]
    parts: list[list[Tensor]] = [[] for _ in found]
    with lend(model, inputs[0].device), torch.no_grad():
        for start in range(0, len(inputs[0]), _FEW):
            few = [value[start : start + _FEW] for value in inputs]
            with _noted(found) as noted:
                _called(model, [value.clone() for value in few], names)
            for name, calls, part in zip(modules, noted, parts, strict=True):
                part.append(_only(name, calls, len(few[0])))
    return [torch.cat(part) for part in parts]


def _only(name: str, calls: Sequence[object], batch: int) -> Tensor:
    if len(calls) != 1:
        raise ParameterError(f"embedding must name a module that is called once, got {len(calls)} calls of {name!r}")
    (value,) = calls
    is_row = isinstance(value, Tensor) and value.ndim in (2, 3) and len(value) == batch and value.is_floating_point()
    if not isinstance(value, Tensor) or not is_row:
        got = tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__
        raise ParameterError(
            f"embedding must name a module that returns (batch, time, features) or (batch, features), got {got} of "
            f"{name!r}"
        )
    return value.detach().clone()


def _module(model: nn.Module, name: object) -> nn.Module:
    network = unwrap(model)
    found: dict[str, nn.Module] = {} if isinstance(network, ArrayFunction) else dict(network.named_modules())
    if isinstance(name, str) and name and name in found:
        return found[name]
    known = [own for own, module in found.items() if isinstance(module, nn.Embedding)] or [own for own in found if own]
    raise ParameterError(
        f"embedding must name a module of the network, such as {', '.join(known[:5])}, got {name!r}"
        if known
        else f"embedding must name a module of the network, which has none, got {name!r}"
    )


def _called(model: nn.Module, values: Sequence[Any], names: Sequence[str] | None) -> Tensor:
    outputs: Tensor = model(*values) if names is None else model(**dict(zip(names, values, strict=True)))
    return outputs


@contextmanager
def _returning(modules: Sequence[nn.Module], values: Sequence[Tensor]) -> Iterator[None]:
    """Let modules return given values, (batch, …), in the block."""
    pairs = zip(modules, values, strict=True)
    hooks = [module.register_forward_hook(lambda *_, value=value: value) for module, value in pairs]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


@contextmanager
def _noted(modules: Sequence[nn.Module]) -> Iterator[list[list[object]]]:
    """Yield what modules return in each of their calls in the block."""
    calls: list[list[object]] = [[] for _ in modules]
    pairs = zip(modules, calls, strict=True)
    hooks = [module.register_forward_hook(lambda _m, _g, found, own=own: own.append(found)) for module, own in pairs]
    try:
        yield calls
    finally:
        for hook in hooks:
            hook.remove()
