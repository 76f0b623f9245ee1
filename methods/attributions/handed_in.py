"""Hand in attribution methods of Captum, zennit, SHAP, and libraries with their interfaces, as they are.

None of these is imported here: a method is known by what it offers.
"""

import inspect
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ...entry import unknown
from ...errors import ParameterError, UnknownNameError, UnsupportedOperationError, kind_of, text_of
from ...random_states import generators, restore_random_states
from .spec import MethodSpec

CAPTUM = "Kokhlikyan et al. Captum. 2020. arXiv:2009.07896"
ZENNIT = "Anders, Neumann, Samek, Müller, Lapuschkin. Zennit. 2021. arXiv:2106.13200"
SHAP = "Lundberg, Lee. A Unified Approach to Interpreting Model Predictions. NeurIPS 2017. arXiv:1705.07874"

Build = Callable[..., Any]
_DRAWING = frozenset({"GradientShap", "NoiseTunnel", "ShapleyValueSampling", "LimeBase", "KernelShap"})
_AMONG_SAMPLES = "FeaturePermutation"  # sets values of one sample in place of another's
_OF_SERIES = frozenset({"GradientShap", "DeepLiftShap"})  # whose baselines are any number of series
_FAILURES = (ValueError, TypeError, LookupError, AttributeError, AssertionError, NotImplementedError)
_SEEDS = 2**32  # that NumPy's generator takes


def from_captum(
    method: Build,
    name: str | None = None,
    *,
    version: int = 1,
    draws: bool | None = None,
    is_complete: bool = False,
    **parameters: Any,
) -> MethodSpec:
    """Return an entry for a method of Captum, or of a library with its interface such as time_interpret.

    What it takes as `baselines` is the baseline, or of GradientShap and DeepLiftShap the background.

    Args:
        method: a class such as `captum.attr.IntegratedGradients`, or a function that makes of a network what has a
            method `attribute`, such as `lambda network: NoiseTunnel(Saliency(network))`.
        name: of the entry; None for that of library and class, "captum-integrated-gradients".
        version: to be raised when the library's new version returns something else.
        draws: whether it draws random numbers. Then samples are explained one after the other, each from its own seed.
            None for what is known of Captum's classes; others are taken to.
        is_complete: maps are meant to sum to the change of the output from the baseline; what they miss is reported.
        **parameters: of `attribute`, made of numbers, text and tuples; a suite may set these.

    Raises:
        ParameterError: no name for a function, a method that mixes samples, or completeness from a background.
        UnknownNameError: `attribute` has no such parameter.
    """
    attribute = getattr(method, "attribute", None)
    bases = {base.__name__ for base in inspect.getmro(method)} if inspect.isclass(method) else set()
    if _AMONG_SAMPLES in bases:
        raise ParameterError(
            f"a map must depend on its sample alone, got {_AMONG_SAMPLES}, which permutes values among samples; "
            "take saltbench's method feature-permutation"
        )
    taken = None if attribute is None else _named(attribute)
    if taken is not None:
        for parameter in parameters:
            if parameter not in taken:
                raise UnknownNameError(unknown(f"parameter of {_kind_name(method)}.attribute", parameter, taken))
    library = method.__module__.partition(".")[0] if bases else ""
    if draws is None:
        draws = None if library != "captum" else bool(bases & _DRAWING)
    absence = "background" if bases & _OF_SERIES else "baseline"
    if is_complete and absence == "background":
        raise ParameterError(
            "what a complete map misses is measured from the baseline, got is_complete for "
            f"{_kind_name(method)}, which takes the background; leave it out"
        )
    handed = HandedIn(
        name or _name(library, method),
        library,
        _Captum(method, absence),
        (absence,) if taken is None or "baselines" in taken else (),
        draws,
        _as_json(parameters),
    )
    return _entry(handed, version, CAPTUM if library == "captum" else f"{library} {_kind_name(method)}", is_complete)


def from_zennit(attributor: Build, name: str, *, version: int = 1, draws: bool | None = None) -> MethodSpec:
    """Return an entry for an attributor of zennit; relevance starts from 1 at the explained class.

    Args:
        attributor: a function that makes one of a network, such as
            `lambda network: zennit.attribution.Gradient(network, zennit.composites.EpsilonPlus())`.
        name: of the entry.
        version: to be raised when the library's new version returns something else.
        draws: whether it draws random numbers, as SmoothGrad does; as in `from_captum`.
    """
    handed = HandedIn(name, "zennit", _Zennit(attributor), (), draws, {})
    return _entry(handed, version, ZENNIT)


def from_shap(explainer: Build, name: str, *, version: int = 1, **parameters: Any) -> MethodSpec:
    """Return an entry for an explainer of SHAP that takes networks of PyTorch; samples are explained one by one.

    Args:
        explainer: a function that makes one of a network and the background, such as `shap.GradientExplainer`.
        name: of the entry.
        version: to be raised when the library's new version returns something else.
        **parameters: of `shap_values`, made of numbers, text and tuples; a suite may set these.
    """
    handed = HandedIn(name, "shap", _Shap(explainer), ("background",), None, _as_json(parameters))
    return _entry(handed, version, SHAP)


@dataclass(frozen=True, eq=False)
class HandedIn:
    """Another library's method, as a function that an entry names.

    Attributes:
        name: of the entry.
        package: that it is of; "" where none is known.
        maps: makes them: (model, inputs, target, absence, parameters) to a tensor or an array of the inputs' shape.
        absence: "baseline" or "background", or nothing.
        draws: it draws random numbers; None for what is not known.
        parameters: its own, with their defaults.
    """

    name: str
    package: str
    maps: Callable[..., Any]
    absence: tuple[str, ...]
    draws: bool | None
    parameters: Mapping[str, Any]

    @property
    def __signature__(self) -> inspect.Signature:
        named = inspect.Parameter.KEYWORD_ONLY
        required = ("model", "inputs", "target", *self.absence, *(("seeds",) if self.draws else ()))
        optional = {**({"seeds": None} if self.draws is None else {}), **self.parameters}
        taken = [inspect.Parameter(name, named) for name in required]
        return inspect.Signature([*taken, *(inspect.Parameter(n, named, default=v) for n, v in optional.items())])

    @property
    def __kwdefaults__(self) -> dict[str, Any]:
        return dict(self.parameters)

    def __call__(
        self, *, model: nn.Module, inputs: Tensor, target: Tensor, seeds: Sequence[int] | None = None, **given: Any
    ) -> Tensor:
        """Return the method's map, (batch, time, features)."""
        absence = given.pop(self.absence[0]) if self.absence else None
        own = {name: _as_tuples(value) for name, value in given.items()}
        if seeds is None:
            return self._explain(model, inputs, target, absence, own)
        maps = []
        for row, seed in enumerate(seeds):
            one = slice(row, row + 1)
            absent = absence[one] if absence is not None and self.absence == ("baseline",) else absence
            with restore_random_states([inputs.device]):
                for generator in generators([inputs.device]):
                    generator.seed(seed % _SEEDS)
                maps.append(self._explain(model, inputs[one], target[one], absent, own))
        return torch.cat(maps)

    def _explain(
        self, model: nn.Module, inputs: Tensor, target: Tensor, absence: Tensor | None, own: Mapping[str, Any]
    ) -> Tensor:
        with warnings.catch_warnings():
            # of hooks that are set, gradients that are asked for, samples that are explained one by one
            warnings.filterwarnings("ignore", category=UserWarning, module=re.escape(self.package) or "captum")
            try:
                found = self.maps(model, inputs.detach().clone().requires_grad_(), target, absence, own)
            except _FAILURES as error:
                raise UnsupportedOperationError(
                    f"{self.name} fails on this network ({kind_of(error)}: {text_of(error)}); choose another method"
                ) from error
        return _as_tensor(found).detach().to(inputs)


@dataclass(frozen=True)
class _Captum:
    build: Build
    absence: str

    def __call__(self, model: nn.Module, inputs: Tensor, target: Tensor, absence: Any, own: Mapping[str, Any]) -> Any:
        attribute = self.build(model).attribute
        taken, passes_on = _named(attribute), _passes_on(attribute)
        given = {"target": target} if "target" in taken or passes_on else {}
        if "baselines" in taken:
            given["baselines"] = absence
        return attribute(inputs, **given, **own)


@dataclass(frozen=True)
class _Zennit:
    build: Build

    def __call__(self, model: nn.Module, inputs: Tensor, target: Tensor, _absence: Any, _own: Any) -> Any:
        def start(outputs: Tensor) -> Tensor:
            return torch.zeros_like(outputs).scatter(1, target[:, None], 1)

        with self.build(model) as attributor:
            return attributor(inputs, start)[1]


@dataclass(frozen=True)
class _Shap:
    build: Build

    def __call__(self, model: nn.Module, inputs: Tensor, target: Tensor, absence: Any, own: Mapping[str, Any]) -> Any:
        values = self.build(model, absence).shap_values(inputs.detach(), **own)
        # older versions list the classes, later ones have them on the last axis
        of_classes = (
            torch.stack([_as_tensor(v) for v in values], -1) if isinstance(values, list) else _as_tensor(values)
        )
        if of_classes.ndim == inputs.ndim:
            return of_classes
        return of_classes[torch.arange(len(target)), ..., target.to(of_classes.device)]


def _entry(handed: HandedIn, version: int, reference: str, is_complete: bool = False) -> MethodSpec:
    return MethodSpec(
        name=handed.name,
        version=version,
        description=f"{handed.name} as {handed.package or 'its library'} computes it.",
        reference=reference,
        factory=handed,
        parameters=handed.parameters,
        tags=("as-it-is",),
        assumptions=f"Those of {handed.package or 'its library'}.",
        is_complete=is_complete,
    )


def _kind_name(method: Build) -> str:
    return str(getattr(method, "__name__", type(method).__name__))


def _name(library: str, method: Build) -> str:
    if not library:
        raise ParameterError(
            f"a function that makes a method needs name= for the entry, got {_kind_name(method)} alone"
        )
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", _kind_name(method))
    return f"{library}-{words.lower()}"


def _named(function: Callable[..., Any]) -> list[str]:
    return [name for name in inspect.signature(function).parameters if name != "self"]


def _passes_on(function: Callable[..., Any]) -> bool:
    return any(p.kind is p.VAR_KEYWORD for p in inspect.signature(function).parameters.values())


def _as_json(value: Any) -> Any:
    """Return a value of parameters with lists in place of tuples, as they are read from a file."""
    if isinstance(value, Mapping):
        return {name: _as_json(own) for name, own in value.items()}
    return [_as_json(own) for own in value] if isinstance(value, (list, tuple)) else value


def _as_tuples(value: Any) -> Any:
    return tuple(map(_as_tuples, value)) if isinstance(value, list) else value


def _as_tensor(values: Any) -> Tensor:
    found = values[0] if isinstance(values, tuple) and len(values) == 1 else values
    return found if isinstance(found, Tensor) else torch.as_tensor(found)
