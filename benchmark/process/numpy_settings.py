"""What code of third parties can set for all of NumPy, and its way back."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from .settings import Setting


@contextmanager
def usual_mode() -> Iterator[None]:
    """Undo at the end of the block what it enters and does not leave, as `numpy.errstate`."""
    with np.errstate():
        yield


SETTINGS = (
    Setting("floating-point errors", np.geterr, lambda before: np.seterr(**before)),
    Setting("handler of floating-point errors", np.geterrcall, np.seterrcall),
    Setting("buffer size", np.getbufsize, np.setbufsize),
)
