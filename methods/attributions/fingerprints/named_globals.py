"""Which global variables a function may read, and whose code is taken to stay as it is."""

import sys
import types
from functools import lru_cache

_LIBRARIES = "captum einops numpy pandas scipy sklearn torch torchaudio torchvision typing_extensions"
_STAYING = {__name__.partition(".")[0], *sys.stdlib_module_names, *_LIBRARIES.split()} - {"__main__"}


@lru_cache(maxsize=4096)
def names_in(code: types.CodeType) -> frozenset[str]:
    """Return the names that a function's code, and those of functions within it, may look up in its module."""
    inner = (names_in(constant) for constant in code.co_consts if isinstance(constant, types.CodeType))
    return frozenset(code.co_names).union(*inner)


def is_library(module: object) -> bool:
    """Return whether a module of this name belongs to a library whose global variables do not change."""
    return isinstance(module, str) and module.partition(".")[0] in _STAYING
