"""A network lent to an attribution method and handed back as it was."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from ...errors import ParameterError
from .cudnn import differentiable_recurrence


@contextmanager
def lent(model: nn.Module, device: torch.device) -> Iterator[None]:
    """Freeze a network in evaluation mode inside the block, and restore it and the random state after it.

    Restored, also on an exception: the training flag of every submodule, requires_grad and grad of every
    parameter, every buffer, every hook, and PyTorch's default generators on the CPU and on device. The block
    computes with gradients and without autocast, whatever the caller's `torch.no_grad`, `torch.inference_mode` or
    `torch.autocast` says.

    Raises:
        ParameterError: parameters that are not initialised yet, or were made in `torch.inference_mode`.
    """
    _check_parameters(model)
    state = _ModuleState(model)
    try:
        model.eval()
        for parameter in model.parameters():  # not model.requires_grad_, which a ScriptModule refuses
            parameter.requires_grad_(False)
        with (
            torch.inference_mode(False),
            torch.enable_grad(),
            torch.autocast(device.type, enabled=False),
            torch.random.fork_rng(devices=[device] if device.type == "cuda" else []),
        ):
            if device.type == "cuda":
                with differentiable_recurrence(model):
                    yield
            else:
                yield
    finally:
        state.restore()


def _check_parameters(model: nn.Module) -> None:
    for name, parameter in model.named_parameters():
        if is_lazy(parameter):
            raise ParameterError(
                f"the model's parameters must be initialised, got {name} without a shape; call the model once first"
            )
        if parameter.is_inference():
            raise ParameterError(
                f"the model's parameters must take part in gradients, got {name} made in torch.inference_mode; "
                "make the model outside of it"
            )


class _ModuleState:
    def __init__(self, model: nn.Module) -> None:
        self._training = [(module, module.training) for module in model.modules()]
        self._parameters = [(p, p.requires_grad, p.grad) for p in model.parameters()]
        self._values = [(buffer, buffer.clone()) for buffer in model.buffers()]
        self._tables = [(table, dict(table)) for module in model.modules() for table in _tables(module)]

    def restore(self) -> None:
        for module, training in self._training:
            module.training = training
        for parameter, requires_grad, gradient in self._parameters:
            parameter.requires_grad_(requires_grad)
            parameter.grad = gradient
        for table, entries in self._tables:
            table.clear()
            table.update(entries)
        for buffer, before in self._values:
            if not torch.equal(buffer, before):
                buffer.copy_(before)


def hook_tables(module: nn.Module) -> list[dict[int, Any]]:
    """Return the tables in which a module keeps its hooks."""
    return [table for name, table in vars(module).items() if "_hooks" in name and isinstance(table, dict)]


def _tables(module: nn.Module) -> list[dict[Any, Any]]:
    buffers = module._buffers
    return [*hook_tables(module), *([buffers] if isinstance(buffers, dict) else [])]
