"""SmoothGrad, its square and VarGrad: moments of attributions over noisy copies of the input."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ..passes.baselines import absence
from ..passes.noise import add_noise
from ..passes.passes import Passes, Take
from ..passes.segments import Span
from ..validation.parameter_checks import check_noise, check_noisy_path
from .integrated_gradients import path_integral


def smoothgrad(
    inputs: Tensor,
    target: Tensor,
    seeds: Sequence[int],
    passes: Passes,
    parts: Sequence[Span] | None = None,
    *,
    noise_samples: int = 25,
    noise_level: float = 0.15,
) -> Tensor:
    """Return |mean of ∂S_c/∂x (x + ε)| over ε ~ N(0, σ²), (batch, time, features), in output per input unit.

    σ = noise_level · (max x - min x) of each sample. The mean is taken over signed gradients, as published,
    and its absolute value makes it comparable to `saliency`, its value without noise.

    Args:
        inputs: x, (batch, time, features).
        target: int64 (batch,).
        seeds: one a sample, the source of its noise.
        passes: through the network, in bounded memory.
        parts: the features of each of several inputs; None for one.
        noise_samples: draws of ε, at least 1.
        noise_level: standard deviation of the noise as a share of the sample's range, at least 0.

    Raises:
        ParameterError: noise_samples below 1 or a negative noise_level.

    Source: Smilkov, Thorat, Kim, Viégas, Wattenberg, "SmoothGrad", arXiv 1706.03825.
    """
    total = torch.zeros_like(inputs)

    def take(samples: slice, _draws: slice, gradients: Tensor) -> None:
        sums = total[samples]
        for part in gradients.unbind(1):
            sums.add_(part)

    _each_gradient(inputs, target, seeds, passes, noise_samples, noise_level, parts, take)
    return total.div_(noise_samples).abs_()


def smoothgrad_squared(
    inputs: Tensor,
    target: Tensor,
    seeds: Sequence[int],
    passes: Passes,
    parts: Sequence[Span] | None = None,
    *,
    noise_samples: int = 25,
    noise_level: float = 0.15,
) -> Tensor:
    """Return the mean of (∂S_c/∂x (x + ε))² over ε ~ N(0, σ²), (batch, time, features), at least 0.

    In squared output per input unit; noise and arguments as in `smoothgrad`.

    Args:
        inputs: x, (batch, time, features).
        target: int64 (batch,).
        seeds: one a sample, the source of its noise.
        passes: through the network, in bounded memory.
        parts: the features of each of several inputs; None for one.
        noise_samples: draws of ε, at least 1.
        noise_level: standard deviation of the noise as a share of the sample's range, at least 0.

    Raises:
        ParameterError: noise_samples below 1 or a negative noise_level.

    Source: Hooker, Erhan, Kindermans, Kim, "A Benchmark for Interpretability Methods in Deep Neural Networks",
    NeurIPS 2019.
    """
    total = torch.zeros_like(inputs)

    def take(samples: slice, _draws: slice, gradients: Tensor) -> None:
        sums = total[samples]
        for part in gradients.unbind(1):
            sums.addcmul_(part, part)

    _each_gradient(inputs, target, seeds, passes, noise_samples, noise_level, parts, take)
    return total.div_(noise_samples)


def vargrad(
    inputs: Tensor,
    target: Tensor,
    seeds: Sequence[int],
    passes: Passes,
    parts: Sequence[Span] | None = None,
    *,
    noise_samples: int = 25,
    noise_level: float = 0.15,
) -> Tensor:
    """Return the mean of (g - ḡ)², g = ∂S_c/∂x (x + ε), over n draws of ε ~ N(0, σ²), (batch, time, features).

    ḡ is the mean of g over the same draws: the variance of the n draws themselves, divided by n and not n - 1.
    At least 0, in squared output per input unit; noise and arguments as in `smoothgrad`.

    Args:
        inputs: x, (batch, time, features).
        target: int64 (batch,).
        seeds: one a sample, the source of its noise.
        passes: through the network, in bounded memory.
        parts: the features of each of several inputs; None for one.
        noise_samples: draws n of ε, at least 1; a single one has no variance.
        noise_level: standard deviation of the noise as a share of the sample's range, at least 0.

    Raises:
        ParameterError: noise_samples below 1 or a negative noise_level.

    Source: Adebayo, Gilmer, Goodfellow, Kim, "Local Explanation Methods for Deep Neural Networks Lack
    Sensitivity to Parameter Values", ICLR workshop 2018.
    """
    mean, total = torch.zeros_like(inputs), torch.zeros_like(inputs)

    def take(samples: slice, draws: slice, gradients: Tensor) -> None:
        means, sums = mean[samples], total[samples]
        for draw, part in zip(range(draws.start, draws.stop), gradients.unbind(1), strict=True):
            # Welford's update: the difference of large means would lose a small variance to rounding
            deviation = part - means
            means.add_(deviation, alpha=1 / (draw + 1))
            sums.addcmul_(deviation, deviation, value=draw / (draw + 1))

    _each_gradient(inputs, target, seeds, passes, noise_samples, noise_level, parts, take)
    return total.div_(noise_samples)


def integrated_gradients_smoothgrad(
    inputs: Tensor,
    target: Tensor,
    baseline: Tensor,
    seeds: Sequence[int],
    passes: Passes,
    background: Tensor | None = None,
    parts: Sequence[Span] | None = None,
    *,
    steps: int = 20,
    against: str = "baseline",
    noise_samples: int = 10,
    noise_level: float = 0.15,
) -> Tensor:
    """Return the mean of integrated gradients of x + ε over ε ~ N(0, σ²), (batch, time, features), in output units.

    σ = noise_level · (max x - min x) of each sample. The sum of a map is the mean change of the output from
    absence to the noisy inputs.

    Args:
        inputs: x, (batch, time, features).
        target: int64 (batch,).
        baseline: (batch, time, features).
        seeds: one a sample, the source of its noise.
        passes: through the network, in bounded memory.
        background: (any, time, features), needed unless against is "baseline".
        parts: the features of each of several inputs; None for one.
        steps: nodes of the Gauss-Legendre quadrature, at least 1.
        against: where the path begins: "baseline", the "mean" of the background, or a series "sampled" from it for
            each draw of the noise (see `absence`).
        noise_samples: draws of ε, at least 1.
        noise_level: standard deviation of the noise as a share of the sample's range, at least 0.

    Raises:
        ParameterError: steps or noise_samples below 1, a negative noise_level, an unknown against, or no background
            where it is needed.

    Source: Smilkov et al., "SmoothGrad", arXiv 1706.03825, section 3; Sundararajan, Taly, Yan, ICML 2017.
    """
    check_noisy_path(steps=steps, against=against, noise_samples=noise_samples, noise_level=noise_level)
    write = add_noise(inputs, noise_level, seeds, parts)
    absent = absence(against, baseline, background, seeds, noise_samples)
    everyone, start, end = slice(len(inputs)), torch.empty_like(inputs), torch.empty_like(inputs)
    attributions = torch.zeros_like(inputs)
    for draw in range(noise_samples):
        this = slice(draw, draw + 1)
        absent(everyone, this, start[:, None])
        write(everyone, this, end[:, None])
        attributions += path_integral(end, target, start, passes, steps)
    return attributions.div_(noise_samples)


def _each_gradient(
    inputs: Tensor,
    target: Tensor,
    seeds: Sequence[int],
    passes: Passes,
    noise_samples: int,
    noise_level: float,
    parts: Sequence[Span] | None,
    take: Take,
) -> None:
    check_noise(noise_samples=noise_samples, noise_level=noise_level)
    passes.gradients(inputs, target, noise_samples, add_noise(inputs, noise_level, seeds, parts), take)
