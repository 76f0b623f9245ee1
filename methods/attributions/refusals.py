"""Diagnose a failure: find the series, the user's or the method's own, that the network refuses."""

import re
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ...errors import (
    NonFiniteError,
    RefusedSeriesError,
    SaltbenchError,
    UnsupportedOperationError,
    described,
    is_out_of_memory,
)
from .bound_method import BoundMethod
from .gradient_failures import INSTEAD
from .passes.budget import GRAIN
from .spec import MethodSpec
from .validation.arguments import count_nonfinite

_NONFINITE = "NaN or infinity in its outputs"
_CALL = nn.Module._call_impl.__code__
_IN_DOMAIN = (
    "choose a method whose series stay in the network's domain, such as feature-ablation with a fitting baseline=, or "
    "hold what must not change, hold="
)


@dataclass(frozen=True)
class Work:
    """What a method was doing when it failed.

    Attributes:
        method: its name.
        makes: in words, the series that it makes.
        model: (batch, time, features) to (batch, classes).
        inputs: the user's own series, (batch, time, features).
        numbers: which of the user's samples they are.
        baseline: (batch, time, features), if the method was given it.
        background: (any, time, features), if the method was given it.
        again: does the same work once more.
    """

    method: str
    makes: str
    model: nn.Module
    inputs: Tensor
    numbers: Sequence[int]
    baseline: Tensor | None = None
    background: Tensor | None = None
    again: Callable[[], object] | None = None

    def cause(self, error: Exception) -> Exception:
        """Return an error that tells the true cause of another, or that error itself where it does."""
        thrown = error.__cause__ if isinstance(error, UnsupportedOperationError) else error
        if not isinstance(thrown, Exception) or is_out_of_memory(thrown):
            return error
        if isinstance(thrown, NonFiniteError):
            return self._given() or self._made_nonfinite() or error
        if isinstance(thrown, SaltbenchError):
            return error
        rows = _rows_at(thrown, self.model)
        if rows is None:
            return error
        return self._given() or (error if thrown is not error else self._made(rows) or error)

    def _given(self) -> SaltbenchError | None:
        """Return an error about a series that the method was given and the network refuses."""
        own = _refused(self.model, self.inputs)
        if own and own[1] == _NONFINITE:
            return NonFiniteError(
                f"the model's outputs must be finite, got NaN or infinity for sample {self.numbers[own[0]]}; check its "
                "weights and this series"
            )
        if own:
            return RefusedSeriesError(
                f"the network must take every series, got {own[1]} for sample {self.numbers[own[0]]}; mend or leave "
                "out this series"
            )
        absent = None if self.baseline is None else _refused(self.model, self.baseline)
        if absent and self.baseline is not None:
            kind = "a baseline of zeros" if not bool(self.baseline[absent[0]].any()) else "the given baseline"
            return self._error(
                kind, absent[1], "pass baseline= with series that it takes, such as the mean of training samples"
            )
        drawn = None if self.background is None else _refused(self.model, self.background)
        if drawn:
            return self._error(
                f"series {drawn[0]} of the background",
                drawn[1],
                "pass background= with series that it takes, such as training samples",
            )
        return None

    def _made(self, rows: Tensor) -> SaltbenchError | None:
        """Return an error about rows that the network failed on: it refuses them, or only their gradients."""
        refused = _refusal(self.model, rows)
        if refused and refused != _NONFINITE and _refused(self.model, rows) is None:
            return UnsupportedOperationError(
                f"{self.method} needs a network that takes its series in any order and number, got {refused} for "
                f"{len(rows)} of which it takes each by itself; let forward take them together, as with "
                "enforce_sorted=False where series are packed"
            )
        if refused:
            return self._error(self.makes, refused, _remedy(self.baseline, self.background))
        with torch.enable_grad():
            failed = _failure(self.model, rows.detach().clone().requires_grad_())
        if failed is None:
            return None
        return UnsupportedOperationError(
            f"{self.method} needs a network that can be run with gradients, got {failed}; {INSTEAD}, or compute with "
            "PyTorch's functions alone"
        )

    def _made_nonfinite(self) -> SaltbenchError | None:
        if self.again is None:
            return None
        with _noted_outputs(self.model) as are_finite, suppress(Exception):
            self.again()
        if all(are_finite):
            return None
        return self._error(self.makes, _NONFINITE, _remedy(self.baseline, self.background))

    def _error(self, made: str, refused: str, remedy: str) -> RefusedSeriesError:
        return RefusedSeriesError(f"the network refused a series made by {self.method} ({made}): {refused}; {remedy}")


def work_of(
    method: BoundMethod,
    spec: MethodSpec | None,
    given: Mapping[str, Any],
    numbers: Sequence[int],
    again: Callable[[], object] | None = None,
) -> Work:
    """Return what a bound method does with given arguments; those that it does not take or use are left out.

    Args:
        method: with its own parameters bound.
        spec: its entry, by which it is named.
        given: model and series by the name of the method's argument.
        numbers: which of the user's samples these are.
        again: does the same work once more.
    """
    own, taken = method.parameters, method.takes.names
    is_drawn = own.get("against", "baseline") != "baseline"
    is_unused = is_drawn or own.get("perturbation", "fade-to-baseline") != "fade-to-baseline"
    return Work(
        "the method" if spec is None else spec.name,
        _filled("a series of its own" if spec is None else spec.makes, own),
        given["model"],
        given["inputs"],
        numbers,
        None if is_unused or "baseline" not in taken else given["baseline"],
        None if "background" not in taken or own.get("against") == "baseline" else given["background"],
        again,
    )


@contextmanager
def tell_causes(work: Work) -> Iterator[None]:
    """Let an error of the block tell its true cause, as far as series that the network refuses are it.

    Raises:
        RefusedSeriesError, NonFiniteError: the network refuses a series of the user's, or one that the method made.
        UnsupportedOperationError: it refuses gradients of one.
    """
    try:
        yield
    except Exception as error:
        told = work.cause(error)
        if told is error:
            raise
        raise told from error


def _filled(text: str, values: Mapping[str, Any]) -> str:
    return re.sub(r"\{(\w+)\}", lambda name: str(values.get(name[1], name[0])), text)


def _remedy(baseline: Tensor | None, background: Tensor | None) -> str:
    given = [name for name, value in (("baseline", baseline), ("background", background)) if value is not None]
    return f"pass {given[0]}= closer to your series, or {_IN_DOMAIN}" if given else _IN_DOMAIN


def _refused(model: nn.Module, series: Tensor) -> tuple[int, str] | None:
    """Return the first of several series, (any, time, features), that a network refuses by itself, and how."""
    for start in range(0, len(series), GRAIN):
        block = series[start : start + GRAIN]
        if _refusal(model, block):
            for number, one in enumerate(block.split(1), start):
                refusal = _refusal(model, one)
                if refusal:
                    return number, refusal
    return None


def _refusal(model: nn.Module, series: Tensor) -> str | None:
    """Return how a network refuses series (any, time, features), in words, or None if it answers them."""
    with torch.no_grad():
        return _failure(model, series.detach().clone())


def _failure(model: nn.Module, series: Tensor) -> str | None:
    try:
        outputs = model(series)
    except Exception as error:  # noqa: BLE001 - a user's network may raise anything
        return described(error)
    return _NONFINITE if isinstance(outputs, Tensor) and count_nonfinite(outputs) else None


def _rows_at(error: Exception, model: nn.Module) -> Tensor | None:
    """Return what a network was called with when it raised an error, or None if it was not the network that did."""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if frame.f_code is _CALL and frame.f_locals.get("self") is model:
            rows = next(iter(frame.f_locals["args"]), None)
            return rows if isinstance(rows, Tensor) else None
    return None


@contextmanager
def _noted_outputs(model: nn.Module) -> Iterator[list[bool]]:
    """Yield a list to which each call of a network in the block adds whether its outputs are finite."""
    are_finite: list[bool] = []

    def note(_model: nn.Module, _given: object, outputs: object) -> None:
        with torch._C.DisableTorchFunction():  # out of sight of methods that take every call
            are_finite.append(not isinstance(outputs, Tensor) or not count_nonfinite(outputs.detach()))

    hook = model.register_forward_hook(note)
    try:
        yield are_finite
    finally:
        hook.remove()
