"""How far the answer moves when important or unimportant entries are disturbed, as OpenXAI computes it."""

import numpy as np

from ....errors import ParameterError
from ..arrays import Floats
from ..maps import Maps
from ..needs import Model
from .masking import removal_order


def pgi_openxai(
    maps: Maps, *, model: Model, share: float = 0.25, deviation: float = 0.1, draws: int = 100, column: int = 0
) -> Floats:
    """Return E |p_c(x) - p_c(x′)| in [0, 1], (batch,): normal noise is added to the k largest |a| in x′.

    Args:
        maps: the maps of the samples.
        model: the network that was explained.
        share: k as a share of the entries, in (0, 1]; at least one of them.
        deviation: of the noise, above 0.
        draws: of the noise, at least 1, by the seeds of the samples.
        column: c; the code takes class 0, and -1 takes the explained class.

    Raises:
        ParameterError: a share outside (0, 1], no deviation, no draw, or a class that there is not.
    """
    return _gap(maps, model, share, deviation, draws, column, important=True)


def pgu_openxai(
    maps: Maps, *, model: Model, share: float = 0.25, deviation: float = 0.1, draws: int = 100, column: int = 0
) -> Floats:
    """Return `pgi:openxai` with noise added to all but the k largest |a|, (batch,) in [0, 1]: lower is better.

    Raises:
        ParameterError: a share outside (0, 1], no deviation, no draw, or a class that there is not.
    """
    return _gap(maps, model, share, deviation, draws, column, important=False)


def check_gap(*, share: float, deviation: float, draws: int, column: int) -> None:
    """Raise unless entries can be disturbed so.

    Raises:
        ParameterError: a share outside (0, 1], no deviation, no draw, or a class below -1.
    """
    if not 0 < share <= 1:
        raise ParameterError(f"a share of the entries must lie above 0 and be at most 1, got {share:g}")
    if deviation <= 0:
        raise ParameterError(f"the deviation of noise must be above 0, got {deviation:g}")
    if draws < 1:
        raise ParameterError(f"a mean needs at least 1 draw, got {draws}")
    if column < -1:
        raise ParameterError(f"column must be a class, or -1 for the explained one, got {column}")


def _gap(
    maps: Maps, model: Model, share: float, deviation: float, draws: int, column: int, *, important: bool
) -> Floats:
    check_gap(share=share, deviation=deviation, draws=draws, column=column)
    order = removal_order(maps.magnitude, model.seeds)
    is_important = order < max(1, int(share * order[0].size))
    is_disturbed = is_important if important else ~is_important
    before = model.probabilities(model.inputs)
    classes = _classes(model, before.shape[1], column)
    samples = np.arange(len(classes))
    streams = [np.random.default_rng([seed, 4]) for seed in model.seeds]
    gaps = np.zeros(len(classes))
    for _ in range(draws):
        noise = deviation * np.stack([stream.standard_normal(order.shape[1:]) for stream in streams])
        disturbed = (model.inputs + np.where(is_disturbed, noise, 0)).astype(model.inputs.dtype)
        gaps += np.abs(before - model.probabilities(disturbed))[samples, classes]
    return gaps / draws


def _classes(model: Model, count: int, column: int) -> np.ndarray:
    if column >= count:
        raise ParameterError(f"column must be one of {count} classes, or -1 for the explained one, got {column}")
    return np.asarray(model.target) if column == -1 else np.full(len(model.target), column)
