"""What code of third parties can set for all of PyTorch, and its way back."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch.nn.modules import module as modules

from ...methods.default_device import default_device
from .settings import Setting

AUTOCAST = ("cpu", "cuda")
deterministic: Any = torch.utils.deterministic  # whose attributes are not typed


@contextmanager
def usual_mode() -> Iterator[None]:
    """Record gradients inside the block, and undo at its end what it enters and does not leave, as inference mode."""
    with torch.inference_mode(False), torch.enable_grad():
        yield


def _set_default_device(before: torch.device) -> None:
    torch.set_default_device(None)
    if default_device() != before:
        torch.set_default_device(before)


def _determinism() -> tuple[bool, bool, bool]:
    return (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
        deterministic.fill_uninitialized_memory,
    )


def _set_determinism(before: tuple[bool, bool, bool]) -> None:
    mode, warn_only, deterministic.fill_uninitialized_memory = before
    torch.use_deterministic_algorithms(mode, warn_only=warn_only)


def _autocast() -> dict[str, tuple[bool, torch.dtype]]:
    return {kind: (torch.is_autocast_enabled(kind), torch.get_autocast_dtype(kind)) for kind in AUTOCAST}


def _set_autocast(before: Mapping[str, tuple[bool, torch.dtype]]) -> None:
    for kind, (is_enabled, dtype) in before.items():
        torch.set_autocast_enabled(kind, is_enabled)
        torch.set_autocast_dtype(kind, dtype)


def _flushes_denormals() -> bool:
    smallest = torch.full((1,), 1e-310, dtype=torch.float64, device="cpu")
    return float(smallest * 1) == 0


def _cudnn() -> tuple[bool, bool, bool]:
    cudnn = torch.backends.cudnn
    return cudnn.enabled, cudnn.benchmark, cudnn.deterministic


def _set_cudnn(before: tuple[bool, bool, bool]) -> None:
    cudnn = torch.backends.cudnn
    cudnn.enabled, cudnn.benchmark, cudnn.deterministic = before


def _set_mkldnn(before: bool) -> None:
    torch.backends.mkldnn.set_flags(before)


def _hooks() -> dict[str, dict[int, Any]]:
    """Return the hooks of all modules by the name of their table."""
    tables = {name: table for name, table in vars(modules).items() if name.startswith("_global_")}
    return {name: dict(table) for name, table in tables.items() if isinstance(table, dict)}


def _set_hooks(before: Mapping[str, Mapping[int, Any]]) -> None:
    for name, hooks in before.items():
        table = vars(modules)[name]
        table.clear()
        table.update(hooks)


SETTINGS = (
    Setting("default device", default_device, _set_default_device),
    Setting("default type", torch.get_default_dtype, torch.set_default_dtype),
    Setting("threads of PyTorch", torch.get_num_threads, torch.set_num_threads),
    Setting("deterministic algorithms", _determinism, _set_determinism),
    Setting(
        "detection of anomalies",
        lambda: (torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()),
        lambda before: torch.set_anomaly_enabled(*before),
    ),
    Setting("autocast", _autocast, _set_autocast),
    Setting("denormal numbers", _flushes_denormals, torch.set_flush_denormal),
    Setting("precision of products", torch.get_float32_matmul_precision, torch.set_float32_matmul_precision),
    Setting("oneDNN", lambda: torch.backends.mkldnn.enabled, _set_mkldnn),
    Setting("cuDNN", _cudnn, _set_cudnn),
    Setting("hooks of all modules", _hooks, _set_hooks),
)
