"""Adapt models of other input and output forms to (batch, time, features) and logits (batch, classes)."""

import contextlib
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ...errors import ParameterError, ShapeError
from .validation.arguments import check_logits

OUTPUTS = ("logits", "probabilities", "single-logit", "value")


class Probabilities(nn.Module):
    """A classifier's probabilities: softmax over its `softmax_logits`, (batch, time, features) to (batch, classes)."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        self.training = model.training  # not .train(): the model's own modules keep their modes

    def forward(self, inputs: Tensor) -> Tensor:
        """Return probabilities (batch, classes) that sum to 1."""
        return torch.softmax(softmax_logits(self.model, self.model(inputs)), dim=1)


class SameOutputs(nn.Module):
    """A module around a model, whose outputs are the model's."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        self.training = model.training


class Adapted(nn.Module):
    """A model behind the contract (batch, time, features) to logits (batch, classes); see `adapted`.

    Attributes:
        output: what the model returns.
    """

    def __init__(self, model: nn.Module, time_first: bool, item: int | str | None, output: str) -> None:
        super().__init__()
        self.model = model
        self.training = model.training
        self._time_first = time_first
        self._item = item
        self.output = output

    def forward(self, *inputs: Any, **named: Any) -> Tensor:
        """Return logits (batch, classes), or values (batch, 1), of all that the model takes.

        Raises:
            ParameterError: the model does not return the item, or returns integers or complex numbers.
            ShapeError: it returns no tensor, or no single logits or values.
        """
        turned = {name: self._turned(value) for name, value in named.items()}
        returned = self.model(*map(self._turned, inputs), **turned)
        outputs = returned if self._item is None else _taken(returned, self._item)
        if not isinstance(outputs, Tensor):
            raise ShapeError(
                f"the outputs must be a tensor, got {type(outputs).__name__}; name one of several with "
                "saltbench.adapted(item=...)"
            )
        check_logits(outputs)
        if self.output == "probabilities":
            return _logarithms(outputs)
        if self.output == "single-logit":
            logit = _column("logit", outputs)
            return torch.cat([-logit, logit], 1)
        return _column("value", outputs) if self.output == "value" else outputs

    def _turned(self, value: Any) -> Any:
        is_series = isinstance(value, Tensor) and value.ndim == 3
        return value.transpose(0, 1) if self._time_first and is_series else value


def adapted(
    model: nn.Module, *, time_first: bool = False, item: int | str | None = None, output: str = "logits"
) -> nn.Module:
    """Return a model whose logits are (batch, classes), made of one that answers otherwise.

    Args:
        model: shares its parameters with the result.
        time_first: it takes (time, batch, features).
        item: the position or name of the outputs among several that it returns; None if it returns them alone.
        output: what it returns: "logits"; "probabilities" p (batch, classes), explained as log p, or p of class 1,
            (batch,) or (batch, 1), explained as log(1 - p) and log p; "single-logit" z of class 1, (batch,) or
            (batch, 1), explained as each class's log-odds, -z and z; or "value" v, (batch,) or (batch, 1), such as a
            forecast, explained as it is, as the only class 0.

    Raises:
        ParameterError: another output.
    """
    if output not in OUTPUTS:
        raise ParameterError(f"output must be one of {', '.join(OUTPUTS)}, got '{output}'")
    return Adapted(model, time_first, item, output)


def softmax_logits(model: nn.Module, outputs: Tensor) -> Tensor:
    """Return a model's outputs as logits whose softmax is its probabilities: the log-odds -z and z are halved.

    Args:
        model: of which the outputs are.
        outputs: (batch, classes).
    """
    return outputs / 2 if _answers(model, "single-logit") else outputs


class SoftmaxLogits(nn.Module):
    """A classifier whose outputs are its `softmax_logits`, (batch, time, features) to (batch, classes)."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        self.training = model.training

    def forward(self, inputs: Tensor) -> Tensor:
        """Return logits (batch, classes) whose softmax is the model's probabilities."""
        return softmax_logits(self.model, self.model(inputs))


def unwrap(model: nn.Module) -> nn.Module:
    """Return the network inside of what saltbench put around it."""
    while isinstance(model, (SameOutputs, Adapted)):
        model = model.model
    return model


def is_probabilities(model: nn.Module) -> bool:
    """Return whether a model was adapted to explain the logarithms of the probabilities that it returns."""
    return _answers(model, "probabilities")


def is_value(model: nn.Module) -> bool:
    """Return whether a model was adapted to explain a value, and tells no classes apart."""
    return _answers(model, "value")


def _answers(model: nn.Module, output: str) -> bool:
    """Return whether a model, or one that it adapts without a change of its outputs, was adapted with this output."""
    while isinstance(model, SameOutputs) or (isinstance(model, Adapted) and model.output == "logits"):
        model = model.model
    return isinstance(model, Adapted) and model.output == output


def _taken(outputs: Any, item: int | str) -> Any:
    if not isinstance(outputs, Tensor):  # an item of which is a sample
        with contextlib.suppress(LookupError, TypeError):
            return outputs[item]
    raise ParameterError(f"item must be {_items(outputs)}, got {item!r}")


def _items(outputs: Any) -> str:
    if isinstance(outputs, Mapping) and outputs:
        return f"one of {', '.join(map(repr, outputs))}"
    if isinstance(outputs, (tuple, list)) and outputs:
        return f"a position in 0 … {len(outputs) - 1} where the model returns a {type(outputs).__name__}"
    return f"None where the model returns a {type(outputs).__name__}"


def _is_single(outputs: Tensor) -> bool:
    return outputs.ndim < 2 or (outputs.ndim == 2 and outputs.shape[1] == 1)


def _logarithms(probabilities: Tensor) -> Tensor:
    if _is_single(probabilities):
        of_class_1 = probabilities.reshape(-1, 1)
        probabilities = torch.cat([1 - of_class_1, of_class_1], 1)
    smallest = torch.finfo(probabilities.dtype).tiny  # the logarithm of a probability of 0 stays finite
    return torch.log(probabilities.clamp_min(smallest))


def _column(what: str, outputs: Tensor) -> Tensor:
    """Return outputs, one of what they are a sample, as (batch, 1)."""
    if not _is_single(outputs):
        raise ShapeError(
            f"a single {what} must have shape (batch,) or (batch, 1), got {tuple(outputs.shape)}; choose another "
            "output, such as 'logits', where the target says which of several is explained"
        )
    return outputs.reshape(-1, 1)
