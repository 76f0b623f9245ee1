"""Files that a run needs beside the package, sent by content: plugins, series of the user's own, data sets."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .....datasets.local_data import COPIES, VARIABLE, copy_of
from .....datasets.planted.planted_files import PREFIX, files_of
from .....errors import StoreError
from ....suites.choice import Choice
from ....suites.suite import Suite

MOST_BYTES = 500 * 10**6  # of all files together: they pass through the scheduler, and every worker keeps them
EXTERNAL = "external-data"  # the tag of tasks that read the folder of data sets


@dataclass(frozen=True)
class SentFile:
    """A file by content: where it lies below the folder in which a worker keeps what it is sent."""

    place: str
    content: bytes
    sha256: str

    @staticmethod
    def of(place: str, path: Path) -> "SentFile":
        """Return a file of this machine.

        Raises:
            StoreError: it cannot be read.
        """
        try:
            content = path.read_bytes()
        except OSError as error:
            raise StoreError(f"cannot read {path}, which workers need: {error.strerror}; check its path") from error
        return SentFile(place, content, hashlib.sha256(content).hexdigest())

    def write(self, folder: Path) -> Path:
        """Write the file below a folder, and return its path.

        Raises:
            StoreError: it arrived damaged.
        """
        if hashlib.sha256(self.content).hexdigest() != self.sha256:
            raise StoreError(f"{self.place} arrived with another SHA-256 than it was sent with; run again")
        path = folder / self.place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.content)
        return path


@dataclass(frozen=True)
class Luggage:
    """What a run sends to every worker.

    Attributes:
        plugins: files that define entries, in their order.
        copies: files of the user's own that tasks are named after, and what belongs to them.
        data: files of the folder of data sets.
        data_folder: that folder on the machine of the user, where its files are not sent; empty without one.
    """

    plugins: tuple[SentFile, ...] = ()
    copies: tuple[SentFile, ...] = ()
    data: tuple[SentFile, ...] = ()
    data_folder: str = ""

    def unpack(self, folder: Path) -> "Unpacked":
        """Write all files below a folder.

        Raises:
            StoreError: a file arrived damaged.
        """
        plugins = tuple(plugin.write(folder) for plugin in self.plugins)
        for file in (*self.copies, *self.data):
            file.write(folder)
        variables = {COPIES: str(folder / COPIED)} if self.copies else {}
        if self.data or self.data_folder:
            variables[VARIABLE] = str(folder / DATA) if self.data else self.data_folder
        return Unpacked(plugins, tuple(variables.items()))


@dataclass(frozen=True)
class Unpacked:
    """Where a worker has what it was sent: plugins, and variables of the environment that name the rest."""

    plugins: tuple[Path, ...] = ()
    variables: tuple[tuple[str, str], ...] = field(default=())


COPIED, DATA, PLUGINS = "copies", "data", "plugins"  # folders below a worker's own


def pack_files(suite: Suite, tags: dict[str, tuple[str, ...]], plugins: Sequence[Path]) -> Luggage:
    """Return the files that the cells of a suite need.

    Files that tasks read are left where they are when they are too large together: workers then look for them under the
    same paths.

    Args:
        suite: whose cells are to be computed.
        tags: of its tasks, by name.
        plugins: files whose entries it uses.

    Raises:
        StoreError: a file cannot be read.
    """
    own = tuple(SentFile.of(f"{PLUGINS}/{number}/{path.name}", path) for number, path in enumerate(plugins))
    copies = {place: path for task in suite.tasks for place, path in _named_files(task)}
    root = os.environ.get(VARIABLE, "")
    is_read = any(EXTERNAL in tags[task.name] for task in suite.tasks)
    data = (
        {f"{DATA}/{path.relative_to(root).as_posix()}": path for path in _files(Path(root))} if root and is_read else {}
    )
    if sum(path.stat().st_size for path in (*copies.values(), *data.values())) > MOST_BYTES:
        copies, data = {}, {}
    sent_copies, sent_data = (
        tuple(SentFile.of(place, path) for place, path in files.items()) for files in (copies, data)
    )
    return Luggage(own, sent_copies, sent_data, root if is_read else "")


def _named_files(task: Choice) -> Iterator[tuple[str, Path]]:
    if not task.name.startswith(PREFIX):
        return
    named = task.name.removeprefix(PREFIX)
    place = copy_of(named, Path(COPIED))
    for path in files_of(Path(named)):
        if path.is_file():
            yield (place.parent / path.name).as_posix(), path


def _files(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder):
        yield from (path for name in sorted(names) if (path := Path(parent, name)).is_file())
