"""Wrap the entry of any method in temporal saliency rescaling; importing this file imports no torch."""

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Any

from ....entry import Factory, resolve
from ....errors import ParameterError
from ..spec import Cost, MethodSpec, Taken, taken_by
from ..validation.parameter_checks import check_threshold

THRESHOLD = 0.55  # the quantile of the authors' code; the paper leaves α open

_OF_REFERENCES = ("inputs", "baseline")
_METHOD = "saltbench.methods.attributions.rescaling.rescaled_maps:rescaled_method"
_REFERENCE = (
    "Ismail, Gunady, Corrada Bravo, Feizi. Benchmarking Deep Learning Interpretability in Time Series Predictions. "
    "NeurIPS 2020, algorithm 1. arXiv:2010.13924"
)


class RescaledSpec(MethodSpec):
    """A method under temporal saliency rescaling; `factory` and `cost` are those of the method that it rescales."""

    def load(self) -> Callable[..., Any]:
        """Return the rescaled method."""
        wrap: Callable[..., Callable[..., Any]] = resolve(_METHOD)
        return wrap(super().load(), self._inner_takes().names, _without_threshold(self.parameters))

    def takes(self) -> Taken:
        """Return what the rescaled method asks for, and inputs, baseline and, if it uses a model, target and passes."""
        inner = self._inner_takes()
        own = ("inputs", "target", "baseline", "passes") if {"model", "passes"} & {*inner.names} else _OF_REFERENCES
        required = tuple(dict.fromkeys([*inner.required, *own]))
        return Taken(required, tuple(name for name in inner.optional if name not in required))

    def function_defaults(self) -> dict[str, Any]:
        """Return the keyword parameters of the rescaled method's function, with the values that the entry gives them.

        An entry may rescale a method with other values than its function's, such as fewer steps.
        """
        own = super().load().__kwdefaults__ or {}
        return {**{name: self.parameters.get(name, value) for name, value in own.items()}, "threshold": THRESHOLD}

    def _inner_takes(self) -> Taken:
        return taken_by(super().load(), _without_threshold(self.parameters))

    def cost_of(self, time: int, features: int, parameters: Mapping[str, Any]) -> Cost | None:
        """Return (1 + time + features) times the rows of the rescaled method, or None where it does not say."""
        cost = super().cost_of(time, features, _without_threshold(parameters))
        return None if cost is None else Cost(*((1 + time + features) * rows for rows in cost))


def rescaled(spec: MethodSpec) -> RescaledSpec:
    """Return the entry `tsr-<name>`: Δ_t · Δ_i, what hiding step t and hiding feature i change in the method's map R.

    Δ_t = Σ |R(x) - R(x with step t of the baseline)|, Δ_i = Σ |R(x) - R(x with feature i of the baseline)|, summed
    over all entries. Steps whose Δ_t lies below α get 0. The same seeds serve all masked copies, so that a
    difference is not noise.

    Where the authors' code differs from their algorithm 1, this is the algorithm: a feature is masked at all time
    steps (there: only at t, which takes up to 1 + T + T·F maps), relevances are not min-max scaled before they are
    multiplied, and steps below α get 0 (there: a tenth of their relevance). Two points are open in the algorithm:
    α is here, as in the code, the quantile `threshold` of the sample's own Δ_t (a step exactly at α counts as
    above), and masked entries take the value of the baseline, by default the algorithm's zeros (there: that of the
    sample's first entry).

    Args:
        spec: the entry of any method; its parameters stay, `threshold` in [0, 1] joins them, and 0 keeps all steps.

    Raises:
        ParameterError: a method that has a parameter `threshold` already, such as a rescaled one.

    Source: Ismail, Gunady, Corrada Bravo, Feizi, "Benchmarking Deep Learning Interpretability in Time Series
        Predictions", NeurIPS 2020, algorithm 1.
    """
    if "threshold" in spec.parameters:
        raise ParameterError(
            f"a method to be rescaled must leave the parameter threshold free, got {spec.name} with "
            f"{', '.join(spec.parameters)}; rename the parameter, or rescale the method only once"
        )
    kept = {field.name: getattr(spec, field.name) for field in dataclasses.fields(MethodSpec)}
    changed: dict[str, Any] = {
        "name": f"tsr-{spec.name}",
        "description": f"Temporal saliency rescaling of {spec.name}: relevance of the time step times the feature's.",
        "reference": _REFERENCE,
        "parameters": {**spec.parameters, "threshold": THRESHOLD},
        "check": functools.partial(_check, spec.check),
        "tags": (*spec.tags, "rescaled"),
        "assumptions": (
            "An entry matters as its time step does and as its feature does over all of time; masked steps and "
            "features leave inputs that the network can judge."
        ),
        "makes": "a time step or a feature at the baseline",
        "passes": f"(1 + time + features) times {spec.passes or f'those of {spec.name}'}",
        "is_complete": False,
    }
    return RescaledSpec(**{**kept, **changed})


def _check(check_own: Factory | None, *, threshold: float, **own: Any) -> None:
    check_threshold(threshold)
    if check_own is not None:
        resolve(check_own)(**own)


def _without_threshold(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if name != "threshold"}
