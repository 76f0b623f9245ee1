"""What becomes of the signs of a map before its entries are compared."""

from collections.abc import Callable, Mapping

import numpy as np

from ...entry import unknown
from ...errors import UnknownNameError
from .arrays import Floats
from .maps import Maps

SIGNS: Mapping[str, Callable[[Floats], Floats]] = {
    "signed": lambda map_: map_,
    "absolute": np.abs,
    "positive": lambda map_: np.maximum(map_, 0.0),
}


def check_sign(*, sign: str) -> None:
    """Raise unless maps can be taken so.

    Raises:
        UnknownNameError: another word than "signed", "absolute" or "positive".
    """
    if sign not in SIGNS:
        raise UnknownNameError(unknown("sign", sign, SIGNS))


def signed_map(maps: Maps, sign: str) -> Floats:
    """Return the map, (batch, time, features), "signed" as it is, "absolute" |a| or "positive" max(a, 0).

    Raises:
        UnknownNameError: another sign.
    """
    check_sign(sign=sign)
    return SIGNS[sign](maps.attributions.astype(np.float64, order="C"))
