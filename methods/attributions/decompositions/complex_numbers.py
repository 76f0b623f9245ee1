"""Sizes, angles and products of complex numbers, decomposed into those of their real and imaginary parts."""

import torch
from torch import Tensor


def size(z: Tensor) -> Tensor:
    """Compute √(re² + im²), (…)."""
    return torch.hypot(z.real, z.imag)


def polar(absolute: Tensor, angle: Tensor) -> Tensor:
    """Compute absolute · (cos angle + i sin angle), (…)."""
    return torch.complex(absolute * torch.cos(angle), absolute * torch.sin(angle))


def angle(z: Tensor) -> Tensor:
    """Compute the angle of z, (…), in (-π, π]."""
    return torch.atan2(z.imag, z.real)


def product(a: Tensor, b: Tensor) -> Tensor:
    """Compute a · b, (…), either of which may be real."""
    if not (a.is_complex() and b.is_complex()):
        z, factor = (a, b) if a.is_complex() else (b, a)
        return torch.complex(z.real * factor, z.imag * factor)
    return torch.complex(a.real * b.real - a.imag * b.imag, a.real * b.imag + a.imag * b.real)
