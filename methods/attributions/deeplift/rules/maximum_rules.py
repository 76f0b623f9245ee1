"""DeepLIFT's rule for maxima: each operand has the share of the path on which it is the largest.

On the straight way from the baseline to the input the maximum is a chain of its operands, each for a while: with
w_i the share of the way on which operand i is the largest, Σ w_i·Δx_i = Δ max. For two operands this is the rescale
rule of max(a, b) = a + relu(b - a); unlike a chain of such pairs it does not depend on the operands' order.

Source: Shrikumar, Greenside, Kundaje, ICML 2017 (rescale rule); the straight way is that of Aumann and Shapley,
"Values of Non-Atomic Games", 1974.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from ...interception.interception import Call, Rule
from ..paired_pass import PairedPass
from .difference_rules import with_gradient_of
from .largest_line import LargestLine
from .place_rules import place_of_the_largest
from .pooling_windows import Windows, adaptive, sliding

_ALONG_AXES = {"max": torch.amax, "min": torch.amin}
_OF_TWO = {"max": torch.maximum, "min": torch.minimum}

_Windows = Callable[[Call[PairedPass], Sequence[int], Sequence[int]], Windows]


def shares_of_the_way(values: Tensor, twins: Tensor) -> Tensor:
    """Return w_i, the share of α in [0, 1] at which twin + α·(value - twin) is the largest, along the last axis.

    Args:
        values: (…, operands); -inf in both takes no part.
        twins: (…, operands), the values for the baseline.

    Returns:
        (…, operands), at least 0, summing to 1.
    """
    chain = LargestLine(values, twins, twins.argmax(-1, keepdim=True))
    shares = torch.zeros_like(chain.slopes)
    for last, _, share in chain.links():
        shares.scatter_add_(-1, last, share)
    return shares


def largest_along_axes(call: Call[PairedPass]) -> Tensor:
    """Apply amax: the largest along axes, (…)."""
    x = call.args[0]
    named = dict(zip(("dim", "keepdim"), call.args[1:], strict=False)) | call.options
    given = named.get("dim", ())
    axes = [axis % x.ndim for axis in ((given,) if isinstance(given, int) else given)] or list(range(x.ndim))
    rest = [axis for axis in range(x.ndim) if axis not in axes]

    def flat(tensor: Tensor) -> Tensor:
        return tensor.permute(*rest, *axes).flatten(len(rest)) if axes else tensor[..., None]

    return _largest(call, flat(x), flat(call.mode.twin(x).expand(x.shape)))


def larger(call: Call[PairedPass]) -> Tensor:
    """Apply maximum(a, b)."""
    pair = torch.broadcast_tensors(*call.args)
    twins = torch.broadcast_tensors(*(call.mode.twin(operand) for operand in call.args))
    return _largest(call, torch.stack(pair, -1), torch.stack(twins, -1))


def smaller(call: Call[PairedPass]) -> Tensor:
    """Apply minimum(a, b) = -maximum(-a, -b)."""
    with call.mode:
        return -torch.maximum(*(-operand for operand in call.args))


def smallest_along_axes(call: Call[PairedPass]) -> Tensor:
    """Apply amin: the smallest along axes, (…)."""
    with call.mode:
        return -torch.amax(-call.args[0], *call.args[1:], **call.options)


def extremum(along_axes: Rule[PairedPass], of_two: Rule[PairedPass]) -> Rule[PairedPass]:
    """Return the rule of max or min: over all entries, of two tensors, or along an axis with places.

    Args:
        along_axes: that of amax or amin.
        of_two: that of maximum or minimum.
    """

    def placed(call: Call[PairedPass], values: Tensor) -> Any:
        with torch.no_grad():
            found, twins = call.run(), call.run_with(call.mode.twin)
        place_of_the_largest(call, found[1], twins[1])
        return type(found)((values, found[1]))

    def rule(call: Call[PairedPass]) -> Any:
        if len(call.args) > 1 and isinstance(call.args[1], Tensor):
            return of_two(replace(call, function=_OF_TWO[call.function.__name__]))
        values = along_axes(replace(call, function=_ALONG_AXES[call.function.__name__]))
        return values if len(call.args) == 1 and not call.options else placed(call, values)

    return rule


def with_places(rule: Rule[PairedPass]) -> Rule[PairedPass]:
    """Return the rule of a function that may also tell where its values stood, a change of which is owed to nothing."""

    def placed(call: Call[PairedPass]) -> Any:
        result = rule(call)
        if isinstance(result, Tensor):
            return result
        with torch.no_grad():
            found, twins = call.run(), call.run_with(call.mode.twin)
        call.mode.note_discrete(found[1], twins[1])
        return type(found)((result[0], found[1]))

    return placed


def max_pool(axes: int) -> Rule[PairedPass]:
    """Return the rule of max pooling over the last axes."""

    def windows(call: Call[PairedPass], sizes: Sequence[int], outputs: Sequence[int]) -> Windows:
        names = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")
        options = dict(zip(names, call.args[1:], strict=False)) | call.options
        kernel = _each(options["kernel_size"], axes)
        stride = _each(options.get("stride") or kernel, axes)
        padding, dilation = _each(options.get("padding", 0), axes), _each(options.get("dilation", 1), axes)
        return sliding(sizes, outputs, kernel, stride, padding, dilation, call.args[0].device)

    return _pooling(axes, windows)


def adaptive_max_pool(axes: int) -> Rule[PairedPass]:
    """Return the rule of adaptive max pooling over the last axes."""
    return _pooling(axes, lambda call, sizes, outputs: adaptive(sizes, outputs, call.args[0].device))


def _pooling(axes: int, windows: _Windows) -> Rule[PairedPass]:
    def rule(call: Call[PairedPass]) -> Tensor:
        x = call.args[0]
        with torch.no_grad():
            outputs: Tensor = call.run()
        found = windows(call, x.shape[-axes:], outputs.shape[-axes:])
        return _largest(call, found.of(x, axes), found.of(call.mode.twin(x), axes))

    return rule


def _largest(call: Call[PairedPass], operands: Tensor, twins: Tensor) -> Tensor:
    with torch.no_grad():
        value, reference = call.run(), call.run_with(call.mode.twin)
        shares = shares_of_the_way(operands, twins)
    # -inf times a share of 0 would be NaN
    surrogate = (shares * operands.masked_fill(shares == 0, 0.0)).sum(-1).reshape(value.shape)
    return with_gradient_of(call, surrogate, value, reference)


def _each(number: Any, axes: int) -> list[int]:
    numbers = list(number) if isinstance(number, (list, tuple)) else [number]
    return numbers * axes if len(numbers) == 1 else numbers
