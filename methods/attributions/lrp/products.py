"""The rules of LRP for products: which factors take the relevance, and how much of it each.

- A divisor gets nothing beside another factor. By `lrp`, nor does a gate beside a signal (Arras et al., as in gated
  cells and attention), nor a switch (1 + tanh z, 1 + erf z): a GELU that is written out is the activation that it is.
- Factors that take it share it: by `lrp` and `lrp-half` each of N gets R/N, the uniform rule of AttnLRP, which for
  SwiGLU, gMLP and the gates of Mamba is MambaLRP's half-propagation; by `lrp-proportional` |z_i| / (Σ |z_j| + ε) of it.
- A contraction is a sum of such products, each with its share z / (y + ε sign y) of R.

Source: Arras, Montavon, Müller, Samek, WASSA 2017, and Arras et al., "Explaining and Interpreting LSTMs", 2019;
Achtibat et al., "AttnLRP: Attention-Aware Layer-Wise Relevance Propagation for Transformers", ICML 2024, arXiv
2402.05602 (uniform rule); Jafari, Montavon, Müller, Eberle, "MambaLRP: Explaining Selective State Space Sequence
Models", NeurIPS 2024, arXiv 2406.07592 (half-propagation).
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from ..decompositions.complex_numbers import product
from ..interception.interception import Rule, operation_name
from ..interception.surrogate_gradient import substitute_gradient
from .relevance_pass import Product, RelevancePass, Role, stable_reciprocal
from .relevance_rules import RelevanceCall, linear, noted, operands, passed_to, summed


def scaling(call: RelevanceCall) -> Tensor:
    """Apply an elementwise product; a constant factor passes all relevance on, unless it is zero."""
    a, b = operands(call)
    varies = call.mode.varies
    if any(isinstance(factor, complex) or (isinstance(factor, Tensor) and factor.is_complex()) for factor in (a, b)):
        return _complex_product(call, a, b)
    if not (varies(a) and varies(b)):
        x, factor = (a, b) if varies(a) else (b, a)
        return passed_to(call, x, call.mode.noted(x), factor != 0)
    role = max(call.mode.noted(a), call.mode.noted(b))
    takers = [a] if a is b else _takers(call, [a, b])
    if len(takers) == 1:
        return passed_to(call, takers[0], role)
    with torch.no_grad():
        value = call.run()
        shares = _shares(call.mode, takers)
    parts = [taker.expand(value.shape) * share for taker, share in zip(takers, shares, strict=True)]
    return noted(call, substitute_gradient(value, parts[0] + parts[1]), role)


def _complex_product(call: RelevanceCall, a: Any, b: Any) -> Tensor:
    """Apply an elementwise product of complex numbers as the products of their parts, and their sums, (…)."""
    if not (call.mode.varies(a) and call.mode.varies(b)):
        return linear(call)
    with call.mode:
        return product(a, b)


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
            return _contracted(call, [first, second])
        return linear(call)

    return rule


def einsum(call: RelevanceCall) -> Tensor:
    """Apply a contraction to the varying operands of an einsum; others are constant factors."""
    if isinstance(call.args[1], (list, tuple)):
        call = replace(call, args=(call.args[0], *call.args[1]))
    factors = [position for position, value in enumerate(call.args) if call.mode.varies(value)]
    return _contracted(call, factors) if len(factors) > 1 else linear(call)


def bilinear(call: RelevanceCall) -> Tensor:
    """Apply x1ᵀ W x2 + b, (…).

    Raises:
        UnsupportedOperationError: W depends on the input.
    """
    if call.mode.varies(call.args[2]):
        raise call.unsupported("with weights that depend on the input")
    result: Tensor = contraction()(call)
    return result


def chain(call: RelevanceCall) -> Tensor:
    """Apply a product of several matrices, (…)."""
    matrices = call.args[0] if isinstance(call.args[0], (list, tuple)) else call.args
    factors = [position for position, value in enumerate(matrices) if call.mode.varies(value)]
    if len(factors) < 2:
        return linear(call)
    with call.mode:
        product: Tensor = matrices[0]
        for matrix in matrices[1:]:
            product = product @ matrix
        return product


def product_along_axis(call: RelevanceCall) -> Tensor:
    """Apply prod or cumprod, (…): every factor shares in each product that it is part of."""
    x, is_running = call.args[0], operation_name(call.function) == "cumprod"
    given = call.args[1] if len(call.args) > 1 else call.options.get("dim")
    with torch.no_grad():
        value = call.run()
    rows = (x.flatten() if given is None else x.movedim(given, -1)).unsqueeze(-2)
    count = rows.shape[-1]
    part = torch.ones(count if is_running else 1, count, dtype=x.dtype, device=x.device)
    part = part.tril() if is_running else part
    sizes = part * rows.detach().abs() if call.mode.product is Product.PROPORTIONAL else part.expand_as(rows * part)
    epsilon = call.mode.epsilon if call.mode.product is Product.PROPORTIONAL else 0.0
    shared = (sizes * stable_reciprocal(sizes.sum(-1, keepdim=True), epsilon) * rows).sum(-1)
    shared = shared.movedim(-1, given) if is_running else shared.reshape(value.shape)
    return noted(call, substitute_gradient(value, shared), call.mode.noted(x))


def _takers(call: RelevanceCall, factors: Sequence[Tensor]) -> list[Tensor]:
    """Return the factors that take a product's relevance."""
    roles = [call.mode.noted(factor) for factor in factors]
    if call.mode.product is Product.SIGNAL_TAKES_ALL:
        return [factor for factor, role in zip(factors, roles, strict=True) if role == max(roles)]
    return [factor for factor, role in zip(factors, roles, strict=True) if role != Role.DIVISOR] or list(factors)


def _shares(mode: RelevancePass, takers: Sequence[Tensor]) -> list[Tensor | float]:
    """Return the shares, (…), of factors of an elementwise product."""
    if mode.product is not Product.PROPORTIONAL:
        return [1 / len(takers)] * len(takers)
    sizes = [taker.abs() for taker in takers]
    inverse = stable_reciprocal(torch.stack(torch.broadcast_tensors(*sizes)).sum(0), mode.epsilon)
    return [size * inverse for size in sizes]


def _contracted(call: RelevanceCall, positions: Sequence[int]) -> Tensor:
    takers = _takers(call, [call.args[position] for position in positions])
    if len(takers) > 1 and call.mode.product is Product.PROPORTIONAL:
        return _term_by_term(call)
    entered = [call.mode.entering(value) if call.mode.varies(value) else value for value in call.args]
    for position in positions:
        factor = call.args[position]
        takes = any(factor is taker for taker in takers)
        entered[position] = call.mode.entering(factor, 1 / len(takers)) if takes else factor.detach()
    return summed(call, call.function(*entered, **call.options), Role.SIGNAL)


def _term_by_term(call: RelevanceCall) -> Tensor:
    """Apply a contraction as a sum of elementwise products, each of which shares its relevance on its own, (…)."""
    written = _IN_TERMS.get(operation_name(call.function))
    if written is None or (written is _einsum and _repeats_letters(call.args[0])):
        raise call.unsupported("of two varying operands")
    with call.mode:
        return written(*call.args, **call.options)


def _linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    product = _matrix_product(x, weight.mT)
    return product if bias is None else product + bias


def _added_product(added: Tensor, a: Tensor, b: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    return beta * added + alpha * _matrix_product(a, b)


def _bilinear(a: Tensor, b: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    product = _einsum("...i,oij,...j->...o", a, weight, b)
    return product if bias is None else product + bias


def _tensordot(a: Tensor, b: Tensor, dims: int | Sequence[Sequence[int]] = 2) -> Tensor:
    return _einsum(_equation(a, b, dims), a, b)


def _equation(a: Tensor, b: Tensor, dims: int | Sequence[Sequence[int]]) -> str:
    """Return the equation of a tensordot over axes of a and of b, (…) each."""
    if isinstance(dims, int):
        dims = (range(a.ndim - dims, a.ndim), range(dims))
    first = [chr(ord("a") + axis) for axis in range(a.ndim)]
    second = [chr(ord("A") + axis) for axis in range(b.ndim)]
    for axis, other in zip(*dims, strict=True):
        second[other] = first[axis]
    shared = set(first) & set(second)
    rest = [letter for letter in (*first, *second) if letter not in shared]
    return f"{''.join(first)},{''.join(second)}->{''.join(rest)}"


def _matrix_product(a: Tensor, b: Tensor) -> Tensor:
    if b.ndim == 1:
        return (a * b).sum(-1)
    if a.ndim == 1:
        return (a.unsqueeze(-1) * b).sum(-2)
    return (a.unsqueeze(-1) * b.unsqueeze(-3)).sum(-2)


def _einsum(equation: str, *factors: Tensor) -> Tensor:
    """Return an einsum, (…), with a term for each combination of its letters."""
    given, result = _letters(equation, factors)
    letters = [*result, *sorted({letter for axes in given for letter in axes} - set(result))]
    spread = []
    for axes, factor in zip(given, factors, strict=True):
        order = [axes.index(letter) for letter in letters if letter in axes]
        shape = [factor.shape[axes.index(letter)] if letter in axes else 1 for letter in letters]
        spread.append(factor.permute(order).reshape(shape))
    terms = _product(spread)
    summed_over = list(range(len(result), len(letters)))
    found: Tensor = terms.sum(summed_over) if summed_over else terms
    return found


def _repeats_letters(equation: str) -> bool:
    """Return whether a factor of an einsum has one letter for several axes, its diagonal."""
    parts = equation.partition("->")[0].replace(" ", "").replace(".", "").split(",")
    return any(len(set(part)) < len(part) for part in parts)


def _product(factors: Sequence[Tensor]) -> Tensor:
    """Return an elementwise product, (…), in which three or more factors that relevance goes to share it at once."""
    varying = [factor for factor in factors if factor.requires_grad]
    rest = [factor for factor in factors if not factor.requires_grad]
    if len(varying) > 2:
        varying = [torch.stack(torch.broadcast_tensors(*varying)).prod(0)]
    return functools.reduce(torch.mul, [*varying, *rest])


def _letters(equation: str, factors: Sequence[Tensor]) -> tuple[list[list[str]], list[str]]:
    """Return the letters of each factor's axes and of the result's; those of an ellipsis are numbers."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    parts = left.split(",")
    given = [_spelled(part, factor.ndim) for part, factor in zip(parts, factors, strict=True)]
    hidden = max((axes for axes in given), key=lambda axes: sum(map(str.isdigit, axes)))
    ellipsis = [letter for letter in hidden if letter.isdigit()]
    if not arrow:
        plain = left.replace("...", "").replace(",", "")
        right = "..." + "".join(sorted(letter for letter in set(plain) if plain.count(letter) == 1))
    before, dots, after = right.partition("...")
    return given, [*before, *(ellipsis if dots else []), *after]


def _spelled(part: str, axes: int) -> list[str]:
    before, dots, after = part.partition("...")
    hidden = axes - len(before) - len(after) if dots else 0
    return [*before, *(str(number) for number in range(hidden - 1, -1, -1)), *after]


# Written so that every product of two entries is a term of a sum
_IN_TERMS: dict[str, Callable[..., Tensor]] = {
    **dict.fromkeys(("matmul", "__matmul__", "linalg_matmul", "mm", "bmm", "mv"), _matrix_product),
    **dict.fromkeys(("dot", "vdot"), lambda a, b: (a * b).sum(-1)),
    "inner": lambda a, b: _matrix_product(a, b.mT if b.ndim > 1 else b),
    **dict.fromkeys(("outer", "ger"), lambda a, b: a[:, None] * b),
    **dict.fromkeys(("addmm", "addmv", "baddbmm"), _added_product),
    "linear": _linear,
    "bilinear": _bilinear,
    "tensordot": _tensordot,
    "einsum": _einsum,
}

SHARED_BY_TERM: frozenset[str] = frozenset(name.removeprefix("linalg_") for name in _IN_TERMS)
