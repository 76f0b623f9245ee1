"""Where numbers come from: versions, machine type and settings, without anything that differs between reruns."""

import platform
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from .store import FORMAT
from .suite import Suite

LIBRARIES = ("saltbench", "torch", "captum", "numpy", "scipy", "pandas", "scikit-learn")


def environment() -> dict[str, str]:
    """Return the versions of Python and of the libraries that results depend on, and the machine type."""
    return {
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        **{library: version(library) for library in LIBRARIES},
    }


def provenance(suite: Suite, device: str, environments: Sequence[dict[str, str]]) -> dict[str, Any]:
    """Return what a leaderboard's numbers depend on, as JSON values.

    Args:
        suite: the grid.
        device: "cpu" or "cuda".
        environments: those in which models were trained and cells scored; more than one if a run was resumed with
            other versions.
    """
    return {"format": FORMAT, "suite": suite.as_json(), "device": device, "environments": list(environments)}
