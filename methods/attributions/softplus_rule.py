"""DeepLIFT's rescale rule of softplus, whose bend is as narrow as its argument `beta` is large."""

from torch import Tensor

from .difference_rules import rescale, smooth
from .interception import Call
from .paired_pass import PairedPass


def softplus(call: Call[PairedPass]) -> Tensor:
    """Apply log(1 + exp(βx)) / β, to which a change of x is as small as |β| times it is to log(1 + exp x)."""
    named = dict(zip(("input", "beta"), call.args, strict=False)) | call.options
    sharpness = abs(named.get("beta", 1))
    result: Tensor = rescale(lambda twin: smooth(twin) / sharpness)(call)
    return result
