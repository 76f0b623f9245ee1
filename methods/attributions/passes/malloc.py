"""Teach glibc to keep freed memory for the next pass."""

from functools import cache

import numpy as np

_LARGEST = (1 << 25) - (1 << 16)  # bytes: glibc learns from no block above 32 MiB


@cache  # once a process
def expect_large_blocks() -> None:
    """Free a block of 32 MB, after which glibc keeps freed blocks of up to that size for what comes next.

    It takes the largest block freed so far for a size that comes again. Before it has seen a large one, it may return
    freed memory to the system, and every pass pays anew for the pages: in a new process saliency of 300 series of
    100 × 100 entries took half as long again. The block is never written to, so it takes no memory itself. Without
    effect under another C library, or where the process has set these limits.
    """
    np.empty(_LARGEST, dtype=np.uint8)
