"""The rules of DeepLIFT: linear, rescale, and the symmetric split of products.

Each rule returns the operation's exact value with the gradient of a surrogate, whose ordinary derivative is
the rule's multiplier, so that autograd's backward pass carries multipliers by the chain rule.

Source: Shrikumar, Greenside, Kundaje, "Learning Important Features Through Propagating Activation
Differences", ICML 2017 (linear and rescale rules); the split of products is the mean over both orders of
switching the two factors from the baseline to the input, their Shapley value.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from .interception import Call, Rule
from .paired_pass import PairedPass
from .surrogate import standing_in

Elementwise = Callable[[Tensor], Tensor]
Tolerance = Callable[[Tensor], Tensor]


def linear(call: Call[PairedPass]) -> Any:
    """Apply a function that is affine in its varying arguments together: its derivative is the multiplier."""
    result = call.run()
    with torch.no_grad():
        twin = call.run_with(call.mode.twin)
    return call.noted(result, twin)


def rescale(tolerance: Tolerance) -> Rule[PairedPass]:
    """Return the rescale rule of an elementwise function: multiplier Δy/Δx.

    Args:
        tolerance: twin of x to the largest |Δx| at which the midpoint's derivative stands for Δy/Δx.
    """

    def rule(call: Call[PairedPass]) -> Tensor:
        x, *others = call.varying()
        if others:
            raise call.unsupported(f"of {1 + len(others)} varying operands")

        def elementwise(point: Tensor) -> Tensor:
            y: Tensor = call.run_with(lambda tensor: point if tensor is x else tensor)
            return y

        return _rescaled(call, elementwise, x, tolerance)

    return rule


def smooth(twin: Tensor) -> Tensor:
    """Return the tolerance for functions without singularities: eps^(1/3).

    Below it the midpoint's derivative is off by O(Δ²) <= eps^(2/3), hence Δy by rounding only, while the
    quotient would lose more than that to cancellation.
    """
    return torch.full_like(twin, torch.finfo(twin.dtype).eps ** (1 / 3))


def singular(twin: Tensor) -> Tensor:
    """Return the tolerance for functions whose derivatives grow as powers of 1/x: relative to |x|."""
    return smooth(twin) * twin.abs()


def kinked(twin: Tensor) -> Tensor:
    """Return the tolerance for functions with a kink: only Δx = 0 leaves the quotient undefined."""
    return torch.zeros_like(twin)


def product(first: int = 0, second: int = 1) -> Rule[PairedPass]:
    """Return the rule of a function bilinear in two arguments: Δ(ab) = Δa·(b+b′)/2 + Δb·(a+a′)/2.

    With one varying factor this is the linear rule. Further arguments (a bias) enter linearly.

    Args:
        first: position of one factor.
        second: position of the other.
    """

    def rule(call: Call[PairedPass]) -> Any:
        if call.mode.varying(call.options) or len(call.args) <= max(first, second):
            raise call.unsupported("with operands given by name")
        if call.mode.varies(call.args[first]) and call.mode.varies(call.args[second]):
            return _split(call, first, second)
        return linear(call)

    return rule


def einsum(call: Call[PairedPass]) -> Any:
    """Apply the symmetric split to the two varying operands of an einsum; others are constant factors."""
    if isinstance(call.args[1], (list, tuple)):
        call = replace(call, args=(call.args[0], *call.args[1]))
    factors = [position for position, value in enumerate(call.args) if call.mode.varies(value)]
    if len(factors) > 2:
        raise call.unsupported(f"of {len(factors)} varying operands")
    return _split(call, *factors) if len(factors) == 2 else linear(call)


def division(call: Call[PairedPass]) -> Any:
    """Apply a/b: linear where b is constant, else the product of a and 1/b."""
    if call.options.get("rounding_mode") is not None:
        raise call.unsupported(f"with rounding_mode {call.options['rounding_mode']!r}")
    if len(call.args) != 2:
        raise call.unsupported("with operands given by name")
    numerator, denominator = call.args
    if not call.mode.varies(denominator):
        return linear(call)
    with call.mode:
        return torch.mul(torch.reciprocal(denominator), numerator)


def reflected_division(call: Call[PairedPass]) -> Any:
    """Apply b.__rtruediv__(a), which is a/b."""
    return division(replace(call, function=torch.div, args=call.args[::-1]))


def _rescaled(call: Call[PairedPass], elementwise: Elementwise, x: Tensor, tolerance: Tolerance) -> Tensor:
    twin = call.mode.twin(x)
    with torch.no_grad():
        value, reference = elementwise(x), elementwise(twin)
        if value.shape != x.shape:
            raise call.unsupported(f"from shape {tuple(x.shape)} to {tuple(value.shape)}")
    return between(call, elementwise, x, (value, reference), tolerance)


def between(
    call: Call[PairedPass], elementwise: Elementwise, x: Tensor, values: tuple[Tensor, Tensor], tolerance: Tolerance
) -> Tensor:
    """Return an elementwise function of x, its values for input and baseline given, by the rescale rule."""
    value, reference = values
    with torch.no_grad():
        twin = call.mode.twin(x)
        # x - twin is NaN where both are the same infinity, as in a masked softmax
        change = torch.where(x == twin, 0.0, x - twin)
        near = change.abs() <= tolerance(twin)
        multiplier = (value - reference) / torch.where(near, 1.0, change)
    if bool(near.any()):
        multiplier = torch.where(near, _derivative(elementwise, twin, change), multiplier)
    return with_gradient_of(call, multiplier * x, value, reference)


def _derivative(elementwise: Elementwise, twin: Tensor, change: Tensor) -> Tensor:
    """Return the midpoint's derivative, or 0 where that is infinite and nothing changes: their product would be NaN."""
    point = (twin + change / 2).detach().requires_grad_()
    derivative = torch.autograd.grad(elementwise(point).sum(), point)[0]
    return derivative.masked_fill((change == 0) & ~derivative.isfinite(), 0.0)


def _split(call: Call[PairedPass], first: int, second: int) -> Tensor:
    a, b = call.args[first], call.args[second]
    with torch.no_grad():
        value, reference = call.run(), call.run_with(call.mode.twin)
        middle_a, middle_b = (a + call.mode.twin(a)) / 2, (b + call.mode.twin(b)) / 2
    by_first = list(call.args)
    by_second = [argument.detach() if isinstance(argument, Tensor) else argument for argument in by_first]
    by_first[second] = middle_b
    by_second[first], by_second[second] = middle_a, b
    surrogate = call.function(*by_first, **call.options) + call.function(*by_second, **call.options)
    return with_gradient_of(call, surrogate, value, reference)


def with_gradient_of(call: Call[PairedPass], surrogate: Tensor, value: Tensor, reference: Tensor) -> Tensor:
    """Return value with the gradient of surrogate, noted with its value for the baseline."""
    result = standing_in(value, surrogate)
    call.noted(result, reference)
    return result
