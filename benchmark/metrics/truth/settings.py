"""Which settings metrics of the truth can have; imports nothing heavy, since suites are checked by it."""

from ....errors import ParameterError
from ..signs import check_sign


def check_top_k(*, sign: str, k: int) -> None:
    """Raise unless so many of the largest entries can be looked at.

    Raises:
        UnknownNameError: another sign.
        ParameterError: k below 1.
    """
    check_sign(sign=sign)
    if k < 1:
        raise ParameterError(f"k must be at least 1, got {k}")


def check_quantile(*, sign: str, quantile: float) -> None:
    """Raise unless the entries above a quantile can be taken.

    Raises:
        UnknownNameError: another sign.
        ParameterError: a quantile outside [0, 1].
    """
    check_sign(sign=sign)
    if not 0 <= quantile <= 1:
        raise ParameterError(f"a quantile must lie in 0 to 1, got {quantile:g}")


def check_mean_rank(*, sign: str, ties: str) -> None:
    """Raise unless entries can be ranked so.

    Raises:
        UnknownNameError: another sign.
        ParameterError: other ties.
    """
    check_sign(sign=sign)
    if ties not in ("average", "min"):
        raise ParameterError(f"ties must be average or min, got '{ties}'")


def check_share(*, share: float) -> None:
    """Raise unless a share of the entries can be taken.

    Raises:
        ParameterError: a share outside (0, 1].
    """
    if not 0 < share <= 1:
        raise ParameterError(f"a share of the entries must lie above 0 and be at most 1, got {share:g}")
