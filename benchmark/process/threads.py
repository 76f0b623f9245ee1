"""The threads in which PyTorch computes."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_thread() -> Iterator[None]:
    """Let PyTorch compute in one thread inside the block."""
    # the order of floating-point sums depends on the number of threads: one everywhere gives the same bytes
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
