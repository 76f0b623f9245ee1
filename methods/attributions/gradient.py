"""Gradient methods, computed by Captum."""

from collections.abc import Callable, Sequence
from typing import cast

import torch
from captum.attr import InputXGradient, IntegratedGradients, NoiseTunnel, Saliency
from torch import Tensor, nn

from ...errors import ParameterError
from ..seeding import seeded

# Copies of the series that one forward pass of a sampling or integrating method holds at most
_COPIES = 64


def saliency(model: nn.Module, inputs: Tensor, target: Tensor) -> Tensor:
    """Return |∂S_c/∂x|, (batch, time, features), in output units per input unit, at least 0.

    Source: Simonyan, Vedaldi, Zisserman, "Deep Inside Convolutional Networks", ICLR workshop 2014.
    """
    return cast("Tensor", Saliency(model).attribute(_tracked(inputs), target=target, abs=True))


def input_x_gradient(model: nn.Module, inputs: Tensor, target: Tensor) -> Tensor:
    """Return x · ∂S_c/∂x, (batch, time, features), in output units.

    Source: Shrikumar, Greenside, Shcherbina, Kundaje, "Not Just a Black Box", arXiv 1605.01713.
    """
    return cast("Tensor", InputXGradient(model).attribute(_tracked(inputs), target=target))


def integrated_gradients(
    model: nn.Module, inputs: Tensor, target: Tensor, baseline: Tensor, *, steps: int = 50
) -> Tensor:
    """Return (x - x′) · ∫₀¹ ∂S_c/∂x (x′ + α(x - x′)) dα, (batch, time, features), in output units.

    Args:
        model: (batch, time, features) to (batch, classes).
        inputs: x, (batch, time, features).
        target: int64 (batch,).
        baseline: x′, (batch, time, features).
        steps: nodes of the Gauss-Legendre quadrature, at least 1.

    Raises:
        ParameterError: steps below 1.

    Source: Sundararajan, Taly, Yan, "Axiomatic Attribution for Deep Networks", ICML 2017.
    """
    _check_count("steps", steps)
    return cast(
        "Tensor",
        IntegratedGradients(model).attribute(
            inputs,
            baselines=baseline,
            target=target,
            n_steps=steps,
            method="gausslegendre",
            internal_batch_size=max(_COPIES, len(inputs)),
        ),
    )


def smoothgrad(
    model: nn.Module,
    inputs: Tensor,
    target: Tensor,
    seeds: Sequence[int],
    *,
    noise_samples: int = 25,
    noise_level: float = 0.15,
) -> Tensor:
    """Return |mean of ∂S_c/∂x (x + ε)| over ε ~ N(0, σ²), (batch, time, features), in output per input unit.

    σ = noise_level · (max x - min x) of each sample. The mean is taken over signed gradients, as published,
    and its absolute value makes it comparable to `saliency`, its value without noise.

    Args:
        model: (batch, time, features) to (batch, classes).
        inputs: x, (batch, time, features).
        target: int64 (batch,).
        seeds: one a sample, the source of its noise.
        noise_samples: draws of ε, at least 1.
        noise_level: standard deviation of the noise as a share of the sample's range, at least 0.

    Raises:
        ParameterError: noise_samples below 1 or a negative noise_level.

    Source: Smilkov, Thorat, Kim, Viégas, Wattenberg, "SmoothGrad", arXiv 1706.03825.
    """
    _check_count("noise_samples", noise_samples)
    if not noise_level >= 0:
        raise ParameterError(f"noise_level must be at least 0, got {noise_level}")
    tunnel = NoiseTunnel(Saliency(model))

    def one(sample: Tensor, label: Tensor, seed: int) -> Tensor:
        deviation = noise_level * float(sample.max() - sample.min())
        with seeded(seed, sample.device):
            smooth = tunnel.attribute(
                _tracked(sample),
                nt_type="smoothgrad",
                nt_samples=noise_samples,
                nt_samples_batch_size=min(noise_samples, _COPIES),
                stdevs=deviation,
                target=label,
                abs=False,
            )
        return cast("Tensor", smooth).abs()

    return _each(one, inputs, target, seeds)


def _each(one: Callable[[Tensor, Tensor, int], Tensor], inputs: Tensor, target: Tensor, seeds: Sequence[int]) -> Tensor:
    # Sample by sample: a sample's noise, and so its attribution, cannot depend on who shares its chunk
    parts = zip(inputs, target, seeds, strict=True)
    return torch.cat([one(sample[None], label[None], seed) for sample, label, seed in parts])


def _tracked(inputs: Tensor) -> Tensor:
    # Captum warns when it has to switch gradients on by itself
    return inputs.detach().requires_grad_()


def _check_count(name: str, count: int) -> None:
    if count < 1:
        raise ParameterError(f"{name} must be at least 1, got {count}")
