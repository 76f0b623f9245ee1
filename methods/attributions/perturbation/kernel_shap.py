"""KernelSHAP: Shapley values of segments by weighted least squares."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from scipy.linalg import lstsq
from torch import Tensor

from ..passes.passes import Passes
from ..passes.segments import Span, segments
from ..validation.parameters import check_count
from .coalitions import check_design, coalition_outputs, endpoints, generator, share

# A sum over coalitions in float64 carries errors far below this share of its largest eigenvalue, and the smallest
# eigenvalue of a problem that determines the values is far above it
_RANK = 1e-10


class Design(NamedTuple):
    """Coalitions of segments, bool (coalitions, segments), and their weights in the fit, float64 (coalitions,)."""

    present: Tensor
    weights: Tensor


def kernel_shap(
    inputs: Tensor,
    target: Tensor,
    baseline: Tensor,
    seeds: Sequence[int],
    passes: Passes,
    parts: Sequence[Span] | None = None,
    fixed: Tensor | None = None,
    *,
    time_segments: int = 10,
    feature_segments: int = 10,
    coalitions: int = 1000,
) -> Tensor:
    """Return the φ that minimise Σ π(z) (S_c(x_z) - S_c(x′) - zᵀφ)² with Σ φ = S_c(x) - S_c(x′), in output units.

    z says which of the M segments come from x, the others from the baseline x′; π(z) is the Shapley kernel
    (M - 1) / (C(M, |z|) |z| (M - |z|)). Where there are no more than `coalitions` of them all are evaluated, and φ
    are the Shapley values; else they are drawn by π, in pairs with their complements. The constraint holds exactly.
    Of several minima, from too few coalitions, the one closest to equal values is taken. The entries of a segment
    share its φ equally; the map, (batch, time, features), sums to S_c(x) - S_c(x′).

    Args:
        inputs: x, (batch, time, features).
        target: int64 (batch,), the explained class c of each sample.
        baseline: x′, (batch, time, features).
        seeds: one a sample.
        passes: through the network, in bounded memory.
        parts: the features of each of several inputs; None for one.
        fixed: bool (batch, time, features), entries that take no share of their segment; None for none.
        time_segments: at most so many segments along time, at least 1 (see `segments`).
        feature_segments: at most so many along the features, at least 1.
        coalitions: at most so many are evaluated, an even number of them where they are drawn, at least 2.

    Raises:
        ParameterError: a number of segments below 1, or of coalitions below 2.
        BudgetError: the memory does not hold the coalitions of one sample.

    Source: Lundberg, Lee, "A Unified Approach to Interpreting Model Predictions", NeurIPS 2017; paired sampling:
    Covert, Lee, "Improving KernelSHAP: Practical Shapley Value Estimation via Linear Regression", AISTATS 2021.
    """
    check_count("coalitions", coalitions, 2)
    grid = segments(inputs.shape[1], inputs.shape[2], time_segments, feature_segments, parts)
    check_design(passes, min(coalitions, 2**grid.size), grid, "coalitions")
    whole, absent = (value.double() for value in endpoints(passes, inputs, baseline, target))
    values = torch.empty(len(inputs), grid.size, dtype=torch.float64)
    weights = coalition_design(grid.size, coalitions, seeds[0]).weights  # whatever the seed

    def drawn(sample: int) -> Tensor:
        return coalition_design(grid.size, coalitions, seeds[sample]).present

    def fit(sample: int, present: Tensor, outputs: Tensor) -> None:
        gains, total = outputs.double() - absent[sample], whole[sample] - absent[sample]
        values[sample] = solve(Design(present, weights), gains, total)

    coalition_outputs(passes, inputs, baseline, target, grid, len(weights), drawn, fit)
    return share(values, grid, fixed).to(inputs)


def coalition_design(segments: int, coalitions: int, seed: int) -> Design:
    """Return all coalitions but the empty and the full one if there are no more than asked for, else a paired sample.

    Args:
        segments: M, number of segments.
        coalitions: at most so many.
        seed: of the sample.
    """
    sizes = np.arange(1, segments)
    if segments <= coalitions.bit_length() and 2**segments - 2 <= coalitions:
        numbers = np.arange(1, 2**segments - 1)
        present = (numbers[:, None] >> np.arange(segments)) & 1 == 1
        kernel = [(segments - 1) / (math.comb(segments, int(k)) * k * (segments - k)) for k in sizes]
        return Design(torch.from_numpy(present), torch.tensor(kernel, dtype=torch.float64)[present.sum(1) - 1])
    random = generator(seed)
    chances = 1 / (sizes * (segments - sizes))
    drawn = random.choice(sizes, size=(coalitions // 2, 1), p=chances / chances.sum())
    order = random.random((len(drawn), segments))
    present = order <= np.take_along_axis(np.sort(order), drawn - 1, 1)
    pairs = np.stack([present, ~present], 1).reshape(-1, segments)
    return Design(torch.from_numpy(pairs), torch.ones(len(pairs), dtype=torch.float64))


def solve(design: Design, gains: Tensor, total: Tensor) -> Tensor:
    """Return the φ of least Σ w (gain - zᵀφ)² with Σ φ = total, float64 (segments,).

    With φ = total/M + u, Σ u = 0, it is the least-squares problem of u in the centred z.

    Args:
        design: the coalitions z and their weights w.
        gains: S_c(x_z) - S_c(x′), float64 (coalitions,).
        total: S_c(x) - S_c(x′), float64 ().
    """
    present = design.present.double()
    equal: Tensor = total / present.shape[1]
    roots, gains = design.weights.sqrt(), gains - present.sum(1) * equal
    centred = present.sub_(present.mean(1, keepdim=True)).mul_(roots[:, None])
    gram, moments = centred.T @ centred, centred.T @ (gains * roots)
    # Of several solutions the shortest; the same function of torch finds wrong ranks (pytorch#187411)
    shortest = lstsq(gram.numpy(), moments.numpy(), cond=_RANK, lapack_driver="gelsy", check_finite=False)[0]
    deviations = torch.from_numpy(shortest)
    return equal + deviations - deviations.mean()
