"""The rules of LRP: sums, activations, products and what only moves values.

Each rule returns the operation's exact value with the gradient of a surrogate, so that autograd's backward pass
carries relevance: what arrives at y is R_y, and what leaves for x is x's share of it.

- A sum y = Σ_i t_i of terms t_i, a constant among them: t_i gets t_i / (y + ε sign y) · R_y. Every function that is
  affine in what varies is one: linear layers, convolutions, means, additions.
- An elementwise function, or softmax: R_x = R_y.
- A product: as `products` says.
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

from ..decompositions.elementwise import hypot, rounded_quotient
from ..decompositions.normalisation import standardised_by_constant
from ..interception.argument_names import is_divisor
from ..interception.interception import Call, Rule, is_propagated
from ..interception.surrogate_gradient import substitute_gradient
from .relevance_pass import RelevancePass, Role

RelevanceCall = Call[RelevancePass]


def move(call: RelevanceCall) -> Any:
    """Apply a function that only moves values: relevance goes where the value came from."""
    role = call.mode.role(call.varying())
    result = call.run_with_gradients()
    if isinstance(result, Tensor):
        return call.noted(result, role)
    for part in result:
        if is_propagated(part):  # places, beside values that were sorted or the largest, are constants
            call.noted(part, role)
    return result


def placed(call: RelevanceCall) -> Any:
    """Apply index_put, which writes values over others, or adds them."""
    accumulates = call.options.get("accumulate", call.args[3] if len(call.args) > 3 else False)
    return linear(call) if accumulates else move(call)


def constant(call: RelevanceCall) -> Any:
    """Apply a function whose result counts as a constant, such as a comparison: no relevance comes from it."""
    with torch.no_grad():
        result = call.run()
    return result.detach() if isinstance(result, Tensor) else result


def cast(call: RelevanceCall) -> Any:
    """Apply a change of type: truth values are constants.

    Raises:
        UnsupportedOperationError: to whole numbers, which take no relevance on.
    """
    with torch.no_grad():
        is_constant = call.run().dtype == torch.bool
    return constant(call) if is_constant else move(call)


def linear(call: RelevanceCall) -> Tensor:
    """Apply a function that is affine in its varying arguments together."""
    return summed(call, call.run_with(entering(call)), Role.SIGNAL)


def reduction(call: RelevanceCall) -> Tensor:
    """Apply a weighted sum of the elements of one tensor, as a mean of gates is a gate."""
    return summed(call, call.run_with(entering(call)), call.mode.role(call.varying()))


def addition(call: RelevanceCall) -> Tensor:
    """Apply a ± b; with a gate and a constant, such as 1 - z, it is an activation, and 1 ± tanh z makes a switch."""
    varying = call.varying()
    if len(varying) == 1 and call.mode.noted(varying[0]) in (Role.DIVISOR, Role.GATE):
        return passed_to(call, varying[0], call.mode.noted(varying[0]))
    is_switch = len(varying) == 1 and call.mode.is_squashed(varying[0]) and _adds_one(call)
    role = Role.SWITCH if is_switch else call.mode.role(varying)
    return summed(call, call.run_with(entering(call, may_be_infinite=True)), role)


def squashing(call: RelevanceCall) -> Tensor:
    """Apply a function with values between -1 and 1, which 1 added to it makes a switch: (…)."""
    result: Tensor = activation(Role.SIGNAL)(call)
    call.mode.note_squashed(result)
    return result


def activation(role: Role | None = None) -> Rule[RelevancePass]:
    """Return the rule of an elementwise function: R_x = R_y.

    Args:
        role: what its result does in a product; None for what its operand does.
    """

    def rule(call: RelevanceCall) -> Tensor:
        x, *others = call.varying()
        if others:
            raise call.unsupported(f"of {1 + len(others)} varying operands")
        result = passed_to(call, x, call.mode.noted(x) if role is None else role)
        if result.shape != x.shape:
            raise call.unsupported(f"from shape {tuple(x.shape)} to {tuple(result.shape)}")
        return result

    return rule


def arctangent(call: RelevanceCall) -> Tensor:
    """Apply atan2, (…): relevance goes to both operands as that of their √(x² + y²) does."""
    with call.mode:
        size = hypot(*call.args)
    return passed_to(call, size, Role.SIGNAL)


def power(call: RelevanceCall) -> Tensor:
    """Apply a power: an activation, and a divisor if the exponent is a negative number."""
    role = Role.DIVISOR if is_divisor(call.args, call.options) else Role.SIGNAL
    result: Tensor = activation(role)(call)
    return result


def division(call: RelevanceCall) -> Tensor:
    """Apply a/b: all relevance goes to a; a constant over b is an activation of b and divides what it scales.

    Raises:
        UnsupportedOperationError: operands given by name.
    """
    if call.options.get("rounding_mode") is not None:
        with call.mode:
            return rounded_quotient(call.args[0], call.args[1], call.options["rounding_mode"])
    numerator, denominator = operands(call)
    if isinstance(denominator, Tensor) and denominator.is_complex() and call.mode.varies(numerator):
        with call.mode:
            quotient: Tensor = numerator * denominator.detach().reciprocal()
        return quotient
    if call.mode.varies(numerator):
        return passed_to(call, numerator, call.mode.noted(numerator))
    return passed_to(call, denominator, Role.DIVISOR)


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
        return summed(call, operation(nullcontext(), call.mode.entering(x), *call.args[1:], **options), Role.SIGNAL)

    return rule


def soft_maximum(call: RelevanceCall) -> Tensor:
    """Apply logsumexp: relevance goes to the terms as they share in the sum of exponentials, (…)."""
    x = call.args[0]
    dim = call.options["dim"] if "dim" in call.options else call.args[1]
    axes = [dim] if isinstance(dim, int) else list(dim)
    with torch.no_grad():
        value = call.run()
        shares = torch.exp(x - torch.logsumexp(x, axes, keepdim=True)).nan_to_num()
    surrogate = (shares * x).sum(axes).reshape(value.shape)
    return noted(call, substitute_gradient(value, surrogate), Role.SIGNAL)


def entering(call: RelevanceCall, may_be_infinite: bool = False) -> Callable[[Tensor], Tensor]:
    """Return the function of a tensor, (…), that makes it a summand if it varies."""
    mode = call.mode
    return lambda tensor: mode.entering(tensor, may_be_infinite=may_be_infinite) if mode.varies(tensor) else tensor


def summed(call: RelevanceCall, terms: Tensor, role: Role) -> Tensor:
    """Return the sum, (…), of terms that entered, noted with a role."""
    return noted(call, call.mode.left(terms), role)


def passed_to(call: RelevanceCall, x: Tensor, role: Role, where: Any = True) -> Tensor:
    """Return the call's result, (…), with all its relevance passed to x, where that is allowed."""
    with torch.no_grad():
        value = call.run()
    surrogate = x.expand(value.shape) if x.ndim <= value.ndim else x
    return noted(call, substitute_gradient(value, surrogate if where is True else surrogate * where), role)


def operands(call: RelevanceCall) -> tuple[Any, Any]:
    """Return the two operands of a call.

    Raises:
        UnsupportedOperationError: they are given by name.
    """
    if len(call.args) != 2:
        raise call.unsupported("with operands given by name")
    return call.args[0], call.args[1]


def noted(call: RelevanceCall, result: Tensor, role: Role) -> Tensor:
    """Return a call's result, (…), noted with a role."""
    call.noted(result, role)
    return result


def _adds_one(call: RelevanceCall) -> bool:
    others = [value for value in call.args if not call.mode.varies(value)]
    return all(bool((torch.as_tensor(value) == 1).all()) for value in others)
