"""Fingerprint of a network: all that decides how it answers, as far as it can be seen without a call."""

import logging
import operator
import types
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules import module as modules

from ...default_device import default_device
from ..array_functions import ArrayFunction
from .digests import Digests, UnseenError, digest_of
from .named_globals import is_library, names_in

Fingerprint = tuple[Any, ...]

_DEPTH = 32  # of what holds each other; networks that hold more are not looked through at every call
_MOST = 50_000  # parts
_IGNORED = {  # what modules keep that takes no part in their calls
    *("_non_persistent_buffers_set", "_is_full_backward_hook", "_flat_weight_refs"),
    *("_state_dict_hooks", "_state_dict_pre_hooks", "_load_state_dict_pre_hooks", "_load_state_dict_post_hooks"),
}
_IN_CALLS = {"__call__", "__getattr__", "__getattribute__", "__torch_function__"}  # of a class's own methods
_OPAQUE = ("torch", "lightning", "pytorch_lightning")  # libraries whose objects lead to all that there is
_PLAIN = (bool, int, str, bytes, types.NoneType, types.EllipsisType, range, torch.Size)
_ONLY_THEMSELVES = (
    *(torch.dtype, torch.device, torch.layout, torch.memory_format, np.ufunc, np.dtype),
    *(Enum, logging.Logger, types.ModuleType, types.MethodDescriptorType, types.WrapperDescriptorType),
    *(types.GetSetDescriptorType, types.MemberDescriptorType, types.ClassMethodDescriptorType),
)


class _Objects:
    """Objects that are equal to the very same objects alone."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, *objects: object) -> None:
        self._objects = objects

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Objects) or len(self._objects) != len(other._objects):
            return False
        return all(map(operator.is_, self._objects, other._objects))


def fingerprint(model: nn.Module) -> Fingerprint | None:
    """Return what is equal for as long as a network stays as it is; None where it cannot be known whether it does.

    It holds the numbers of parameters, buffers and other tensors, hooks, modes and whatever else modules keep; the
    functions of their classes, and of all these the closures and the global variables that they name. Of libraries it
    holds which functions their classes have, not their insides. It keeps no network alive.
    """
    reader = _Reader()
    try:
        reader.read(model)
        for name, table in vars(modules).items():
            if name.startswith("_global_") and table:
                reader.read(table)
    except (UnseenError, RecursionError):
        return None
    settings = (torch.get_default_dtype(), default_device(), torch.get_num_threads())
    return (*settings, reader.digests.all(), *reader.parts)


class _Reader:
    """Reads values part by part, each of them once."""

    def __init__(self) -> None:
        self.parts: list[Any] = []
        self.digests = Digests()
        self._places: dict[int, int] = {}
        self._read_before: list[object] = []  # held, so that no id of theirs is another's
        self._depth = 0

    def read(self, value: Any) -> None:
        """Add the parts of a value.

        Raises:
            UnseenError: changes of it cannot be seen.
        """
        kind = type(value)
        if kind in _PLAIN:
            self.parts.append((kind, value))
        elif kind in (float, complex):
            self.parts.append(repr(value))  # NaN is NaN, and -0.0 is not 0.0
        elif self._is_new(value):
            if self._depth == _DEPTH or len(self.parts) > _MOST:
                raise UnseenError
            self._depth += 1
            _reader_for(kind)(self, value)
            self._depth -= 1

    def _is_new(self, value: object) -> bool:
        """Return whether a value was not read before; if it was, add where."""
        place = self._places.setdefault(id(value), len(self._places))
        if place < len(self._read_before):
            self.parts.append(place)
            return False
        self._read_before.append(value)
        return True

    def _all(self, values: Iterable[Any]) -> None:
        for value in values:
            self.read(value)

    def _itself(self, value: object) -> None:
        self.parts.append(_Objects(value))

    def _tensor(self, value: Tensor) -> None:
        self.parts.append(self.digests.add(value))

    def _array(self, value: "np.ndarray[Any, Any]") -> None:
        if value.dtype.kind not in "biuf":
            raise UnseenError
        digest = digest_of(torch.frombuffer(bytearray(value.tobytes()), dtype=torch.uint8)) if value.size else 0
        self.parts.append((value.shape, value.dtype.str, digest))

    def _number(self, value: "np.generic[Any]") -> None:
        self.parts.append((value.dtype.str, value.tobytes()))

    def _sequence(self, value: Any) -> None:
        self.parts.append((type(value), len(value)))
        self._all(value)

    def _set(self, value: Any) -> None:
        if any(type(part) not in _PLAIN for part in value):
            raise UnseenError
        self.parts.append((type(value), frozenset(value)))

    def _table(self, value: Mapping[Any, Any]) -> None:
        self.parts.append((type(value), len(value)))
        for pair in value.items():
            self._all(pair)

    def _module(self, value: nn.Module) -> None:
        if isinstance(value, (torch.jit.ScriptModule, ArrayFunction)):
            raise UnseenError
        self.read(type(value))
        for name, part in vars(value).items():
            if name not in _IGNORED and not (isinstance(part, dict) and not part):
                self.parts.append(name)
                self.read(part)

    def _class(self, value: type) -> None:
        for base in value.__mro__[:-1]:
            own = vars(base)
            self.parts.append(_Objects(base, *own.values()))
            if not is_library(base.__module__):
                self._all(
                    part for name, part in own.items() if name in _IN_CALLS or name[:1] != "_" or name[:2] != "__"
                )

    def _function(self, value: types.FunctionType) -> None:
        self.parts.extend((weakref.ref(value), _Objects(value.__code__)))
        if is_library(value.__module__):
            return
        self._all((value.__defaults__, value.__kwdefaults__, vars(value)))
        self._all(_content(cell) for cell in value.__closure__ or ())
        names = names_in(value.__code__)
        for name in sorted(names & value.__globals__.keys()):
            self.parts.append(name)
            self._global(value.__globals__[name], names)

    def _global(self, value: Any, names: frozenset[str]) -> None:
        """Read a global variable; of a module of the user's, those of its own that a function may name."""
        self.read(value)
        if isinstance(value, types.ModuleType) and not is_library(value.__name__):
            self._all(vars(value)[name] for name in sorted(names & vars(value).keys()))

    def _method(self, value: types.MethodType) -> None:
        self._all((value.__func__, value.__self__))

    def _wrapper(self, value: Any) -> None:
        self._all((type(value), value.__func__))

    def _property(self, value: property) -> None:
        self._all((value.fget, value.fset))

    def _partial(self, value: "partial[Any]") -> None:
        self._all((value.func, value.args, value.keywords))

    def _built_in(self, value: types.BuiltinFunctionType) -> None:
        if not (value.__self__ is None or isinstance(value.__self__, (types.ModuleType, type))):
            raise UnseenError
        self.parts.append(_Objects(value))

    def _object(self, value: object) -> None:
        """Read an object by its attributes, such as a configuration."""
        kind = type(value)
        is_opaque = kind.__module__.partition(".")[0] in _OPAQUE or not hasattr(value, "__dict__")
        if is_opaque or any(vars(base).get("__slots__") for base in kind.__mro__):
            raise UnseenError
        self.read(kind)
        self._table(vars(value))


def _content(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # empty
        return None


Read = Callable[[_Reader, Any], None]

_READERS: tuple[tuple[type | tuple[type, ...], Read], ...] = (
    (Tensor, _Reader._tensor),
    (nn.Module, _Reader._module),
    (type, _Reader._class),
    (types.FunctionType, _Reader._function),
    (types.MethodType, _Reader._method),
    ((staticmethod, classmethod), _Reader._wrapper),
    (property, _Reader._property),
    (partial, _Reader._partial),
    (types.BuiltinFunctionType, _Reader._built_in),
    (dict, _Reader._table),
    ((list, tuple, deque), _Reader._sequence),
    ((set, frozenset), _Reader._set),
    (np.ndarray, _Reader._array),
    (np.generic, _Reader._number),
    (_ONLY_THEMSELVES, _Reader._itself),
    (object, _Reader._object),
)


def _reader_for(kind: type) -> Read:
    return next(read for kinds, read in _READERS if issubclass(kind, kinds))
