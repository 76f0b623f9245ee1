"""The rules of DeepLIFT: linear, rescale, and the symmetric splits of products and quotients.

Each rule returns the operation's exact value with the gradient of a surrogate, whose ordinary derivative is
the rule's multiplier, so that autograd's backward pass carries multipliers by the chain rule.

Source: Shrikumar, Greenside, Kundaje, "Learning Important Features Through Propagating Activation
Differences", ICML 2017 (linear and rescale rules); the split of products is the mean over both orders of
switching the two factors from the baseline to the input, their Shapley value.

A quotient q = a/b, and a·r with a reciprocal r = 1/b, is not split as the product it is but by that of a = qb,
solved for the quotient: Δq = (Δa - Δb·(q+q′)/2) / ((b+b′)/2). The even split of a·r would weigh Δa by (r+r′)/2, which
explodes where b or b′ is nearly 0, as in every normalisation of a zero baseline, and cancels only in the sum. In
contractions (matmul, einsum) and addcmul a reciprocal is not told from other factors, and the split is even.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from ...decompositions.elementwise import rounded_quotient
from ...interception.argument_names import is_divisor
from ...interception.interception import Call, Rule
from ...interception.surrogate_gradient import substitute_gradient
from ..paired_pass import PairedPass

Elementwise = Callable[[Tensor], Tensor]
Tolerance = Callable[[Tensor], Tensor]


def linear(call: Call[PairedPass]) -> Any:
    """Apply a function that is affine in its varying arguments together: its derivative is the multiplier."""
    result = call.run_with_gradients()
    with torch.no_grad():
        twin = call.run_with(call.mode.twin)
    return call.noted(result, twin)


def move(call: Call[PairedPass]) -> Any:
    """Apply a function that moves values, negates them or multiplies them by a constant: a reciprocal stays one."""
    result = linear(call)
    if all(map(call.mode.is_reciprocal, call.varying())):
        for part in [result] if isinstance(result, Tensor) else result:
            call.mode.note_reciprocal(part)
    return result


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
    """Return the tolerances (…) for functions without singularities: eps^(1/3).

    Below it the midpoint's derivative is off by O(Δ²) <= eps^(2/3), hence Δy by rounding only, while the
    quotient would lose more than that to cancellation.
    """
    return torch.full_like(twin, torch.finfo(twin.dtype).eps ** (1 / 3))


def singular(twin: Tensor) -> Tensor:
    """Return the tolerances (…) for functions whose derivatives grow as powers of 1/x: relative to |x|."""
    return smooth(twin) * twin.abs()


def near_minus_one(twin: Tensor) -> Tensor:
    """Return the tolerances (…) for log(1 + x), whose derivative grows near x = -1: relative to |1 + x|."""
    return singular(1 + twin)


def kinked(twin: Tensor) -> Tensor:
    """Return the tolerances (…) for functions with a kink: only Δx = 0 leaves the quotient undefined."""
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


def reciprocal(call: Call[PairedPass]) -> Tensor:
    """Apply 1/x or 1/√x by the rescale rule, value by value: (…)."""
    result: Tensor = rescale(singular)(call)
    call.mode.note_reciprocal(result)
    return result


def power(call: Call[PairedPass]) -> Any:
    """Apply a power by the rescale rule; with a negative number as exponent it is a reciprocal."""
    return reciprocal(call) if is_divisor(call.args, call.options) else rescale(singular)(call)


def scaling(call: Call[PairedPass]) -> Any:
    """Apply an elementwise product, as a quotient where one of two varying factors is a reciprocal."""
    reciprocals = [call.mode.is_reciprocal(factor) for factor in call.args]
    if len(call.mode.varying(call.args)) == 2 and reciprocals.count(True) == 1:
        return _split_of_quotient(call, reciprocals.index(True))
    if len(call.args) == 2 and len(call.varying()) == 1:
        return move(call)
    return product()(call)


def division(call: Call[PairedPass]) -> Any:
    """Apply a/b: linear where b is constant, else a·(1/b), itself a reciprocal where a is constant.

    Raises:
        UnsupportedOperationError: operands given by name.
    """
    if call.options.get("rounding_mode") is not None:
        with call.mode:
            return rounded_quotient(call.args[0], call.args[1], call.options["rounding_mode"])
    if len(call.args) != 2:
        raise call.unsupported("with operands given by name")
    numerator, denominator = call.args
    if not call.mode.varies(denominator):
        return move(call)
    with call.mode:
        result = torch.mul(torch.reciprocal(denominator), numerator)
    if not call.mode.varies(numerator):
        call.mode.note_reciprocal(result)
    return result


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
    """Return an elementwise function of x, (…), its values for input and baseline given, by the rescale rule."""
    value, reference = values
    with torch.no_grad():
        twin = call.mode.twin(x)
        # x - twin is NaN where both are the same infinity, as in a masked softmax
        change = (x - twin).masked_fill_(x == twin, 0.0)
        near = change.abs() <= tolerance(twin.abs() if twin.is_complex() else twin)
        multiplier = (value - reference).div_(change.masked_fill(near, 1.0))
    if bool(near.any()):
        multiplier = torch.where(near, _derivative(elementwise, twin, change), multiplier)
    return with_gradient_of(call, multiplier * x, value, reference)


def _derivative(elementwise: Elementwise, twin: Tensor, change: Tensor) -> Tensor:
    """Return the midpoint's derivative, or 0 where that is infinite and nothing changes: their product would be NaN."""
    point = (twin + change / 2).detach().requires_grad_()
    total = elementwise(point).sum()
    # of a complex function autograd returns the conjugate of what multiplies a change
    derivative = torch.autograd.grad(total.real if total.is_complex() else total, point)[0].conj()
    return derivative.masked_fill((change == 0) & ~derivative.isfinite(), 0.0)


def _split(call: Call[PairedPass], first: int, second: int) -> Tensor:
    a, b = call.args[first], call.args[second]
    with torch.no_grad():
        means = (a + call.mode.twin(a)) / 2, (b + call.mode.twin(b)) / 2
    return _split_at(call, first, second, means)


def _split_of_quotient(call: Call[PairedPass], divisor: int) -> Tensor:
    """Split Δ(ar) into Δa·(λr + μr′) + Δr·(λa′ + μa) with λ = r′/(r+r′), μ = r/(r+r′); r is at position divisor.

    Every λ and μ = 1 - λ are a split; with these it is (Δa - Δb·(q+q′)/2) / ((b+b′)/2) for q = ar, b = 1/r. Where r
    changes its sign, and b + b′ may be zero, the split is even.
    """
    r, a = call.args[divisor], call.args[1 - divisor]
    with torch.no_grad():
        r_twin, a_twin = call.mode.twin(r), call.mode.twin(a)
        alike = (r * r_twin).real > 0 if r.is_complex() else r.sign() * r_twin.sign() > 0
        # each by its own division: 1 - λ would round away what a large r′ multiplies
        before = torch.where(alike, r_twin / (r + r_twin), 0.5)
        after = torch.where(alike, r / (r + r_twin), 0.5)
        means = before * r + after * r_twin, before * a_twin + after * a
    return _split_at(call, divisor, 1 - divisor, means)


def _split_at(call: Call[PairedPass], first: int, second: int, means: tuple[Tensor, Tensor]) -> Tensor:
    """Return a bilinear function in whose surrogate each factor is multiplied by the mean of the other."""
    with torch.no_grad():
        value, reference = call.run(), call.run_with(call.mode.twin)
    by_first = list(call.args)
    by_second = [argument.detach() if isinstance(argument, Tensor) else argument for argument in by_first]
    by_second[second] = by_first[second]
    by_second[first], by_first[second] = means
    surrogate = call.function(*by_first, **call.options) + call.function(*by_second, **call.options)
    return with_gradient_of(call, surrogate, value, reference)


def with_gradient_of(call: Call[PairedPass], surrogate: Tensor, value: Tensor, reference: Tensor) -> Tensor:
    """Return value, (…), with the gradient of surrogate, (…), noted with its value for the baseline."""
    result = substitute_gradient(value, surrogate)
    call.noted(result, reference)
    return result


def softplus(call: Call[PairedPass]) -> Tensor:
    """Apply log(1 + exp(βx)) / β to x (…), to which a change of x is as small as |β| times it is to log(1 + exp x)."""
    named = dict(zip(("input", "beta"), call.args, strict=False)) | call.options
    sharpness = abs(named.get("beta", 1))
    result: Tensor = rescale(lambda twin: smooth(twin) / sharpness)(call)
    return result
