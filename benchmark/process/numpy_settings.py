"""What code of third parties can set for all of NumPy, and its way back."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from .settings import Setting


@contextmanager
def usual_mode() -> Iterator[None]:
    """Undo at the end of the block what it enters and does not leave, as `numpy.errstate`."""
    with np.errstate():
        yield


def _random_state() -> tuple[Any, ...]:
    # the global generator is read for third parties: saltbench draws from none
    state: Any = np.random.get_state()  # noqa: NPY002
    name, keys, *rest = state
    return name, keys.tobytes(), *rest


def _set_random_state(before: tuple[Any, ...]) -> None:
    name, keys, *rest = before
    np.random.set_state((name, np.frombuffer(keys, dtype=np.uint32), *rest))  # noqa: NPY002


SETTINGS = (
    Setting("floating-point errors", np.geterr, lambda before: np.seterr(**before)),
    Setting("handler of floating-point errors", np.geterrcall, np.seterrcall),
    Setting("buffer size", np.getbufsize, np.setbufsize),
    Setting("random numbers of NumPy", _random_state, _set_random_state),
)
