"""Translate PyTorch's errors of the backward pass into what the network does."""

from collections.abc import Iterator
from contextlib import contextmanager

from ...errors import ParameterError, UnsupportedOperationError, text_of
from .validation.arguments import CHANGED_IN_PLACE

INSTEAD = "choose a perturbation method, such as feature-ablation or shapley-sampling"  # which needs no gradients
_KEPT_IN_INFERENCE = (
    "the model's tensors must take part in gradients, got one made in torch.inference_mode, a buffer or an attribute "
    "such as a cache; make it outside of it"
)
_NEEDED_AS_IT_WAS = (
    "the model must leave what its gradient needs as it is, got it changed in place; "
    "write y = y + 1 for y += 1 and y.relu() for y.relu_() in forward"
)
# The series that a method takes the gradient with respect to is what PyTorch calls a leaf
_TOLD = {
    "a leaf Variable that requires grad is being used in an in-place": CHANGED_IN_PLACE,
    "a view of a leaf Variable that requires grad is being used in an in-place": CHANGED_IN_PLACE,
    "modified by an inplace operation": _NEEDED_AS_IT_WAS,
    "is being modified inplace": _NEEDED_AS_IT_WAS,
    "Inference tensors cannot be saved for backward": _KEPT_IN_INFERENCE,
    "Inplace update to inference tensor outside InferenceMode": _KEPT_IN_INFERENCE,
}


@contextmanager
def translate_gradient_failures() -> Iterator[None]:
    """Tell, where PyTorch refuses a gradient inside the block, what the network does and what to do.

    Raises:
        ParameterError: a network that changes its inputs, or what its gradient needs, in place, or that keeps a tensor
            made in `torch.inference_mode`.
    """
    try:
        yield
    except (RuntimeError, UnsupportedOperationError) as error:
        text = text_of(error.__cause__ or error)
        told = next((sentence for part, sentence in _TOLD.items() if part in text), None)
        if told is None:
            raise
        raise ParameterError(told) from error
