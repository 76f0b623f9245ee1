"""Join several inputs of a network into one series, and hold those that are not explained.

Every method then works as it is: rows of all inputs travel together. A series keeps its steps; a static feature stands
at every step and is read at step 0, so that its entries at later steps change nothing. What is held does not stand
there at all: see `Conditioned`. Entries that are fixed stand there, and the model sees its own in their place.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from ....errors import UnsupportedOperationError
from ..adapters import SameOutputs
from ..array_functions import REPLACING
from ..passes.segments import Span
from ..spec import MethodSpec
from .held_inputs import Conditioned


@dataclass(frozen=True)
class Part:
    """One of the inputs.

    Attributes:
        name: what the user calls it.
        values: (batch, time, features), static (batch, features) or (batch,); where it is held, of any shape and type.
        held: bool (features,), those that stay as they are; None for all that there is.
        fixed: bool, of the values' shape: entries that stay as they are, such as missing ones; None for none.
        span: the steps that are explained; None for all.
    """

    name: str
    values: Tensor
    held: Tensor | None
    fixed: Tensor | None = None
    span: Span | None = None

    @property
    def is_static(self) -> bool:
        """Return whether there is one value for all steps."""
        return self.values.ndim < 3

    @property
    def free(self) -> list[int]:
        """Return the features that are explained."""
        return [] if self.held is None else (~self.held).nonzero().flatten().tolist()

    @property
    def is_coded(self) -> bool:
        """Return whether the values are whole numbers or truth values, between which there is nothing."""
        return not self.values.is_floating_point()

    @property
    def steps(self) -> int:
        """Return how many steps are explained."""
        return self.values.shape[1] if self.span is None else self.span.length

    def constants(self) -> dict[str, Tensor]:
        """Return what of the values is held, each (batch, …).

        It may be "all" of them; held "features"; entries that are to "keep" those of the rows and what "fills" others;
        and all steps "around" those that are explained.
        """
        if self.held is None:
            return {"all": self.values}
        found: dict[str, Tensor] = {}
        if bool(self.held.any()):
            found["features"] = self._within(self.values)[..., self.held]
        if self.fixed is not None:
            fixed, values = (self._within(_columns(value))[..., self.free] for value in (self.fixed, self.values))
            found["keep"], found["fills"] = ~fixed, torch.where(fixed, values, 0)
        if self.span is not None:
            found["around"] = self.values
        return found

    def _within(self, values: Tensor) -> Tensor:
        return values if self.span is None else values[:, self.span.start : self.span.stop]

    def cut(self, samples: Sequence[int], steps: int, span: Span) -> "Part":
        """Return the input of some samples, of which a span is explained if it is a series of so many steps."""
        rows = list(samples)
        is_cut = bool(self.free) and not self.is_static and self.values.shape[1] == steps
        fixed = None if self.fixed is None else self.fixed[rows]
        return Part(self.name, self.values[rows], self.held, fixed, span if is_cut else None)

    def entries(self, values: Tensor, steps: int) -> Tensor:
        """Return the explained features of such values, (any, …), at each explained step, (any, steps, features)."""
        columns = _columns(values if self.is_static else self._within(values))
        columns = columns[:, None].expand(-1, steps, -1) if columns.ndim == 2 else columns
        return columns[..., self.free]

    def absent(self, entries: Tensor) -> Tensor:
        """Return the values, (batch, …), with those of the explained features that stand at each step in their place.

        Args:
            entries: (batch, steps, features).
        """
        found = self.values.clone()
        if self.free:
            _columns(found)[..., self.free] = (entries[:, 0] if self.is_static else entries).to(found)
        return found if self.fixed is None else torch.where(self.fixed, self.values, found)

    def map_of(self, entries: Tensor, is_complete: bool) -> Tensor:
        """Return the map, of the values' shape, from that of the explained features, (batch, steps, features).

        Args:
            entries: 0 at later steps of a static feature, or what belongs to the feature, since those change nothing.
            is_complete: maps sum to a change of the output, and so that of a static feature is the sum of its entries.
        """
        found = torch.zeros(self.values.shape, dtype=entries.dtype, device=entries.device)
        if self.free:
            own = (entries.sum(1) if is_complete else entries[:, 0]) if self.is_static else entries
            _columns(found)[..., self.free] = own
        return found if self.fixed is None else found.masked_fill_(self.fixed, 0)


def _columns(values: Tensor) -> Tensor:
    return values[:, None] if values.ndim == 1 else values


@dataclass(frozen=True)
class Layout:
    """Where the inputs' explained features stand in the series that a method sees.

    Attributes:
        parts: the inputs, at least one feature of which is explained.
        names: under which the model takes them; None where it takes them by place.
    """

    parts: Sequence[Part]
    names: Sequence[str] | None = None

    @property
    def steps(self) -> int:
        """Return the steps of the series: those of the explained ones, or 1 where all of these are static."""
        return next((part.steps for part in self.parts if part.free and not part.is_static), 1)

    @property
    def whole_steps(self) -> int:
        """Return the steps of the inputs of which some make up the series."""
        return next((part.values.shape[1] for part in self.parts if part.free and not part.is_static), 1)

    @property
    def span(self) -> Span | None:
        """Return which steps of the inputs are those of the series; None for all."""
        return next((part.span for part in self.parts if part.span is not None), None)

    @property
    def fixed(self) -> Tensor | None:
        """Return the entries of the series that stay as they are, bool (batch, steps, features); None for none."""
        if all(part.fixed is None for part in self.parts):
            return None
        none = (torch.zeros_like(part.values, dtype=torch.bool) for part in self.parts)
        return self.series(
            [empty if part.fixed is None else part.fixed for part, empty in zip(self.parts, none, strict=True)]
        )

    def cut(self, samples: Sequence[int], span: Span) -> "Layout":
        """Return the inputs of some samples, with a span of the steps to explain."""
        return Layout([part.cut(samples, self.steps, span) for part in self.parts], self.names)

    @property
    def spans(self) -> tuple[Span, ...]:
        """Return which features of the series are those of each input, of those of which some are explained."""
        return tuple(span for span in self._places() if span.length)

    @property
    def explains_static(self) -> bool:
        """Return whether a static feature is explained."""
        return any(part.free and part.is_static for part in self.parts)

    def series(self, values: Sequence[Tensor | None]) -> Tensor:
        """Return the series, (any, steps, features), of values (any, …) of the parts; held ones may be None."""
        pairs = zip(self.parts, values, strict=True)
        return torch.cat([part.entries(own, self.steps) for part, own in pairs if own is not None and part.free], 2)

    def maps(self, attributions: Tensor, is_complete: bool) -> list[Tensor]:
        """Return the map of each part from those of the series, (batch, steps, features); see `Part.map_of`."""
        return [part.map_of(entries, is_complete) for part, entries in self._apart(attributions)]

    def absences(self, baseline: Tensor) -> list[Tensor]:
        """Return the baseline of each part from that of the series, (batch, steps, features); see `Part.absent`."""
        return [part.absent(entries) for part, entries in self._apart(baseline)]

    def conditioned(self, model: nn.Module) -> Conditioned:
        """Return a model of all inputs as one of the series."""
        constants = [value for part in self.parts for value in part.constants().values()]
        shapes = ", ".join(f"{part.name} {tuple(part.values.shape)}" for part in self.parts)
        return Conditioned(_Arguments(model, self), constants, shapes)

    def _apart(self, rows: Tensor) -> Iterator[tuple[Part, Tensor]]:
        for part, place in zip(self.parts, self._places(), strict=True):
            yield part, rows[:, :, place.start : place.stop]

    def _places(self) -> list[Span]:
        stops = torch.tensor([0, *(len(part.free) for part in self.parts)]).cumsum(0).tolist()
        return [Span(*pair) for pair in pairwise(stops)]


def _coded(entries: Tensor, name: str, kind: torch.dtype) -> Tensor:
    """Return entries, (rows, …), as whole numbers or truth values."""
    if (torch.is_grad_enabled() and entries.requires_grad) or not torch.equal(entries, entries.round()):
        raise UnsupportedOperationError(
            f"whole numbers are replaced as a whole, got fractions or a gradient of {name}; hold it, hold=({name!r},), "
            f"or choose a method that replaces values: {REPLACING}"
        )
    return entries.to(kind)


def check_joint(spec: MethodSpec, needed: Sequence[str], layout: Layout) -> None:
    """Raise where a method has no map of static features, or of whole numbers.

    Masks, rescaling and attention work along time. A gradient or a share of a change is an entry's own; methods that
    put entries together have to know the parts.

    Args:
        spec: the method.
        needed: the arguments that it takes.
        layout: the inputs.

    Raises:
        UnsupportedOperationError: it has none, and one is asked for.
    """
    of_cells = bool({"gradient", "difference", "relevance"} & set(spec.tags)) or "parts" in needed
    along_time = bool({"mask", "rescaled"} & set(spec.tags))
    _check_codes(spec, layout)
    if layout.explains_static and (along_time or not of_cells):
        names = [part.name for part in layout.parts if part.free and part.is_static]
        raise UnsupportedOperationError(
            f"{spec.name} works along time and has no map of static features, got {', '.join(names)} to explain; "
            f"hold them, hold=({', '.join(map(repr, names))},), or choose another method, such as integrated-gradients"
        )


def _check_codes(spec: MethodSpec, layout: Layout) -> None:
    coded = [part for part in layout.parts if part.free and part.is_coded]
    if coded and {"gradient", "difference", "relevance", "mask", "attention"} & set(spec.tags):
        name, kind = coded[0].name, coded[0].values.dtype
        raise UnsupportedOperationError(
            f"what {spec.name} explains must be floating point, got {name} of {kind}; hold it, hold=({name!r},), or "
            f"choose a method that replaces values as a whole, {REPLACING}, or explain what embeds it, embedding="
        )


class _Arguments(SameOutputs):
    """A model of several inputs, as one of their explained features and the values of what is held."""

    def __init__(self, model: nn.Module, layout: Layout) -> None:
        super().__init__(model)
        self._names = layout.names
        pairs = zip(layout.parts, layout._places(), strict=True)
        self._arguments = [_Argument(part, place, layout) for part, place in pairs]

    def forward(self, rows: Tensor, *held: Tensor) -> Tensor:
        constants = iter(held)
        arguments = [argument.of(rows, constants) for argument in self._arguments]
        named = {} if self._names is None else dict(zip(self._names, arguments, strict=True))
        outputs: Tensor = self.model(*arguments) if self._names is None else self.model(**named)
        return outputs


class _Argument:
    """How one input is made of the rows of the series and of what of it is held."""

    def __init__(self, part: Part, place: Span, layout: Layout) -> None:
        self._constants = list(part.constants())
        # A view of all of it would hide from recurrent layers that it is the series
        self._place = None if len(layout.spans) == 1 else slice(*place)
        self._axes, self._is_static = part.values.ndim, part.is_static
        self._codes = (part.name, part.values.dtype) if part.is_coded else None
        self._steps, self._span = layout.steps, layout.span
        # with the series, where a method asks for its first few steps
        self._begins = self._axes == 3 and part.values.shape[1] == layout.whole_steps
        self._order: Tensor | None = None
        if "features" in self._constants and part.held is not None:
            held = part.held.nonzero().flatten().tolist()
            self._order = torch.tensor([*part.free, *held], device=part.values.device).argsort()

    def of(self, rows: Tensor, constants: Iterator[Tensor]) -> Tensor:
        """Return the input, (rows, …), with as many steps as the rows, of which a method may ask for the first few."""
        held = {name: next(constants) for name in self._constants}
        steps = rows.shape[1]
        if "all" in held:
            return held["all"][:, : self._whole(steps)] if self._begins and steps < self._steps else held["all"]
        entries = rows if self._place is None else rows[:, :, self._place]
        entries = entries[:, 0] if self._is_static else entries
        entries = entries if self._codes is None else _coded(entries, *self._codes)
        if "keep" in held:
            entries = torch.where(self._first(held["keep"], steps), entries, self._first(held["fills"], steps))
        if self._order is not None:
            joined = torch.cat([entries, self._first(held["features"], steps)], -1)
            entries = joined.index_select(-1, self._order)
        if self._span is not None and "around" in held:
            before, after = held["around"][:, : self._span.start], held["around"][:, self._span.stop :]
            entries = torch.cat([before, entries, after] if steps == self._steps else [before, entries], 1)
        return entries[:, 0] if self._axes == 1 else entries

    def _first(self, held: Tensor, steps: int) -> Tensor:
        return held if self._is_static or steps == self._steps else held[:, :steps]

    def _whole(self, steps: int) -> int:
        """Return how many steps of the inputs there are where the rows have some of theirs."""
        return steps if self._span is None else self._span.start + steps
