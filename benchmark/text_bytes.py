"""Text as bytes, whatever a file name or the message of a third party's error holds."""


def utf8(text: str) -> bytes:
    r"""Return text in UTF-8, lone surrogates, which stand for bytes that are no UTF-8, written as `\udc80`."""
    return text.encode("utf-8", "backslashreplace")
