"""How much maps change when the inputs change a little: the largest over neighbours of each sample.

x_j are neighbours of a series x, x plus uniform noise within ± radius, drawn by the seeds of the samples. The explained
classes stay as they were.
"""

from collections.abc import Iterator

import numpy as np

from ....errors import ParameterError
from ..arrays import Floats
from ..maps import Maps
from ..needs import Explainer, Model, Series

LEAST = 1e-6  # in place of 0 where something is divided by it


def max_sensitivity_captum(maps: Maps, *, explainer: Explainer, neighbours: int = 10, radius: float = 0.02) -> Floats:
    """Return max_j ‖a(x_j) - a(x)‖ / ‖a(x)‖ ≥ 0, (batch,), in the Euclidean norm; NaN for a map of zeros.

    Args:
        maps: the maps of the samples.
        explainer: the method that made them.
        neighbours: of each sample, at least 1.
        radius: of the noise, above 0.

    Raises:
        ParameterError: no neighbour, or no radius.

    Source: C.-K. Yeh et al., On the (In)fidelity and Sensitivity of Explanations, NeurIPS 2019; captum 0.9.0.
    """
    check_neighbours(neighbours=neighbours, radius=radius)
    return max_sensitivity(maps, explainer, neighbours_of(explainer, neighbours, radius))


def lipschitz(maps: Maps, *, explainer: Explainer, neighbours: int = 10, radius: float = 0.02) -> Floats:
    """Return max_j ‖a(x_j) - a(x)‖ / ‖x_j - x‖ ≥ 0, (batch,), a local estimate of the map's Lipschitz constant.

    It grows with the scale of maps, which methods do not share.

    Raises:
        ParameterError: no neighbour, or no radius.

    Source: D. Alvarez-Melis, T. Jaakkola, On the Robustness of Interpretability Methods, WHI 2018.
    """
    check_neighbours(neighbours=neighbours, radius=radius)
    changes = (
        _norm(explainer(near) - maps.attributions) / _norm(near - explainer.inputs)
        for near in neighbours_of(explainer, neighbours, radius)
    )
    scores: Floats = np.max(np.stack(list(changes)), axis=0)
    return scores


def relative_input_stability(
    maps: Maps, *, model: Model, explainer: Explainer, neighbours: int = 10, radius: float = 0.02
) -> Floats:
    """Return max_j ‖(a(x_j) - a(x)) / a(x)‖ / ‖(x_j - x) / x‖ ≥ 0, (batch,), over neighbours of the same prediction.

    Divisions are entry by entry, by 1e-6 in place of 0. NaN where no neighbour has the same prediction.

    Raises:
        ParameterError: no neighbour, or no radius.

    Source: C. Agarwal et al., Rethinking Stability for Attribution-based Explanations, 2022.
    """
    return _stability(maps, model, explainer, neighbours, radius, of_inputs=True)


def relative_output_stability(
    maps: Maps, *, model: Model, explainer: Explainer, neighbours: int = 10, radius: float = 0.02
) -> Floats:
    """Return max_j ‖(a(x_j) - a(x)) / a(x)‖ / ‖z(x_j) - z(x)‖ ≥ 0, (batch,), z being the logits; see the one of inputs.

    Raises:
        ParameterError: no neighbour, or no radius.

    Source: C. Agarwal et al., Rethinking Stability for Attribution-based Explanations, 2022.
    """
    return _stability(maps, model, explainer, neighbours, radius, of_inputs=False)


def check_neighbours(*, neighbours: int, radius: float) -> None:
    """Raise unless there can be such neighbours.

    Raises:
        ParameterError: no neighbour, or no radius.
    """
    if neighbours < 1:
        raise ParameterError(f"a largest change needs at least 1 neighbour, got {neighbours}")
    if radius <= 0:
        raise ParameterError(f"the radius of noise must be above 0, got {radius:g}")


def check_smooth(*, draws: int, radius: float) -> None:
    """Raise unless maps can be means over noisy inputs.

    Raises:
        ParameterError: no draw, or no radius.
    """
    if draws < 1:
        raise ParameterError(f"a mean needs at least 1 draw, got {draws}")
    if radius <= 0:
        raise ParameterError(f"the radius of noise must be above 0, got {radius:g}")


def max_sensitivity(maps: Maps, explainer: Explainer, neighbours: Iterator[Series]) -> Floats:
    """Return `max_sensitivity_captum` over given neighbours, (batch, time, features) each."""
    changes = np.max(np.stack([_norm(explainer(near) - maps.attributions) for near in neighbours]), axis=0)
    size = _norm(maps.attributions)
    scores: Floats = np.divide(changes, size, out=np.full(len(size), np.nan), where=size > 0)
    return scores


def neighbours_of(explainer: Explainer, count: int, radius: float) -> Iterator[Series]:
    """Yield so many neighbours of each sample, (batch, time, features), in the type of the inputs."""
    inputs = explainer.inputs
    streams = [np.random.default_rng([seed, 6]) for seed in explainer.seeds]
    for _ in range(count):
        noise = np.stack([stream.uniform(-radius, radius, inputs.shape[1:]) for stream in streams])
        yield (inputs + noise).astype(inputs.dtype)


def _stability(
    maps: Maps, model: Model, explainer: Explainer, neighbours: int, radius: float, *, of_inputs: bool
) -> Floats:
    check_neighbours(neighbours=neighbours, radius=radius)
    logits, found = model.logits(model.inputs), []
    for near in neighbours_of(explainer, neighbours, radius):
        answers = model.logits(near)
        change = _norm(_relative(explainer(near), maps.attributions))
        by = _norm(_relative(near, model.inputs)) if of_inputs else np.linalg.norm(answers - logits, axis=1)
        is_same = answers.argmax(axis=1) == logits.argmax(axis=1)
        found.append(np.where(is_same, change / np.maximum(by, LEAST), -1.0))
    largest: Floats = np.max(np.stack(found), axis=0)
    return np.where(largest < 0, np.nan, largest)


def _relative(changed: Series, before: Series) -> Floats:
    divisor = before.astype(np.float64)
    relative: Floats = (changed - divisor) / np.where(divisor == 0, LEAST, divisor)
    return relative


def _norm(values: Series) -> Floats:
    norm: Floats = np.linalg.norm(values.reshape(len(values), -1).astype(np.float64), axis=1)
    return norm
