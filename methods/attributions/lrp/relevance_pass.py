"""Forward pass for LRP: every tensor that depends on the input carries its role in products."""

from collections.abc import Callable, Iterable, Mapping
from enum import Enum, IntEnum
from typing import Any

import torch
from torch import Tensor

from ..interception.interception import Function, Interception, Operation, Rule


class Role(IntEnum):
    """What a tensor does in a product: of two factors with different roles, the higher one is what is scaled.

    A signal is scaled by a gate (what a sigmoid, softmax or exponential returns), and both by a divisor (the
    reciprocal of a norm or standard deviation). Moving, averaging or reversing (1 - z) a gate keeps it one. A switch,
    1 ± tanh z or 1 ± erf z, is to a signal what a gate is, as in a GELU that is written out.
    """

    DIVISOR = 0
    GATE = 1
    SWITCH = 2
    SIGNAL = 3


class Product(Enum):
    """How a product z_g·z_s of gate and signal shares its relevance R.

    SIGNAL_TAKES_ALL: R to the signal, and R/2 to each of two that scale each other; PROPORTIONAL:
    |z_g| / (|z_g| + |z_s| + ε) · R to the gate and |z_s| likewise to the signal; HALF: R/2 to each.
    """

    SIGNAL_TAKES_ALL = "all"
    PROPORTIONAL = "proportional"
    HALF = "half"

    def shares(self, signal: Tensor, gate: Tensor, epsilon: float) -> tuple[Tensor | float, Tensor | float]:
        """Return the shares (…) of the signal and the gate, which may be any two factors unless one takes all."""
        if self is Product.PROPORTIONAL:
            sizes = signal.abs(), gate.abs()
            inverse = stable_reciprocal(sizes[0] + sizes[1], epsilon)
            return sizes[0] * inverse, sizes[1] * inverse
        return (0.5, 0.5) if self is Product.HALF else (1.0, 0.0)


class RelevancePass(Interception):
    """Runs a network so that autograd's backward pass carries relevance: what is noted of a tensor is its role.

    Args:
        method: what an error calls the method.
        rules: the rule of each PyTorch function, and of kinds of fused functions.
        metadata: functions that read only the shape, type or place of tensors.
        epsilon: ε of the rule for sums, at least 0.
        product: how the two factors of a product share its relevance.
    """

    def __init__(
        self,
        method: str,
        rules: Mapping[Operation, Rule["RelevancePass"]],
        metadata: frozenset[Function],
        *,
        epsilon: float,
        product: Product,
    ) -> None:
        super().__init__(method, rules, metadata)
        self.epsilon = epsilon
        self.product = product
        self._squashed: set[int] = set()

    def note_squashed(self, tensor: Tensor) -> None:
        """Remember that a varying tensor, (…), lies between -1 and 1: 1 added to it makes a switch."""
        self._squashed.add(id(tensor))

    def is_squashed(self, tensor: Tensor) -> bool:
        """Return whether a tensor, (…), was noted as squashed."""
        return id(tensor) in self._squashed

    def note_of_constant(self, _tensor: Tensor) -> Role:
        """Return SIGNAL: what is scaled may be constant too, and then keeps its relevance to itself."""
        return Role.SIGNAL

    def role(self, tensors: Iterable[Tensor]) -> Role:
        """Return the role that varying tensors share, or SIGNAL if they have several."""
        roles: set[Role] = {self.noted(tensor) for tensor in tensors}
        return roles.pop() if len(roles) == 1 else Role.SIGNAL

    def entering(self, x: Tensor, share: float = 1.0, may_be_infinite: bool = False) -> Tensor:
        """Return x, (…), as a summand of what `left` returns: its relevance is share · x times what arrives.

        Nothing arrives from an infinite sum, as of a score that is masked, and its infinite summands get nothing.
        """
        entered: Tensor = _Entering.apply(x, share, may_be_infinite)  # type: ignore[no-untyped-call]
        return entered

    def left(self, y: Tensor) -> Tensor:
        """Return y, (…), a sum of terms that entered: each term's relevance is term / (y + ε sign y) of y's."""
        left: Tensor = _Leaving.apply(y, self.epsilon)  # type: ignore[no-untyped-call]
        return left


def stable_reciprocal(y: Tensor, epsilon: float) -> Tensor:
    """Return 1 / (y + ε sign y), (…), with sign 0 = 1, and 0 where that divides by zero: nothing is shared there."""
    stable = y + 0.0  # -0 becomes 0, whose sign is 1
    stable.add_(torch.copysign(y.new_full((), epsilon), stable))  # where() takes ten times as long
    if epsilon > 0:
        return stable.reciprocal_()
    return torch.where(stable == 0, 0.0, 1 / stable)


def part_by_part(operation: Callable[[Tensor, Tensor], Tensor], first: Tensor, second: Tensor) -> Tensor:
    """Return an elementwise function of two tensors, (…), of real and imaginary parts each by itself."""
    if not second.is_complex():
        return operation(first, second)
    parts = operation(torch.view_as_real(first.resolve_conj()), torch.view_as_real(second.resolve_conj()))
    return torch.view_as_complex(parts)


class _Entering(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, share: float, may_be_infinite: bool) -> Tensor:
        ctx.save_for_backward(x)
        ctx.share, ctx.may_be_infinite = share, may_be_infinite
        return x.detach()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (x,) = ctx.saved_tensors
        if ctx.may_be_infinite and not x.is_complex():
            x = x.clamp(torch.finfo(x.dtype).min, torch.finfo(x.dtype).max)
        return part_by_part(torch.mul, gradients[0], x) * ctx.share, None, None


class _Leaving(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, y: Tensor, epsilon: float) -> Tensor:
        ctx.save_for_backward(y)
        ctx.epsilon = epsilon
        return y.detach()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (y,) = ctx.saved_tensors
        return part_by_part(lambda arriving, z: arriving * stable_reciprocal(z, ctx.epsilon), gradients[0], y), None
