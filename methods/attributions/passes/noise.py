"""Gaussian noise on copies of the input, from each sample's own seed."""

from collections.abc import Sequence

import torch
from torch import Tensor

from .passes import Write
from .segments import Span
from .streams import Stream, rewind


def add_noise(inputs: Tensor, level: float, seeds: Sequence[int], parts: Sequence[Span] | None = None) -> Write:
    """Return what writes x + ε with ε ~ N(0, σ²), σ = level · (max x - min x) of each sample, anew in each draw.

    Args:
        inputs: x, (batch, time, features).
        level: standard deviation of the noise as a share of the sample's range, at least 0.
        seeds: one a sample, the source of its noise.
        parts: the features of each of several inputs, each with the σ of its own range; None for one input.

    Returns:
        A function of samples, draws and the rows to be filled, (samples, draws, time, features); it writes the same
        whenever it is asked.
    """
    # Drawn on the CPU and in single precision, so that every device and type of numbers sees the same noise
    centres = inputs.cpu().contiguous()
    spans = [slice(*span) for span in parts or [Span(0, inputs.shape[2])]]
    deviations = list(zip(*(_deviations(centres[..., span], level) for span in spans), strict=True))
    generator, noise = torch.Generator(), torch.empty(centres.shape[1:], dtype=torch.float32)

    def write(samples: slice, draws: slice, rows: Tensor) -> None:
        filled = rows if rows.device.type == "cpu" else torch.empty_like(rows, device="cpu")
        numbers = range(draws.start, draws.stop)
        for of_sample, centre, deviations_of, seed in zip(
            filled, centres[samples], deviations[samples], seeds[samples], strict=True
        ):
            for draw, row in zip(numbers, of_sample, strict=True):
                noise.normal_(generator=rewind(generator, seed, Stream.NOISE, draw))
                for span, deviation in zip(spans, deviations_of, strict=True):
                    torch.add(centre[:, span], noise[:, span], alpha=deviation, out=row[:, span])
        if filled is not rows:
            rows.copy_(filled)

    return write


def _deviations(series: Tensor, level: float) -> list[float]:
    ranges: list[float] = (series.amax((1, 2)) - series.amin((1, 2))).tolist()
    return [level * width for width in ranges]
