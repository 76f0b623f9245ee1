"""Digests of tensors: numbers that are equal where all bytes are, whoever wrote them and how."""

from collections import defaultdict

import torch
from torch import Tensor

_SMALL = 2**16  # bytes of tensors that are put together: a call for each would take longer than their bytes
_BLOCK = 2**24  # bytes that are copied at once


class UnseenError(Exception):
    """Something whose changes cannot be seen."""


def digest_of(tensor: Tensor) -> int:
    """Return a digest of the bytes of a tensor (…), of 64 bits and keyed by the process.

    `_version` would not do: what writes through `data`, a NumPy view or the optimizers of other libraries leaves it.
    """
    flat = tensor.detach().contiguous().reshape(-1).view(torch.uint8).cpu().numpy()
    if len(flat) <= _BLOCK:
        return hash(flat.tobytes())
    return hash(tuple(hash(flat[start : start + _BLOCK].tobytes()) for start in range(0, len(flat), _BLOCK)))


class Digests:
    """Digests of many tensors, the small ones together."""

    def __init__(self) -> None:
        self._small: defaultdict[tuple[torch.dtype, torch.device], list[Tensor]] = defaultdict(list)
        self._large: list[int] = []

    def add(self, tensor: Tensor) -> tuple[object, ...]:
        """Return what a tensor (…) is beside its numbers, which `all` digests.

        Raises:
            UnseenError: a tensor whose bytes do not say all, such as a sparse one.
        """
        is_plain = type(tensor) in (Tensor, torch.nn.Parameter, torch.nn.Buffer)
        if not is_plain or tensor.is_meta or tensor.layout != torch.strided or tensor.is_quantized:
            raise UnseenError
        if tensor.is_complex() or tensor.is_neg():
            raise UnseenError
        if tensor.numel() * tensor.element_size() <= _SMALL:
            self._small[tensor.dtype, tensor.device].append(tensor)
        else:
            self._large.append(digest_of(tensor))
        return tensor.shape, tensor.dtype, tensor.device, tensor.requires_grad, tensor.is_inference()

    def all(self) -> tuple[int, ...]:
        """Return the digests of the tensors that were added, in their order."""
        with torch.no_grad():
            joined = [torch.cat([part.reshape(-1) for part in parts]) for parts in self._small.values()]
        return (*map(digest_of, joined), *self._large)
