"""What was found out about networks, kept for as long as they live and stay as they are."""

import weakref
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from torch import Tensor, nn

from ..adapters import Flat, Probabilities
from .fingerprint import Fingerprint, fingerprint

Facts = dict[Hashable, Any]


_Around = tuple[type[nn.Module], ...]  # what stands around a network, the outermost first
_Tables = dict[_Around, Facts]


class _Known(NamedTuple):
    network: "weakref.ref[nn.Module]"
    fingerprint: Fingerprint
    tables: _Tables


_KNOWN: dict[int, _Known] = {}
_STILL: dict[int, _Tables] = {}


def facts_of(model: nn.Module) -> Facts:
    """Return what was found out about a network as it is now: a table to read and to add to, empty at first.

    It is empty again once anything changed that decides how the network answers (see `fingerprint`), and is not kept
    where that cannot be known. What is known of its `Probabilities`, and of it as `Flat`, is kept with the network.
    """
    network, around = _inside(model)
    tables = _STILL[id(network)] if id(network) in _STILL else _tables(network)
    return tables.setdefault(around, {})


def measured_of(model: nn.Module, work: Hashable, inputs: Tensor) -> Facts:
    """Return what passes through a network were measured to take, by kind, in some work on inputs (batch, time, …)."""
    measured: Facts = facts_of(model).setdefault(("measured", work, inputs.shape[1:], inputs.dtype, inputs.device), {})
    return measured


@contextmanager
def kept_still(model: nn.Module) -> Iterator[nn.Module]:
    """Take a network to stay as it is inside the block, in whatever mode, and look at it once; yield it."""
    network, _ = _inside(model)
    is_outermost = id(network) not in _STILL
    if is_outermost:
        _STILL[id(network)] = _tables(network)
    try:
        yield model
    finally:
        if is_outermost:
            del _STILL[id(network)]


def _inside(model: nn.Module) -> tuple[nn.Module, _Around]:
    around: list[type[nn.Module]] = []
    while isinstance(model, (Probabilities, Flat)):
        around.append(type(model))
        model = model.model
    return model, tuple(around)


def _tables(network: nn.Module) -> _Tables:
    now = fingerprint(network)
    if now is None:
        return {}
    known = _KNOWN.get(id(network))
    if known is None or known.network() is not network or known.fingerprint != now:
        known = _Known(weakref.ref(network, _forgetting(id(network))), now, {})
        _KNOWN[id(network)] = known
    return known.tables


def _forgetting(key: int) -> Callable[["weakref.ref[nn.Module]"], None]:
    def forget(reference: "weakref.ref[nn.Module]") -> None:
        if key in _KNOWN and _KNOWN[key].network is reference:
            del _KNOWN[key]

    return forget
