"""DeepLIFT's rule for products of many factors: the mean of the derivative along the straight way from the baseline.

For two factors this is the even split of their product. Along the way the derivative is a polynomial, of which a
quadrature of few nodes finds the mean exactly.

Source: Aumann, Shapley, "Values of Non-Atomic Games", 1974.
"""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from ...interception.interception import Call
from ...numerics.quadrature import quadrature
from ..paired_pass import PairedPass
from .difference_rules import linear, with_gradient_of


def along_the_way(call: Call[PairedPass], degree: int) -> Tensor:
    """Apply a function, (…), that along the straight way is a polynomial of this degree."""
    twin = call.mode.twin
    with torch.no_grad():
        value, reference = call.run(), call.run_with(twin)

    def near(share: float) -> Tensor:
        def moved(tensor: Tensor) -> Tensor:
            if not call.mode.varies(tensor):
                return tensor
            point = twin(tensor) + share * (tensor.detach() - twin(tensor))
            return point + (tensor - tensor.detach())

        found: Tensor = call.run_with(moved)
        return found

    nodes, weights = quadrature(max((degree + 1) // 2, 1))
    surrogate = torch.stack([weight * near(node) for node, weight in zip(nodes, weights, strict=True)]).sum(0)
    return with_gradient_of(call, surrogate, value, reference)


def multilinear(call: Call[PairedPass]) -> Any:
    """Apply a function, (…), that is linear in each of its varying operands."""
    factors = len(call.varying())
    return along_the_way(call, factors) if factors > 1 else linear(call)


def einsum(call: Call[PairedPass]) -> Any:
    """Apply an einsum, (…), of any operands."""
    if isinstance(call.args[1], (list, tuple)):
        call = replace(call, args=(call.args[0], *call.args[1]))
    return multilinear(call)


def product_along_axis(call: Call[PairedPass]) -> Tensor:
    """Apply prod or cumprod over an axis or all entries, (…)."""
    x = call.args[0]
    given = call.args[1] if len(call.args) > 1 else call.options.get("dim")
    return along_the_way(call, x.numel() if given is None else x.shape[given])
