"""What a network's forward takes, read off its signature."""

import inspect

from torch import nn

from ..methods.attributions.adapters import Adapted, SameOutputs
from ..methods.attributions.conditioned import Conditioned


def argument_names(model: nn.Module, count: int) -> list[str]:
    """Return what a model's forward calls its first arguments, by place."""
    names = [parameter.name for parameter in _taken(model)]
    return [*names, *(f"input {number}" for number in range(len(names), count))][:count]


def instead(model: nn.Module) -> str:
    """Return what to give to a model that failed on what it was given."""
    if isinstance(model, Conditioned):
        return "give what its forward takes, with the steps and features that it was built for"
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


def _taken(model: nn.Module) -> list[inspect.Parameter]:
    """Return the parameters of forward that may be given by place."""
    while isinstance(model, (Adapted, SameOutputs)):
        model = model.model
    try:
        parameters = inspect.signature(model.forward).parameters.values()
    except (TypeError, ValueError):  # of compiled code
        return []
    return [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
