"""The connection to a Dask scheduler: what goes wrong with it is said in one line."""

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from distributed import Client
from distributed.comm.addressing import parse_address, parse_host_port
from distributed.comm.registry import get_backend
from distributed.versions import VersionMismatchWarning

from .....errors import WorkerError, described, text_of
from . import calls
from .versions import disagreement, own_versions

PATIENCE = 10.0  # seconds for a scheduler to answer
LOGGERS = ("distributed", "tornado", "asyncio")
GONE = "what was finished is kept, run the same command again"


@contextmanager
def quiet() -> Iterator[None]:
    """Keep what Dask logs from standard error inside the block: saltbench says it in a line of its own."""
    # each of Dask's own has a level and a handler
    names = [*LOGGERS, *(name for name in logging.root.manager.loggerDict if name.partition(".")[0] in LOGGERS)]
    before = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)


def connect(address: str) -> Client:
    """Return a client of the scheduler at an address.

    Raises:
        WorkerError: no scheduler answers there.
    """
    try:
        _check(address)
        with warnings.catch_warnings():
            # the versions that count are compared below, library by library
            warnings.simplefilter("ignore", VersionMismatchWarning)
            return Client(address, timeout=PATIENCE, set_as_default=False)
    except Exception as error:
        raise WorkerError(
            f"no Dask scheduler answers at {address}: {_cause(error)}; start one with `dask scheduler`, "
            "or correct --scheduler"
        ) from error


def check_workers_of(client: Client) -> None:
    """Raise unless the workers that are there have saltbench, in the versions of this machine.

    Raises:
        WorkerError: one has not.
    """
    answers: Mapping[str, Any] = client.run(calls.versions, on_error="return")
    for worker, answer in answers.items():
        refusal = described(answer) if isinstance(answer, BaseException) else disagreement(own_versions(), answer)
        if isinstance(answer, ImportError):
            refusal = f"it lacks this saltbench ({text_of(answer)}); install the same there"
        if refusal:
            raise WorkerError(f"worker {worker} cannot take part: {refusal}")


def _check(address: str) -> None:
    """Raise a ValueError unless an address is one of a protocol that Dask speaks; with others it waits for ever."""
    scheme, place = parse_address(address)
    get_backend(scheme)
    parse_host_port(place)


def _cause(error: BaseException) -> str:
    """Return what the system says, which the causes of an error know, or else its own text."""
    said, each = text_of(error), error.__cause__
    while each is not None:
        said = (isinstance(each, OSError) and each.strerror) or said
        each = each.__cause__
    return said
