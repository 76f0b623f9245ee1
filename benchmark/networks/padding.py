"""Read which entries of series are real: what is padding, and what is missing."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from ...errors import ParameterError, ShapeError
from ...methods.attributions.passes.segments import Span
from ..execution.tensors import as_tensor


def real_entries(lengths: Any, mask: Any, batch: int, steps: int) -> Tensor | None:
    """Return which entries are real, bool (batch, steps) or (batch, steps, features); None for all.

    Args:
        lengths: whole numbers (batch,), how many of the first steps are; None for all.
        mask: (batch, steps) or (batch, steps, features), True or 1 where an entry is real; None for all.
        batch: samples.
        steps: of each.

    Raises:
        ParameterError, ShapeError: both are given, or another type, shape or length.
    """
    if lengths is None and mask is None:
        return None
    if lengths is not None and mask is not None:
        raise ParameterError("lengths and mask say the same, got both; leave one out")
    return _of_mask(mask, batch, steps) if lengths is None else _of_lengths(lengths, batch, steps)


def _of_lengths(lengths: Any, batch: int, steps: int) -> Tensor:
    found = lengths.cpu() if isinstance(lengths, Tensor) else as_tensor(lengths)
    if found.is_floating_point() or found.dtype == torch.bool or found.is_complex():
        raise ParameterError(f"lengths must be whole numbers, got {found.dtype}; convert them with .long()")
    if found.shape != (batch,):
        raise ShapeError(f"lengths must have shape ({batch},), one a sample, got {tuple(found.shape)}")
    if bool(((found < 0) | (found > steps)).any()):
        raise ParameterError(f"lengths must lie in 0 … {steps}, the steps, got {int(found.min())} … {int(found.max())}")
    return torch.arange(steps) < found[:, None]


def _of_mask(mask: Any, batch: int, steps: int) -> Tensor:
    found = mask.cpu() if isinstance(mask, Tensor) else as_tensor(mask)
    if found.shape[:2] != (batch, steps) or found.ndim > 3:
        raise ShapeError(
            f"mask must have shape ({batch}, {steps}) or ({batch}, {steps}, features), got {tuple(found.shape)}"
        )
    if found.is_complex() or not bool(((found == 0) | (found == 1)).all()):
        raise ParameterError("mask must hold truth values, or 0 and 1 for padding and what is real, got other numbers")
    return found.bool()


def are_blocks(real: Tensor) -> bool:
    """Return whether the real steps of each sample, bool (batch, steps), follow each other."""
    return real.ndim == 2 and bool((_starts(real).sum(1) <= 1).all())


def blocks(real: Tensor) -> Iterator[tuple[list[int], Span]]:
    """Yield the samples whose real steps, bool (batch, steps), are the same block, with it; not those without any."""
    found: dict[Span, list[int]] = {}
    for sample, (start, count) in enumerate(zip(real.int().argmax(1).tolist(), real.sum(1).tolist(), strict=True)):
        if count:
            found.setdefault(Span(start, start + count), []).append(sample)
    for span, samples in found.items():
        yield samples, span


def _starts(real: Tensor) -> Tensor:
    return real & ~torch.nn.functional.pad(real[:, :-1], (1, 0))


def filled(values: Tensor, fixed: Tensor) -> Tensor:
    """Return values, (batch, …), with the mean of the others in the place of fixed ones, those of a feature together.

    So noise and range of a sample do not see them; nor does the network, which gets its own.
    """
    axis = 1 if values.ndim == 3 else 0
    known = values.masked_fill(fixed, 0)
    count = (~fixed).sum(axis, keepdim=True).clamp_min(1)
    return torch.where(fixed, known.sum(axis, keepdim=True) / count if axis else 0, known)


def all_fixed(values: Tensor, real: Tensor | None, name: str) -> Tensor | None:
    """Return which of an input's values, (batch, …), stay as they are: those missing, and those that are not real.

    Raises:
        ShapeError: a mask of other features.
    """
    fixed = values.isnan()
    if real is not None and values.ndim == 3:
        real = real[..., None] if real.ndim == 2 else real
        if real.shape[2] not in (1, values.shape[2]):
            raise ShapeError(f"mask must have the features of {name}, {values.shape[2]}, or none, got {real.shape[2]}")
        fixed |= ~real.to(values.device)
    return fixed if bool(fixed.any()) else None


def is_name(value: Any, called: Sequence[str]) -> bool:
    """Return whether lengths or a mask are the name of an input."""
    return isinstance(value, str) and value in called
