"""The entries of saltbench and of what is installed, read anew only where something may have been installed."""

import sys
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from .registry import Registries, load_registries


class _Seen(NamedTuple):
    place: tuple[object, ...]
    registries: Registries


_LAST: list[_Seen] = []


def installed_registries() -> Registries:
    """Return registries to read from, never to add to: those of `load_registries`, as they were if nothing changed.

    Reading what is installed takes milliseconds. Installing and uninstalling change a folder of `sys.path`.

    Raises:
        PluginError, DuplicateNameError: as `load_registries`.
    """
    place = tuple((path, _changed(path)) for path in sys.path)
    if not (_LAST and _LAST[0].place == place):
        _LAST[:] = [_Seen(place, load_registries())]
    return _LAST[0].registries


def _changed(path: str) -> int | None:
    try:
        return _folder(path).stat().st_mtime_ns
    except (OSError, ValueError):
        return None


@lru_cache(maxsize=256)
def _folder(path: str) -> Path:
    return Path(path)  # of "" the folder of work
