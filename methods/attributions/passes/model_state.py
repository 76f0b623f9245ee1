"""Lend a network, frozen and in evaluation mode, and restore it."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from ....errors import ParameterError
from ....random_states import restore_random_states
from .kept_state import KeptState, same_numbers, write_numbers
from .lending import one_at_a_time

_LENT: set[int] = set()  # the ids of networks that are lent for a whole block


@contextmanager
def lend(model: nn.Module, device: torch.device) -> Iterator[None]:
    """Freeze a network in evaluation mode inside the block, and restore it and the random states after it.

    Restored, also on an exception: the training flag of every submodule, requires_grad and grad of every
    parameter, every buffer, every hook, what modules keep in plain attributes where tensors are among it (see
    `KeptState`), and the process-wide generators of random numbers: PyTorch's on the CPU and the devices of the
    network, NumPy's and Python's. The block computes with gradients and without autocast or compilation, whatever the
    caller's `torch.no_grad`, `torch.inference_mode`, `torch.autocast` or `torch.compile` says. One thread at a time is
    in such a block; others wait.

    Raises:
        ParameterError: parameters that have no values yet, or were made in `torch.inference_mode`.
    """
    with one_at_a_time():
        if id(model) in _LENT:
            with torch.inference_mode(False), torch.enable_grad():
                yield
            return
        parameters = dict(model.named_parameters())
        _check_parameters(parameters)
        state = _ModuleState(model, parameters.values())
        try:
            _freeze(model, parameters.values())
            with (
                torch.inference_mode(False),
                torch.enable_grad(),
                torch.autocast(device.type, enabled=False),
                restore_random_states({device, *(parameter.device for parameter in parameters.values())}),
                _uncompiled(),
                differentiable_recurrence(model) if device.type == "cuda" else nullcontext(),
            ):
                yield
        finally:
            state.restore()


@contextmanager
def lend_once(model: nn.Module, device: torch.device) -> Iterator[None]:
    """Lend a network for the whole block, at the end of which alone it is restored: not by each `lend` inside.

    For work that changes nothing of the network itself, on one whose own changes make no difference to its answers.
    """
    with lend(model, device):
        is_outermost = id(model) not in _LENT
        _LENT.add(id(model))
        try:
            yield
        finally:
            if is_outermost:
                _LENT.remove(id(model))


def _freeze(model: nn.Module, parameters: Iterable[nn.Parameter]) -> None:
    try:
        model.eval()
    except NotImplementedError:  # what torch.export made is in the mode that it was exported in
        for module in model.modules():
            module.training = False
    for parameter in parameters:  # not model.requires_grad_, which a ScriptModule refuses
        if parameter.is_leaf:  # what was computed of others depends on their requires_grad
            parameter.requires_grad_(False)


@contextmanager
def _uncompiled() -> Iterator[None]:
    """Run what torch.compile made as the network it was made of: it would be compiled anew for each kind of pass."""
    if "torch._dynamo" not in sys.modules:  # nothing was compiled, and importing the compiler takes seconds
        yield
        return
    with torch.compiler.set_stance("force_eager"):
        yield


def _check_parameters(parameters: Mapping[str, nn.Parameter]) -> None:
    for name, parameter in parameters.items():
        if is_lazy(parameter):
            raise ParameterError(
                f"the model's parameters must be initialised, got {name} without a shape; call the model once first"
            )
        if parameter.is_meta:
            raise ParameterError(
                f"the model's parameters must have values, got {name} on the meta device; load its weights first"
            )
        if parameter.is_inference():
            raise ParameterError(
                f"the model's parameters must take part in gradients, got {name} made in torch.inference_mode; "
                "make the model outside of it"
            )


class _ModuleState:
    def __init__(self, model: nn.Module, parameters: Iterable[nn.Parameter]) -> None:
        modules = list(model.modules())
        self._training = [(module, module.training) for module in modules]
        self._parameters = [(p, p.requires_grad, p.grad) for p in parameters if p.is_leaf]
        self._values = [(buffer, buffer.clone()) for buffer in model.buffers()]
        self._kept = KeptState(model)
        self._tables = [(table, dict(table)) for module in modules for table in _tables(module)]

    def restore(self) -> None:
        for module, training in self._training:
            module.training = training
        for parameter, requires_grad, gradient in self._parameters:
            parameter.requires_grad_(requires_grad)
            parameter.grad = gradient
        for table, entries in self._tables:
            table.clear()
            table.update(entries)
        self._kept.restore()
        for buffer, before in self._values:
            if not same_numbers(buffer, before):
                write_numbers(buffer, before)


def hook_tables(module: nn.Module) -> list[dict[int, Any]]:
    """Return the tables in which a module keeps its hooks."""
    return [table for name, table in vars(module).items() if "_hooks" in name and isinstance(table, dict)]


def _tables(module: nn.Module) -> list[dict[Any, Any]]:
    registered = (module._buffers, module._parameters, module._modules)
    return [*hook_tables(module), *(table for table in registered if isinstance(table, dict))]


@contextmanager
def differentiable_recurrence(model: nn.Module) -> Iterator[None]:
    """Put only the recurrent layers into train mode, with their dropout at 0, and restore both afterwards.

    cuDNN keeps what the backward pass of a recurrent layer needs in train mode only. Train mode changes
    nothing else in nn.LSTM, nn.GRU and nn.RNN than the dropout between their layers.
    """
    recurrent = [module for module in model.modules() if isinstance(module, nn.RNNBase)]
    before = [(module.training, module.dropout) for module in recurrent]
    try:
        for module in recurrent:
            module.training, module.dropout = True, 0.0
        yield
    finally:
        for module, (training, dropout) in zip(recurrent, before, strict=True):
            module.training, module.dropout = training, dropout
