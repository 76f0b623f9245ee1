"""Which code made the tables and figures of a run: a digest of saltbench's modules, and of the libraries' versions."""

import hashlib
import platform
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ... import __file__ as package
from ... import __version__
from ...errors import StoreError
from .. import __file__ as benchmark

LIBRARIES = ("numpy", "pandas", "pyarrow", "scipy", "scikit-posthocs", "statsmodels", "matplotlib", "seaborn", "pillow")


@cache  # once a process: what is loaded stays as it is
def code_version() -> str:
    """Return a digest that is another one where a byte of saltbench's code, or the version of a library, is.

    So nobody has to raise a number when a figure changes. Code of methods, architectures and tasks is not in it: what
    they do is in the keys of stored results.

    Raises:
        StoreError: a module cannot be read.
    """
    parts = [__version__, platform.python_version(), platform.machine(), *map(_version, LIBRARIES)]
    modules = [*Path(package).parent.glob("*.py"), *Path(benchmark).parent.rglob("*.py")]
    return hashlib.sha256("\n".join([*parts, *digests_of(modules)]).encode()).hexdigest()


def digests_of(modules: Iterable[Path]) -> Iterator[str]:
    """Yield name, folder and digest of modules, in an order that does not depend on where they are installed.

    Raises:
        StoreError: one cannot be read.
    """
    for path in sorted(modules, key=lambda path: path.parts[-3:]):
        try:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            raise StoreError(f"cannot read {path}: {error.strerror}; install saltbench again") from error
        yield f"{path.parent.name}/{path.name} {digest}"


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return ""
