"""Gradients of networks that change in place what the gradient needs, such as `x /= x.std()`."""

from collections.abc import Callable

from torch import Tensor
from torch.autograd.graph import allow_mutation_on_saved_tensors

from ....errors import UnsupportedOperationError, text_of

_CHANGED = "modified by an inplace operation"


def with_saved_copies(compute: Callable[[], Tensor]) -> Tensor:
    """Return the gradient, (…), that a function computes; where a network changed what it needs, by copies of that.

    Copies are kept only where PyTorch refuses the gradient without them: few networks change what it needs.

    Args:
        compute: runs a network and takes its gradient; it may be called twice.
    """
    try:
        return compute()
    except (RuntimeError, UnsupportedOperationError) as error:
        if _CHANGED not in text_of(error.__cause__ or error):
            raise
    with allow_mutation_on_saved_tensors():
        return compute()
