"""DeepLIFT SHAP: contributions averaged over baselines drawn from a background."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ..passes.baselines import absence
from ..passes.passes import Passes, Piece, pick
from ..validation.parameter_checks import check_baselines
from .deeplift import deeplift


def deeplift_shap(
    inputs: Tensor,
    target: Tensor,
    background: Tensor,
    seeds: Sequence[int],
    passes: Passes,
    *,
    baseline_samples: int = 10,
) -> Tensor:
    """Return the mean of DeepLIFT's contributions over series drawn from the background, (batch, time, features).

    In output units; a map sums to the output minus its mean over the drawn series.

    Args:
        inputs: (batch, time, features).
        target: int64 (batch,).
        background: (any, time, features).
        seeds: one a sample, the source of its draws.
        passes: through the network, in bounded memory.
        baseline_samples: series drawn for each sample, with replacement, at least 1.

    Raises:
        ParameterError: baseline_samples below 1.
        UnsupportedOperationError: the model applies an operation without a rule to what depends on the input.

    Source: Lundberg, Lee, "A Unified Approach to Interpreting Model Predictions", NeurIPS 2017, on the rules of
    `deeplift`.
    """
    check_baselines(baseline_samples=baseline_samples)
    absent = absence("sampled", inputs, background, seeds, baseline_samples)

    def compute(pieces: Sequence[Piece]) -> Tensor:
        baselines = passes.rows(inputs, pieces, absent)
        return deeplift(passes.model, pick(inputs, pieces), pick(target, pieces), baselines)

    attributions = torch.zeros_like(inputs)

    def take(samples: slice, _draws: slice, contributions: Tensor) -> None:
        for part in contributions.unbind(1):
            attributions[samples].add_(part)

    passes.each("deeplift", target, baseline_samples, compute, take)
    return attributions.div_(baseline_samples)
