"""Operations in place, carried out on new memory in place of the network's.

A rule may need a tensor as it was before it is written to. So what is written is computed as by the operation that is
not in place, and kept beside the memory that it is for: every tensor that lies there, the written one, views of it and
what it is a view of, is read from there afterwards.
"""

import weakref
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.multiprocessing.reductions import StorageWeakRef

from .in_place import fitted, indexed, masked

_Place = tuple[torch.Size, tuple[int, ...], int]  # sizes, strides and the first number


@dataclass
class _Block:
    """What stands in a piece of memory now.

    Attributes:
        values: (numbers,), contiguous, in the order of the memory.
        is_known: bool (numbers,), which of them belong to what was written; None for all.
        identities: of the memory that held it before; while they are kept, no other memory gets one of them.
    """

    values: Tensor
    is_known: Tensor | None
    identities: list[StorageWeakRef]


class Mode(Protocol):
    """What carries out operations of a pass and notes what varies."""

    def __enter__(self) -> Any: ...

    def __exit__(self, *exception: Any) -> Any: ...

    def varies(self, value: object) -> bool:
        """Return whether anything is noted about a tensor."""
        ...

    def forget(self, tensor: Tensor) -> None:
        """Drop what is noted about a tensor, (…)."""
        ...


class WrittenMemory:
    """The memory that operations in place wrote to during a pass.

    Args:
        mode: takes the calls that move values, and knows what is noted about tensors.
    """

    def __init__(self, mode: Mode) -> None:
        # a cycle of references would keep all tensors of a pass until the garbage collector finds it
        self._reference = weakref.ref(mode)
        self._blocks: dict[int, _Block] = {}

    def __bool__(self) -> bool:
        return bool(self._blocks)

    def current(self, tensor: Tensor) -> Tensor:
        """Return what stands now where a tensor, (…), lies.

        Raises:
            LookupError: it lies there in another way than what was written.
        """
        block = self._blocks.get(_identity(tensor)) if tensor.layout == torch.strided else None
        if block is None or _identity(block.values) == _identity(tensor):
            return tensor
        place = _place(tensor)
        if tensor.dtype != block.values.dtype:
            raise LookupError("as another type")
        if block.is_known is not None and not bool(block.is_known.as_strided(*place).all()):
            raise LookupError("beside it")
        with self._mode:
            return torch.as_strided(block.values, *place)

    def write(self, tensor: Tensor, values: Any) -> None:
        """Put values, numbers or a tensor, in the place of a tensor, (…), in its type and spread to its shape.

        Raises:
            LookupError: they lie in a part of this place, so that what arrives depends on the order of copying.
        """
        block = self._block(tensor)
        if isinstance(values, Tensor) and self._blocks.get(_identity(values)) is block and _overlap(tensor, values):
            raise LookupError("from a part of it")
        before = block.values
        with self._mode:
            block.values = _with(before, fitted(values, tensor), _place(tensor))
        self._mode.forget(before)
        self._add(block)

    def assign(self, tensor: Tensor, index: Any, values: Any) -> None:
        """Put values where an index of a tensor, (…), points."""
        with self._mode:
            whole = masked(tensor, index, values)
            part = tensor[index] if whole is None else tensor
        if whole is None and _identity(part) == _identity(tensor):
            return self.write(part, values)
        if whole is None:
            with self._mode:
                whole = indexed(tensor, index, values, self._mode.varies)
        return self.write(tensor, whole)

    def _whole(self, tensor: Tensor) -> Tensor:
        """Return what a tensor, (…), is a view of, (…), or it itself where that is a rule's own."""
        base = tensor._base
        return tensor if base is None or (base.requires_grad and not self._mode.varies(base)) else base

    @property
    def _mode(self) -> Mode:
        mode = self._reference()
        assert mode is not None, "it ends with its pass"
        return mode

    def _block(self, tensor: Tensor) -> _Block:
        identity = _identity(tensor)
        if identity not in self._blocks:
            base = self._whole(tensor)
            place = _place(base)
            empty = base.new_zeros(base.untyped_storage().nbytes() // base.element_size())
            is_known = torch.zeros_like(empty, dtype=torch.bool)
            is_known.as_strided(*place).fill_(True)
            with self._mode:
                values = _with(empty, base, place)
            block = _Block(values, None if bool(is_known.all()) else is_known, [])
            self._blocks[identity] = block
            block.identities.append(StorageWeakRef(tensor.untyped_storage()))
            self._add(block)
        return self._blocks[identity]

    def _add(self, block: _Block) -> None:
        self._blocks[_identity(block.values)] = block
        block.identities.append(StorageWeakRef(block.values.untyped_storage()))


def _with(numbers: Tensor, values: Tensor, place: _Place) -> Tensor:
    """Return numbers, (numbers,), with values, (…), in a place of theirs."""
    if values.numel() == len(numbers) and place == (values.shape, torch.empty(values.shape).stride(), 0):
        return values.reshape(-1).clone()
    # as_strided_scatter would do, but its gradient also passes to what is overwritten
    places = torch.arange(len(numbers), device=numbers.device).as_strided(*place)
    return numbers.index_put((places.reshape(-1),), values.reshape(-1))


def _overlap(first: Tensor, second: Tensor) -> bool:
    """Return whether two tensors, (…) each, share some of a piece of memory, and do not lie in the same places."""
    if _place(first) == _place(second):
        return False
    shared = torch.zeros(first.untyped_storage().nbytes() // first.element_size(), dtype=torch.bool)
    shared.as_strided(*_place(first)).fill_(True)
    return bool(shared.as_strided(*_place(second)).any())


def _identity(tensor: Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)


def _place(tensor: Tensor) -> _Place:
    return tensor.size(), tensor.stride(), int(tensor.storage_offset())
