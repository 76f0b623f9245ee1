"""DeepLIFT by its rules, on recurrent, attention and convolutional networks."""

import torch
from torch import Tensor, nn

from ..interception.operation_names import METADATA
from ..validation.arguments import check_finite
from .paired_pass import PairedPass
from .rules.rule_table import RULES


def deeplift(model: nn.Module, inputs: Tensor, target: Tensor, baseline: Tensor) -> Tensor:
    """Return the contributions m·(x - x′) with Σ m·(x - x′) = S_c(x) - S_c(x′), m by DeepLIFT's chain rule.

    One pass runs input and baseline side by side through every PyTorch call, so that layers written with
    functions, gates, softmax and recurrent layers get DeepLIFT's multipliers rather than gradients. Rules:
    linear, rescale, the symmetric split of products Δ(ab) = Δa·(b+b′)/2 + Δb·(a+a′)/2, for quotients q = a/b the same
    split of a = qb, Δq = (Δa - Δb·(q+q′)/2) / ((b+b′)/2), and for maxima and sorted values the share of the straight
    way from x′ to x on which each operand has that place. Comparisons and roundings are steps, which rescale takes as
    any function: a mask's change is owed to what the mask was made of. A place, as of argmax or topk, changes where two
    operands cross, by a step of their difference. What is detached is owed to nothing; that much a map misses.

    In recurrent layers a multiplier below 1024 times the smallest normal number of its type (1e-35 in single precision)
    becomes 0, since arithmetic below takes a hundred times as long; in half precision none does.

    Args:
        model: network in evaluation mode, (batch, time, features) to (batch, classes).
        inputs: (batch, time, features).
        target: int64 (batch,), the explained class c of each sample.
        baseline: (batch, time, features), x′.

    Returns:
        (batch, time, features), in units of the explained output.

    Raises:
        UnsupportedOperationError: the model applies an operation without a rule to what depends on the input.

    Source: Shrikumar, Greenside, Kundaje, ICML 2017.
    """
    inputs = inputs.detach().requires_grad_()
    pairs = PairedPass("DeepLIFT", RULES, METADATA)
    pairs.note(inputs, baseline)
    outputs = check_finite(pairs.outputs(model, inputs))
    explained = outputs.gather(1, target[:, None]).sum()
    if not explained.requires_grad:
        return torch.zeros_like(baseline)
    (multipliers,) = torch.autograd.grad(explained, inputs, materialize_grads=True, allow_unused=True)
    return (inputs.detach() - baseline).mul_(multipliers)
