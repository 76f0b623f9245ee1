"""What an attribution method is lent, and whether it left all of it as it was."""

import functools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import ContractError
from ..methods.attributions.explain import Method
from ..methods.attributions.model_state import hook_tables


class Guard:
    """Finds what a method changes in place of what it is lent, and undoes it in the model's weights.

    Args:
        model: what the method explains; None for reference methods.
        lent: copies of the samples, by the name of the method's argument.
    """

    def __init__(self, model: nn.Module | None, lent: Mapping[str, Tensor]) -> None:
        self._model = model
        self._lent, self._lent_before = lent, _copied(lent)
        self._weights_before = _copied(model.state_dict()) if model else {}

    def watched(self, method: Method) -> Method:
        """Return a bound method such that a call raises a ContractError if it leaves layers, modes or hooks changed."""
        model = self._model
        if model is None:
            return method

        @functools.wraps(method)
        def call(*given: Any, **named: Any) -> Tensor:
            before = _conduct(model)
            attributions = method(*given, **named)
            for what, value in _conduct(model).items():
                if value != before.get(what):
                    raise ContractError(
                        f"the method changed {what} of the model; let it undo what it does to the model"
                    )
            return attributions

        return call

    def check(self) -> None:
        """Raise a ContractError if samples or weights are not what they were."""
        changed = _changed(self._lent, self._lent_before)
        if changed:
            raise ContractError(f"the method changed its {changed} in place; let it work on a copy, {changed}.clone()")
        changed = _changed(self._model.state_dict(), self._weights_before) if self._model else ""
        if changed:
            raise ContractError(
                f"the method changed {changed} of the model in place; let it work on a copy, copy.deepcopy(model)"
            )

    def restore(self) -> None:
        """Give the model back the weights that it had."""
        weights = self._model.state_dict() if self._model else {}
        with torch.no_grad():
            for name, before in self._weights_before.items():
                if name in weights and not _same(weights[name], before):
                    weights[name].copy_(before)


@contextmanager
def settings_restored() -> Iterator[None]:
    """Undo what third-party code inside the block sets for all of PyTorch: gradients, default type, threads."""
    gradients, dtype, threads = torch.is_grad_enabled(), torch.get_default_dtype(), torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_grad_enabled(gradients)
        torch.set_default_dtype(dtype)
        torch.set_num_threads(threads)


def _copied(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in tensors.items()}


def _changed(tensors: Mapping[str, Tensor], before: Mapping[str, Tensor]) -> str:
    different = (name for name in {**before, **tensors} if not _same(tensors.get(name), before.get(name)))
    return next(different, "")


def _same(first: Tensor | None, second: Tensor | None) -> bool:
    return first is not None and second is not None and torch.equal(first, second)


def _conduct(model: nn.Module) -> dict[str, Any]:
    """Return, in words and their values, what decides how a model computes beside its weights."""
    modules = list(model.named_modules())
    return {
        **{f"the layer '{name}'": module for name, module in modules},
        **{f"the mode (train or eval){_of(name)}": module.training for name, module in modules},
        **{f"the hooks{_of(name)}": [len(table) for table in hook_tables(module)] for name, module in modules},
        **{f"requires_grad{_of(name)}": value.requires_grad for name, value in model.named_parameters()},
    }


def _of(name: str) -> str:
    return f" of '{name}'" if name else ""
