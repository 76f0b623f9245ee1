"""Rules for dropout and batch normalisation in evaluation mode."""

from typing import Any

from .interception import Call, Mode, Rule


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
