"""The device that computes, and in how many processes; PyTorch is loaded to find out only where it may see a GPU."""

import ctypes
import re
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from ...errors import ParameterError
from ...systems import usable_cores

DRIVER = "libcuda.so.1"  # without it no build of PyTorch for CUDA sees a GPU on Linux


def choose_device(name: str) -> str:
    """Return "cuda" or "cpu" for auto, cpu or cuda.

    Raises:
        ParameterError: cuda without a usable GPU, or another name.
    """
    _check_name(name)
    if name == "cpu" or (name == "auto" and not _may_see_gpu()):
        return "cpu"
    import torch

    usable = torch.cuda.is_available()
    if name == "cuda" and not usable:
        raise ParameterError("device cuda was asked for but PyTorch sees no GPU; choose cpu or auto")
    return "cuda" if usable else "cpu"


def device_elsewhere(name: str) -> str:
    """Return "cuda" or "cpu" for other machines, of which auto takes the processors.

    Raises:
        ParameterError: another name.
    """
    _check_name(name)
    return "cuda" if name == "cuda" else "cpu"


def default_workers(device: str) -> int:
    """Return one process a usable processor core, or one in all for a GPU."""
    if device == "cuda":
        return 1
    return usable_cores()


def _check_name(name: str) -> None:
    if name not in ("auto", "cpu", "cuda"):
        raise ParameterError(f"device must be auto, cpu or cuda, got '{name}'")


def _may_see_gpu() -> bool:
    """Return whether PyTorch may see a GPU: it is loaded, or its build and the driver do not rule it out."""
    if "torch" in sys.modules:
        return True
    built = _version_file()
    if not is_without(built, "hip"):
        return True
    return not is_without(built, "cuda") and (sys.platform != "linux" or _has_driver())


def is_without(version_file: str, what: str) -> bool:
    """Return whether PyTorch's own version.py says that it was built without "cuda" or "hip".

    It has a line for each, such as `cuda: Optional[str] = None`; false where it has none.
    """
    return re.search(rf"^{what}\b[^=\n]*= None\s*$", version_file, re.MULTILINE) is not None


def _version_file() -> str:
    try:
        return Path(str(distribution("torch").locate_file("torch/version.py"))).read_text("utf-8")
    except (PackageNotFoundError, OSError, ValueError):
        return ""


def _has_driver() -> bool:
    try:
        ctypes.CDLL(DRIVER)
    except OSError:
        return False
    return True
