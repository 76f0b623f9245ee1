"""The device on which PyTorch makes tensors where none is named."""

import torch


def default_device() -> torch.device:
    """Return it; PyTorch 2.6 cannot say once `torch.set_default_device(None)` was called: it is the CPU then."""
    try:
        return torch.get_default_device()
    except AttributeError:
        return torch.device("cpu")
