"""Gradients through cuDNN's recurrent layers of a network in evaluation mode."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn


@contextmanager
def differentiable_recurrence(model: nn.Module) -> Iterator[None]:
    """Put only the recurrent layers into train mode, with their dropout at 0, and restore both afterwards.

    cuDNN keeps what the backward pass of a recurrent layer needs in train mode only. Train mode changes
    nothing else in nn.LSTM, nn.GRU and nn.RNN than the dropout between their layers.
    """
    recurrent = [module for module in model.modules() if isinstance(module, nn.RNNBase)]
    before = [(module.training, module.dropout) for module in recurrent]
    try:
        for module in recurrent:
            module.training, module.dropout = True, 0.0
        yield
    finally:
        for module, (training, dropout) in zip(recurrent, before, strict=True):
            module.training, module.dropout = training, dropout
