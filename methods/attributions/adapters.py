"""Models that answer in another form than logits (batch, classes) of (batch, time, features), brought into it."""

import torch
from torch import Tensor, nn

from ...errors import ParameterError, ShapeError

OUTPUTS = ("logits", "probabilities", "single-logit")


class Probabilities(nn.Module):
    """A classifier's probabilities: softmax over the logits, (batch, time, features) to (batch, classes)."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        self.training = model.training  # not .train(): the model's own modules keep their modes

    def forward(self, inputs: Tensor) -> Tensor:
        """Return probabilities (batch, classes) that sum to 1."""
        return torch.softmax(self.model(inputs), dim=1)


class Adapted(nn.Module):
    """A model behind the contract (batch, time, features) to logits (batch, classes); see `adapted`."""

    def __init__(self, model: nn.Module, time_first: bool, item: int | str | None, output: str) -> None:
        super().__init__()
        self.model = model
        self.training = model.training
        self._time_first = time_first
        self._item = item
        self._output = output

    def forward(self, inputs: Tensor) -> Tensor:
        """Return logits (batch, classes)."""
        outputs = self.model(inputs.transpose(0, 1) if self._time_first else inputs)
        outputs = outputs if self._item is None else outputs[self._item]
        if self._output == "probabilities":
            smallest = torch.finfo(outputs.dtype).tiny  # the logarithm of a probability of 0 stays finite
            return torch.log(outputs.clamp_min(smallest))
        return _two_classes(outputs) if self._output == "single-logit" else outputs


def adapted(
    model: nn.Module, *, time_first: bool = False, item: int | str | None = None, output: str = "logits"
) -> nn.Module:
    """Return a model whose logits are (batch, classes), made of one that answers otherwise.

    Args:
        model: shares its parameters with the result.
        time_first: it takes (time, batch, features).
        item: the position or name of the outputs among several that it returns; None if it returns them alone.
        output: what it returns: "logits"; "probabilities" p (batch, classes), explained as log p; or
            "single-logit" z of class 1, (batch,) or (batch, 1), explained as the logits -z/2 and z/2, which have
            the same probabilities.

    Raises:
        ParameterError: another output.
    """
    if output not in OUTPUTS:
        raise ParameterError(f"output must be one of {', '.join(OUTPUTS)}, got '{output}'")
    return Adapted(model, time_first, item, output)


def _two_classes(logit: Tensor) -> Tensor:
    if logit.ndim > 2 or (logit.ndim == 2 and logit.shape[1] != 1):
        raise ShapeError(
            f"a single logit must have shape (batch,) or (batch, 1), got {tuple(logit.shape)}; choose another output"
        )
    half = logit.reshape(len(logit), 1) / 2
    return torch.cat([-half, half], 1)
