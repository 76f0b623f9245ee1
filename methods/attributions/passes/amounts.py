"""Amounts of memory as people write and read them."""

import math
import re

from ....errors import ParameterError

_UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


def parse_memory(text: str) -> int:
    """Return bytes from text such as 2GB, 500 MB or 1e9.

    Raises:
        ParameterError: text that is not a positive number with B, KB, MB, GB or TB.
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?(?:e\d+)?)\s*([KMGT]?)B?\s*", text, re.IGNORECASE)
    count = float(match[1]) * _UNITS[f"{match[2].upper()}B"] if match else 0.0
    if not 1 <= count < math.inf:
        raise ParameterError(f"memory must be a positive number with KB, MB or GB, such as 2GB, got '{text}'")
    return int(count)


def amount(count: int) -> str:
    """Return bytes in the largest unit of which there is one, rounded up: what a message asks for is enough."""
    unit = next(name for name in ("TB", "GB", "MB", "KB", "B") if count >= _UNITS[name] or name == "B")
    return f"{-(-count * 10 // _UNITS[unit]) / 10:g} {unit}"
