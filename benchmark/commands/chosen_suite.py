"""The suite that the options of a command choose."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...datasets.local_data import look_in
from ..suites.registry import Registries, load_registries
from ..suites.suite import Suite, load_suite
from .arguments import given


def choose_suite(
    name: str, data: Path | None, plugins: Sequence[Path] | None, **options: Any
) -> tuple[Suite, Registries]:
    """Return a suite, with what options give in place of what it says, and the registries of its entries.

    Args:
        name: of a bundled suite, or the path of a TOML file.
        data: parent of the data files, if it is given.
        plugins: files whose entries are registered, too.
        options: keys of a suite and their values; None where one is not given.

    Raises:
        UnknownNameError: an unknown suite or entry.
        ParameterError: a file that is no suite, or a value that cannot be.
    """
    look_in(data)
    registries = load_registries(plugins or ())
    return load_suite(name, registries, given(**options)), registries
