"""What is explained of a network that answers at every step: one number, to which each step adds."""

import torch
from torch import Tensor, nn

from ..adapters import adapted
from ..inputs.held_inputs import Conditioned


class _SumOverSteps(nn.Module):
    def __init__(self, network: nn.Module, output: str) -> None:
        super().__init__()
        self.network = network
        self.training = network.training  # not .train(): the network's own modules keep their modes
        self._output = output

    def forward(self, inputs: Tensor, classes: Tensor) -> Tensor:
        outputs: Tensor = self.network(inputs)
        if self._output == "probability":
            outputs = torch.softmax(outputs, dim=2)
        return outputs.gather(2, classes[:, :, None]).sum(dim=(1, 2))[:, None]


def sum_over_steps(network: nn.Module, classes: Tensor, output: str = "logit") -> nn.Module:
    """Return Σ_t z_(t, c_t), (batch, 1), as a model of series (batch, time, features).

    z are a network's logits, (batch, time, classes), or their softmax at each step; c is what each step of a sample is
    explained for. The gradient of the sum is the sum of the gradients of all steps.

    Args:
        network: answers at every step.
        classes: c of each sample, int64 (batch, time).
        output: "logit" or "probability".
    """
    shapes = f"series of {classes.shape[1]} steps and the class of each step"
    return adapted(Conditioned(_SumOverSteps(network, output), [classes], shapes), output="value")
