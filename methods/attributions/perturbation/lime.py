"""LIME: a local linear model of the output in the presence of segments."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ..passes.passes import Passes
from ..passes.segments import Span, segments
from ..validation.parameter_checks import check_lime
from .coalitions import check_design, coalition_outputs, generator, spread


def lime(
    inputs: Tensor,
    target: Tensor,
    baseline: Tensor,
    seeds: Sequence[int],
    passes: Passes,
    parts: Sequence[Span] | None = None,
    *,
    time_segments: int = 10,
    feature_segments: int = 10,
    perturbations: int = 1000,
    kernel_width: float = 0.25,
    penalty: float = 1.0,
) -> Tensor:
    """Return the w that minimise Σ π(z) (S_c(x_z) - b - zᵀw)² + penalty·|w|², (batch, time, features), in output units.

    z says which segments come from x, the others from the baseline x′: first all of them, then each with
    probability ½. π(z) = exp(-d²/kernel_width²), d = 1 - sqrt(share of the segments present), the cosine distance
    of z to the full series. Every entry of a segment gets its w.

    Args:
        inputs: x, (batch, time, features).
        target: int64 (batch,), the explained class c of each sample.
        baseline: x′, (batch, time, features).
        seeds: one a sample; more perturbations begin with the same ones.
        passes: through the network, in bounded memory.
        parts: the features of each of several inputs; None for one.
        time_segments: at most so many segments along time, at least 1 (see `segments`).
        feature_segments: at most so many along the features, at least 1.
        perturbations: number of z, at least 1.
        kernel_width: distance at which the weight is 1/e, above 0; 0.25 is the authors' for images.
        penalty: of the ridge regression, above 0, so that the w are unique; 1 is the authors'.

    Raises:
        ParameterError: a number of segments or perturbations below 1, or a width or penalty that is not above 0.
        BudgetError: the memory does not hold the perturbations of one sample.

    Source: Ribeiro, Singh, Guestrin, "Why Should I Trust You?", KDD 2016.
    """
    cut = {"time_segments": time_segments, "feature_segments": feature_segments}
    check_lime(perturbations=perturbations, kernel_width=kernel_width, penalty=penalty, **cut)
    grid = segments(inputs.shape[1], inputs.shape[2], time_segments, feature_segments, parts)
    check_design(passes, perturbations, grid, "perturbations")
    values = torch.empty(len(inputs), grid.size, dtype=torch.float64)

    def drawn(sample: int) -> Tensor:
        return coalitions_nearby(grid.size, perturbations, seeds[sample])

    def fit(sample: int, coalitions: Tensor, outputs: Tensor) -> None:
        present = coalitions.double()
        values[sample] = ridge(present, outputs.double(), nearness(present, kernel_width), penalty)

    coalition_outputs(passes, inputs, baseline, target, grid, perturbations, drawn, fit)
    return spread(values, grid).to(inputs)


def coalitions_nearby(segments: int, perturbations: int, seed: int) -> Tensor:
    """Return the full coalition and then random ones, bool (perturbations, segments)."""
    present = generator(seed).random((perturbations, segments)) < 0.5
    present[0] = True
    return torch.from_numpy(present)


def nearness(present: Tensor, kernel_width: float) -> Tensor:
    """Return π(z) = exp(-d²/kernel_width²), d = 1 - cos(z, 1), float64 (coalitions,); z are 1 where present, else 0."""
    distance = 1 - present.mean(1).sqrt()
    return torch.exp(-((distance / kernel_width) ** 2))


def ridge(features: Tensor, outputs: Tensor, weights: Tensor, penalty: float) -> Tensor:
    """Return the w of least Σ weight (output - b - featuresᵀw)² + penalty·|w|², (features,), b free of penalty."""
    shares, roots = weights / weights.sum(), weights.sqrt()
    centred = features.sub(shares @ features).mul_(roots[:, None])
    gram = centred.T @ centred
    gram.diagonal().add_(penalty)
    coefficients: Tensor = torch.linalg.solve(gram, centred.T @ (outputs - shares @ outputs).mul_(roots))
    return coefficients
