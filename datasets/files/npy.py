"""Read NPY files, after comparing what the header claims with the bytes that follow."""

import io
import math
import os
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

MOST_HEADER = 10_000  # bytes; a shape and a type of numbers take less than 200
VERSIONS = {(1, 0): ("latin-1", 2), (2, 0): ("latin-1", 4), (3, 0): ("utf-8", 4)}  # encoding, bytes of the length


def read_npy(file: BinaryIO) -> NDArray[Any]:
    """Return the array, (…), of a whole NPY file, never one of Python objects.

    Raises:
        ValueError: see `check_claims`; and whatever numpy raises on damaged files, see `translate_failures`.
    """
    check_claims(file)
    array: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False, max_header_size=MOST_HEADER)
    return array


def check_claims(file: BinaryIO) -> None:
    """Leave the file where it was, at the beginning of an NPY file that ends with it.

    Raises:
        ValueError: no such header, or one that claims Python objects, or more or fewer bytes than follow.
    """
    start = file.tell()
    shape, dtype = _header(file)
    begin = file.tell()
    got = file.seek(0, os.SEEK_END) - begin
    file.seek(start)
    if dtype.hasobject:
        raise ValueError(f"it holds Python objects ({dtype}) and not numbers")
    count = math.prod(shape)
    if min(shape, default=0) < 0 or (dtype.itemsize == 0 and count):
        raise ValueError(f"its header claims {shape} of {dtype}, which no file can hold")
    expected = count * dtype.itemsize
    if got != expected:
        raise ValueError(f"its header claims {shape} of {dtype}, {expected} bytes, and {got} follow")


def _header(file: BinaryIO) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = np.lib.format.read_magic(file)
    if version not in VERSIONS:
        raise ValueError(f"its format has version {version[0]}.{version[1]}, known are 1.0, 2.0 and 3.0")
    encoding, width = VERSIONS[version]
    length = int.from_bytes(file.read(width), "little")
    if length > MOST_HEADER:
        raise ValueError(f"its header claims to have {length} bytes, more than {MOST_HEADER}")
    # version 3 differs by names of columns alone, which an array of numbers lacks
    header = file.read(length).decode(encoding).encode("latin-1")
    as_version_2 = io.BytesIO(len(header).to_bytes(4, "little") + header)
    shape, _, dtype = np.lib.format.read_array_header_2_0(as_version_2, max_header_size=MOST_HEADER)
    return shape, dtype
