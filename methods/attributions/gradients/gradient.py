"""Saliency and input times gradient."""

from torch import Tensor, nn

from ..passes.passes import gradient
from ..passes.saved_tensors import with_saved_copies
from ..validation.arguments import check_finite


def saliency(model: nn.Module, inputs: Tensor, target: Tensor) -> Tensor:
    """Return |∂S_c/∂x|, (batch, time, features), in output units per input unit, at least 0.

    Raises:
        ParameterError: a model whose output has no gradient with respect to its input.

    Source: Simonyan, Vedaldi, Zisserman, "Deep Inside Convolutional Networks", ICLR workshop 2014.
    """
    return _derivative(model, inputs, target).abs()


def input_x_gradient(model: nn.Module, inputs: Tensor, target: Tensor) -> Tensor:
    """Return x · ∂S_c/∂x, (batch, time, features), in output units.

    Raises:
        ParameterError: a model whose output has no gradient with respect to its input.

    Source: Shrikumar, Greenside, Shcherbina, Kundaje, "Not Just a Black Box", arXiv 1605.01713.
    """
    return inputs * _derivative(model, inputs, target)


def _derivative(model: nn.Module, inputs: Tensor, target: Tensor) -> Tensor:
    rows = inputs.detach().requires_grad_()
    return with_saved_copies(lambda: gradient(check_finite(model(rows)).gather(1, target[:, None]), rows))
