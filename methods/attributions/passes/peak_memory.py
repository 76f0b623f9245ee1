"""Measure the peak memory of the tensors allocated in a block."""

import gc
import weakref
from types import TracebackType
from typing import Any, Self

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from ..interception.interception import tensors_in


class PeakMemory:
    """Measures the peak of the bytes that are allocated inside the block, in `bytes` after it.

    On a CPU, which keeps no statistics, it follows the storage of every tensor that an operation returns, the
    backward pass included; what a kernel takes and frees within one call is not seen. `TorchDispatchMode`, which
    PyTorch documents but keeps in a private module, is used here and nowhere else.
    """

    def __init__(self, device: torch.device) -> None:
        self.bytes = 0
        self._device = device
        self._mode = _Storages()

    def __enter__(self) -> Self:
        if self._device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self._device)
            self._before = torch.cuda.memory_allocated(self._device)
        else:
            # sizes of passes follow from the peak: it must not depend on when garbage happens to be collected
            self._collects = gc.isenabled()
            gc.disable()
            self._mode.__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._device.type == "cuda":
            self.bytes = torch.cuda.max_memory_allocated(self._device) - self._before
        else:
            self._mode.__exit__(kind, error, trace)  # type: ignore[no-untyped-call]
            self.bytes = self._mode.peak
            if self._collects:
                gc.enable()


class _Storages(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.peak = 0
        self._live = 0
        self._sizes: dict[int, int] = {}

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # skipping it imports the whole compiler, a second at first use

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        options = kwargs or {}
        results = func(*args, **options)
        for result in tensors_in(results):
            self._follow(result.untyped_storage(), (args, options))
        return results

    def _follow(self, storage: torch.UntypedStorage, arguments: Any) -> None:
        address = storage.data_ptr()
        if address in self._sizes or address in _addresses(arguments):
            return  # an address of an argument that is not followed was there before the block
        self._sizes[address] = storage.nbytes()
        self._live += storage.nbytes()
        self.peak = max(self.peak, self._live)
        weakref.finalize(storage, self._forget, address).atexit = False

    def _forget(self, address: int) -> None:
        self._live -= self._sizes.pop(address)


def _addresses(arguments: Any) -> set[int]:
    return {value.untyped_storage().data_ptr() for value in tensors_in(arguments)}
