"""Take a function of arrays, such as a scikit-learn pipeline's `predict_proba`, for a network without gradients."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ...errors import ParameterError, UnsupportedOperationError

# Entries that ask for outputs alone; all but the last replace values by others that they are given
_ALONE = ("feature-ablation", "occlusion", "feature-permutation", "shapley-sampling", "kernel-shap", "lime", "fit")


def _listed(names: tuple[str, ...]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"


OUTPUTS_ALONE, REPLACING = _listed(_ALONE), _listed(_ALONE[:-1])


class ArrayFunction(nn.Module):
    """A function of arrays as a network, (batch, time, features) to scores (batch, any).

    Args:
        function: takes arrays (samples, time, features), and what belongs to the samples beside them, as arrays; it
            returns scores (samples, any) or (samples,).
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function
        self.eval()

    def forward(self, *inputs: Any, **named: Any) -> Tensor:
        """Return scores (batch, any) in the type and place of the series.

        Raises:
            UnsupportedOperationError: gradients are asked for.
            ParameterError: scores that are no numbers.
        """
        given = [value for value in (*inputs, *named.values()) if isinstance(value, Tensor)]
        if torch.is_grad_enabled() and any(value.requires_grad for value in given):
            raise UnsupportedOperationError(
                "the method needs gradients, and a function of arrays has none; choose a perturbation method, that is "
                + OUTPUTS_ALONE
            )
        with torch._C.DisableTorchFunction():
            arrays = [_array(value) for value in inputs]
            scores = _scores(self.function(*arrays, **{name: _array(value) for name, value in named.items()}))
            like = next(value for value in given if value.is_floating_point())
            return scores.to(like) if scores.is_floating_point() else scores.to(like.device)


def as_network(model: Any) -> nn.Module:
    """Return a network as it is, and a function of arrays as an `ArrayFunction`.

    Raises:
        ParameterError: something else, such as a class of networks.
    """
    if isinstance(model, nn.Module):
        return model
    if callable(model) and not isinstance(model, type):
        return ArrayFunction(model)
    if isinstance(model, type):
        found = f"the class {model.__name__}; make one of it, {model.__name__}(...)"
    else:
        found = f"a {type(model).__name__}; {_called(model)}"
    raise ParameterError(
        "the model must be a torch.nn.Module, or a function from arrays (samples, time, features) to scores, "
        f"got {found}"
    )


def _called(model: object) -> str:
    methods = [name for name in ("predict_proba", "decision_function", "predict") if hasattr(model, name)]
    if methods:
        return f"give its {methods[0]}, within a function that reshapes the series where it takes tables"
    return "wrap it in a function or a module"


def _array(value: Any) -> Any:
    """Return a tensor (…) as an array of its own, which the function may write to; other things as they are."""
    if not isinstance(value, Tensor):
        return value
    tensor = value.detach().cpu()
    return np.array((tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy())


def _scores(returned: Any) -> Tensor:
    """Return what a function returned as (samples, any), or as it is in shape where it is no such scores."""
    found = returned.detach().cpu() if isinstance(returned, Tensor) else np.asarray(returned)
    if isinstance(found, np.ndarray):
        if found.dtype.kind not in "biufc":
            example = found.ravel()[0] if found.size else "nothing"
            raise ParameterError(
                f"a function of arrays must return scores, numbers (samples, any), got {found.dtype} such as "
                f"{example!r}; give one that scores classes, such as predict_proba"
            )
        found = torch.from_numpy(np.array(found, dtype=found.dtype.newbyteorder("=")))
    return found[:, None] if found.ndim == 1 else found
