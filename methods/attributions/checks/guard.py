"""Guard networks and samples against methods of third parties: lend copies, detect and undo changes."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from ....errors import ContractError
from ....random_states import generators, restore_random_states
from ..bound_method import BoundMethod, Method, bind, bound
from ..explain import attribute
from ..numerics.rounding import ulps_apart
from ..passes.budget import PROBE
from ..passes.kept_state import same_numbers, write_numbers
from ..passes.model_state import hook_tables
from ..spec import MethodSpec

_SEEDS = 0, 1  # with which the first uniform numbers of PyTorch, NumPy and Python lie on either side of one half
_REPEATED = 64  # ulps between maps of the same samples: libraries on GPUs add up in any order
_OF_ALL = ("background", "memory", "spec", "parts")  # arguments of `attribute` that are not one each sample


def attribute_checked(
    spec: MethodSpec, parameters: Mapping[str, Any], model: nn.Module | None, inputs: Tensor, **arguments: Any
) -> Tensor:
    """Return what `attribute` does, (batch, time, features), without trust in methods of third parties.

    They work on copies, what they change is an error, and two samples are explained beforehand as `check_conduct`
    does, which takes 4 samples' time. What ships with saltbench is tested to behave.

    Args:
        spec: the method.
        parameters: its own, in place of the defaults.
        model: (batch, time, features) to (batch, classes); None for methods that do not look at it.
        inputs: (batch, time, features).
        **arguments: further ones of `attribute`.

    Raises:
        ContractError: the method changes what it is lent, or draws random numbers without seeds.
        SaltbenchError: as `attribute`.
    """
    method = bind(spec, parameters)
    given = {**arguments, "spec": spec}
    if spec.is_shipped:
        return attribute(method, model, inputs, **given)
    check_conduct(method, model, inputs, **given)
    return attribute_guarded(method, model, inputs, **given)


def check_conduct(method: Method, model: nn.Module | None, inputs: Tensor, **arguments: Any) -> None:
    """Raise a ContractError if a method changes what it is lent, or its map what only global random numbers change.

    The first two samples are explained twice, under other states of the global generators of PyTorch, NumPy and Python.

    Args:
        method: a bound method.
        model: (batch, time, features) to (batch, classes); None for methods that do not look at it.
        inputs: (batch, time, features).
        **arguments: further ones of `attribute`.

    Raises:
        ContractError: as said; SaltbenchError: as `attribute`.
    """
    few = {name: value if name in _OF_ALL or value is None else value[:PROBE] for name, value in arguments.items()}
    maps = []
    for seed in _SEEDS:
        with restore_random_states([inputs.device]):
            for generator in generators([inputs.device]):
                generator.seed(seed)
            maps.append(attribute_guarded(method, model, inputs[:PROBE], **few))
    if ulps_apart(*maps) > _REPEATED:
        raise ContractError(
            "the method gave two maps of the same samples under other global random numbers; let it take the argument "
            "seeds, one for each sample, and draw from torch.Generator().manual_seed(seed)"
        )


def attribute_guarded(method: Method, model: nn.Module | None, inputs: Tensor, **arguments: Any) -> Tensor:
    """Return what `attribute` does, (batch, time, features), for a method that works on copies; weights are as before.

    Raises:
        ContractError: the method changed what it is lent.
        SaltbenchError: as `attribute`.
    """
    lent = {"inputs": inputs, **arguments}
    copies = {name: value.clone() for name, value in lent.items() if isinstance(value, Tensor)}
    ready = bound(method)
    if "baseline" in ready.takes.names:
        copies.setdefault("baseline", torch.zeros_like(inputs))
    guard = Guard(model, copies)
    try:
        attributions = attribute(guard.watched(ready), model, **{**lent, **copies})
        guard.check()
    finally:
        guard.restore()
    return attributions


class Guard:
    """Finds what a method changes in place of what it is lent, and undoes it in the model's weights.

    Args:
        model: what the method explains; None for reference methods.
        lent: copies of the samples, (batch, …), by the name of the method's argument.
    """

    def __init__(self, model: nn.Module | None, lent: Mapping[str, Tensor]) -> None:
        self._model = model
        self._lent, self._lent_before = lent, _copied(lent)
        self._weights_before = _copied(_weights(model))

    def watched(self, method: BoundMethod) -> BoundMethod:
        """Return a bound method whose calls raise a ContractError where layers, modes, hooks or buffers were changed.

        Once all calls are done, `attribute` has restored these.
        """
        model = self._model
        if model is None:
            return method

        def call(*given: Any, **named: Any) -> Tensor:
            before, buffers = _conduct(model), _copied(dict(model.named_buffers()))
            attributions = method.function(*given, **named)
            for what, value in _conduct(model).items():
                if value != before.get(what):
                    raise ContractError(
                        f"the method changed {what} of the model; let it undo what it does to the model"
                    )
            _check_weights(dict(model.named_buffers()), buffers)
            return attributions

        return dataclasses.replace(method, function=call)

    def check(self) -> None:
        """Raise if samples or weights are not what they were.

        Raises:
            ContractError: they were changed.
        """
        changed = _changed(self._lent, self._lent_before)
        if changed:
            raise ContractError(f"the method changed its {changed} in place; let it work on a copy, {changed}.clone()")
        _check_weights(_weights(self._model), self._weights_before)

    def restore(self) -> None:
        """Give the model back the weights that it had."""
        weights = _weights(self._model)
        for name, before in self._weights_before.items():
            if name in weights and not _same(weights[name], before):
                write_numbers(weights[name], before)


def _weights(model: nn.Module | None) -> dict[str, Tensor]:
    """Return parameters and buffers by name, but for those that have no values yet."""
    found = {} if model is None else {**dict(model.named_parameters()), **dict(model.named_buffers())}
    return {name: value for name, value in found.items() if not (is_lazy(value) or value.is_meta)}


def _check_weights(weights: Mapping[str, Tensor], before: Mapping[str, Tensor]) -> None:
    changed = _changed(weights, before)
    if changed:
        raise ContractError(
            f"the method changed {changed} of the model in place; let it work on a copy, copy.deepcopy(model)"
        )


def _copied(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in tensors.items()}


def _changed(tensors: Mapping[str, Tensor], before: Mapping[str, Tensor]) -> str:
    different = (name for name in {**before, **tensors} if not _same(tensors.get(name), before.get(name)))
    return next(different, "")


def _same(first: Tensor | None, second: Tensor | None) -> bool:
    return first is not None and second is not None and same_numbers(first, second)


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
