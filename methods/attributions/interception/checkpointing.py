"""Run what activation checkpoints hold once, in sight: their second run would pass every interception by."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from torch.utils import checkpoint


@contextmanager
def run_checkpoints_directly() -> Iterator[None]:
    """Let `torch.utils.checkpoint` inside the block call its functions and keep what gradients need."""
    with ExitStack() as stack:
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
