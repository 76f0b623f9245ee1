"""Versions that must agree on all machines of a run: Python, libraries, and the code of saltbench itself."""

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from ....suites.provenance import environment

PACKAGES = ("saltbench", "saltbench.benchmark", "saltbench.methods", "saltbench.datasets")
CODE = "saltbench's code"


@cache
def own_versions() -> dict[str, str]:
    """Return the versions of this machine; of a library without the name of its build, such as +cpu."""
    found = {name: version.partition("+")[0] for name, version in environment().items() if name != "machine"}
    return {**found, CODE: _digest_of_code()}


def disagreement(own: Mapping[str, str], others: Mapping[str, str]) -> str:
    """Return in words what another machine has otherwise, and what to do; empty if all agrees."""
    differing = [name for name in own if others.get(name) != own[name]]
    if not differing:
        return ""
    name = differing[0]
    return (
        f"it has {name} {others.get(name, 'of no known version')}, this machine has {own[name]}; "
        "install the same there, with the same constraints.txt"
    )


def _digest_of_code() -> str:
    total = hashlib.sha256()
    for package in PACKAGES:
        for name, content in sorted(_sources(files(package), package)):
            total.update(f"{name}\0{hashlib.sha256(content).hexdigest()}\n".encode())
    return total.hexdigest()[:12]


def _sources(folder: Traversable, name: str) -> list[tuple[str, bytes]]:
    found = []
    for item in folder.iterdir():
        if item.is_dir():
            found += _sources(item, f"{name}.{item.name}")
        elif item.name.endswith(".py"):
            found.append((f"{name}.{item.name}", item.read_bytes().replace(b"\r\n", b"\n")))
    return found
