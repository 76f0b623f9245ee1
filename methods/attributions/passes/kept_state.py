"""Find and undo changes of what modules keep in plain attributes."""

import random
import types
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

# PyTorch's own attributes of every module, which are restored otherwise or do not change
_REGISTRIES = frozenset({*vars(nn.Module()), "_flat_weights", "_flat_weight_refs"})
_DEPTH = 4  # of containers and objects within each other: an object may lead to all there is in the process
_LARGEST = 2**28  # bytes of a tensor that is copied; a larger one is put back as it is then
_IMMUTABLE = (bool, int, float, complex, str, bytes, types.NoneType)
_LIBRARIES = ("torch", "lightning", "pytorch_lightning")  # their objects lead to all that there is
_OPAQUE = (nn.Module, type, types.ModuleType, types.FunctionType, types.MethodType, types.BuiltinFunctionType)


@dataclass(frozen=True)
class _Kept:
    """A value, what it holds, and what puts its contents back.

    Attributes:
        value: the value itself.
        holds_state: whether tensors, arrays or generators of random numbers are in it.
        is_same: whether its contents are what they were.
        restore: puts the contents back into the value.
    """

    value: Any
    holds_state: bool = False
    is_same: Callable[[], bool] = lambda: True
    restore: Callable[[], object] = lambda: None


@dataclass
class KeptState:
    """What a network's modules keep in plain attributes, to find what its calls change of it and to put it back.

    Args:
        model: the network.
        with_buffers: those are found and put back, too.
    """

    model: nn.Module
    with_buffers: bool = False
    _modules: list[tuple[str, nn.Module, dict[str, _Kept]]] = field(init=False)

    def __post_init__(self) -> None:
        registered = () if self.with_buffers else self.model.buffers()
        known = {id(tensor) for tensor in (*self.model.parameters(), *registered)}
        self._modules = [
            (name, module, {key: _kept(value, known) for key, value in self._attributes(module).items()})
            for name, module in self.model.named_modules()
        ]

    def changed(self) -> list[str]:
        """Return the names of the attributes that are not what they were, those with tensors before others."""
        found = [
            (not _has_state(before, now), _joined(name, key))
            for name, module, attributes in self._modules
            for key, before, now in self._changes(module, attributes)
        ]
        return [name for _, name in sorted(found, key=lambda pair: pair[0])]

    def restore(self) -> None:
        """Put back the attributes of every module that changed a tensor, or what holds one, in one of them.

        What such a module keeps beside its tensors, such as the length that they were made for, goes with them. Numbers
        of other modules stay: they count for the user.
        """
        for _, module, attributes in self._modules:
            changes = list(self._changes(module, attributes))
            if any(_has_state(before, now) for _, before, now in changes):
                _put_back(module, attributes, [key for key, *_ in changes])

    def restore_all_but(self, name: str) -> None:
        """Put back whatever changed, numbers too, but for the attribute of this name."""
        for path, module, attributes in self._modules:
            changed = [key for key, *_ in self._changes(module, attributes)]
            _put_back(module, attributes, [key for key in changed if _joined(path, key) != name])

    def _attributes(self, module: nn.Module) -> dict[str, Any]:
        found = {key: value for key, value in vars(module).items() if key not in _REGISTRIES}
        return {**found, **_buffers(module)} if self.with_buffers else found

    def _changes(self, module: nn.Module, attributes: dict[str, _Kept]) -> Iterator[tuple[str, _Kept | None, Any]]:
        """Yield the attributes that are not what they were: the name, what was kept of it and what it is now."""
        present = self._attributes(module)
        for key in {**attributes, **present}:
            before = attributes.get(key)
            if before is None or key not in present or not _is_still(before, present[key]):
                yield key, before, present.get(key)


def _buffers(module: nn.Module) -> dict[str, Tensor | None]:
    """Return the table of a module's buffers, which is none of Python's in TorchScript."""
    table = module._buffers
    return table if isinstance(table, dict) else {}


def _joined(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _is_still(before: _Kept, now: Any) -> bool:
    if before.value is now:
        return before.is_same()
    return isinstance(now, _IMMUTABLE) and type(now) is type(before.value) and now == before.value


def _has_state(before: _Kept | None, now: Any) -> bool:
    return (before is not None and before.holds_state) or _kept(now, set()).holds_state


def _put_back(module: nn.Module, attributes: dict[str, _Kept], keys: list[str]) -> None:
    for key in keys:
        table: dict[str, Any] = _buffers(module) if key in _buffers(module) else vars(module)
        if key in attributes:
            attributes[key].restore()
            table[key] = attributes[key].value
        else:
            del table[key]


def _kept(value: Any, known: set[int], depth: int = _DEPTH) -> _Kept:
    """Return what is kept of a value; what has a known id is kept elsewhere."""
    if isinstance(value, _IMMUTABLE) or id(value) in known:
        return _Kept(value)
    known.add(id(value))
    if isinstance(value, Tensor):
        return _of_tensor(value)
    if isinstance(value, np.ndarray):
        return _of_copy(value, value.copy(), lambda copy: np.copyto(value, copy), lambda copy: _equal(value, copy))
    return _of_generator(value) or (_of_container(value, known, depth) if depth else _Kept(value))


def _of_generator(value: Any) -> _Kept | None:
    """Return what is kept of a generator of random numbers; None for what is none."""
    if isinstance(value, torch.Generator):
        return _of_copy(value, value.get_state(), value.set_state, lambda copy: torch.equal(value.get_state(), copy))
    if isinstance(value, random.Random):
        return _of_copy(value, value.getstate(), value.setstate, lambda copy: value.getstate() == copy)
    if isinstance(value, np.random.Generator):
        bits = value.bit_generator
        return _of_copy(
            value, bits.state, lambda copy: setattr(bits, "state", copy), lambda copy: repr(bits.state) == repr(copy)
        )
    return None


def _of_copy(value: Any, copy: Any, restore: Callable[[Any], object], is_same: Callable[[Any], bool]) -> _Kept:
    return _Kept(value, True, lambda: is_same(copy), lambda: is_same(copy) or restore(copy))


def _equal(value: Any, copy: Any) -> bool:
    return bool(np.array_equal(value, copy))


def _of_tensor(value: Tensor) -> _Kept:
    if value.is_meta or value.layout != torch.strided or value.numel() * value.element_size() > _LARGEST:
        return _Kept(value, True)
    copy = value.detach().clone()
    return _of_copy(
        value, copy, lambda before: write_numbers(value, before), lambda before: same_numbers(value, before)
    )


def write_numbers(value: Tensor, before: Tensor) -> None:
    """Give a tensor (…) its shape and numbers of before, in place."""
    with torch.inference_mode(value.is_inference()), torch.no_grad():
        if value.shape != before.shape:
            value.resize_(before.shape)
        value.copy_(before)


def same_numbers(first: Tensor, second: Tensor) -> bool:
    """Return whether tensors have one shape (…) and the same numbers, NaN in the same places."""
    if first.shape != second.shape:
        return False
    if torch.equal(first, second):
        return True
    are_equal = (first == second) | (first.isnan() & second.isnan()) if _may_be_nan(first) else first == second
    return bool(are_equal.all())


def _may_be_nan(values: Tensor) -> bool:
    return values.is_floating_point() or values.is_complex()


def _of_container(value: Any, known: set[int], depth: int) -> _Kept:
    contents = _contents(value)
    if contents is None:
        return _Kept(value)
    refill, parts = contents
    kept = [_kept(part, known, depth - 1) for part in parts]
    before = list(parts)

    def is_same() -> bool:
        now = _contents(value)
        return (
            now is not None
            and len(now[1]) == len(before)
            and all(_is_still(part, other) for part, other in zip(kept, now[1], strict=True))
        )

    def restore() -> None:
        refill(before)
        for part in kept:
            part.restore()

    return _Kept(value, any(part.holds_state for part in kept), is_same, restore)


def _contents(value: Any) -> tuple[Callable[[list[Any]], object], list[Any]] | None:
    """Return what fills a container anew, and its parts in order; None for what is no container."""
    if isinstance(value, (tuple, frozenset)):
        return lambda _parts: None, list(value)
    if isinstance(value, (list, deque)):
        return lambda parts: _refill_sequence(value, parts), list(value)
    if isinstance(value, set):
        return lambda parts: _refill_set(value, parts), list(value)
    table = value if isinstance(value, dict) else _table(value)
    if table is None:
        return None
    return lambda parts: _refill_table(table, parts), [part for pair in table.items() for part in pair]


def _refill_sequence(value: list[Any] | deque[Any], parts: list[Any]) -> None:
    value.clear()
    value.extend(parts)


def _refill_set(value: set[Any], parts: list[Any]) -> None:
    value.clear()
    value.update(parts)


def _refill_table(table: dict[Any, Any], parts: list[Any]) -> None:
    table.clear()
    table.update(zip(parts[::2], parts[1::2], strict=True))


def _table(value: Any) -> dict[str, Any] | None:
    """Return the attributes of an object of a user's, such as a cache."""
    if isinstance(value, _OPAQUE) or type(value).__module__.partition(".")[0] in _LIBRARIES:
        return None
    return getattr(value, "__dict__", None)
