"""A network lent to an attribution method and handed back as it was."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from .cudnn import differentiable_recurrence


@contextmanager
def lent(model: nn.Module, device: torch.device) -> Iterator[None]:
    """Freeze a network in evaluation mode inside the block, and restore it and the random state after it.

    Restored, also on an exception: the training flag of every submodule, requires_grad and grad of every
    parameter, every hook, and PyTorch's default generators on the CPU and on device.
    """
    state = _ModuleState(model)
    try:
        model.eval()
        model.requires_grad_(False)
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            if device.type == "cuda":
                with differentiable_recurrence(model):
                    yield
            else:
                yield
    finally:
        state.restore()


class _ModuleState:
    def __init__(self, model: nn.Module) -> None:
        self._training = [(module, module.training) for module in model.modules()]
        self._parameters = [(p, p.requires_grad, p.grad) for p in model.parameters()]
        self._hooks = [(hooks, dict(hooks)) for module in model.modules() for hooks in hook_tables(module)]

    def restore(self) -> None:
        for module, training in self._training:
            module.training = training
        for parameter, requires_grad, gradient in self._parameters:
            parameter.requires_grad_(requires_grad)
            parameter.grad = gradient
        for hooks, before in self._hooks:
            hooks.clear()
            hooks.update(before)


def hook_tables(module: nn.Module) -> list[dict[int, Any]]:
    """Return the tables in which a module keeps its hooks."""
    return [table for name, table in vars(module).items() if "_hooks" in name and isinstance(table, dict)]
