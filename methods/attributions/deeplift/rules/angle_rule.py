"""DeepLIFT's rule for angles: on the straight way from the baseline both operands change them by the same factor.

Along the way dθ = (x dy - y dx) / (x² + y²), and x dy - y dx does not change, as the way is straight: it is
c = x̄Δy - ȳΔx with the means x̄ and ȳ of value and twin. So Δθ = k·c, and x̄k and -ȳk are the multipliers of y and x.
"""

from typing import Any

import torch
from torch import Tensor

from ...interception.interception import Call
from ..paired_pass import PairedPass
from .difference_rules import with_gradient_of


def atan2(call: Call[PairedPass]) -> Tensor:
    """Apply the angle of the points that have y, (…), above x, (…)."""
    y, x = torch.broadcast_tensors(*call.args)
    with torch.no_grad():
        value, reference = call.run(), call.run_with(call.mode.twin)
        y_twin, x_twin = (call.mode.twin(operand).expand(value.shape) for operand in call.args)
        y_mean, x_mean = (y + y_twin) / 2, (x + x_twin) / 2
        turned = x_mean * (y - y_twin) - y_mean * (x - x_twin)
        size = x_mean.square() + y_mean.square()
        near = turned.abs() <= torch.finfo(value.dtype).eps ** (2 / 3) * size
        slope = torch.where(size == 0, 0.0, 1 / torch.where(size == 0, 1.0, size))
        factor = torch.where(near, slope, (value - reference) / torch.where(near, 1.0, turned))
    surrogate: Any = factor * (x_mean * y - y_mean * x)
    return with_gradient_of(call, surrogate, value, reference)
