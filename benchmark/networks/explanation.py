"""What `explain` returns: a map that is a tensor, and knows what it is of."""

import copy
import html
from collections.abc import Mapping
from typing import Any, Self

import torch
from torch import Tensor

from ...errors import repr_of

_NOTES = ("method", "version", "parameters", "target", "baseline", "residual", "seconds")
_SHOWN = 60  # characters of a parameter's value


class Explanation(Tensor):
    """A map, (batch, time, features) or of its input's shape, with what it is of.

    It is a tensor in every use; what is computed from it, a slice of it and what is read from its file are plain
    tensors, of which the notes would not be true. It prints itself in a line; its numbers are those of `map`.

    Attributes:
        method: the name of the method.
        version: that of the method's entry.
        parameters: the method's own, all of them.
        target: the explained class of each sample, int64 (batch,), or the positions in outputs of several sizes, such
            as step and class, (batch, sizes); None for the predicted class where it was not looked up.
        baseline: what absence means, of the map's shape, held entries as they are; None where the method takes none.
        residual: by how much each sample's map, of all inputs, misses the change of the output from absence to the
            series, float64 (batch,); None where the method promises no completeness.
        seconds: that explaining took, all inputs, targets and checks together.

    Of several targets all of these stand behind each other, as the maps do: (targets, batch, …).
    """

    # as nn.Parameter: what operations return are plain tensors
    __torch_function__ = torch._C._disabled_torch_function_impl  # type: ignore[assignment]

    method: str
    version: int
    parameters: Mapping[str, Any]
    target: Tensor | None
    baseline: Tensor | None
    residual: Tensor | None
    seconds: float

    def __new__(
        cls,
        attributions: Tensor,
        *,
        method: str,
        version: int,
        parameters: Mapping[str, Any],
        target: Tensor | None,
        baseline: Tensor | None,
        residual: Tensor | None,
        seconds: float,
    ) -> Self:
        """Return attributions, (batch, time, features), with what they are of; no number is copied."""
        explanation = attributions.detach().as_subclass(cls)
        notes = method, version, dict(parameters), target, baseline, residual, seconds
        vars(explanation).update(zip(_NOTES, notes, strict=True))
        return explanation

    @property
    def map(self) -> Tensor:
        """Return the map as a plain tensor on the same numbers, (batch, time, features)."""
        return self.as_subclass(Tensor)

    def of(self, attributions: Tensor, baseline: Tensor | None) -> Self:
        """Return another arrangement of the map's numbers, (…), and of the baseline's, with what they are of."""
        notes = {name: getattr(self, name) for name in _NOTES}
        return type(self)(attributions, **{**notes, "baseline": baseline})

    def __repr__(self, *, tensor_contents: Any = None) -> str:  # type: ignore[override]
        facts = [f"{self.method} version {self.version}", *(f"{name}={value}" for name, value in self._settings())]
        facts += [f"map {self._kind()}", *([f"residual {self._missed()}"] if self.residual is not None else [])]
        return f"Explanation({', '.join([*facts, f'{self.seconds:.3g} s'])})"

    def _repr_html_(self) -> str:
        """Return a small table, for notebooks."""
        rows = {
            "method": f"{self.method}, version {self.version}",
            "parameters": ", ".join(f"{name}={value}" for name, value in self._settings()) or "none",
            "map": self._kind(),
            "target": _classes(self.target),
            "baseline": _absence(self.baseline),
            "residual": "not promised" if self.residual is None else self._missed(),
            "seconds": f"{self.seconds:.3g}",
        }
        lines = (f"<tr><th>{name}</th><td>{html.escape(text)}</td></tr>" for name, text in rows.items())
        return f"<table>{''.join(lines)}</table>"

    def _settings(self) -> list[tuple[str, str]]:
        shown = ((name, repr_of(value)) for name, value in self.parameters.items())
        return [(name, text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…") for name, text in shown]

    def _kind(self) -> str:
        return f"{tuple(self.shape)} {str(self.dtype).removeprefix('torch.')} on {self.device}"

    def _missed(self) -> str:
        assert self.residual is not None
        return f"at most {float(self.residual.abs().max()):.2g}" if len(self.residual) else "of no sample"

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        notes = {name: copy.deepcopy(getattr(self, name), memo) for name in _NOTES}
        return type(self)(copy.deepcopy(self.map, memo), **notes)

    def __reduce_ex__(self, protocol: Any) -> Any:
        # as a plain tensor, which torch.load reads by default
        return self.map.__reduce_ex__(protocol)


def _classes(target: Tensor | None) -> str:
    if target is None:
        return "the predicted class"
    found = target.reshape(-1, target.shape[-1] if target.ndim > 1 else 1).unique(dim=0).tolist()
    if target.ndim > 1:
        return f"output {tuple(found[0])}" if len(found) == 1 else f"outputs {tuple(target.shape)}"
    return f"class {found[0][0]}" if len(found) == 1 else f"a class for each of {len(target)} samples"


def _absence(baseline: Tensor | None) -> str:
    if baseline is None:
        return "the method takes none"
    return "given series" if bool(baseline.any()) else "zeros"
