"""Baselines: given series, the mean of a background, or series sampled from it."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ....errors import ParameterError
from ..validation.parameter_checks import check_against
from ..validation.parameters import check_count
from .passes import Write, copies
from .streams import Stream, rewind


def absence(
    against: str, baseline: Tensor, background: Tensor | None, seeds: Sequence[int] | None, draws: int
) -> Write:
    """Return what writes the series that stand for absence in each draw.

    Args:
        against: "baseline", the given series of each sample in every draw; "mean", the mean of the background in
            every draw; "sampled", a series of the background, drawn with replacement for each sample and draw.
        baseline: (batch, time, features).
        background: (any, time, features), needed unless against is "baseline".
        seeds: one a sample, needed if against is "sampled"; more draws begin with the same series.
        draws: how many series each sample gets, at least 1.

    Returns:
        A function of samples, draws and the rows to be filled, (samples, draws, time, features).

    Raises:
        ParameterError: an unknown against, draws below 1, or no background or seeds where they are needed.
    """
    check_against(against)
    check_count("draws", draws)
    if against == "baseline":
        return copies(baseline)
    if background is None:
        raise ParameterError(
            f"a background of series is needed to explain against '{against}', got None; "
            "pass background=, such as training samples, or choose against='baseline'"
        )
    if against == "mean":
        mean = background.mean(0)
        return lambda _samples, _draws, rows: rows.copy_(mean)
    if seeds is None:
        raise ParameterError("seeds are needed to draw from the background, got None; pass seeds=, one a sample")
    drawn = _drawn(len(background), seeds, draws).to(background.device)

    def write(samples: slice, several: slice, rows: Tensor) -> None:
        torch.index_select(background, 0, drawn[samples, several].flatten(), out=rows.view(-1, *rows.shape[2:]))

    return write


def distinct_draws(against: str, draws: int) -> int:
    """Return how many of the draws differ: all that are sampled, else one."""
    return draws if against == "sampled" else 1


def _drawn(count: int, seeds: Sequence[int], draws: int) -> Tensor:
    generator = torch.Generator()
    return torch.stack(
        [torch.randint(count, (draws,), generator=rewind(generator, seed, Stream.BASELINES)) for seed in seeds]
    )
