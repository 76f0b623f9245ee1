"""Text as bytes, whatever a file name or the message of a third party's error holds."""

import json
from typing import Any


def utf8(text: str) -> bytes:
    r"""Return text in UTF-8, lone surrogates, which stand for bytes that are no UTF-8, written as `\udc80`."""
    return text.encode("utf-8", "backslashreplace")


def json_bytes(value: Any) -> bytes:
    """Return a value as JSON that people read, one line for each part, in UTF-8.

    Raises:
        ValueError: NaN or infinity, which JSON does not have.
    """
    return utf8(json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)) + b"\n"


def encodable(text: str) -> str:
    """Return text as `utf8` writes it, for tables, which hold no lone surrogates."""
    return utf8(text).decode()
