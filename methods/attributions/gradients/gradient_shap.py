"""Expected gradients: the gradient at random places on the way from random baselines to the input."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ..passes.baselines import absence
from ..passes.noise import add_noise
from ..passes.passes import Passes
from ..passes.segments import Span
from ..passes.streams import Stream, rewind
from ..validation.parameter_checks import check_sampled_path


def gradient_shap(
    inputs: Tensor,
    target: Tensor,
    background: Tensor,
    seeds: Sequence[int],
    passes: Passes,
    parts: Sequence[Span] | None = None,
    *,
    path_samples: int = 50,
    noise_level: float = 0.0,
) -> Tensor:
    """Return the mean of (x̃ - x′) · ∂S_c/∂x (x′ + α(x̃ - x′)) over draws, (batch, time, features), in output units.

    Each draw has a series x′ of the background, α ~ U(0, 1) and x̃ = x + ε, ε ~ N(0, σ²) with
    σ = noise_level · (max x - min x) of each sample. Its expectation without noise is that of integrated gradients
    over the background.

    Args:
        inputs: x, (batch, time, features).
        target: int64 (batch,).
        background: (any, time, features).
        seeds: one a sample, the source of its draws.
        passes: through the network, in bounded memory.
        parts: the features of each of several inputs; None for one.
        path_samples: draws, at least 1.
        noise_level: standard deviation of the noise as a share of the sample's range, at least 0.

    Raises:
        ParameterError: path_samples below 1 or a negative noise_level.

    Source: expected gradients: Erion, Janizek, Sturmfels, Lundberg, Lee, "Improving performance of deep learning
    models with axiomatic attribution priors and expected gradients", Nature Machine Intelligence 2021; the noise:
    Lundberg, Lee, NeurIPS 2017, as the shap package has it.
    """
    check_sampled_path(path_samples=path_samples, noise_level=noise_level)
    absent = absence("sampled", inputs, background, seeds, path_samples)
    present = add_noise(inputs, noise_level, seeds, parts) if noise_level else None
    places = _places(seeds, path_samples).to(inputs)[:, :, None, None]
    attributions = torch.zeros_like(inputs)

    def ends(samples: slice, draws: slice, like: Tensor) -> Tensor:
        """Return x̃, (samples, draws, time, features), or one for all draws without noise."""
        if present is None:
            return inputs[samples, None]
        rows = torch.empty_like(like)
        present(samples, draws, rows)
        return rows

    ways: dict[tuple[int, int], Tensor] = {}  # x̃ - x′ of the pieces of a pass

    def write(samples: slice, draws: slice, rows: Tensor) -> None:
        way = torch.empty_like(rows)
        absent(samples, draws, way)
        end = ends(samples, draws, rows)
        torch.lerp(way, end, places[samples, draws], out=rows)
        ways[samples.start, draws.start] = torch.sub(end, way, out=way)

    def take(samples: slice, draws: slice, gradients: Tensor) -> None:
        way, sums = ways.pop((samples.start, draws.start)), attributions[samples]
        for part, step in zip(gradients.unbind(1), way.unbind(1), strict=True):
            sums.addcmul_(part, step)

    passes.gradients(inputs, target, path_samples, write, take)
    return attributions.div_(path_samples)


def _places(seeds: Sequence[int], draws: int) -> Tensor:
    """Return α ~ U(0, 1) of each sample and draw, (samples, draws)."""
    generator = torch.Generator()
    streams = (rewind(generator, seed, Stream.PATH) for seed in seeds)
    return torch.stack([torch.rand(draws, generator=stream, dtype=torch.float64) for stream in streams])
