"""The contract's networks, and hand-made ones whose attributions can be worked out on paper."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from saltbench.methods.attributions.contract_networks import (
    CLASSES,
    FEATURES,
    NETWORKS,
    TIME,
    InputCell,
    Recurrent,
    classes,
    fused_prefix_mean,
    network,
    prefix_mean,
    series,
)

__all__ = [
    "CLASSES",
    "FEATURES",
    "NETWORKS",
    "TIME",
    "Formula",
    "InputCell",
    "Recurrent",
    "Scores",
    "classes",
    "fused_prefix_mean",
    "network",
    "output_change",
    "prefix_mean",
    "series",
]


class Formula(nn.Module):
    """Class scores as fixed linear combinations of whatever a formula makes of the input."""

    def __init__(self, formula: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.formula = formula

    def forward(self, inputs: Tensor) -> Tensor:
        features = self.formula(inputs).flatten(1)
        return features @ torch.cos(torch.arange(2.0 * features.shape[1], dtype=features.dtype)).reshape(-1, 2)


class Scores(nn.Module):
    """Class scores exactly as a formula of the input gives them."""

    def __init__(self, formula: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.formula = formula

    def forward(self, inputs: Tensor) -> Tensor:
        return self.formula(inputs)


def output_change(model: nn.Module, inputs: Tensor, baseline: Tensor, target: Tensor) -> Tensor:
    """Return S_c(x) - S_c(x′), (batch,)."""
    with torch.no_grad():
        return (model(inputs) - model(baseline)).gather(1, target[:, None]).squeeze(1)
