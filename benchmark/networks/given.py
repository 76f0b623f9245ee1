"""A network's inputs as they are given, and as the one series that methods see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ...errors import ParameterError, ShapeError
from ...methods.attributions.inputs.several_inputs import Layout, Part
from ...methods.attributions.passes.segments import Span
from ...methods.attributions.validation.arguments import check_alike, check_background
from ..execution.tensors import like_parameters, one_each


@dataclass(frozen=True)
class Given:
    """A model's inputs, and how they make up the one series that methods see.

    Attributes:
        layout: the inputs; None for one series of which nothing is held.
        rows: the series of what is explained, (batch, time, features).
        kind: in what the inputs were given, and the maps are: Tensor, tuple, list or dict.
        real: which steps of the rows are no padding, bool (batch, time), a block each; None for all.
        embedded: the modules whose outputs, the last of the layout's parts, are explained in place of the inputs.
    """

    layout: Layout | None
    rows: Tensor
    kind: type
    real: Tensor | None = None
    embedded: Sequence[str] = ()

    @property
    def explained(self) -> Sequence[Any]:
        """Return what is given back: the modules, or all inputs."""
        return self.embedded or ([None] if self.layout is None else self.layout.parts)

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
            return check_alike("baseline", one_each(like_parameters(model, baseline), self.rows), self.rows)
        values = []
        for part, value in zip(self.layout.parts, self._matched("baseline", baseline), strict=True):
            own = torch.zeros_like(part.values) if value is None else like_parameters(model, value)
            values.append(_alike(own, part))
        return self.layout.series(values)

    def background(self, model: nn.Module, background: Any) -> Tensor | None:
        """Return rows to draw absence from, (any, time, features), of values in the inputs' structure but held ones.

        Raises:
            ParameterError, ShapeError: another structure, or an input's background of another shape or number.
        """
        if background is None:
            return None
        if self.layout is None:
            return check_background(like_parameters(model, background), self.rows)
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
        if self.layout is None:
            return [attributions]
        return self.layout.maps(attributions, is_complete)[-len(self.embedded) :]

    def absences(self, baseline: Tensor | None) -> list[Tensor]:
        """Return what absence is of each input in its shape, from that of the rows, (rows, time, features), or zeros.

        What is held stays as it is.
        """
        absent = self.rows.new_zeros(()).expand(self.rows.shape) if baseline is None else baseline
        if self.real is not None:
            absent = torch.where(self.real[..., None].to(absent.device), absent, self.rows)
        return [absent] if self.layout is None else self.layout.absences(absent)[-len(self.embedded) :]

    def in_kind(self, values: Sequence[Any]) -> Any:
        """Return one value an input in the inputs' structure."""
        if self.embedded:
            return values[0] if self.kind is Tensor else dict(zip(self.embedded, values, strict=True))
        if self.layout is not None and self.layout.names is not None:
            return dict(zip(self.layout.names, values, strict=True))
        return values[0] if self.kind is Tensor else self.kind(values)

    def _of_embedded(self, what: str, values: Any) -> list[Any]:
        assert self.layout is not None
        held = [None] * (len(self.layout.parts) - len(self.embedded))
        if self.kind is Tensor:
            return [*held, values]
        if isinstance(values, Mapping) and set(values) <= set(self.embedded):
            return [*held, *(values.get(name) for name in self.embedded)]
        raise ParameterError(
            f"{what} must be a dictionary of {', '.join(self.embedded)}, of which the map is, "
            f"got {type(values).__name__}"
        )

    def _matched(self, what: str, values: Any) -> list[Any]:
        """Return one value an input, None where there is none, of values in the inputs' structure."""
        assert self.layout is not None
        names = [part.name for part in self.layout.parts]
        if self.embedded:
            return self._of_embedded(what, values)
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


def _alike(baseline: Tensor, part: Part) -> Tensor:
    """Return the baseline of an input, (batch, …), in its type."""
    own = one_each(baseline, part.values)
    if part.free and part.is_coded and not torch.equal(own.to(part.values.dtype).to(own.dtype), own):
        raise ParameterError(f"baseline of {part.name} must hold values of {part.values.dtype}, as it does, got others")
    return check_alike(f"baseline of {part.name}", own, part.values)


def _background(model: nn.Module, part: Part, value: Any) -> Tensor:
    if value is None:
        raise ParameterError(f"background must have rows of every input that is explained, got None for {part.name}")
    found = like_parameters(model, value)
    if found.shape[1:] != part.values.shape[1:] or found.ndim != part.values.ndim:
        wanted = ", ".join(map(str, ("any", *part.values.shape[1:])))
        raise ShapeError(f"background of {part.name} must have shape ({wanted}), got {tuple(found.shape)}")
    return found
