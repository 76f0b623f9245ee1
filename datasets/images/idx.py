"""Reader of IDX files, the format in which MNIST was published."""

import gzip
import io
import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...errors import DataError
from ..files.parser_failures import read_limited, translate_failures
from ..files.regular_files import open_regular

GZIP = b"\x1f\x8b"
UNSIGNED_BYTES = b"\0\0\x08"  # an IDX file begins with two zeros and the type of its values
MOST_AXES = 64  # of a NumPy array


def read_idx(path: Path) -> NDArray[np.uint8]:
    """Return the unsigned bytes of an IDX file, in the shape (…) that its header states.

    The header is 0, 0, the type (8 for unsigned bytes), the number n of axes, and n lengths of four bytes, the
    highest first; the values follow, the last axis fastest.

    Args:
        path: of the file, plain or gzipped (told by its content, not by its name).

    Raises:
        DataError: the file cannot be read, is not an IDX file of unsigned bytes, is longer or shorter than its
            header states, or has more than 2^27 bytes, also when decompressed.

    Source: Y. LeCun, C. Cortes, C. J. C. Burges, The MNIST database of handwritten digits, 1998.
    """
    content = _content(path)
    if len(content) < 4 or not content.startswith(UNSIGNED_BYTES):
        begin = content[:4].hex(" ") or "nothing"
        raise DataError(f"{path} is no IDX file of unsigned bytes: expected 00 00 08 at its start, got {begin}")
    axes = content[3]
    if not 1 <= axes <= MOST_AXES:
        raise DataError(f"{path} is damaged: expected 1 to {MOST_AXES} axes, got {axes}; get the file anew")
    start = 4 + 4 * axes
    if len(content) < start:
        raise DataError(
            f"{path} is truncated: expected a header of {start} bytes, got {len(content)}; get the file anew"
        )
    shape = np.frombuffer(content, dtype=">u4", count=axes, offset=4).tolist()
    expected, got = math.prod(shape), len(content) - start
    if got != expected:
        fault = "truncated" if got < expected else "too long"
        sizes = " × ".join(map(str, shape))
        raise DataError(f"{path} is {fault}: expected {sizes} = {expected} values, got {got}; get the file anew")
    # of lengths that NumPy cannot count, one of them 0
    with translate_failures(f"{path} is damaged: ", "; get the file anew"):
        return np.frombuffer(content, dtype=np.uint8, offset=start).reshape(shape)


def _content(path: Path) -> bytes:
    try:
        with open_regular(path) as file:
            content = read_limited(file, path)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}; check the path and its permissions") from error
    if not content.startswith(GZIP):
        return content
    with (
        translate_failures(f"{path} is damaged: expected a whole gzip file, got: ", "; get the file anew"),
        gzip.GzipFile(fileobj=io.BytesIO(content)) as zipped,
    ):
        return read_limited(zipped, path)
