"""Products of many Jacobians, whose norms leave the range of float64: computed by their logarithms."""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .jacobians import Trajectory, input_gradient, state_jacobian

LN10 = math.log(10)


def log10_product_gains(factors: Tensor) -> Tensor:
    """Return log10 of ‖J_T J_{T−1} … J_{t+1}‖_F / √n for every t, (batch, time); 0 at T, where the product is empty.

    It is the root mean square of the product's gain over random directions. The product is rescaled at each step, so
    that no length of the series underflows; a product that is zero gives −∞.

    Args:
        factors: J_t at index t, (batch, time, n, n); the first is not part of any product.
    """
    batch, time, n, _ = factors.shape
    product = torch.eye(n, dtype=factors.dtype).expand(batch, n, n) / math.sqrt(n)
    scale = factors.new_zeros(batch)
    gains = factors.new_empty(batch, time)
    for step in reversed(range(time)):
        norm = torch.linalg.matrix_norm(product)
        gains[:, step] = norm.log10() + scale
        product, scale = (product / _nonzero(norm)[:, None, None]) @ factors[:, step], gains[:, step]
    return gains


def log10_diagonal_gains(factors: Tensor) -> Tensor:
    """Return the same as log10_product_gains for diagonal Jacobians, given their diagonals (batch, time, n)."""
    logs = factors.abs().log()
    later = torch.cat([logs[:, 1:], torch.zeros_like(logs[:, :1])], dim=1)
    sums = later.flip(1).cumsum(dim=1).flip(1)
    return (torch.logsumexp(2 * sums, dim=2) - math.log(factors.shape[2])) / 2 / LN10


def log10_chain_rule(steps: Trajectory, output: Tensor) -> Tensor:
    """Return log10 ‖∂S/∂x_t‖₂ by the chain rule through the state, (batch, time), at no length underflowing.

    ∂S/∂x_t = ∂S/∂(h_T, c_T) · Π_{i=T}^{t+1} ∂(h_i, c_i)/∂(h_{i−1}, c_{i−1}) · ∂(h_t, c_t)/∂x_t

    Args:
        steps: the trajectory of an LSTM of which S reads the last hidden state alone.
        output: ∂S/∂h_T, (batch, hidden).
    """
    jacobians = state_jacobian(steps)
    adjoint = torch.cat([output, torch.zeros_like(output)], dim=1)
    scale = torch.zeros_like(adjoint[:, 0])
    adjoints, scales = [], []
    for step in reversed(range(jacobians.shape[1])):
        norm = torch.linalg.vector_norm(adjoint, dim=1)
        adjoint, scale = adjoint / _nonzero(norm)[:, None], scale + norm.log10()
        adjoints.append(adjoint)
        scales.append(scale)
        adjoint = (adjoint.unsqueeze(1) @ jacobians[:, step]).squeeze(1)
    gradients = input_gradient(steps, torch.stack(adjoints[::-1], dim=1))
    lengths: Tensor = torch.linalg.vector_norm(gradients, dim=2)
    return lengths.log10() + torch.stack(scales[::-1], dim=1)


def log10_mean(logs: Tensor) -> NDArray[np.float64]:
    """Return log10 of the mean over samples of 10^logs, (batch, time) to (time,)."""
    mean = torch.logsumexp(logs * LN10, dim=0) / LN10 - math.log10(len(logs))
    return mean.double().numpy()


def _nonzero(norm: Tensor) -> Tensor:
    return torch.where(norm > 0, norm, torch.ones_like(norm))
