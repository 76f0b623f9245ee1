"""Layer-wise relevance propagation on recurrent, attention and convolutional networks."""

import torch
from torch import Tensor, nn

from ..interception.operation_names import METADATA
from ..validation.arguments import check_finite
from ..validation.parameter_checks import check_epsilon
from .relevance_pass import Product, RelevancePass, Role
from .rule_table import RULES


def lrp(model: nn.Module, inputs: Tensor, target: Tensor, *, epsilon: float = 0.001) -> Tensor:
    """Return the relevances R with R_c = S_c at the output, products giving all relevance to what is gated.

    What leaves a layer is shared among its inputs in proportion to what each contributed: the ε-rule
    R_i = Σ_j z_ij / (z_j + ε sign z_j) · R_j for every sum z_j = Σ_i z_ij + b_j, R_x = R_y for activations, and
    R_gate = 0, R_signal = R_y for the products in gated cells and attention. Of factors neither of which gates the
    other each of N gets R_y/N, the uniform rule of AttnLRP and the half-propagation of MambaLRP. Masks, places and what
    is detached are constants. Biases and ε keep their share, so that Σ R = S_c only as ε → 0 in a network without
    biases. Inside a recurrent layer, relevance below 1.2e-35 (2.3e-305 in float64, none in float16) is dropped.

    Args:
        model: network in evaluation mode, (batch, time, features) to (batch, classes).
        inputs: (batch, time, features).
        target: int64 (batch,), the explained class c of each sample.
        epsilon: ε, at least 0, in units of the pre-activations.

    Returns:
        (batch, time, features), in units of the explained output.

    Raises:
        ParameterError: a negative or infinite epsilon.
        UnsupportedOperationError: the model applies an operation without a rule to what depends on the input.

    Source: Arras, Montavon, Müller, Samek, "Explaining Recurrent Neural Network Predictions in Sentiment Analysis",
    WASSA 2017 (signal-take-all); Achtibat et al., "AttnLRP", ICML 2024, arXiv 2402.05602, and Jafari et al.,
    "MambaLRP", NeurIPS 2024, arXiv 2406.07592 (products without a gate).
    """
    return _relevance(model, inputs, target, epsilon, Product.SIGNAL_TAKES_ALL)


def lrp_proportional(model: nn.Module, inputs: Tensor, target: Tensor, *, epsilon: float = 0.001) -> Tensor:
    """Return the relevances of `lrp` with products shared in proportion to the size of their factors.

    A product z_g·z_s gives |z_g| / (|z_g| + |z_s| + ε) of its relevance to the gate, and |z_s| likewise to the signal.
    Relevance then also flows through gates and attention scores, by R_x = R_y as through any activation. With the
    signed factors in place of their sizes (LRP-prop) a share has no bound: where z_g + z_s is small it may be 1/ε at
    each step of time, and relevance overflows on series as short as 100 steps.

    Args:
        model: network in evaluation mode, (batch, time, features) to (batch, classes).
        inputs: (batch, time, features).
        target: int64 (batch,), the explained class c of each sample.
        epsilon: ε, at least 0, in units of the pre-activations.

    Returns:
        (batch, time, features), in units of the explained output.

    Raises:
        ParameterError: a negative or infinite epsilon.
        UnsupportedOperationError: the model applies an operation without a rule to what depends on the input.

    Source: Arras et al., "Explaining and Interpreting LSTMs", in: Explainable AI, Springer 2019 (LRP-abs, a variant of
    LRP-prop by Ding, Liu, Luan, Sun, "Visualizing and Understanding Neural Machine Translation", ACL 2017).
    """
    return _relevance(model, inputs, target, epsilon, Product.PROPORTIONAL)


def lrp_half(model: nn.Module, inputs: Tensor, target: Tensor, *, epsilon: float = 0.001) -> Tensor:
    """Return the relevances of `lrp` with half of a product's relevance given to each factor.

    Relevance then also flows through gates and attention scores, by R_x = R_y as through any activation.

    Args:
        model: network in evaluation mode, (batch, time, features) to (batch, classes).
        inputs: (batch, time, features).
        target: int64 (batch,), the explained class c of each sample.
        epsilon: ε, at least 0, in units of the pre-activations.

    Returns:
        (batch, time, features), in units of the explained output.

    Raises:
        ParameterError: a negative or infinite epsilon.
        UnsupportedOperationError: the model applies an operation without a rule to what depends on the input.

    Source: Arras et al., "Explaining and Interpreting LSTMs", in: Explainable AI, Springer 2019 (LRP-half, after
    Arjona-Medina et al., "RUDDER: Return Decomposition for Delayed Rewards", NeurIPS 2019).
    """
    return _relevance(model, inputs, target, epsilon, Product.HALF)


def _relevance(model: nn.Module, inputs: Tensor, target: Tensor, epsilon: float, product: Product) -> Tensor:
    check_epsilon(epsilon=epsilon)
    inputs = inputs.detach().requires_grad_()
    mode = RelevancePass("LRP", RULES, METADATA, epsilon=epsilon, product=product)
    mode.note(inputs, Role.SIGNAL)
    outputs = check_finite(mode.outputs(model, inputs))
    explained = outputs.gather(1, target[:, None])
    if not explained.requires_grad:
        return torch.zeros_like(inputs, requires_grad=False)
    (relevance,) = torch.autograd.grad(explained, inputs, explained.detach(), materialize_grads=True, allow_unused=True)
    return relevance.detach()
