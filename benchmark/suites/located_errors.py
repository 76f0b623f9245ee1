"""Locate a mistake in a suite: the line of the file, or the option of the command line."""

from collections.abc import Container, Iterator
from contextlib import contextmanager

from ...errors import SaltbenchError, printable
from .toml_lines import KeyPath, line_of


class MistakeAt(Exception):  # noqa: N818 - caught by `placed`, which makes it an error with its place
    """An error together with the path of keys to the value that it is about."""

    def __init__(self, path: KeyPath, error: SaltbenchError) -> None:
        super().__init__()
        self.path = path
        self.error = error


@contextmanager
def at(*path: str | int) -> Iterator[None]:
    """Let an error of the block be one about the value at path.

    Raises:
        MistakeAt: the block raised a SaltbenchError.
    """
    try:
        yield
    except SaltbenchError as error:
        raise MistakeAt(path, error) from error


@contextmanager
def placed(suite: str, text: str, options: Container[str | int]) -> Iterator[None]:
    """Let the message of a mistake inside the block begin with the suite and the line or option.

    Args:
        suite: the suite as the user named it.
        text: its TOML.
        options: the top-level keys that were overridden on the command line.

    Raises:
        SaltbenchError: of the mistake's own class, for a MistakeAt of the block.
    """
    try:
        yield
    except MistakeAt as mistake:
        key = mistake.path[0]
        place = f"--{key}" if key in options else f"line {line_of(text, mistake.path)}"
        raise type(mistake.error)(printable(f"suite {suite}, {place}: {mistake.error}")) from mistake.error
