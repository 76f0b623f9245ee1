"""DeepLIFT's rule for values that places select, or that are written at places, where the places vary.

What a place selects is the product of what there is and of the choice, which is one place for the input and another for
the baseline. It is split as products are: values count by the mean of both choices, and what is left of the change, at
the mean of the values, is owed to the place.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from ...interception.interception import Call, is_propagated, operation_name
from ...interception.operation_names import named
from ..paired_pass import PairedPass
from .difference_rules import with_gradient_of

PairedCall = Call[PairedPass]

OTHERWISE = "of what is otherwise for the baseline (pass baseline= series that give the same)"


def settled(call: PairedCall, value: Tensor, twin: Tensor, shadow: Tensor | None) -> Tensor:
    """Return values, (…), that have the gradient of a shadow: its own in floating point, else noted with it.

    What is the same for the baseline owes nothing, also where changes of several operands cancel: other series, which
    make the whole a constant or not, must not matter.
    """
    if not is_propagated(value):
        if shadow is not None:
            moved = torch.where(value == twin, shadow.detach(), shadow)
            shadow = with_gradient_of(call, moved, shadow, call.mode.twin(shadow))
        call.mode.note_discrete(value, twin, shadow)
        return value
    if shadow is None:
        call.mode.note(value, twin)
        return value
    with call.mode:
        return shadow.to(value.dtype)


def takes_places(call: PairedCall) -> bool:
    """Return whether a call selects or writes values by places that vary."""
    return call.function in _RULES and bool(_places(call))


def by_places(call: PairedCall) -> Any:
    """Apply a function that selects or writes values by places, (…).

    Raises:
        UnsupportedOperationError: several tensors of places vary, places are written to twice, or there are more or
            fewer of them for the baseline.
    """
    places, *others = _places(call)
    if others or any(not is_propagated(tensor) for tensor in call.varying() if tensor is not places):
        raise call.unsupported(OTHERWISE)
    try:
        return _RULES[call.function](call, places)
    except (RuntimeError, IndexError) as error:
        raise call.unsupported(OTHERWISE) from error


def one_hot(call: PairedCall) -> Tensor:
    """Apply one_hot: truth values of places, int64 (…, classes)."""
    with torch.no_grad():
        value = call.run()
    with call.mode:
        places = call.args[0].unsqueeze(-1)
        found: Tensor = torch.zeros_like(value).scatter(-1, places, 1)
    return found


def _places(call: PairedCall) -> list[Tensor]:
    """Return the varying tensors, (…), that tell which places are meant."""
    given = call.args[0] if call.function is functional.embedding else (call.args[1:], call.options)
    return [tensor for tensor in call.mode.varying(given) if not is_propagated(tensor)]


def _selected(call: PairedCall, places: Tensor) -> Tensor:
    """Apply a selection of values by places."""
    mode, twins = call.mode, call.mode.twin(places)
    values = call.args[1] if call.function is functional.embedding else call.args[0]
    if not is_propagated(values):
        return _selected_numbers(call, places)
    here, there = _with(call, places, places), _with(call, places, twins)
    if here.shape != there.shape:
        raise call.unsupported(OTHERWISE)
    with torch.no_grad():
        here_twin, reference = (_with(call, places, at, mode.twin) for at in (places, twins))
        gap = torch.where(here == there, 0.0, here / 2 - there / 2) + torch.where(
            here_twin == reference, 0.0, here_twin / 2 - reference / 2
        )
    if not bool(gap.isfinite().all()):
        raise call.unsupported(f"with infinity in place {OTHERWISE}")
    surrogate = (here + there) / 2
    moves = _moves(mode, places)
    spread = None if moves is None else _spread(call, moves, here)
    surrogate = surrogate if spread is None else surrogate + spread.to(gap.real.dtype) * gap
    return with_gradient_of(call, surrogate, here.detach(), reference)


def _selected_numbers(call: PairedCall, places: Tensor) -> Tensor:
    """Apply a selection of whole numbers or truth values, as of the same numbers in floating point."""
    with torch.no_grad():
        value, twin = call.run(), call.run_with(call.mode.twin)
    numbers = replace(call, args=(call.args[0].double(), *call.args[1:]))
    return settled(call, value, twin, _selected(numbers, places))


def _written(call: PairedCall, _places: Tensor) -> Tensor:
    """Apply a function that writes values at places, or adds them there, as a sum at places of the flat tensor."""
    write = _WRITES[operation_name(call.function)](call)
    mode = call.mode
    with torch.no_grad():
        value, reference = call.run(), call.run_with(mode.twin)
    target = write.target if is_propagated(write.target) else write.target.double()
    with mode:
        places = write.select(torch.arange(target.numel(), device=target.device).reshape(target.shape))
        values = write.values.to(target.dtype).expand(places.shape)
        values = values if write.is_added else values - write.select(target)
    if not write.is_added and any(_repeat(at) for at in (places, mode.twin(places))):
        raise call.unsupported("at places that vary and repeat")
    result = target + _sum_at_places(mode, target, places, values)
    return settled(call, value, reference, with_gradient_of(call, result, value.to(result), reference.to(result)))


def _sum_at_places(mode: PairedPass, like: Tensor, places: Tensor, values: Tensor) -> Tensor:
    """Return what has the gradient of a sum of values, (…), at places of a flat tensor, in the shape of like, (…)."""

    def at(where: Tensor, added: Tensor) -> Tensor:
        nothing = torch.zeros_like(like, requires_grad=False).flatten()
        return nothing.scatter_add(0, where.flatten(), added.flatten()).reshape(like.shape)

    twins, mean = mode.twin(places), ((values + mode.twin(values)) / 2).detach()
    found = (at(places, values) + at(twins, values)) / 2
    moves = _moves(mode, places)
    if moves is None:
        return found
    owed = mean * moves.to(mean.real.dtype)
    return found + at(places, owed) - at(twins, owed)


@dataclass(frozen=True)
class _Write:
    """What is written where.

    Attributes:
        target: (…), what is there before.
        select: returns what a tensor like it has at the places.
        values: what is written, of the shape of what is selected, or spread to it.
        is_added: it is added to what is there, and does not replace it.
    """

    target: Tensor
    select: Callable[[Tensor], Tensor]
    values: Tensor
    is_added: bool


def _by_gather(call: PairedCall) -> _Write:
    target, dim, places = call.args[:3]
    given = call.args[3] if len(call.args) > 3 else call.options["value"]
    with call.mode:
        values = given[tuple(map(slice, places.shape))] if isinstance(given, Tensor) and given.ndim else given
    reduce = call.args[4] if len(call.args) > 4 else call.options.get("reduce")
    is_added = operation_name(call.function) == "scatter_add" or reduce in ("add", "sum")
    if (not is_added and reduce is not None) or not call.options.get("include_self", True):
        raise call.unsupported(f"with reduce={reduce!r}")
    return _Write(target, lambda x: x.gather(dim, places), _as_tensor(values), is_added)


def _by_axis(call: PairedCall) -> _Write:
    target, dim, places = call.args[:3]
    given = call.args[3] if len(call.args) > 3 else call.options["value"]
    with call.mode:
        values = given * call.options.get("alpha", 1)
    is_added = operation_name(call.function) == "index_add"
    return _Write(target, lambda x: x.index_select(dim, places), _as_tensor(values), is_added)


def _by_index(call: PairedCall) -> _Write:
    target, index, values = call.args[:3]
    is_added = bool(call.args[3] if len(call.args) > 3 else call.options.get("accumulate", False))
    return _Write(target, lambda x: x[tuple(index)], values, is_added)


def _as_tensor(values: Any) -> Tensor:
    return values if isinstance(values, Tensor) else torch.as_tensor(values)


def _with(call: PairedCall, places: Tensor, at: Tensor, otherwise: Callable[[Tensor], Tensor] = lambda x: x) -> Tensor:
    """Return the result, (…), with other places, and with all other tensors replaced."""
    result: Tensor = call.run_with(lambda tensor: at if tensor is places else otherwise(tensor))
    return result


def _moves(mode: PairedPass, places: Tensor) -> Tensor | None:
    """Return what changes by 1 where a place does, (…), as places owe it; None where that is nothing."""
    shadow = None if places.dtype == torch.bool else mode.shadow(places)
    if shadow is None:
        return None
    moved = (places - mode.twin(places)).to(shadow.dtype)
    return shadow * torch.where(moved == 0, 0.0, 1 / torch.where(moved == 0, 1.0, moved))


def _spread(call: PairedCall, moves: Tensor, result: Tensor) -> Tensor | None:
    """Return what belongs to places spread to what they select, (…); None where that is not known."""
    name = operation_name(call.function)
    if name == "__getitem__":
        return _spread_by_index(call, moves, result)
    if name == "index_select":
        return moves.reshape([-1, *[1] * (result.ndim - call.args[1] % result.ndim - 1)])
    return moves.reshape([*moves.shape, *[1] * (result.ndim - moves.ndim)])


def _spread_by_index(call: PairedCall, moves: Tensor, result: Tensor) -> Tensor | None:
    target, index = call.args
    parts = index if isinstance(index, tuple) else (index,)
    tensors = [place for place, part in enumerate(parts) if isinstance(part, Tensor)]
    if not all(part is None or part is ... or isinstance(part, int | slice | Tensor) for part in parts):
        return None
    if any(parts[place].dtype == torch.bool for place in tensors):
        return None
    shape = torch.broadcast_shapes(*(parts[place].shape for place in tensors))
    taken = sum(part is not None and part is not ... for part in parts)
    sizes = [target.ndim - taken if part is ... else int(not isinstance(part, int)) for part in parts[: tensors[0]]]
    kept = [place for place, part in enumerate(parts) if not isinstance(part, int)]
    is_adjacent = kept.index(tensors[-1]) - kept.index(tensors[0]) == len(tensors) - 1
    leading = sum(sizes) if is_adjacent else 0
    return moves.expand(shape).reshape([*shape, *[1] * (result.ndim - leading - len(shape))])


def _repeat(places: Tensor) -> bool:
    return len(places.unique()) < places.numel()


def _table(entries: dict[str, Callable[[PairedCall, Tensor], Tensor]]) -> dict[Any, Any]:
    return {function: rule for names, rule in entries.items() for function in named(names)}


_WRITES: dict[str, Callable[[PairedCall], _Write]] = {
    **dict.fromkeys(("scatter", "scatter_add", "scatter_reduce"), _by_gather),
    **dict.fromkeys(("index_add", "index_copy", "index_fill"), _by_axis),
    "index_put": _by_index,
}

_RULES = _table(
    {
        "__getitem__ gather take_along_dim index_select take embedding masked_select": _selected,
        " ".join(_WRITES): _written,
    }
)
