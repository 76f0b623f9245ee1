"""The files behind standard input, output and error, which any code can close or redirect, and their way back."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from .standard_streams import reopen_streams

STANDARD = (0, 1, 2)  # the numbers of standard input, output and error

Identity = tuple[int, int] | None


@contextmanager
def standard_files_kept() -> Iterator[None]:
    """Give the standard streams their files again where code inside the block closes, detaches or redirects them."""
    files = {number: identity(number) for number in STANDARD}
    copies = {number: os.dup(number) for number, file in files.items() if file}
    try:
        yield
    finally:
        for number, copy in copies.items():
            _give_back(number, copy, files[number])
        reopen_streams()


def _give_back(number: int, copy: int, file: Identity) -> None:
    """Let number stand for a file again, of which copy is another number unless somebody closed that, too."""
    if identity(copy) != file:
        return
    if identity(number) != file:
        os.dup2(copy, number)
    os.close(copy)


def identity(number: int) -> Identity:
    """Return what tells an open file from all others, by its number; None where it is closed."""
    with suppress(OSError):  # it is closed
        found = os.fstat(number)
        return found.st_dev, found.st_ino
    return None
