"""What a network's forward takes, read off its signature."""

import inspect
from collections.abc import Callable
from typing import Any

from torch import nn

from ....methods.attributions.adapters import unwrap
from ....methods.attributions.array_functions import ArrayFunction
from ....methods.attributions.inputs.held_inputs import Conditioned


def argument_names(model: nn.Module, count: int) -> list[str]:
    """Return what a model's forward calls its first arguments, by place."""
    names = [parameter.name for parameter in _taken(model)]
    return [*names, *(f"input {number}" for number in range(len(names), count))][:count]


def instead(model: nn.Module) -> str:
    """Return what to give to a model that failed on what it was given."""
    if isinstance(model, Conditioned):
        return _of_several(model)
    needed = [parameter.name for parameter in _taken(model) if parameter.default is parameter.empty]
    if len(needed) > 1:
        held = f"({', '.join(map(repr, needed[1:]))},)"
        return (
            f"its forward takes {len(needed)} inputs: pass them together, "
            f"saltbench.explain(model, ({', '.join(needed)}), …), and hold={held} for what is not to be explained"
        )
    return (
        "give the steps and features that it was built for, or wrap it with saltbench.adapted; what else belongs to "
        "each sample, such as static features, is passed with the series, (series, static)"
    )


def _of_several(model: nn.Module) -> str:
    parameters = _parameters(model)
    called = ", ".join(parameter.name for parameter in parameters)
    are_named = any(parameter.kind is parameter.KEYWORD_ONLY for parameter in parameters)
    how = "by these names, as a dictionary" if are_named else "in this order, or as a dictionary by these names"
    takes = f"its forward takes {called}: give these {how}, and each" if called else "give what its forward takes"
    return (
        f"{takes} with the steps and features that it was built for, or wrap it in a module whose forward takes the "
        "inputs and makes of them what it needs"
    )


def _taken(model: nn.Module) -> list[inspect.Parameter]:
    """Return the parameters of forward that may be given by place."""
    return [p for p in _parameters(model) if p.kind is not p.KEYWORD_ONLY]


def _parameters(model: nn.Module) -> list[inspect.Parameter]:
    """Return the parameters of forward that have names."""
    try:
        parameters = inspect.signature(_called(unwrap(model))).parameters.values()
    except (TypeError, ValueError):  # of compiled code
        return []
    return [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]


def _called(network: nn.Module) -> Callable[..., Any]:
    function: Callable[..., Any] = network.function if isinstance(network, ArrayFunction) else network.forward
    return function
