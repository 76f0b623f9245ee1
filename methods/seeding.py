"""Seed PyTorch's default generators for a block, and restore them."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def seeded(seed: int, device: torch.device | str = "cpu") -> Iterator[None]:
    """Seed PyTorch's default generators of the CPU and of device inside the block, and restore them after it.

    Dropout, module initialisation and Captum draw from the default generators only; the fork keeps their use
    from leaking into, or depending on, anything else in the process.
    """
    device = torch.device(device)
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed reseeds every GPU, of which none was forked
        if device.type == "cuda":
            with torch.cuda.device(device):
                torch.cuda.manual_seed(seed)
        yield
