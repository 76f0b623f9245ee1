"""Rules that hold under a condition: dropout and batch normalisation in evaluation mode, scatters that add."""

from typing import Any

from torch import Tensor

from .interception import Call, Mode, Rule

_ADDING = (None, "add", "sum", "mean")


def switched_off_dropout(call: Call[Mode]) -> Any:
    """Apply dropout in evaluation mode, the identity: `training` in torch.nn.functional, `train` in torch.

    Raises:
        UnsupportedOperationError: dropout in training mode, whose mask would be random.
    """
    named = dict(zip(("input", "p", "training"), call.args, strict=False)) | call.options
    if named.get("train", named.get("training", True)):
        raise call.unsupported("in training mode")
    return call.args[0]


def running_batch_norm(affine: Rule[Mode]) -> Rule[Mode]:
    """Return the rule of batch normalisation by running statistics, which is affine.

    Raises:
        UnsupportedOperationError: batch statistics, or statistics and weights that vary.
    """

    def rule(call: Call[Mode]) -> Any:
        training = call.options.get("training", call.args[5] if len(call.args) > 5 else False)
        if training or len(call.varying()) > 1:
            raise call.unsupported("with statistics or weights that depend on the input")
        return affine(call)

    return rule


def adding(replacing: Rule[Mode], adding: Rule[Mode]) -> Rule[Mode]:
    """Return the rule of a scatter, which writes values over others, or adds them.

    Raises:
        UnsupportedOperationError: it multiplies them, or keeps the largest.
    """

    def rule(call: Call[Mode]) -> Any:
        reduce = call.options.get("reduce", call.args[4] if len(call.args) > 4 else None)
        if reduce not in _ADDING:
            raise call.unsupported(f"with reduce={reduce!r}")
        return replacing(call) if reduce is None else adding(call)

    return rule


def of_tensor(rule: Rule[Mode]) -> Rule[Mode]:
    """Return the rule of torch.as_tensor, which copies a tensor, but takes numbers out of a list of tensors.

    Raises:
        UnsupportedOperationError: it is given such a list.
    """

    def copied(call: Call[Mode]) -> Any:
        if not isinstance(call.args[0], Tensor):
            raise call.unsupported("of a list of tensors (stack them)")
        return rule(call)

    return copied
