"""The process-wide generators of random numbers: PyTorch's, NumPy's and Python's."""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
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
        return repr(_plain(self.state())) == repr(_plain(state))


def generators(devices: Iterable[torch.device] = ()) -> list[Generator]:
    """Return Python's, NumPy's and PyTorch's default generators, of the CPU and of the CUDA devices among devices."""
    # NumPy's global generator is what networks draw from that import numpy and call numpy.random
    legacy = np.random.mtrand._rand
    cpu = torch.default_generator
    found = [
        Generator("PyTorch's generator on cpu", cpu.get_state, cpu.set_state, cpu.manual_seed),
        Generator("numpy.random", legacy.get_state, legacy.set_state, legacy.seed),
        Generator("Python's random", random.getstate, random.setstate, random.seed),
    ]
    return found + [_of_cuda(device) for device in sorted(_cuda(devices), key=str)]


@contextmanager
def restore_random_states(devices: Sequence[torch.device] = ()) -> Iterator[None]:
    """Give all process-wide generators the state back, after the block, that they had before it."""
    before = [(generator, generator.state()) for generator in generators(devices)]
    try:
        yield
    finally:
        for generator, state in before:
            generator.restore(state)


def _cuda(devices: Iterable[torch.device]) -> set[torch.device]:
    indexed = {device for device in devices if device.type == "cuda"}
    return {torch.device("cuda", torch.cuda.current_device()) if d.index is None else d for d in indexed}


def _of_cuda(device: torch.device) -> Generator:
    return Generator(
        f"PyTorch's generator on {device}",
        lambda: torch.cuda.get_rng_state(device),
        lambda state: torch.cuda.set_rng_state(state, device),
        lambda seed: _seed_cuda(device, seed),
    )


def _seed_cuda(device: torch.device, seed: int) -> None:
    with torch.cuda.device(device):
        torch.cuda.manual_seed(seed)


def _plain(state: Any) -> Any:
    """Return a state as nested lists and tuples of numbers, which compare and print whole."""
    if isinstance(state, (torch.Tensor, np.ndarray)):
        return state.tolist()
    return tuple(map(_plain, state)) if isinstance(state, tuple) else state
