"""Names chosen by shell pattern (`box/*`) or by tag (`tag:moving`)."""

import fnmatch
from collections.abc import Collection, Iterable, Mapping

from ...entry import unknown
from ...errors import UnknownNameError

TAG = "tag:"  # begins a pattern of tags


def select(kind: str, patterns: Iterable[str], tags: Mapping[str, Collection[str]]) -> list[str]:
    """Return the names that match any pattern, each once, in the patterns' order.

    Args:
        kind: of what is chosen, for messages: "task".
        patterns: shell patterns of names, or `tag:` and a shell pattern of tags.
        tags: of each name that there is.

    Raises:
        UnknownNameError: a pattern that matches nothing, with near matches.
    """
    found: dict[str, None] = {}
    for pattern in patterns:
        found |= dict.fromkeys(_tagged(kind, pattern, tags) if pattern.startswith(TAG) else _named(kind, pattern, tags))
    return list(found)


def _named(kind: str, pattern: str, names: Iterable[str]) -> list[str]:
    matching = [name for name in names if fnmatch.fnmatchcase(name, pattern)]
    if not matching:
        raise UnknownNameError(unknown(kind, pattern, names))
    return matching


def _tagged(kind: str, pattern: str, tags: Mapping[str, Collection[str]]) -> list[str]:
    wanted = pattern.removeprefix(TAG)
    matching = [name for name, words in tags.items() if fnmatch.filter(words, wanted)]
    if not matching:
        raise UnknownNameError(unknown(f"{kind} tag", wanted, {word for words in tags.values() for word in words}))
    return matching
