"""What a machine lacked when an error arose."""

import errno

from ...errors import SaltbenchError, is_out_of_memory, text_of
from ...systems import most_addresses

KEPT = "what was finished is kept, run the same command again"
FILES = (errno.EMFILE, errno.ENFILE)
ADDRESSES = 1_500_000 << 10  # bytes of address space that PyTorch and SciPy load in; with less they end or hang


def require_addresses() -> None:
    """Raise if a limit (ulimit -v) leaves too little address space to load the libraries.

    Raises:
        SaltbenchError: it leaves too little.
    """
    limit = most_addresses()
    if limit is not None and limit < ADDRESSES:
        raise SaltbenchError(
            f"a process needs {ADDRESSES >> 10} KiB of address space, got a limit of {limit >> 10} KiB; "
            f"raise it (ulimit -v {ADDRESSES >> 10})"
        )


def shortage(error: BaseException) -> str | None:
    """Return in one line what the operating system refused and what to do; None of an error of another kind."""
    if isinstance(error, OSError) and error.errno in FILES:
        return f"too many files are open; raise the limit (ulimit -n) or take fewer --workers: {KEPT}"
    if is_out_of_memory(error):
        return f"out of memory: {text_of(error)}; take fewer --workers or raise the limit (ulimit -v): {KEPT}"
    if "can't start new thread" in text_of(error):
        return f"no process or thread can be started; raise the limit (ulimit -u) or take fewer --workers: {KEPT}"
    if isinstance(error, OSError):
        where = "" if error.filename is None else f"{error.filename}: "
        return f"{where}{error.strerror or text_of(error)}; {KEPT}"
    return None
