"""DeepLIFT as Captum computes it, faults included, for comparison with `deeplift`."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from captum.attr import DeepLift
from torch import Tensor, nn

from ....errors import UnsupportedOperationError, text_of
from ..passes.passes import gradient

_HOOKS = "Setting forward, backward hooks and attributes on non-linear"  # said of every call
_NOTES = ("input", "output")  # attributes in which Captum keeps a module's own until a backward pass reaches it
_CONSTANT = "cannot register a hook on a tensor that doesn't require gradient"
_TWICE = "A Module"  # how Captum begins its complaint of a module that is called twice


def captum_deeplift(model: nn.Module, inputs: Tensor, target: Tensor, baseline: Tensor) -> Tensor:
    """Return m·(x - x′), (batch, time, features), with Captum's multipliers m: rescaled at modules only.

    Captum replaces the gradient of activation *modules* such as nn.ReLU by the rescale multiplier. Whatever is not
    such a module keeps its gradient: recurrent layers, attention, functions, products. There the result is
    gradient × (x - x′) and not complete; through nn.Softmax it depends on the other samples of the batch, and through
    nn.MaxPool1d with overlapping windows it is not complete either.

    Args:
        model: network in evaluation mode, (batch, time, features) to (batch, classes).
        inputs: x, (batch, time, features).
        target: int64 (batch,), the explained class of each sample.
        baseline: x′, (batch, time, features).

    Raises:
        UnsupportedOperationError: the model calls one activation module twice, or has a layer that Captum fails on.
        ParameterError: a model without gradients.

    Source: Shrikumar, Greenside, Kundaje, "Learning Important Features Through Propagating Activation Differences",
    ICML 2017; Kokhlikyan et al., "Captum", arXiv 2009.07896.
    """
    with warnings.catch_warnings(), _without_notes(model):
        warnings.filterwarnings("ignore", message=_HOOKS, category=UserWarning)
        try:
            attributions = DeepLift(model).attribute(inputs.detach().requires_grad_(), baseline, target=target)
        except (ValueError, TypeError, LookupError, AttributeError, AssertionError) as error:
            raise UnsupportedOperationError(
                f"Captum's DeepLIFT fails on this network ({text_of(error)}); use deeplift"
            ) from error
        except RuntimeError as error:
            if str(error).startswith(_TWICE):
                raise UnsupportedOperationError(
                    "Captum's DeepLIFT needs a module of its own for every activation, got one that is called twice or "
                    "never; give each call its own module, or use deeplift"
                ) from error
            if _CONSTANT in str(error):
                raise UnsupportedOperationError(
                    "Captum's DeepLIFT needs every activation module to be given what depends on the input, got one "
                    "that is given a constant, such as a parameter; call the function there, as in torch.sigmoid, or "
                    "use deeplift"
                ) from error
            rows = inputs.detach().requires_grad_()
            gradient(model(rows).gather(1, target[:, None]), rows)  # says so if there is none
            raise
    return cast("Tensor", attributions).detach()


@contextmanager
def _without_notes(model: nn.Module) -> Iterator[None]:
    before = [
        (vars(module), {name: vars(module)[name] for name in _NOTES if name in vars(module)})
        for module in model.modules()
    ]
    try:
        yield
    finally:
        for attributes, own in before:
            for name in _NOTES:
                attributes.pop(name, None)
            attributes.update(own)
