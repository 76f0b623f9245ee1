"""Find the line of a value in a TOML document: the parser of the standard library does not tell it."""

import re
import tomllib
from bisect import bisect_left

KeyPath = tuple[str | int, ...]

# Strings and comments are read over, brackets are counted. A string over several lines may have no end in the text.
_TOKEN = re.compile(
    r'''
    """(?:\\[\s\S]|[^\\])*?(?:"{3,5}|(?P<basic>\Z))
    | \'\'\'[\s\S]*?(?:'{3,5}|(?P<literal>\Z))
    | "(?:\\.|[^"\\\n])*"
    | '[^'\n]*'
    | \#[^\n]*
    | (?P<opening>[\[{])
    | (?P<closing>[\]}])
    ''',
    re.VERBOSE,
)
_ENDS = {"[": "]", "{": "}"}


def line_of(text: str, path: KeyPath) -> int | None:
    """Return the line, counted from 1, on which what stands at path begins: its key, header or array item.

    The first lines of a document, with what they leave open closed, are a document too: the line is the last of the
    shortest such beginning that holds the path.

    Args:
        text: a valid TOML document whose lines end with a line feed.
        path: keys of tables and positions in arrays, from the outermost.

    Returns:
        The line, or None if nothing stands there.
    """
    lines = text.split("\n")
    before = bisect_left(range(len(lines)), True, key=lambda last: _holds("\n".join(lines[: last + 1]), path))
    return before + 1 if before < len(lines) else None


def _holds(beginning: str, path: KeyPath) -> bool:
    value = tomllib.loads(_completed(f"{beginning}\n"))
    try:
        for key in path:
            value = value[key]  # type: ignore[index] # a position where there is an array
    except (KeyError, IndexError, TypeError):
        return False
    return True


def _completed(beginning: str) -> str:
    ends: list[str] = []
    for token in _TOKEN.finditer(beginning):
        match token.lastgroup:
            case "opening":
                ends.append(_ENDS[token.group()])
            case "closing":
                ends.pop()
            case "basic" | "literal":
                ends.append(token.group()[:3])
    return beginning + "".join(reversed(ends))
