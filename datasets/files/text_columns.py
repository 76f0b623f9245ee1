"""Columns of ids and labels as text: 007 and 7 differ, and 2 sorts before 10."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute
from numpy.typing import NDArray


def in_order(texts: pa.ChunkedArray) -> pd.Categorical:
    """Return texts as categories in the order of their numbers, where all are numbers, and then of their characters."""
    texts = _trimmed(texts)
    kinds = texts.unique().drop_null()
    numbers = _numbers(kinds)
    characters = kinds.to_pylist()
    if numbers is not None:
        characters = [text for _, text in sorted(zip(numbers.tolist(), characters, strict=True))]
    else:
        characters = sorted(characters)
    return pd.Categorical(texts.to_pandas(), categories=characters, ordered=True)


def numbers_or_text(texts: pa.ChunkedArray) -> Any:
    """Return the numbers that texts are, where different texts are different numbers, else the texts."""
    texts = _trimmed(texts)
    kinds = texts.unique().drop_null()
    numbers = _numbers(kinds)
    if numbers is None or len(np.unique(numbers)) < len(numbers):
        return texts.to_pandas()
    return texts.cast(pa.int64() if numbers.dtype.kind == "i" else pa.float64()).to_pandas()


def _trimmed(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    trimmed = pyarrow.compute.utf8_trim_whitespace(texts)
    return pyarrow.compute.if_else(pyarrow.compute.equal(trimmed, ""), None, trimmed)


def _numbers(texts: pa.Array) -> NDArray[Any] | None:
    for kind in (pa.int64(), pa.float64()):
        try:
            return np.asarray(pyarrow.compute.cast(texts, kind))
        except pa.ArrowInvalid:
            continue
    return None
