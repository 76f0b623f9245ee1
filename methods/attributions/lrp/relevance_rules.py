"""The rules of LRP: sums, activations, products and what only moves values.

Each rule returns the operation's exact value with the gradient of a surrogate, so that autograd's backward pass
carries relevance: what arrives at y is R_y, and what leaves for x is x's share of it.

- A sum y = Σ_i t_i of terms t_i, a constant among them: t_i gets t_i / (y + ε sign y) · R_y. Every function that is
  affine in what varies is one: linear layers, convolutions, means, additions.
- An elementwise function, or softmax: R_x = R_y.
- A product: as `Product` says; which factor is the signal, `Role` says. A divisor gets nothing.
- Reshaping, selecting, the maximum: relevance goes where the value came from.

Source: Bach et al., "On Pixel-Wise Explanations for Non-Linear Classifier Decisions by Layer-Wise Relevance
Propagation", PLoS ONE 2015 (sums, activations); Arras, Montavon, Müller, Samek, "Explaining Recurrent Neural Network
Predictions in Sentiment Analysis", WASSA 2017, and Arras et al., "Explaining and Interpreting LSTMs", 2019 (products);
Ali et al., "XAI for Transformers", ICML 2022 (divisors).
"""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from ....errors import UnsupportedOperationError
from ..interception.argument_names import is_divisor
from ..interception.interception import Call, Rule, operation_name, substitute
from ..interception.normalisation import standardised_by_constant
from ..interception.surrogate_gradient import substitute_gradient
from .relevance_pass import Product, RelevancePass, Role

RelevanceCall = Call[RelevancePass]

_MATRIX_PRODUCTS = {"matmul", "__matmul__", "mm", "bmm"}


def move(call: RelevanceCall) -> Any:
    """Apply a function that only moves values: relevance goes where the value came from."""
    role = call.mode.role(call.varying())
    result = call.run()
    return call.noted(result, role if isinstance(result, Tensor) else [role] * len(result))


def linear(call: RelevanceCall) -> Tensor:
    """Apply a function that is affine in its varying arguments together."""
    return _sum(call, call.run_with(_entering(call)), Role.SIGNAL)


def reduction(call: RelevanceCall) -> Tensor:
    """Apply a weighted sum of the elements of one tensor, as a mean of gates is a gate."""
    return _sum(call, call.run_with(_entering(call)), call.mode.role(call.varying()))


def addition(call: RelevanceCall) -> Tensor:
    """Apply a ± b; with a gate and a constant, such as 1 - z, it is an activation."""
    varying = call.varying()
    if len(varying) == 1 and call.mode.noted(varying[0]) != Role.SIGNAL:
        return _passed_to(call, varying[0], call.mode.noted(varying[0]))
    return _sum(call, call.run_with(_entering(call)), call.mode.role(varying))


def activation(role: Role | None = None) -> Rule[RelevancePass]:
    """Return the rule of an elementwise function: R_x = R_y.

    Args:
        role: what its result does in a product; None for what its operand does.
    """

    def rule(call: RelevanceCall) -> Tensor:
        x, *others = call.varying()
        if others:
            raise call.unsupported(f"of {1 + len(others)} varying operands")
        result = _passed_to(call, x, call.mode.noted(x) if role is None else role)
        if result.shape != x.shape:
            raise call.unsupported(f"from shape {tuple(x.shape)} to {tuple(result.shape)}")
        return result

    return rule


def power(call: RelevanceCall) -> Tensor:
    """Apply a power: an activation, and a divisor if the exponent is a negative number."""
    role = Role.DIVISOR if is_divisor(call.args, call.options) else Role.SIGNAL
    result: Tensor = activation(role)(call)
    return result


def scaling(call: RelevanceCall) -> Tensor:
    """Apply an elementwise product; a constant factor passes all relevance on, unless it is zero."""
    a, b = _operands(call)
    varies = call.mode.varies
    if not (varies(a) and varies(b)):
        x, factor = (a, b) if varies(a) else (b, a)
        return _passed_to(call, x, call.mode.noted(x), factor != 0)
    role = max(call.mode.noted(a), call.mode.noted(b))
    taker = a if a is b else _taker(call, a, b)
    if taker is not None:
        return _passed_to(call, taker, role)
    with torch.no_grad():
        value = call.run()
    if call.mode.product is Product.SIGNAL_TAKES_ALL:
        return _noted(call, _refusing(a, value, _undecided(call)), role)
    with torch.no_grad():
        shares = call.mode.product.shares(a, b, call.mode.epsilon)
    return _noted(
        call, substitute_gradient(value, a.expand(value.shape) * shares[0] + b.expand(value.shape) * shares[1]), role
    )


def contraction(first: int = 0, second: int = 1) -> Rule[RelevancePass]:
    """Return the rule of a function bilinear in two arguments, a sum of products; further arguments are summands.

    Args:
        first: position of one factor.
        second: position of the other.
    """

    def rule(call: RelevanceCall) -> Tensor:
        if call.mode.varying(call.options) or len(call.args) <= max(first, second):
            raise call.unsupported("with operands given by name")
        a, b = call.args[first], call.args[second]
        if call.mode.varies(a) and call.mode.varies(b):
            return _contracted(call, first, second)
        return linear(call)

    return rule


def einsum(call: RelevanceCall) -> Tensor:
    """Apply a contraction to the two varying operands of an einsum; others are constant factors.

    Raises:
        UnsupportedOperationError: more than two varying operands.
    """
    if isinstance(call.args[1], (list, tuple)):
        call = replace(call, args=(call.args[0], *call.args[1]))
    factors = [position for position, value in enumerate(call.args) if call.mode.varies(value)]
    if len(factors) > 2:
        raise call.unsupported(f"of {len(factors)} varying operands")
    return _contracted(call, *factors) if len(factors) == 2 else linear(call)


def division(call: RelevanceCall) -> Tensor:
    """Apply a/b: all relevance goes to a; a constant over b is an activation of b and divides what it scales.

    Raises:
        UnsupportedOperationError: a quotient that is rounded.
    """
    if call.options.get("rounding_mode") is not None:
        raise call.unsupported(f"with rounding_mode {call.options['rounding_mode']!r}")
    numerator, denominator = _operands(call)
    if call.mode.varies(numerator):
        return _passed_to(call, numerator, call.mode.noted(numerator))
    return _passed_to(call, denominator, Role.DIVISOR)


def reflected_division(call: RelevanceCall) -> Tensor:
    """Apply b.__rtruediv__(a), which is a/b."""
    return division(replace(call, function=torch.div, args=call.args[::-1]))


def normalisation(operation: Callable[..., Tensor]) -> Rule[RelevancePass]:
    """Return the rule of layer or group normalisation: an affine map, its standard deviation taken as a constant."""

    def rule(call: RelevanceCall) -> Tensor:
        x = call.args[0]
        if len(call.varying()) > 1:
            raise call.unsupported("with weights that depend on the input")
        options = {**call.options, "standardise": standardised_by_constant}
        return _sum(call, operation(nullcontext(), call.mode.entering(x), *call.args[1:], **options), Role.SIGNAL)

    return rule


def _entering(call: RelevanceCall) -> Callable[[Tensor], Tensor]:
    mode = call.mode
    return lambda tensor: mode.entering(tensor) if mode.varies(tensor) else tensor


def _sum(call: RelevanceCall, terms: Tensor, role: Role) -> Tensor:
    return _noted(call, call.mode.left(terms), role)


def _passed_to(call: RelevanceCall, x: Tensor, role: Role, where: Any = True) -> Tensor:
    """Return the call's result with all its relevance passed to x, where that is allowed."""
    with torch.no_grad():
        value = call.run()
    surrogate = x.expand(value.shape) if x.ndim <= value.ndim else x
    return _noted(call, substitute_gradient(value, surrogate if where is True else surrogate * where), role)


def _contracted(call: RelevanceCall, first: int, second: int) -> Tensor:
    a, b = call.args[first], call.args[second]
    taker = _taker(call, a, b)
    if taker is None and call.mode.product is Product.SIGNAL_TAKES_ALL:
        with torch.no_grad():
            value = call.run()
        return _noted(call, _refusing(a, value, _undecided(call)), Role.SIGNAL)
    if taker is None and call.mode.product is Product.PROPORTIONAL:
        return _term_by_term(call, a, b)
    entered = [*substitute(call.args, _entering(call))]
    for position in (first, second):
        factor = call.args[position]
        if taker is None:
            entered[position] = call.mode.entering(factor, 0.5)
        elif factor is not taker:
            entered[position] = factor.detach()
    return _sum(call, call.function(*entered, **call.options), Role.SIGNAL)


def _term_by_term(call: RelevanceCall, a: Tensor, b: Tensor) -> Tensor:
    """Multiply two matrices as a sum of elementwise products, each of which shares its relevance on its own."""
    if operation_name(call.function) not in _MATRIX_PRODUCTS or min(a.ndim, b.ndim) < 2:
        raise call.unsupported("of two varying operands")
    with call.mode:
        return (a.unsqueeze(-1) * b.unsqueeze(-3)).sum(-2)


def _taker(call: RelevanceCall, a: Tensor, b: Tensor) -> Tensor | None:
    """Return the factor that takes all of a product's relevance, or None where they share it."""
    role_a, role_b = call.mode.noted(a), call.mode.noted(b)
    takes_all = call.mode.product is Product.SIGNAL_TAKES_ALL or Role.DIVISOR in (role_a, role_b)
    if role_a == role_b or not takes_all:
        return None
    return a if role_a > role_b else b


def _undecided(call: RelevanceCall) -> UnsupportedOperationError:
    return call.unsupported("of two factors neither of which gates the other by a sigmoid, softmax or exponential")


def _operands(call: RelevanceCall) -> tuple[Any, Any]:
    if len(call.args) != 2:
        raise call.unsupported("with operands given by name")
    return call.args[0], call.args[1]


def _noted(call: RelevanceCall, result: Tensor, role: Role) -> Tensor:
    call.noted(result, role)
    return result


def _refusing(source: Tensor, value: Tensor, error: UnsupportedOperationError) -> Tensor:
    """Return value, to which no relevance may come: attention scores have none where softmax gates."""
    result: Tensor = _Refusal.apply(source, value, error)  # type: ignore[no-untyped-call]
    return result


class _Refusal(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, source: Tensor, value: Tensor, error: UnsupportedOperationError) -> Tensor:
        ctx.error, ctx.shape = error, source.shape
        return value.detach()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        if bool((gradients[0] != 0).any()):
            raise ctx.error
        return gradients[0].new_zeros(ctx.shape), None, None
