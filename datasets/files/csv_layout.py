"""Detect a CSV file's encoding, header line and separator."""

import codecs
import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass

from ...errors import DataError

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "|"}
MARKS = (  # UTF-32 first: its mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
LINE = re.compile(r"([^\r\n]*)(?:\r\n|\r|\n|$)")
STATED = re.compile(r'"?sep=([^"\s]|\t)"?\s*', re.IGNORECASE)  # a first line by which Excel is told the separator


@dataclass(frozen=True)
class Layout:
    """The lines before the first row (the header is the last of them), the separator, and the columns' names."""

    lines: int
    separator: str
    names: tuple[str, ...]


def decode(content: bytes, file: str) -> str:
    """Return the text of a file: UTF-8, or UTF-16 or UTF-32 that shows as such; without a byte order mark.

    Raises:
        DataError: another encoding, which only the user knows, or none.
    """
    mark, encoding = next(((mark, name) for mark, name in MARKS if content.startswith(mark)), (b"", ""))
    encoding = encoding or _unmarked(content)
    try:
        text = content[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{file} is not {encoding.upper()} text: byte 0x{error.object[error.start]:02x} in line {line}, as in an "
            "encoding like cp1252 or latin-1; save it with the encoding UTF-8"
        ) from error
    if "\0" in text:
        raise DataError(f"{file} is not text: it has zero bytes, as a binary file; save it as CSV with encoding UTF-8")
    return text.lstrip("\ufeff")


def _unmarked(content: bytes) -> str:
    # a name in ASCII shows every second byte as zero
    first, second = content[:8:2], content[1:8:2]
    if len(content) % 2 == 0 and any(first) and not any(second):
        return "utf-16-le"
    if len(content) % 2 == 0 and any(second) and not any(first):
        return "utf-16-be"
    return "utf-8"


def layout_of(text: str, file: str, wanted: Sequence[str]) -> Layout:
    """Return the layout of a table's text, whose separator is the one that finds the wanted columns in the header.

    Blank lines, lines that begin with # and a line `sep=;` may stand before the header.

    Args:
        text: of the file.
        file: its name, for messages.
        wanted: names that the header has to have.

    Raises:
        DataError: no header, one without a separator, or one that two separators fit.
    """
    lines, stated, header = _header(text)
    if not header:
        raise DataError(f"{file} cannot be read as a table: Empty CSV file; write it anew")
    candidates = {separator: _names(header, separator) for separator in ([stated] if stated else SEPARATORS)}
    fits = [separator for separator, names in candidates.items() if set(wanted) <= set(names)]
    if len(fits) > 1:
        raise DataError(f"{file}: both '{fits[0]}' and '{fits[1]}' may separate the columns; quote names that have one")
    separator = fits[0] if fits else max(candidates, key=lambda one: len(candidates[one]))
    names = candidates[separator]
    if len(names) <= 1:
        raise DataError(
            f"{file}: expected a first line of column names with a separator ({', '.join(SEPARATORS.values())}), "
            f"got '{header[:60]}'; write a header with the columns {', '.join(map(str, wanted))}"
        )
    return Layout(lines, separator, names)


def _header(text: str) -> tuple[int, str, str]:
    lines, place, stated = 0, 0, ""
    while place < len(text):
        found = LINE.match(text, place)
        assert found is not None  # it matches everywhere
        lines, place, line = lines + 1, found.end(), found[1]
        if first := STATED.fullmatch(line):
            stated = first[1]
        elif line.strip() and not line.startswith("#"):
            return lines, stated, line
    return lines, stated, ""


def _names(header: str, separator: str) -> tuple[str, ...]:
    try:
        (names,) = csv.reader([header], delimiter=separator, skipinitialspace=True, strict=True)
    except csv.Error:  # quotes that end elsewhere than at this separator
        return ()
    return tuple(name.strip() for name in names)
