"""A sanity check of attribution methods: a map of a network has to change when the network's weights do."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata
from torch import Tensor, nn

from ...entry import unknown
from ...errors import ParameterError, RandomisationError, UnknownNameError
from ...kinds import require_lists, require_numbers, require_texts
from ...methods.attributions.array_functions import ArrayFunction, as_network
from ...methods.attributions.bound_method import bind
from ...methods.attributions.explain import attribute, sample_seeds
from ...methods.attributions.passes.lending import one_at_a_time
from ...methods.attributions.passes.model_state import lend
from ...methods.attributions.spec import MethodSpec
from ...methods.attributions.validation.arguments import check_inputs
from ..execution.network_checks.network_checks import check_answers
from ..execution.network_checks.randomisation import Layer, RandomisedCopy, layers
from ..execution.tensors import classes_of, like_parameters, one_each
from ..suites.registry import load_registries
from .inputs import is_several
from .targets import check_named

ORDERS = ("cascading", "independent")
COLUMNS = ["order", "step", "layer", "parameters", "similarity"]

_CHUNK = 64  # samples whose class is predicted at once

Explain = Callable[[nn.Module], NDArray[np.float64]]


@one_at_a_time()
@torch.inference_mode(False)  # the caller may be in it, and the copies that are explained are made here
def randomisation_check(
    model: nn.Module,
    inputs: Tensor | ArrayLike,
    target: Tensor | ArrayLike | int | None = None,
    *,
    method: str | MethodSpec = "integrated-gradients",
    parameters: Mapping[str, Any] | None = None,
    orders: Sequence[str] = ORDERS,
    seed: int = 0,
    scale: float | None = None,
    baseline: Tensor | ArrayLike | None = None,
    background: Tensor | ArrayLike | None = None,
    memory: int | None = None,
) -> pd.DataFrame:
    """Return how similar a method's maps stay to those of the model when its layers get random parameters.

    `cascading` randomises layer after layer from the output to the input and keeps what is random; `independent`
    randomises one layer at a time. Similarity is Spearman's rank correlation of |map| before and after over all
    cells of a sample, averaged over the samples: near 1, the method does not look at what was learned. A constant
    map ranks no cell above another: its correlation counts as 1 with another constant map and as 0 otherwise.

    The model stays as it is: a copy is randomised. Every parameter gets N(0, s²), s its root mean square,
    frozen ones included; buffers, such as running means, stay. Recurrent layers count one layer for each of their
    layers and directions (see `randomisation.layers`).

    Args:
        model: (batch, time, features) to (batch, classes).
        inputs: (batch, time, features), at least one sample; brought to the type and device of the model's parameters.
        target: the explained class, one for all samples or one each, (batch,); None for the one that the model
            predicts, also afterwards.
        method: name or entry of an attribution method that looks at the model.
        parameters: the method's own, in place of its defaults.
        orders: "cascading", "independent", or both.
        seed: of the random parameters and of a method that draws random numbers.
        scale: s of all parameters; None for the root mean square of each.
        baseline: as `explain` takes it.
        background: as `explain` takes it.
        memory: as `attribute` takes it.

    Returns:
        a table with the columns order, step (from 1), layer, parameters (how many numbers it holds) and
        similarity in [-1, 1], one row for each order and layer, the layer nearest to the output first.

    Raises:
        RandomisationError: a parameter that kept its value or cannot be reached, or outputs that stay the same
            although every parameter is random.
        ParameterError: a method that does not look at the model, no sample, or a negative seed or scale.
        UnknownNameError: an unknown method, parameter or order.
        SaltbenchError: what `attribute` raises.

    Source: Adebayo, Gilmer, Muelly, Goodfellow, Hardt, Kim, "Sanity Checks for Saliency Maps", NeurIPS 2018.
    """
    spec = load_registries().methods.one(method)
    if isinstance(as_network(model), ArrayFunction):
        raise ParameterError(
            "randomisation_check needs a network with parameters to randomise, got a function of arrays; give a "
            "torch.nn.Module"
        )
    if is_several(inputs):
        raise ParameterError(
            f"randomisation_check takes one series (batch, time, features), got a {type(inputs).__name__} of inputs; "
            "give the others as features of the series, and take them apart in a module around the network"
        )
    series = like_parameters(model, inputs)
    _check(spec, series, orders, seed, scale)
    classes = classes_of(target, len(series))
    check_named(model, check_answers(model, series), classes)
    found, explained = _question(model, series, classes)
    seeds = sample_seeds(seed, len(series))
    bound = bind(spec, parameters)
    absent = None if baseline is None else one_each(like_parameters(model, baseline), series)
    drawn_from = None if background is None else like_parameters(model, background)

    def explain(network: nn.Module) -> NDArray[np.float64]:
        attributions = attribute(
            bound,
            network,
            series,
            explained,
            baseline=absent,
            background=drawn_from,
            seeds=seeds,
            memory=memory,
            spec=spec,
        )
        magnitude: NDArray[np.float64] = attributions.abs().flatten(1).double().cpu().numpy()
        return magnitude

    before = explain(model)
    sizes = {name: parameter.numel() for name, parameter in model.named_parameters(remove_duplicate=False)}
    rows = []
    for order in dict.fromkeys(orders):
        for step, (layer, network) in enumerate(
            _randomised(model, series, found, order, seed, None if scale is None else float(scale)), start=1
        ):
            count = sum(sizes[name] for name in layer.parameters)
            rows.append((order, step, layer.name, count, float(rank_similarity(before, explain(network)).mean())))
    return pd.DataFrame(rows, columns=COLUMNS)


def rank_similarity(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Spearman's rank correlation of each row, ties sharing their mean rank, in [-1, 1].

    A constant row correlates by 1 with a constant row and by 0 with any other.

    Args:
        first: (batch, cells).
        second: (batch, cells).

    Returns:
        (batch,).
    """
    ranks = [rankdata(values, axis=1) for values in (first, second)]
    one, other = (rank - rank.mean(axis=1, keepdims=True) for rank in ranks)
    lengths = np.sqrt((one**2).sum(axis=1) * (other**2).sum(axis=1))
    both = (np.ptp(first, axis=1) == 0) & (np.ptp(second, axis=1) == 0)
    correlation = np.divide((one * other).sum(axis=1), lengths, out=both.astype(np.float64), where=lengths > 0)
    clipped: NDArray[np.float64] = np.clip(correlation, -1, 1)
    return clipped


def _randomised(
    model: nn.Module, inputs: Tensor, found: Sequence[Layer], order: str, seed: int, scale: float | None
) -> Iterator[tuple[Layer, nn.Module]]:
    copied = RandomisedCopy(model, found, seed, scale)
    for layer in found:
        if order == "independent":
            copied = RandomisedCopy(model, found, seed, scale)
        copied.randomise(layer)
        yield layer, copied.model
    if order == "cascading" and torch.equal(_outputs(model, inputs), _outputs(copied.model, inputs)):
        raise RandomisationError(
            f"the outputs of {type(model).__name__} must change when all its parameters are random, got the same; "
            "make sure that it computes with its registered parameters"
        )


def _question(model: nn.Module, inputs: Tensor, target: Tensor | None) -> tuple[list[Layer], Tensor]:
    """Return the model's layers and the classes that are explained."""
    with lend(model, inputs.device):
        found = layers(model, inputs)
    return found, _outputs(model, inputs).argmax(dim=1) if target is None else target


def _outputs(model: nn.Module, inputs: Tensor) -> Tensor:
    with lend(model, inputs.device), torch.no_grad():
        return torch.cat([model(part) for part in inputs.split(_CHUNK)])


def _check(spec: MethodSpec, inputs: Tensor, orders: Sequence[str], seed: int, scale: float | None) -> None:
    if spec.is_reference:
        raise ParameterError(
            f"randomisation_check needs a method that looks at the model, got the reference {spec.name}; "
            "name one of `saltbench list methods`, such as saliency"
        )
    check_inputs(inputs)
    if not len(inputs):
        raise ParameterError("randomisation_check needs at least one sample, got none; pass some test samples")
    require_lists(orders=orders)
    for order in orders:
        require_texts(order=order)
        if order not in ORDERS:
            raise UnknownNameError(unknown("order of randomisation", order, ORDERS))
    require_numbers(scale=1.0 if scale is None else scale)
    if not isinstance(seed, Integral) or seed < 0 or (scale is not None and not 0 < scale < np.inf):
        raise ParameterError(
            "randomisation_check needs a seed that is a whole number of at least 0 and a finite scale above 0, "
            f"got {seed} and {scale}"
        )
