"""Noisy copies of the input."""

from collections.abc import Sequence

import torch
from torch import Tensor

from .passes import Points
from .streams import Stream, rewind


def noisy(inputs: Tensor, level: float, seeds: Sequence[int]) -> Points:
    """Return the points x + ε with ε ~ N(0, σ²), σ = level · (max x - min x) of each sample, anew in each draw.

    Args:
        inputs: x, (batch, time, features).
        level: standard deviation of the noise as a share of the sample's range, at least 0.
        seeds: one a sample, the source of its noise.

    Returns:
        A function of draw and samples, a slice of the batch, that returns (samples, time, features), the same
        whenever it is asked.
    """
    # Drawn on the CPU and in single precision, so that every device and type of numbers sees the same noise
    centres = inputs.cpu().contiguous()
    ranges: list[float] = (centres.amax((1, 2)) - centres.amin((1, 2))).tolist()
    deviations = [level * width for width in ranges]
    generator, noise = torch.Generator(), torch.empty(centres.shape[1:], dtype=torch.float32)

    def points(draw: int, samples: slice) -> Tensor:
        rows = torch.empty_like(centres[samples])
        for row, centre, deviation, seed in zip(
            rows, centres[samples], deviations[samples], seeds[samples], strict=True
        ):
            noise.normal_(generator=rewind(generator, seed, Stream.NOISE, draw))
            torch.add(centre, noise, alpha=deviation, out=row)
        return rows.to(inputs.device)

    return points
