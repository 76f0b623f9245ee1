"""Text as bytes, whatever a file name or the message of a third party's error holds."""


def utf8(text: str) -> bytes:
    r"""Return text in UTF-8, lone surrogates, which stand for bytes that are no UTF-8, written as `\udc80`."""
    return text.encode("utf-8", "backslashreplace")


def encodable(text: str) -> str:
    """Return text as `utf8` writes it, for tables, which hold no lone surrogates."""
    return utf8(text).decode()
