"""Which values the parameters of the architectures can have; imports no torch.

The networks call them, and the entries name them, so that a suite is refused before anything trains.
"""

from ...entry import unknown
from ...errors import ParameterError, UnknownNameError, repr_of

MOST = 1_000_000  # of features, classes or neurons
VARIANTS = ("mean", "flatten", "flatten-l2")  # of input-cell attention


def check_sizes(**sizes: int) -> None:
    """Require every named size to be from 1 to 1,000,000.

    Raises:
        ParameterError: a smaller or a larger size.
    """
    for name, size in sizes.items():
        if size < 1:
            raise ParameterError(f"{name} must be at least 1, got {size}; choose a positive number")
        if size > MOST:
            raise ParameterError(f"{name} must be at most {MOST}, got {repr_of(size)}; take a smaller number")


def check_dropout(dropout: float) -> None:
    """Require a probability below 1: at 1 nothing would reach the next layer.

    Raises:
        ParameterError: dropout outside [0, 1).
    """
    if not 0 <= dropout < 1:
        raise ParameterError(f"dropout must lie in [0, 1), got {dropout}; use 0 to switch it off")


def check_layer(*, dropout: float, **sizes: int) -> None:
    """Require sizes and dropout of a layer, and of an attention beside it, that can be.

    Raises:
        ParameterError: another size, or dropout outside [0, 1).
    """
    check_sizes(**sizes)
    check_dropout(dropout)


def check_input_cell(*, variant: str, dropout: float, **sizes: int) -> None:
    """Require what `check_layer` does, and a variant of input-cell attention.

    Raises:
        ParameterError: another size, or dropout outside [0, 1).
        UnknownNameError: another variant.
    """
    check_layer(dropout=dropout, **sizes)
    if variant not in VARIANTS:
        raise UnknownNameError(unknown("variant of input-cell-lstm", variant, VARIANTS))
