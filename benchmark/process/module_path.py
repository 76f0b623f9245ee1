"""The current folder and the module path: no module runs that the user did not name."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

SAFE_PATH = "PYTHONSAFEPATH"  # Python then leaves the current folder off the module path


def leave_current_folder_out() -> None:
    """Take the current folder, which Python puts first with -c and -m, off the module path of this process."""
    with suppress(OSError):  # a folder that is gone holds no module
        if not sys.flags.safe_path and Path(sys.path[0]).samefile(Path()):
            del sys.path[0]


@contextmanager
def current_folder_left_out() -> Iterator[str | None]:
    """Keep the modules of the current folder from the processes that are started inside the block.

    Gives the value of PYTHONSAFEPATH outside of it.
    """
    before = os.environ.get(SAFE_PATH)
    os.environ[SAFE_PATH] = "1"
    try:
        yield before
    finally:
        set_safe_path(before)


def set_safe_path(value: str | None) -> None:
    """Give PYTHONSAFEPATH a value; None for none."""
    if value is None:
        os.environ.pop(SAFE_PATH, None)
    else:
        os.environ[SAFE_PATH] = value
