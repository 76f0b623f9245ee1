"""Words of commands that are shown for copying into a shell."""

import shlex
from collections.abc import Iterable


def command(words: Iterable[str]) -> str:
    r"""Return words as one printable line that a POSIX shell reads as these words.

    Characters that a terminal would obey stand in `$'…'` as octal escapes, which POSIX has since 2024.
    """
    return " ".join(map(quoted, words))


def quoted(word: str) -> str:
    """Return a word as `command` writes it."""
    return shlex.quote(word) if word.isprintable() else f"$'{''.join(map(_escaped, word))}'"


def _escaped(letter: str) -> str:
    if letter in "\\'":
        return f"\\{letter}"
    if letter.isprintable():
        return letter
    return "".join(f"\\{byte:03o}" for byte in letter.encode("utf-8", "surrogateescape"))
