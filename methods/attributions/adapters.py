"""Adapt models of other input and output forms to (batch, time, features) and logits (batch, classes)."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ...errors import ParameterError, ShapeError
from .array_functions import ArrayFunction, as_network
from .output_forms import FORMS, Item, taken
from .validation.arguments import check_logits
from .validation.axes import ORDER, axes_order

OUTPUTS = tuple(FORMS)


class Probabilities(nn.Module):
    """What a model's outputs are as probabilities, (batch, time, features) to (batch, classes) or (batch, labels).

    Of classes the softmax over `softmax_logits`, at each step where there are several; of labels the sigmoid.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        self.training = model.training  # not .train(): the model's own modules keep their modes

    def forward(self, inputs: Tensor) -> Tensor:
        """Return probabilities (batch, classes), of which those of one step sum to 1, or (batch, labels)."""
        outputs: Tensor = self.model(inputs)
        if is_multi_label(self.model):
            return torch.sigmoid(outputs)
        logits = softmax_logits(self.model, outputs)
        return torch.softmax(logits.reshape(len(logits), *sizes_of(self.model, logits)), dim=-1).flatten(1)


class SameOutputs(nn.Module):
    """A module around a model, whose outputs are the model's."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        self.training = model.training


class Flat(SameOutputs):
    """A model of outputs (batch, …) as one of outputs (batch, any), its numbers one behind the other.

    Attributes:
        sizes: of the outputs behind the batch, such as steps and classes.
    """

    def __init__(self, model: nn.Module, sizes: Sequence[int]) -> None:
        super().__init__(model)
        self.sizes = tuple(sizes)

    def forward(self, *inputs: Any, **named: Any) -> Tensor:
        """Return outputs (batch, any).

        Raises:
            ShapeError: outputs of other sizes, as of a series of another length.
        """
        outputs: Tensor = self.model(*inputs, **named)
        if outputs.shape[1:] != self.sizes:
            raise ShapeError(
                f"the outputs must have the sizes {self.sizes} for every series, got {tuple(outputs.shape[1:])}; "
                "choose a method that passes whole series"
            )
        return outputs.flatten(1)


class Adapted(nn.Module):
    """A model behind the contract (batch, time, features) to logits (batch, classes); see `adapted`.

    Attributes:
        output: what the model returns.
    """

    def __init__(self, model: nn.Module, axes: tuple[int, ...], item: Item | None, output: str) -> None:
        super().__init__()
        self.model = model
        self.training = model.training
        self._axes = axes
        self._item = item
        self.output = output

    def forward(self, *inputs: Any, **named: Any) -> Tensor:
        """Return logits (batch, …, classes), or values (batch, …), of all that the model takes.

        Raises:
            ParameterError: the model does not return the item, or returns integers or complex numbers.
            ShapeError: it returns no tensor, or several logits of which a single one was promised.
        """
        turned = {name: self._turned(value) for name, value in named.items()}
        returned = self.model(*map(self._turned, inputs), **turned)
        outputs = returned if self._item is None else taken(returned, self._item)
        if not isinstance(outputs, Tensor):
            raise ShapeError(
                f"the outputs must be a tensor, got {type(outputs).__name__}; name one of several with "
                "saltbench.adapted(item=...)"
            )
        check_logits(outputs)
        return FORMS[self.output](outputs)

    def _turned(self, value: Any) -> Any:
        is_series = isinstance(value, Tensor) and value.ndim == 3
        return value.permute(self._axes) if is_series and self._axes != ORDER else value


def adapted(
    model: nn.Module | Callable[..., Any],
    *,
    time_first: bool = False,
    axes: str | Sequence[str] | None = None,
    item: Item | None = None,
    output: str = "logits",
) -> nn.Module:
    """Return a model whose logits are (batch, classes), made of one that answers otherwise.

    Args:
        model: shares its parameters with the result. It may be a function from arrays (samples, time, features) to
            what a model would return, such as the `predict_proba` of a scikit-learn pipeline.
        time_first: it takes (time, batch, features).
        axes: the order of the axes of series that it takes, such as ("cases", "channels", "time") or "nct", in place of
            (batch, time, features).
        item: the position or name of the outputs among several that it returns, or of an entry of outputs (batch, …)
            behind the batch; a tuple of these, such as ("forecast", 5, 0) for what a dictionary holds of horizon 5
            and variable 0; None for all that it returns.
        output: what it returns: "logits"; "probabilities" p (batch, classes), explained as log p, or p of class 1,
            (batch,) or (batch, 1), explained as log(1 - p) and log p; "single-logit" z of class 1, (batch,) or
            (batch, 1), explained as each class's log-odds, -z and z; "multi-label" logits (batch, labels), of which
            each is explained as it is; "multi-label-probabilities" p (batch, labels), explained as the log-odds
            log p - log(1 - p); or "value" v, (batch,) or (batch, …), such as forecasts (batch, horizons, variables),
            explained as they are, one alone as class 0. Of all but the single logit there may be some for each step,
            (batch, time, classes).

    Raises:
        ParameterError: another output, axes that are not these three, or no model.
    """
    if time_first and axes is not None:
        raise ParameterError(f"time_first says what axes does, got both, axes={axes!r}; leave one out")
    if output not in OUTPUTS:
        raise ParameterError(f"output must be one of {', '.join(OUTPUTS)}, got '{output}'")
    order = axes_order("time, batch, features" if time_first else axes)
    return Adapted(as_network(model), tuple(sorted(ORDER, key=lambda axis: order[axis])), item, output)


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
    """Return whether a model was adapted to explain values, and tells no classes apart."""
    return _answers(model, "value")


def is_multi_label(model: nn.Module) -> bool:
    """Return whether a model was adapted to explain labels of which each is there or not, whatever the others are."""
    return _answers(model, "multi-label") or _answers(model, "multi-label-probabilities")


def is_scores(model: nn.Module) -> bool:
    """Return whether a model is a function of arrays whose scores are explained as they are, whatever they mean."""
    while isinstance(model, SameOutputs):
        model = model.model
    return isinstance(model, ArrayFunction)


def tells_classes(model: nn.Module) -> bool:
    """Return whether one of a model's outputs is predicted: they are the logits of classes, once a sample."""
    inside = model.model if isinstance(model, Probabilities) else model
    return not (is_value(inside) or is_multi_label(inside)) and flat_inside(inside) is None


def flat_inside(model: nn.Module) -> Flat | None:
    """Return the model, or the one inside of what saltbench put around it, whose outputs lie in a row; or None."""
    while isinstance(model, SameOutputs):
        if isinstance(model, Flat):
            return model
        model = model.model
    return None


def sizes_of(model: nn.Module, outputs: Tensor) -> tuple[int, ...]:
    """Return the sizes behind the batch of what a model's outputs, (batch, any), were before they lay in a row."""
    flat = flat_inside(model)
    return tuple(outputs.shape[1:]) if flat is None else flat.sizes


def _answers(model: nn.Module, output: str) -> bool:
    """Return whether a model, or one that it adapts without a change of its outputs, was adapted with this output."""
    while isinstance(model, SameOutputs) or (isinstance(model, Adapted) and model.output == "logits"):
        model = model.model
    return isinstance(model, Adapted) and model.output == output
