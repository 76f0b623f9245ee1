"""Integrated gradients along a path on which the output is too steep for steps that are spread evenly."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from ..numerics.quadrature import quadrature
from ..passes.passes import Passes, Write

_NODES = 8  # of the quadrature in one panel
_PANELS = 128  # after which the path is given up: each takes as many gradients as it has nodes
_NARROWEST = 2**-20  # share of the path; nearer points are the same to single precision


class _Panel(NamedTuple):
    """A part of the path: its ends as shares of it, the outputs there, and the integral of the gradient."""

    first: float
    last: float
    before: float
    after: float
    integral: Tensor  # (time, features), by the share of the path

    def missed(self, way: Tensor) -> float:
        return float((self.integral * way).double().sum()) - (self.after - self.before)


def finer_path_integral(series: Tensor, start: Tensor, target: Tensor, passes: Passes, allowed: float) -> Tensor | None:
    """Return (x - x′) · ∫₀¹ ∂S_c/∂x (x′ + α(x - x′)) dα, (time, features), by steps that lie close where S_c is steep.

    The panel of the path that misses most of the output's change is halved until all of them together miss no more
    than is allowed. None where that is not reached: the output jumps, or its gradient is not that of its change.

    Args:
        series: x, (time, features).
        start: x′, (time, features).
        target: int64 (1,).
        passes: through the network, in bounded memory.
        allowed: output units.
    """
    path = _Path(series[None], start[None], target, passes)
    way = series - start
    panels = [path.panel(0.0, 1.0, *path.outputs([0.0, 1.0]))]
    while not math.fsum(abs(panel.missed(way)) for panel in panels) <= allowed:
        worst = max(panels, key=lambda panel: abs(panel.missed(way)))
        if len(panels) == _PANELS or worst.last - worst.first < 2 * _NARROWEST:
            return None
        panels.remove(worst)
        panels += path.halves(worst)
    return torch.stack([panel.integral for panel in panels]).double().sum(0).to(series.dtype) * way


class _Path:
    """The straight path to a series x from a start x′, (1, time, features) both, through a network."""

    def __init__(self, series: Tensor, start: Tensor, target: Tensor, passes: Passes) -> None:
        self._series, self._start, self._target, self._passes = series, start, target, passes
        nodes, self._weights = quadrature(_NODES)
        self._nodes = [float(node) for node in nodes]

    def outputs(self, shares: list[float]) -> list[float]:
        """Return S_c at some points, given as shares of the path."""
        found: Tensor = self._passes.outputs(self._series, self._target, len(shares), self._writer(shares))
        return [float(one) for one in found[0]]

    def panel(self, first: float, last: float, before: float, after: float) -> _Panel:
        """Return a part of the path, given the outputs at its ends."""
        integral = torch.zeros_like(self._series[0])

        def take(_samples: slice, draws: slice, gradients: Tensor) -> None:
            for weight, part in zip(self._weights[draws], gradients[0], strict=True):
                integral.add_(part, alpha=float(weight) * (last - first))

        shares = [first + (last - first) * node for node in self._nodes]
        self._passes.gradients(self._series, self._target, len(shares), self._writer(shares), take)
        return _Panel(first, last, before, after, integral)

    def halves(self, panel: _Panel) -> list[_Panel]:
        """Return the two halves of a part of the path."""
        middle = (panel.first + panel.last) / 2
        (between,) = self.outputs([middle])
        return [
            self.panel(panel.first, middle, panel.before, between),
            self.panel(middle, panel.last, between, panel.after),
        ]

    def _writer(self, shares: list[float]) -> Write:
        places = self._series.new_tensor(shares)[:, None, None]

        def write(samples: slice, draws: slice, rows: Tensor) -> None:
            torch.lerp(self._start[samples, None], self._series[samples, None], places[draws], out=rows)

        return write
