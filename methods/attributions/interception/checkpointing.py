"""Let a pass make the same calls in every run, all of them in sight.

What activation checkpoints hold is run once: their second run would pass every interception by. Random numbers that a
network's outputs do not show, as of samples in a sparse attention, are the same ones.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import torch
from torch.utils import checkpoint

from ...seeding import seeded


@contextmanager
def same_calls(device: torch.device) -> Iterator[None]:
    """Let `torch.utils.checkpoint` inside the block call its functions directly, and seed what draws on a device."""
    with ExitStack() as stack:
        stack.enter_context(seeded(0, device))
        for name, replacement in (("CheckpointFunction", _Direct), ("_checkpoint_without_reentrant_generator", _twice)):
            if hasattr(checkpoint, name):  # otherwise it is refused as other hooks on saved tensors are
                stack.enter_context(patch.object(checkpoint, name, replacement))
        yield


class _Direct:
    @staticmethod
    def apply(function: Callable[..., Any], _preserve_rng_state: bool, *args: Any) -> Any:
        return function(*args)


def _twice(*_args: Any, **_options: Any) -> Iterator[None]:
    # before the function and after it
    yield
