"""Reference maps that need no network: oracle, random, constant, |input|, last step."""

from collections.abc import Sequence

import torch
from torch import Tensor


def oracle(truth: Tensor) -> Tensor:
    """Return the ground truth itself, (batch, time, features) in [0, 1]: the best map there is."""
    return truth.clone()


def random_uniform(inputs: Tensor, seeds: Sequence[int]) -> Tensor:
    """Return independent uniform numbers on [0, 1), (batch, time, features), one generator a sample."""
    return _drawn(inputs, [torch.rand(inputs.shape[1:], generator=_generator(seed)) for seed in seeds])


def random_normal(inputs: Tensor, seeds: Sequence[int]) -> Tensor:
    """Return independent N(0, 1) numbers, (batch, time, features), one generator a sample."""
    return _drawn(inputs, [torch.randn(inputs.shape[1:], generator=_generator(seed)) for seed in seeds])


def ones(inputs: Tensor) -> Tensor:
    """Return 1 everywhere, (batch, time, features)."""
    return torch.ones_like(inputs)


def zeros(inputs: Tensor) -> Tensor:
    """Return 0 everywhere, (batch, time, features)."""
    return torch.zeros_like(inputs)


def abs_input(inputs: Tensor) -> Tensor:
    """Return |x|, (batch, time, features), in input units."""
    return inputs.abs()


def last_step(inputs: Tensor) -> Tensor:
    """Return 1 at the last time step and 0 before it, (batch, time, features)."""
    attributions = torch.zeros_like(inputs)
    attributions[:, -1] = 1.0
    return attributions


def _generator(seed: int) -> torch.Generator:
    # On the CPU whatever the device: the same seed gives the same map everywhere
    return torch.Generator().manual_seed(seed)


def _drawn(inputs: Tensor, maps: Sequence[Tensor]) -> Tensor:
    return torch.stack(list(maps)).to(inputs)
