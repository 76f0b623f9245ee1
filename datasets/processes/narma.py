"""Nonlinear autoregressive moving averages (NARMA), as TimeSynth computes them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Narma:
    """y_t = autoregressive · y_(t−1) + moving · u_(t−order) · u_t + constant, with y before the first step 0.

    The sum over products of earlier values that NARMA has in the literature is always 0 in TimeSynth, which adds up
    the values before the first step; so it is left out.
    """

    order: int = 10
    autoregressive: float = 0.3
    moving: float = 1.5
    constant: float = 0.1

    def series(self, drive: Floats) -> Floats:
        """Return y, (…, time).

        Args:
            drive: u, (…, order + time), uniform on [0, .5].
        """
        pushed = self.moving * drive[..., : -self.order] * drive[..., self.order :] + self.constant
        found = np.empty_like(pushed)
        last: Floats | float = 0.0
        for step in range(pushed.shape[-1]):
            last = self.autoregressive * last + pushed[..., step]
            found[..., step] = last
        return found

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
        """Return independent series, of the shape (…, time)."""
        return self.series(rng.uniform(0, 0.5, (*shape[:-1], self.order + shape[-1])))

    def of_seed(self, seed: int, time: int) -> Floats:
        """Return the series (time,) that TimeSynth gives for a seed."""
        state = np.random.RandomState(seed)  # whose numbers are the published ones
        return self.series(state.uniform(0, 0.5, self.order + time))
