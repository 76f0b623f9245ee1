"""Read what a user gives to be explained: a series, or several inputs, and what of them is held."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from numbers import Integral
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ...errors import ParameterError, ShapeError
from ...kinds import require_lists
from ...methods.attributions.inputs.embedded_inputs import Embedded, embeddings_of
from ...methods.attributions.inputs.several_inputs import Layout, Part
from ...methods.attributions.validation.arguments import check_inputs
from ..execution.network_checks.forward_arguments import argument_names
from ..execution.tensors import as_tensor, like_parameters
from .given import Given
from .padding import all_fixed, are_blocks, filled, is_name, real_entries


def read_inputs(model: nn.Module, inputs: Any, hold: Any, lengths: Any = None, mask: Any = None) -> Given:
    """Return what is explained of the inputs that a model takes.

    Args:
        model: takes the inputs.
        inputs: one series (batch, time, features), or a tuple, list or dictionary of inputs.
        hold: what stays as it is: of one series features or a mask of them; of several inputs names or positions, or
            a dictionary of these with True or features.
        lengths: (batch,), how many steps of the explained series are real, or the name of the input that says it.
        mask: (batch, time) or (batch, time, features), which of them are, or the name of the input that says it.

    Raises:
        ParameterError, ShapeError: inputs that do not belong together, cannot be explained, or are all held.
    """
    if not is_several(inputs):
        rows = like_parameters(model, inputs)
        if rows.ndim != 3 or 0 in rows.shape[1:]:
            check_inputs(rows)
        held = torch.zeros(rows.shape[-1], dtype=torch.bool) if hold is None else _mask(hold, rows, "inputs")
        part = Part("inputs", rows, held.to(rows.device))
        return _of(model, [part], None, Tensor, real_entries(lengths, mask, *rows.shape[:2]))
    names = list(inputs) if isinstance(inputs, Mapping) else None
    given = list(inputs.values() if isinstance(inputs, Mapping) else inputs)
    called = argument_names(model, len(given)) if names is None else names
    _check_named(called, given)
    values = [_value(model, value) for value in given]
    _check_alike(called, values)
    wholly, features = _held(hold, called)
    for said in (lengths, mask):
        if is_name(said, called):
            wholly.add(called.index(said))
    parts = [
        Part(name, value, None if number in wholly else _held_of(features.get(number, []), value, name))
        for number, (name, value) in enumerate(zip(called, values, strict=True))
    ]
    for part in parts:
        _check_explainable(part)
    lengths, mask = (values[called.index(said)] if is_name(said, called) else said for said in (lengths, mask))
    steps = next((part.steps for part in parts if part.free and not part.is_static), 1)
    return _of(model, parts, names, dict if names else type(inputs), real_entries(lengths, mask, len(values[0]), steps))


def read_embedded(
    model: nn.Module, inputs: Any, embedding: str | Sequence[str], hold: Any, lengths: Any, mask: Any
) -> tuple[nn.Module, Given]:
    """Return a model of its inputs, all held, and of what its modules return, which is explained; and these.

    Args:
        model: takes the inputs.
        inputs: one, of any shape, (batch, …), or a tuple, list or dictionary of them.
        embedding: the name of a module, or several.
        hold: has to be None.
        lengths: (batch,), as `read_inputs` takes them.
        mask: (batch, time) or (batch, time, features), so, too.

    Raises:
        ParameterError, ShapeError: modules that cannot be explained, or inputs that do not belong together.
    """
    if hold is not None:
        raise ParameterError(f"hold must be left out beside embedding, where all inputs are held, got {hold!r}")
    require_lists(embedding=[embedding] if isinstance(embedding, str) else embedding)
    modules = [embedding] if isinstance(embedding, str) else list(embedding)
    names = list(inputs) if isinstance(inputs, Mapping) else None
    given = list(inputs.values()) if isinstance(inputs, Mapping) else inputs
    given = list(given) if names is not None or isinstance(given, (tuple, list)) else [given]
    called = argument_names(model, len(given)) if names is None else names
    _check_named(called, given)
    values = [_value(model, value) for value in given]
    _check_rows(called, values)
    found = embeddings_of(model, modules, values, names)
    held = [Part(name, value, None) for name, value in zip(called, values, strict=True)]
    free = [Part(name, own, _held_of([], own, name)) for name, own in zip(modules, found, strict=True)]
    kind = Tensor if isinstance(embedding, str) else dict
    lengths, mask = (values[called.index(said)] if is_name(said, called) else said for said in (lengths, mask))
    steps = next((part.steps for part in free if not part.is_static), 1)
    real = real_entries(lengths, mask, len(values[0]), steps)
    wrapped = Embedded(model, modules, names)
    return wrapped, replace(_of(model, [*held, *free], None, kind, real), embedded=modules)


def _of(model: nn.Module, parts: Sequence[Part], names: Sequence[str] | None, kind: type, real: Tensor | None) -> Given:
    steps = {part.steps for part in parts if part.free and not part.is_static}
    if len(steps) > 1:
        raise ShapeError(
            f"series that are explained must have as many steps, got {' and '.join(map(str, sorted(steps)))}; "
            "hold all but those of one length"
        )
    is_cut = real is not None and are_blocks(real)
    parts = [_with_fixed(part, None if is_cut else real) for part in parts]
    layout = Layout(parts, names)
    if not layout.spans:
        raise ParameterError("hold must leave something to explain, got all of the inputs; hold fewer")
    shown = (p.values if p.fixed is None else filled(p.values, p.fixed) for p in parts)
    rows = layout.series(
        [like_parameters(model, own) if part.free else own for part, own in zip(parts, shown, strict=True)]
    )
    check_inputs(rows)
    is_plain = (
        kind is Tensor and len(parts) == 1 and layout.fixed is None and len(layout.parts[0].free) == rows.shape[2]
    )
    whole = is_plain and not layout.parts[0].constants()
    return Given(None if whole else layout, parts[0].values if whole else rows, kind, real if is_cut else None)


def _with_fixed(part: Part, real: Tensor | None) -> Part:
    if not part.free or not part.values.is_floating_point():
        return part
    return replace(part, fixed=all_fixed(part.values, real, part.name))


def is_several(inputs: Any) -> bool:
    """Return whether these are several inputs, and no array in nested lists: one at least is a series."""
    if isinstance(inputs, Mapping):
        return True
    arrays = (Tensor, np.ndarray)
    return isinstance(inputs, (tuple, list)) and any(isinstance(v, arrays) and v.ndim == 3 for v in inputs)


def _value(model: nn.Module, value: Any) -> Tensor:
    """Return an input in the type and place of the model's parameters, or as it is where it holds no real numbers."""
    tensor = value if isinstance(value, Tensor) else as_tensor(value)
    return like_parameters(model, tensor) if tensor.is_floating_point() or tensor.is_complex() else tensor


def _check_named(names: Sequence[Any], values: Sequence[Any]) -> None:
    for name, value in zip(names, values, strict=True):
        if not isinstance(name, str):
            raise ParameterError(f"inputs must be named as forward calls them, got {name!r}; name them by strings")
        if value is None:
            raise ParameterError(f"the inputs must be tensors or arrays, got None for {name}; leave it out")


def _check_alike(names: Sequence[str], values: Sequence[Tensor]) -> None:
    if not any(value.ndim == 3 for value in values):
        raise ShapeError("one of the inputs must be series (batch, time, features), got none of three dimensions")
    _check_rows(names, values)


def _check_rows(names: Sequence[str], values: Sequence[Tensor]) -> None:
    counts = {name: len(value) if value.ndim else 0 for name, value in zip(names, values, strict=True)}
    if len(set(counts.values())) > 1:
        found = ", ".join(f"{name} of {count}" for name, count in counts.items())
        raise ShapeError(f"the inputs must have as many rows, one a sample, got {found}")


def _held(hold: Any, names: Sequence[str]) -> tuple[set[int], dict[int, Any]]:
    """Return which inputs are held, by number, and the features that are held of others."""
    if hold is None:
        return set(), {}
    alone = isinstance(hold, str) or not isinstance(hold, Iterable)
    chosen = dict(hold) if isinstance(hold, Mapping) else dict.fromkeys([hold] if alone else hold, True)
    numbered = {_number(name, names): features for name, features in chosen.items()}
    wholly = {number for number, features in numbered.items() if features is True}
    return wholly, {number: features for number, features in numbered.items() if number not in wholly}


def _number(name: Any, names: Sequence[str]) -> int:
    if isinstance(name, str) and name in names:
        return list(names).index(name)
    if isinstance(name, Integral) and not isinstance(name, bool) and -len(names) <= int(name) < len(names):
        return int(name) % len(names)
    raise ParameterError(f"hold must name inputs, {', '.join(names)}, or their positions from 0, got {name!r}")


def _held_of(features: Any, values: Tensor, name: str) -> Tensor | None:
    """Return the features that are held of an input as a mask, or None where all are."""
    mask = _mask(features, values, name)
    return None if bool(mask.all()) else mask


def _mask(features: Any, values: Tensor, name: str) -> Tensor:
    """Return features, or a mask of them, as a mask, bool (features,), in the values' place."""
    count = values.shape[-1] if values.ndim > 1 else 1
    chosen = np.asarray(features.cpu() if isinstance(features, Tensor) else features)
    if chosen.dtype == np.bool_ and chosen.shape == (count,):
        return torch.tensor(chosen, device=values.device)
    are_numbers = chosen.ndim <= 1 and chosen.dtype.kind in "iu" and bool(((chosen >= -count) & (chosen < count)).all())
    if chosen.size and not are_numbers:
        raise ParameterError(
            f"hold must give features of {name} in 0 … {count - 1}, or a boolean mask ({count},), got {features!r}"
        )
    numbers = {number % count for number in chosen.ravel().tolist()}
    return torch.tensor([number in numbers for number in range(count)], device=values.device)


def _check_explainable(part: Part) -> None:
    if part.held is None:
        return
    shape, name = tuple(part.values.shape), part.name
    if part.values.is_complex():
        raise ParameterError(f"what is explained must be real numbers, got {name} of {part.values.dtype}; hold it")
    if not 1 <= part.values.ndim <= 3 or 0 in shape[1:]:
        raise ShapeError(
            f"what is explained must be (batch, time, features), (batch, features) or (batch,), got {name} of {shape}; "
            f"hold it, hold=({name!r},)"
        )
