"""The device that computes, and in how many processes."""

import os

import torch

from ...errors import ParameterError


def choose_device(name: str) -> str:
    """Return "cuda" or "cpu" for auto, cpu or cuda.

    Raises:
        ParameterError: cuda without a usable GPU, or another name.
    """
    _check_name(name)
    usable = torch.cuda.is_available()
    if name == "cuda" and not usable:
        raise ParameterError("device cuda was asked for but PyTorch sees no GPU; choose cpu or auto")
    return "cuda" if usable and name != "cpu" else "cpu"


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
    # the affinity knows the limits of a container; macOS has none
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _check_name(name: str) -> None:
    if name not in ("auto", "cpu", "cuda"):
        raise ParameterError(f"device must be auto, cpu or cuda, got '{name}'")
