"""What the maps of a complete method must sum to."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from .baselines import absence
from .budget import Budget
from .model_state import lent
from .passes import Passes, copies


def output_difference(
    parameters: Mapping[str, Any],
    model: nn.Module,
    inputs: Tensor,
    target: Tensor,
    *,
    baseline: Tensor | None = None,
    background: Tensor | None = None,
    seeds: Sequence[int] | None = None,
    memory: int | None = None,
) -> Tensor:
    """Return S_c(x) - mean over x′ of S_c(x′), float64 (batch,), x′ being what a method takes absence to be.

    Args:
        parameters: the method's own; those named `against` and `baseline_samples` say what absence is: the
            baseline without either, series drawn from the background with `baseline_samples` alone.
        model: (batch, time, features) to (batch, classes).
        inputs: x, (batch, time, features).
        target: int64 (batch,), the explained class c of each sample.
        baseline: (batch, time, features); None for zeros.
        background: (any, time, features), series to draw absence from.
        seeds: one integer a sample, as the method got them.
        memory: bytes that may be taken, as in `attribute`.

    Raises:
        ParameterError: absence is drawn, and there is no background or no seeds.
        BudgetError: the memory does not hold one sample.
    """
    against = parameters.get("against", "sampled" if "baseline_samples" in parameters else "baseline")
    draws = parameters.get("baseline_samples", 1) if against == "sampled" else 1
    baseline = torch.zeros_like(inputs) if baseline is None else baseline
    absent = absence(against, baseline, background, seeds, draws)
    with lent(model, inputs.device):
        passes = Passes(model, Budget(memory, inputs.device))
        present = passes.outputs(inputs, target, 1, copies(inputs))[:, 0]
        without = passes.outputs(inputs, target, draws, absent)
    return present.double() - without.double().mean(1)
