"""The journal of a run under way: which of its units have begun and ended, for those who look on.

It is a file of JSON lines in the results folder, which the run removes at its end. Nothing but what is shown to people
hangs on it: one that a killed run left behind, damaged or not, is replaced by the next run.
"""

import json
import os
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from ...datasets.files.regular_files import read_regular
from ..storage.files import explained, write_atomically
from .failures import Failure

FILE = ".progress.jsonl"


@dataclass(frozen=True)
class Header:
    """What a run says of itself when it begins.

    Attributes:
        host, process, created: which process it is, and since when there is such a one.
        began: seconds since 1970.
        device: on which it trains and explains.
        workers: how many units it computes at once.
    """

    host: str
    process: int
    created: float
    began: float
    device: str
    workers: int

    @staticmethod
    def here(device: str, workers: int) -> "Header":
        """Return that of this process."""
        return Header(socket.gethostname(), os.getpid(), psutil.Process().create_time(), time.time(), device, workers)

    def is_running(self) -> bool:
        """Return whether the run goes on; of a run on another machine that cannot be told, and is taken for true."""
        if self.host != socket.gethostname():
            return True
        try:
            return bool(psutil.Process(self.process).create_time() == self.created)
        except psutil.Error:
            return False


@dataclass(frozen=True)
class Report:
    """What a journal says.

    Attributes:
        header: of the run.
        running: in words, what has begun and not ended.
        ended: how many cells have ended.
        failures: the cells that failed.
    """

    header: Header
    running: Sequence[str]
    ended: int
    failures: Sequence[Failure]


class Journal:
    """Writes what begins and ends; from several threads, too."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def begin(self, number: int, what: str) -> None:
        """Note that a unit begins."""
        self._append({"begin": number, "what": what})

    def end(self, number: int, cells: int, failures: Sequence[Failure]) -> None:
        """Note that a unit has ended, with how many cells, and those that failed."""
        self._append({"end": number, "cells": cells, "failures": [asdict(failure) for failure in failures]})

    def _append(self, record: dict[str, Any]) -> None:
        # whoever looks on goes without a line that cannot be written: what the run itself writes says that
        with self._lock, suppress(OSError), self._path.open("r+b") as file:  # no new one once the run has removed it
            file.seek(0, os.SEEK_END)
            file.write(json.dumps(record).encode() + b"\n")


@contextmanager
def open_journal(folder: Path, header: Header) -> Iterator[Journal]:
    """Begin the journal of a run in a results folder; it is removed at the end, and stays where the run is given up.

    Raises:
        StoreError: the folder cannot be written.
    """
    path = folder / FILE
    write_atomically(path, json.dumps(asdict(header)).encode() + b"\n")
    yield Journal(path)
    forget_journal(folder)


def forget_journal(folder: Path) -> None:
    """Remove the journal that a run left behind which was given up.

    Raises:
        StoreError: the folder cannot be written.
    """
    with explained(folder / FILE):
        (folder / FILE).unlink(missing_ok=True)


def read_journal(folder: Path) -> Report | None:
    """Return what the journal of a results folder says, None where there is none that can be read."""
    try:
        first, *lines = read_regular(folder / FILE).splitlines()
        header = Header(**json.loads(first))
    except (OSError, ValueError, TypeError):
        return None
    running: dict[int, str] = {}
    ended, failures = 0, list[Failure]()
    for line in lines:
        with suppress(ValueError, KeyError, TypeError):  # a line that is being written
            record = json.loads(line)
            if "begin" in record:
                running[record["begin"]] = record["what"]
            else:
                running.pop(record["end"], None)
                ended += record["cells"]
                failures += [Failure(**failure) for failure in record["failures"]]
    return Report(header, list(running.values()), ended, failures)
