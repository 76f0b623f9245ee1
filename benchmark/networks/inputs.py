"""What a user gives to be explained: a series, or several inputs, and what of them is held."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Integral
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ...errors import ParameterError, ShapeError
from ...methods.attributions.inputs.several_inputs import Layout, Part
from ...methods.attributions.passes.segments import Span
from ...methods.attributions.validation.arguments import check_alike, check_inputs
from ..execution.network_checks.forward_arguments import argument_names
from ..execution.tensors import as_tensor, like_parameters, one_each
from .padding import all_fixed, are_blocks, filled, is_name, real_entries


@dataclass(frozen=True)
class Given:
    """A model's inputs, and how they make up the one series that methods see.

    Attributes:
        layout: the inputs; None for one series of which nothing is held.
        rows: the series of what is explained, (batch, time, features).
        kind: in what the inputs were given, and the maps are: Tensor, tuple, list or dict.
        real: which steps of the rows are no padding, bool (batch, time), a block each; None for all.
    """

    layout: Layout | None
    rows: Tensor
    kind: type
    real: Tensor | None = None

    @property
    def parts(self) -> tuple[Span, ...] | None:
        """Return the features of each input that is explained; None for one series."""
        return None if self.layout is None else self.layout.spans

    @property
    def fixed(self) -> Tensor | None:
        """Return the entries of the rows that stay as they are, bool (batch, time, features); None for none."""
        return None if self.layout is None else self.layout.fixed

    def cut(self, samples: Sequence[int], span: Span) -> "Given":
        """Return the inputs of some samples, with a span of the steps to explain, the others as they are."""
        held = torch.zeros(self.rows.shape[2], dtype=torch.bool, device=self.rows.device)
        layout = Layout([Part("inputs", self.rows, held)]) if self.layout is None else self.layout
        return Given(layout.cut(samples, span), self.rows[list(samples), span.start : span.stop], self.kind)

    def model(self, model: nn.Module) -> nn.Module:
        """Return a model of all inputs as one of the rows."""
        return model if self.layout is None else self.layout.conditioned(model)

    def baseline(self, model: nn.Module, baseline: Any) -> Tensor | None:
        """Return the rows' absence, (rows, time, features), from values in the inputs' structure; None for zeros.

        Raises:
            ParameterError, ShapeError: another structure, or an input's baseline of another shape.
        """
        absent = self._absent(model, baseline)
        if self.fixed is None:
            return absent
        return torch.where(self.fixed, self.rows, 0 if absent is None else absent)

    def _absent(self, model: nn.Module, baseline: Any) -> Tensor | None:
        if baseline is None:
            return None
        if self.layout is None:
            return one_each(like_parameters(model, baseline), self.rows)
        values = []
        for part, value in zip(self.layout.parts, self._matched("baseline", baseline), strict=True):
            own = torch.zeros_like(part.values) if value is None else like_parameters(model, value)
            values.append(check_alike(f"baseline of {part.name}", one_each(own, part.values), part.values))
        return self.layout.series(values)

    def background(self, model: nn.Module, background: Any) -> Tensor | None:
        """Return rows to draw absence from, (any, time, features), of values in the inputs' structure but held ones.

        Raises:
            ParameterError, ShapeError: another structure, or an input's background of another shape or number.
        """
        if background is None or self.layout is None:
            return None if background is None else like_parameters(model, background)
        values: list[Tensor | None] = []
        for part, value in zip(self.layout.parts, self._matched("background", background), strict=True):
            values.append(_background(model, part, value) if part.free else None)
        counts = {len(value) for value in values if value is not None}
        if len(counts) > 1:
            raise ShapeError(
                "the backgrounds of all inputs must have as many rows, since these belong together, "
                f"got {' and '.join(map(str, sorted(counts)))}"
            )
        return self.layout.series(values)

    def maps(self, attributions: Tensor, is_complete: bool) -> list[Tensor]:
        """Return the map of each input in its shape, from those of the rows, (rows, time, features)."""
        return [attributions] if self.layout is None else self.layout.maps(attributions, is_complete)

    def absences(self, baseline: Tensor | None) -> list[Tensor]:
        """Return what absence is of each input in its shape, from that of the rows, (rows, time, features), or zeros.

        What is held stays as it is.
        """
        absent = self.rows.new_zeros(()).expand(self.rows.shape) if baseline is None else baseline
        if self.real is not None:
            absent = torch.where(self.real[..., None].to(absent.device), absent, self.rows)
        return [absent] if self.layout is None else self.layout.absences(absent)

    def in_kind(self, values: Sequence[Any]) -> Any:
        """Return one value an input in the inputs' structure."""
        if self.layout is not None and self.layout.names is not None:
            return dict(zip(self.layout.names, values, strict=True))
        return values[0] if self.kind is Tensor else self.kind(values)

    def _matched(self, what: str, values: Any) -> list[Any]:
        """Return one value an input, None where there is none, of values in the inputs' structure."""
        assert self.layout is not None
        names = [part.name for part in self.layout.parts]
        if self.kind is Tensor:
            return [values]
        if self.layout.names is not None:
            if isinstance(values, Mapping) and set(values) <= set(names):
                return [values.get(name) for name in names]
            wanted = f"a dictionary of {', '.join(names)}"
        else:
            if isinstance(values, (tuple, list)) and len(values) == len(names):
                return list(values)
            wanted = f"a tuple of {len(names)}, for {', '.join(names)}"
        sizes = f" of {len(values)}" if isinstance(values, (tuple, list, dict)) else ""
        got = f"{type(values).__name__}{sizes}"
        raise ParameterError(f"{what} must be {wanted}, as the inputs are, got {got}; give None for what has none")


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
        return _of([part], None, Tensor, real_entries(lengths, mask, *rows.shape[:2]))
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
    return _of(parts, names, dict if names else type(inputs), real_entries(lengths, mask, len(values[0]), steps))


def _of(parts: Sequence[Part], names: Sequence[str] | None, kind: type, real: Tensor | None) -> Given:
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
    rows = layout.series(list(shown))
    check_inputs(rows)
    is_plain = kind is Tensor and layout.fixed is None and len(layout.parts[0].free) == rows.shape[2]
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
    if not part.values.is_floating_point():
        raise ParameterError(
            f"what is explained must be floating point, got {name} of {part.values.dtype}; hold it, hold=({name!r},), "
            "or convert it with .float() where values between the whole numbers mean something"
        )
    if not 1 <= part.values.ndim <= 3 or 0 in shape[1:]:
        raise ShapeError(
            f"what is explained must be (batch, time, features), (batch, features) or (batch,), got {name} of {shape}; "
            f"hold it, hold=({name!r},)"
        )


def _background(model: nn.Module, part: Part, value: Any) -> Tensor:
    if value is None:
        raise ParameterError(f"background must have rows of every input that is explained, got None for {part.name}")
    found = like_parameters(model, value)
    if found.shape[1:] != part.values.shape[1:] or found.ndim != part.values.ndim:
        wanted = ", ".join(map(str, ("any", *part.values.shape[1:])))
        raise ShapeError(f"background of {part.name} must have shape ({wanted}), got {tuple(found.shape)}")
    return found
