"""What the zoo holds: networks of other packages, small and with random weights, and how they are asked."""

import importlib
import sys
import warnings
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from unittest import mock

import torch
from torch import nn

import saltbench


@dataclass(frozen=True)
class Example:
    """A network as its package makes it, and the series that it takes.

    Attributes:
        build: returns the network, float64 by default, or of whatever type it insists on.
        time, features: of a series.
        item, output: see `saltbench.adapted`.
        target: the explained output.
        dtype: of weights and series; float32 for networks that make tensors of that type inside.
        accuracy: to which maps agree, of their largest entry; None for that of the type, more where a part of the
            network computes in float32.
        hides: autograd alone does not give its gradient: it detaches what depends on the series, or changes in place
            what the gradient needs.
    """

    build: Callable[[], nn.Module]
    time: int = 16
    features: int = 3
    item: object = None
    output: str = "logits"
    target: int | tuple[int, ...] = 1
    dtype: torch.dtype = torch.float64
    accuracy: float | None = None
    hides: bool = False
    settles: bool = False

    def network(self):
        """The network behind the contract, in evaluation mode; the same weights in every call."""
        with quiet(), torch.random.fork_rng(devices=[]), default_dtype(self.dtype):
            torch.manual_seed(0)
            built = self.build().eval()
            built = moved(built.float() if self.dtype == torch.float32 else built.double())
            if self.settles:
                built(self.series(1))
        return saltbench.adapted(built, item=self.item, output=self.output)

    def series(self, samples, seed=0):
        """Standard normal series (samples, time, features)."""
        generator = torch.Generator().manual_seed(seed)
        return torch.randn(samples, self.time, self.features, generator=generator, dtype=torch.float64).to(self.dtype)


@torch.no_grad()
def moved(network):
    """The network with all weights a little elsewhere: what begins as zero or tiny would hide faults."""
    for parameter in network.parameters():
        if parameter.is_floating_point():
            parameter.add_(torch.randn_like(parameter), alpha=0.1)
    return network


def imported(name, *companions):
    """A module; packages that it imports and does without are stood in for, where this PyTorch has no build of them."""
    absent = [companion for companion in companions if companion not in sys.modules and not is_sound(companion)]
    stand_ins = {name: mock.MagicMock() for name in absent}
    sys.modules.update(stand_ins)
    try:
        return importlib.import_module(name)
    finally:
        for companion in absent:
            del sys.modules[companion]


def is_sound(name):
    try:
        importlib.import_module(name)
    except (ImportError, OSError, RuntimeError):  # or it was built beside another PyTorch
        return False
    return True


@contextmanager
def quiet():
    """No warning of a package is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def default_dtype(dtype):
    """Tensors are made of this type."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


class ChannelsFirst(nn.Module):
    """A network of (batch, features, time)."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, inputs):
        return self.network(inputs.transpose(1, 2).contiguous())


class Encoder(nn.Module):
    """A network of sequences (batch, time, width), between a linear layer before it and one after the mean over time.

    Attributes:
        call: what it answers to embedded steps, by default what it returns.
    """

    def __init__(self, network, features, width, outputs=None, call=None, classes=2):
        super().__init__()
        self.embed = nn.Linear(features, width)
        self.network = network
        self.classify = nn.Linear(outputs or width, classes)
        self.call = call or (lambda network, steps: network(steps))

    def forward(self, inputs):
        steps = self.call(self.network, self.embed(inputs))
        return self.classify((steps[0] if isinstance(steps, tuple) else steps).mean(1))
