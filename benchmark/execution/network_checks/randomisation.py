"""A network's layers as parameter randomisation sees them, and new random values for them."""

import copy
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ....errors import RandomisationError, text_of

# weight_ih_l0, bias_hh_l1_reverse, … of an nn.RNNBase: each layer and direction is a layer of its own
_RECURRENT = re.compile(r".*_(l\d+(?:_reverse)?)$")


@dataclass(frozen=True)
class Layer:
    """Parameters that are randomised together.

    Attributes:
        name: the module's, and for recurrent layers which of its layers and directions, such as "recurrent.l0".
        parameters: names of the parameters in the network.
    """

    name: str
    parameters: tuple[str, ...]


def layers(model: nn.Module, inputs: Tensor) -> list[Layer]:
    """Return a network's layers from its output to its input, which together hold every parameter.

    A layer is what one module holds itself; `nn.RNNBase` counts as a layer for each layer and direction. Modules
    are ordered by when they finish their last call for inputs. One that is not called itself, such as the output
    projection of `nn.MultiheadAttention`, stands where the module around it does. A shared parameter belongs to
    every layer that holds it.

    Args:
        model: (batch, time, features) to (batch, classes).
        inputs: (batch, time, features), of which one sample is run.

    Raises:
        RandomisationError: no parameters, or parameters that PyTorch does not know because they stand in a plain
            list, tuple or dictionary.
    """
    _check_registered(model)
    finished = _finished(model, inputs[:1])
    modules = dict(model.named_modules())
    last_first = sorted(modules, key=lambda name: _place(name, modules, finished))[::-1]
    found = [layer for name in last_first for layer in _own(name, modules[name])]
    if not found:
        raise RandomisationError(f"the model must have parameters to randomise, got none in {type(model).__name__}")
    return found


class RandomisedCopy:
    """A copy of a network whose layers can be given new values, N(0, s²) with s the root mean square of the old.

    The values of a layer depend on the seed and on the layer alone, not on which others are randomised. Buffers
    stay.

    Args:
        model: the network, which is not changed.
        found: its layers.
        seed: of all values.
        scale: s for every parameter; None for its root mean square.

    Raises:
        RandomisationError: a network that copies itself without copying its parameters.
    """

    def __init__(self, model: nn.Module, found: Sequence[Layer], seed: int, scale: float | None = None) -> None:
        self.model = _copied(model)
        self._parameters = dict(self.model.named_parameters(remove_duplicate=False))
        self._seeds = np.random.SeedSequence(seed).generate_state(len(found), np.uint64)
        self._positions = {layer: position for position, layer in enumerate(found)}
        self._scale = scale
        for name, parameter in model.named_parameters():
            if parameter.data_ptr() == self._parameters[name].data_ptr() and parameter.numel():
                raise RandomisationError(
                    f"copy.deepcopy must copy the model, got one that shares {name} with it; remove __deepcopy__ "
                    f"from {type(model).__name__}"
                )

    def randomise(self, layer: Layer) -> None:
        """Give every parameter of a layer new values.

        Raises:
            RandomisationError: a parameter that keeps its value, or has none to take a scale from.
        """
        generator = torch.Generator().manual_seed(int(self._seeds[self._positions[layer]]) >> 1)
        for name in layer.parameters:
            parameter = self._parameters[name]
            before = parameter.detach().clone()
            scale = self._scale if self._scale is not None else _root_mean_square(before)
            values = torch.randn(before.shape, generator=generator, dtype=torch.float64).mul_(scale)
            with torch.no_grad():
                parameter.copy_(values)
            _check_changed(name, before, self._value(name))

    def _value(self, name: str) -> Tensor:
        # Asked of the network again: a module may hand out something else than what it registered
        path, _, attribute = name.rpartition(".")
        value: Tensor = getattr(self.model.get_submodule(path), attribute)
        return value.detach()


def _copied(model: nn.Module) -> nn.Module:
    try:
        copied = copy.deepcopy(model)
    except Exception as error:  # a third party's module can raise anything
        raise RandomisationError(
            f"copy.deepcopy must copy the model, got {type(error).__name__}: {text_of(error)}; "
            f"make {type(model).__name__} copyable"
        ) from error
    for module in copied.modules():
        if isinstance(module, nn.RNNBase):
            module.flatten_parameters()  # on a GPU a copy's lie apart, and cuDNN warns and compacts them in every pass
    return copied


def _own(name: str, module: nn.Module) -> Iterator[Layer]:
    """Return the layers that a module holds itself, the last first."""
    groups: dict[str, list[str]] = {}
    for parameter, _ in module.named_parameters(recurse=False):
        match = _RECURRENT.match(parameter) if isinstance(module, nn.RNNBase) else None
        groups.setdefault(match[1] if match else "", []).append(f"{name}.{parameter}" if name else parameter)
    for part, parameters in reversed(groups.items()):
        yield Layer(".".join(filter(None, (name, part))) or type(module).__name__, tuple(parameters))


def _finished(model: nn.Module, inputs: Tensor) -> dict[nn.Module, int]:
    """Return after how many calls each called module finished its last one."""
    order: dict[nn.Module, int] = {}
    count = 0

    def note(module: nn.Module, *_: Any) -> None:
        nonlocal count
        count += 1
        order[module] = count

    hooks = [module.register_forward_hook(note) for module in model.modules()]
    try:
        with torch.no_grad():
            model(inputs)
    finally:
        for hook in hooks:
            hook.remove()
    return order


def _place(name: str, modules: dict[str, nn.Module], finished: dict[nn.Module, int]) -> int:
    while modules[name] not in finished:
        name = name.rpartition(".")[0]  # ends at the network itself, which was called
    return finished[modules[name]]


def _root_mean_square(values: Tensor) -> float:
    return float(values.double().square().mean().sqrt()) if values.numel() else 0.0


def _check_changed(name: str, before: Tensor, after: Tensor) -> None:
    kept = int((before == after).sum())
    if not before.numel() or kept < before.numel():
        return
    why = "all zero, so that it gives no scale" if not before.any() else "set to its old value by its module"
    raise RandomisationError(
        f"parameter {name} must change when it is randomised, got the value it had: it is {why}; "
        "pass scale= for the standard deviation of new values, or train the model first"
    )


def _check_registered(model: nn.Module) -> None:
    known = {id(parameter) for parameter in model.parameters()}
    for name, module in model.named_modules():
        for attribute, value in vars(module).items():
            if attribute in ("_parameters", "_buffers", "_modules"):
                continue
            for tensor in _tensors(value):
                if (
                    id(tensor) not in known
                    and tensor.is_leaf
                    and (isinstance(tensor, nn.Parameter) or tensor.requires_grad)
                ):
                    raise RandomisationError(
                        f"every parameter must be registered with its module, got one in a plain attribute "
                        f"{'.'.join(filter(None, (name, attribute)))} that randomisation cannot see; "
                        "use nn.ParameterList or nn.ParameterDict"
                    )


def _tensors(value: object) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _tensors(part)
    elif isinstance(value, dict):
        yield from _tensors(list(value.values()))
