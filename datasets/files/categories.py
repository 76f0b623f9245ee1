"""Text that a file holds once for many rows, written out row by row where memory holds it."""

import pyarrow as pa
import pyarrow.compute
from pyarrow import types

from ...errors import DataError

MOST_BYTES = 2**31  # of a column of text: few bytes of a file can stand for any number of long texts


def written_out(column: pa.ChunkedArray, kind: pa.DataType, name: str, file: str) -> pa.ChunkedArray:
    """Return categories as values of a kind; as texts where that is views of texts.

    Raises:
        DataError: texts that are too large together.
    """
    size = sum(_bytes(chunk) for chunk in column.chunks)
    if size > MOST_BYTES:
        raise DataError(
            f"{file}: column '{name}' holds {size} bytes of text when every row is written out: expected at most "
            f"{MOST_BYTES}; shorten its texts"
        )
    return column.cast(pa.large_string() if types.is_string_view(kind) else kind)  # Arrow has no way to views


def _bytes(chunk: pa.DictionaryArray) -> int:
    if not (types.is_string(chunk.dictionary.type) or types.is_large_string(chunk.dictionary.type)):
        return 0
    lengths = pyarrow.compute.binary_length(chunk.dictionary).cast(pa.int64())
    return pyarrow.compute.sum(lengths.take(chunk.indices)).as_py() or 0
