"""Whether a network answers each step by the steps up to it."""

import torch
from torch import Tensor, nn

from ....errors import UnsupportedOperationError
from .neighbours import another
from .sample_independence import OTHER_SIZE, SAME_SIZE, spread
from .trial_passes import are_close, attempted, trial

_FEW = 4  # samples whose later steps are changed
_CUTS = 32  # steps from which on they are


def check_causal(model: nn.Module, series: Tensor, takes_prefixes: bool) -> None:
    """Raise unless what a network answers at a step stays the same whatever comes later.

    Args:
        model: answers series with outputs (batch, time, classes).
        series: (batch, time, features), at least one.
        takes_prefixes: it has to answer shorter series, too, and each as the beginning of a longer one.

    Raises:
        UnsupportedOperationError: another answer; it is said at which step.
    """
    few = series[spread(len(series), _FEW)]
    with trial(model, few):
        whole = model(few.clone())
        for cut in [1 + place for place in spread(few.shape[1] - 1, _CUTS)]:
            before = whole[:, :cut]
            for later in (_reversed(few), another(series).expand_as(few), few + few.abs().amax() + 1):
                _compare(attempted(model, torch.cat([few[:, :cut], later[:, cut:]], 1)), before, cut, SAME_SIZE)
            if takes_prefixes:
                _compare_prefix(attempted(model, few[:, :cut].clone()), before, cut)


def _reversed(series: Tensor) -> Tensor:
    return -series.flip(1)


def _compare(found: object, before: Tensor, cut: int, power: float) -> None:
    """Raise if the answers to the first steps, (batch, cut, classes), are others; refused series do not count."""
    if not isinstance(found, Tensor) or not bool(torch.isfinite(found).all()):
        return
    if not are_close(found[:, :cut].flatten(1), before.flatten(1), power):
        raise UnsupportedOperationError(
            "each step is explained by the steps up to it, which takes a network that looks at no later ones, got "
            f"another answer to the first {cut} steps when step {cut} changed; explain one step, target=(step, class)"
        )


def _compare_prefix(found: object, before: Tensor, cut: int) -> None:
    if isinstance(found, Tensor) and found.shape == before.shape:
        _compare(found, before, cut, OTHER_SIZE)
        return
    got = tuple(found.shape) if isinstance(found, Tensor) else f"{type(found).__name__}: {found}"
    raise UnsupportedOperationError(
        f"each step is explained on the series up to it, which takes a network of series of any length, got {got} for "
        f"{cut} steps; explain one step, target=(step, class), or choose saliency, input-x-gradient or "
        "integrated-gradients"
    )
