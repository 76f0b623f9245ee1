"""Integrated gradients: the gradient averaged along the straight path from absence to the input."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ..numerics.quadrature import quadrature
from ..passes.baselines import absence, distinct_draws
from ..passes.passes import Passes
from ..validation.parameter_checks import check_path

_NODE_BYTES = 16  # of each of the steps² numbers of which the nodes are the eigenvalues


def integrated_gradients(
    inputs: Tensor,
    target: Tensor,
    baseline: Tensor,
    passes: Passes,
    background: Tensor | None = None,
    seeds: Sequence[int] | None = None,
    *,
    steps: int = 50,
    against: str = "baseline",
    baseline_samples: int = 10,
) -> Tensor:
    """Return (x - x′) · ∫₀¹ ∂S_c/∂x (x′ + α(x - x′)) dα, averaged over x′, (batch, time, features), in output units.

    Args:
        inputs: x, (batch, time, features).
        target: int64 (batch,).
        baseline: (batch, time, features).
        passes: through the network, in bounded memory.
        background: (any, time, features), needed unless against is "baseline".
        seeds: one a sample, needed if against is "sampled".
        steps: nodes of the Gauss-Legendre quadrature, at least 1.
        against: x′: "baseline", the "mean" of the background, or series "sampled" from it (see `absence`).
        baseline_samples: how many x′ are sampled, at least 1.

    Raises:
        ParameterError: steps or baseline_samples below 1, an unknown against, or no background or seeds where
            they are needed.
        BudgetError: the memory does not hold what finding so many nodes takes.

    Source: Sundararajan, Taly, Yan, "Axiomatic Attribution for Deep Networks", ICML 2017; averaged over
    baselines: Sturmfels, Lundberg, Lee, "Visualizing the Impact of Feature Attribution Baselines", Distill 2020.
    """
    check_path(steps=steps, against=against, baseline_samples=baseline_samples)
    draws = distinct_draws(against, baseline_samples)
    absent = absence(against, baseline, background, seeds, draws)
    attributions, start = torch.zeros_like(inputs), torch.empty_like(inputs)
    for draw in range(draws):
        absent(slice(len(inputs)), slice(draw, draw + 1), start[:, None])
        attributions += path_integral(inputs, target, start, passes, steps)
    return attributions.div_(draws)


def path_integral(inputs: Tensor, target: Tensor, start: Tensor, passes: Passes, steps: int) -> Tensor:
    """Return (x - x′) · ∫₀¹ ∂S_c/∂x (x′ + α(x - x′)) dα of inputs x and start x′, (batch, time, features)."""
    passes.check_holds(_NODE_BYTES * steps**2, "lower steps")
    nodes, weights = quadrature(steps)
    places = inputs.new_tensor(nodes)[:, None, None]
    integral = torch.zeros_like(inputs)

    def write(samples: slice, draws: slice, rows: Tensor) -> None:
        torch.lerp(start[samples, None], inputs[samples, None], places[draws], out=rows)

    def take(samples: slice, draws: slice, gradients: Tensor) -> None:
        sums = integral[samples]
        for weight, part in zip(weights[draws], gradients.unbind(1), strict=True):
            sums.add_(part, alpha=weight)

    passes.gradients(inputs, target, steps, write, take)
    return integral.mul_(inputs - start)
