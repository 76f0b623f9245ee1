"""Let a pass make the same calls in every run, all of them in sight.

What activation checkpoints hold is run once: their second run would pass every interception by. Functions that are
registered are called by what methods see of them. Random numbers that a network's outputs do not show, as of samples in
a sparse attention, are the same ones.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import torch
from torch import nn
from torch.utils import checkpoint

from ...seeding import seeded
from .custom_functions import written_in_operations


@contextmanager
def same_calls(model: nn.Module, device: torch.device) -> Iterator[None]:
    """Let a network inside the block make no call out of sight, nor draw other numbers than in another block."""
    with ExitStack() as stack:
        stack.enter_context(seeded(0, device))
        stack.enter_context(written_in_operations(model))
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
