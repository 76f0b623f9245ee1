"""Keep freed memory in the process, for processes of saltbench's own."""

import ctypes
import sys

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h
_LARGEST = 1 << 30  # bytes


def keep_freed_memory() -> bool:
    """Let glibc keep blocks of up to 1 GiB when they are freed; return whether it does.

    It gives large blocks back to the system at once, and every pass through a network then pays for their pages
    anew: passes of 128 series of 100 × 100 cells through an LSTM took 2.5 times as long. The memory stays with the
    process until it ends, so this is for the command line and its workers, not for a library's user.
    """
    if sys.platform != "linux":
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library, such as musl
        return False
    return bool(mallopt(_M_TRIM_THRESHOLD, _LARGEST)) and bool(mallopt(_M_MMAP_THRESHOLD, _LARGEST))
