"""A results folder that workers share: prove that they write where this machine reads, and wait for what they wrote."""

import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from .....errors import StoreError
from ....storage.files import TEMPORARY, explained
from ....storage.store import RECORD

PATIENCE = 120.0  # seconds: NFS keeps what it knows of a folder for one minute by default
PAUSE = 0.2


class Token:
    """A file with random content in the results folder, beside which workers write answers.

    Used as a context manager, whose end removes them; the name is one of those that the next run clears away.

    Attributes:
        name: of the file.
        content: what stands in it.
    """

    def __init__(self, folder: Path) -> None:
        self.name = f"{TEMPORARY}token-{secrets.token_hex(8)}"
        self.content = secrets.token_hex(32)
        self._folder = folder

    def __enter__(self) -> Self:
        with explained(self._folder):
            (self._folder / self.name).write_text(self.content, "utf-8")
        return self

    def __exit__(self, *_: object) -> None:
        for path in self._folder.glob(f"{self.name}*"):
            path.unlink(missing_ok=True)

    def is_answered(self, answer: str) -> bool:
        """Return whether a worker's answer, the name of a file beside the token, is seen here."""
        return answer.startswith(self.name) and (self._folder / answer).is_file()


def answer_token(folder: Path, name: str, content: str) -> str:
    """Return the name of the answer that was written beside a token; empty where the token is not seen, or no file."""
    with suppress(OSError, ValueError):
        if (folder / name).read_text("utf-8") == content:
            answer = f"{name}-{secrets.token_hex(8)}"
            (folder / answer).touch()
            return answer
    return ""


def await_arrival(folder: Path, places: Sequence[str], worker: str) -> None:
    """Return when all results stand in a results folder, which network file systems show late.

    Args:
        folder: of the results.
        places: of the results in it.
        worker: that has written them.

    Raises:
        StoreError: one does not come.
    """
    end = time.monotonic() + PATIENCE
    for place in places:
        while not _is_there(folder / place):
            if time.monotonic() > end:
                raise StoreError(
                    f"worker {worker} wrote {folder / place}, which is not seen here after {PATIENCE:g} s; "
                    "check the shared file system, and run the same command again"
                )
            time.sleep(PAUSE)


def _is_there(place: Path) -> bool:
    with suppress(OSError):
        list(place.parent.iterdir())  # asks the server anew, where a look at the file alone may not
        return (place / RECORD).is_file()
    return False
