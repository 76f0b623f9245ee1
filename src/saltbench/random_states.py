"""The process-wide generators of random numbers, of Python and of what is imported of NumPy and PyTorch.

Importing this module imports neither of the two.
"""

import random
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Generator:
    """A process-wide generator of random numbers.

    Attributes:
        name: how a user knows it.
        state: returns its state.
        restore: gives it a state back.
        seed: makes it draw what a whole number says.
    """

    name: str
    state: Callable[[], Any]
    restore: Callable[[Any], object]
    seed: Callable[[int], object]

    def is_at(self, state: Any) -> bool:
        """Return whether the generator has not drawn since it was in a state."""
        return bool(_plain(self.state()) == _plain(state))


def generators(devices: "Iterable[torch.device]" = ()) -> list[Generator]:
    """Return Python's, NumPy's and PyTorch's default generators, of the CPU and of the CUDA devices among devices."""
    python = Generator("Python's random", random.getstate, random.setstate, random.seed)
    return [*_of_torch(devices), *_of_numpy(), python]


def used_devices() -> "list[torch.device]":
    """Return the CUDA devices that this process has a generator of."""
    torch = sys.modules.get("torch")
    if torch is None or not (torch.cuda.is_available() and torch.cuda.is_initialized()):
        return []
    return [torch.device("cuda", index) for index in range(torch.cuda.device_count())]


@contextmanager
def restore_random_states(devices: "Iterable[torch.device]" = ()) -> Iterator[None]:
    """Give all process-wide generators the state back, after the block, that they had before it."""
    before = [(generator, generator.state()) for generator in generators(devices)]
    try:
        yield
    finally:
        for generator, state in before:
            generator.restore(state)


def _of_numpy() -> list[Generator]:
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return []
    # NumPy's global generator is what networks draw from that import numpy and call numpy.random
    legacy = numpy.random.mtrand._rand
    return [Generator("numpy.random", legacy.get_state, legacy.set_state, legacy.seed)]


def _of_torch(devices: "Iterable[torch.device]") -> list[Generator]:
    torch = sys.modules.get("torch")
    if torch is None:
        return []
    cpu = torch.default_generator
    on_cpu = Generator("PyTorch's generator on cpu", cpu.get_state, cpu.set_state, cpu.manual_seed)
    cuda = (device for device in devices if device.type == "cuda")
    indexed = {torch.device("cuda", torch.cuda.current_device()) if d.index is None else d for d in cuda}
    return [on_cpu, *(_of_cuda(torch, device) for device in sorted(indexed, key=str))]


def _of_cuda(torch: Any, device: "torch.device") -> Generator:
    def seed(number: int) -> None:
        with torch.cuda.device(device):
            torch.cuda.manual_seed(number)

    return Generator(
        f"PyTorch's generator on {device}",
        lambda: torch.cuda.get_rng_state(device),
        lambda state: torch.cuda.set_rng_state(state, device),
        seed,
    )


def _plain(state: Any) -> Any:
    """Return a state as bytes, numbers and tuples of them, which compare whole."""
    if isinstance(state, tuple):
        return tuple(part if isinstance(part, int) else _plain(part) for part in state)
    array = state.numpy() if hasattr(state, "numpy") else state
    return array.tobytes() if hasattr(array, "tobytes") else array
