"""The memory that explaining may take in each process of a Dask worker."""

import torch

from .....errors import WorkerError
from .....methods.attributions.passes.budget import default_memory, usual_memory

SHARE = 4  # explaining gets a quarter of what a worker may take


def memory_of_each(device: str, processes: int, asked: int | None, limit: int | None) -> int:
    """Return the bytes for each of a worker's processes, at least those from which on no result depends on them.

    Args:
        device: "cpu" or "cuda".
        processes: of the worker.
        asked: bytes that the user gives explaining on the worker; None for a quarter of what it has.
        limit: bytes that the worker may take; None for no limit but the machine's.

    Raises:
        WorkerError: the device is not there.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise WorkerError("a worker has no GPU that PyTorch sees; run with --device cpu, or on workers with GPUs")
    if asked is not None:
        return max(asked // processes, 1)
    free = default_memory(device, processes)
    if device == "cuda" or not limit:
        return free
    return max(min(free, limit // SHARE // processes), usual_memory(torch.device(device)))
