"""Whether the sums of a map's entries follow the answer's change when these are changed: correlations, infidelity."""

from collections.abc import Iterator

import numpy as np

from ....datasets.spec import TaskData
from ....errors import ParameterError
from ..arrays import Floats, by_entry
from ..maps import Maps
from ..needs import Model, Series
from ..signs import signed_map
from .asked_answers import Masked, check_entries, check_masked, count_of


def faithfulness_estimate_quantus(
    maps: Maps,
    *,
    model: Model,
    data: TaskData,
    entries: float = 0.05,
    replacement: str = "zero",
    sign: str = "signed",
    answer: str = "predicted",
) -> Floats:
    """Return the correlation of Σ_S a with p(x) - p(x without S) over sets S in [-1, 1], (batch,).

    The sets are the largest so many entries, the next so many, and so on. NaN where one of the two does not vary.

    Args:
        maps: the maps of the samples.
        model: the network that was explained.
        data: of the task.
        entries: of each set, or below 1 the share of them; at least one. The package's default is 1.
        replacement: what takes an entry's place: "zero", "average", "mean", "sampled", "noise" or "carry-forward".
        sign: what becomes of a: "signed", "absolute" or "positive".
        answer: whose probability counts, that of the "predicted" class or of the "explained" one.

    Raises:
        ParameterError: no positive number of entries.
        UnknownNameError: another replacement, sign or answer.
    """
    check_entries(entries=entries, replacement=replacement, sign=sign, answer=answer)
    asked = Masked.of(maps, model, data, replacement=replacement, sign=sign, answer=answer)
    map_, whole = signed_map(maps, sign), asked.probability()
    sums, drops = [], []
    each = max(1, count_of(entries, asked.entries))
    for first in range(0, asked.entries, each):
        is_removed = (asked.order >= first) & (asked.order < first + each)
        sums.append(by_entry(np.where(is_removed, map_, 0)).sum(axis=1))
        drops.append(whole - asked.without(is_removed))
    return _correlations(np.stack(sums, axis=1), np.stack(drops, axis=1))


def faithfulness_correlation_quantus(
    maps: Maps,
    *,
    model: Model,
    data: TaskData,
    share: float = 0.2,
    subsets: int = 100,
    replacement: str = "zero",
    sign: str = "signed",
    answer: str = "predicted",
) -> Floats:
    """Return the correlation of Σ_S a with p(x) - p(x without S) over random sets S, (batch,) in [-1, 1].

    NaN where one of the two does not vary.

    Args:
        maps: the maps of the samples.
        model: the network that was explained.
        data: of the task.
        share: of the entries that a set has, in (0, 1]; at least one of them.
        subsets: how many, at least 2, drawn by the seeds of the samples.
        replacement: what takes an entry's place, see `faithfulness_estimate:quantus`.
        sign: what becomes of a.
        answer: whose probability counts.

    Raises:
        ParameterError: a share outside (0, 1], or fewer than 2 subsets.
        UnknownNameError: another replacement, sign or answer.
    """
    check_subsets(share=share, subsets=subsets, replacement=replacement, sign=sign, answer=answer)
    asked = Masked.of(maps, model, data, replacement=replacement, sign=sign, answer=answer)
    map_, whole = signed_map(maps, sign), asked.probability()
    size = max(1, int(share * asked.entries))
    sums, drops = [], []
    for is_removed in _random_sets(asked, size, subsets):
        sums.append(by_entry(np.where(is_removed, map_, 0)).sum(axis=1))
        drops.append(whole - asked.without(is_removed))
    return _correlations(np.stack(sums, axis=1), np.stack(drops, axis=1))


def infidelity_captum(
    maps: Maps, *, model: Model, draws: int = 10, deviation: float = 0.1, normalise: bool = False
) -> Floats:
    """Return the mean over draws of (Σ I a - (z(x) - z(x - I)))² ≥ 0, (batch,), z being the explained logit.

    I is normal noise of the inputs' shape. Normalised, a is scaled by Σ (Σ I a)(z(x) - z(x - I)) / Σ (Σ I a)² over the
    draws, which takes away that methods scale otherwise; 1 where that is 0 / 0.

    Args:
        maps: the maps of the samples.
        model: the network that was explained.
        draws: of I, at least 1, by the seeds of the samples.
        deviation: of I, above 0.
        normalise: whether a is scaled.

    Raises:
        ParameterError: no draw, or no deviation.

    Source: C.-K. Yeh et al., On the (In)fidelity and Sensitivity of Explanations, NeurIPS 2019; captum 0.9.0.
    """
    check_infidelity(draws=draws, deviation=deviation, normalise=normalise)
    noise = [np.random.default_rng([seed, 2]).standard_normal((draws, *model.inputs.shape[1:])) for seed in model.seeds]
    return infidelity(maps, model, deviation * np.stack(noise, axis=1), normalise=normalise)


def infidelity(maps: Maps, model: Model, changes: Series, *, normalise: bool) -> Floats:
    """Return `infidelity_captum` of given changes I, (draws, batch, time, features)."""
    whole = _explained_logit(model, model.inputs)
    a = maps.attributions.astype(np.float64, order="C")
    answers = [_explained_logit(model, (model.inputs - one).astype(model.inputs.dtype)) for one in changes]
    drops = np.stack([whole - answer for answer in answers], axis=1)
    products = np.stack([by_entry(one * a).sum(axis=1) for one in changes], axis=1)
    if normalise:
        squares = (products**2).sum(axis=1)
        mean = (products * drops).sum(axis=1)
        products = products * np.divide(mean, squares, out=np.ones_like(mean), where=squares > 0)[:, None]
    error: Floats = ((products - drops) ** 2).mean(axis=1)
    return error


def check_subsets(*, share: float, subsets: int, replacement: str, sign: str, answer: str) -> None:
    """Raise unless so many sets of a share of the entries can be removed.

    Raises:
        ParameterError: a share outside (0, 1], or fewer than 2 subsets.
        UnknownNameError: another replacement, sign or answer.
    """
    if not 0 < share <= 1:
        raise ParameterError(f"a share of the entries must lie above 0 and be at most 1, got {share:g}")
    if subsets < 2:
        raise ParameterError(f"a correlation needs at least 2 subsets, got {subsets}")
    check_masked(sign=sign, replacement=replacement, answer=answer)


def check_infidelity(*, draws: int, deviation: float, **_switch: bool) -> None:
    """Raise unless inputs can be changed so.

    Raises:
        ParameterError: no draw, or no deviation.
    """
    if draws < 1:
        raise ParameterError(f"infidelity needs at least 1 draw, got {draws}")
    if deviation <= 0:
        raise ParameterError(f"the deviation of noise must be above 0, got {deviation:g}")


def _random_sets(asked: Masked, size: int, count: int) -> Iterator[np.ndarray]:
    streams = [np.random.default_rng([seed, 3]) for seed in asked.model.seeds]
    for _ in range(count):
        places = np.stack([stream.permutation(asked.entries) for stream in streams])
        yield (places < size).reshape(asked.order.shape)


def _correlations(first: Floats, second: Floats) -> Floats:
    """Return Pearson's correlation of each sample's values, (batch,), of two arrays (batch, sets)."""
    one, other = (values - values.mean(axis=1, keepdims=True) for values in (first, second))
    spread = np.sqrt((one**2).sum(axis=1) * (other**2).sum(axis=1))
    product = (one * other).sum(axis=1)
    scores: Floats = np.clip(np.divide(product, spread, out=np.full(len(spread), np.nan), where=spread > 0), -1, 1)
    return scores


def _explained_logit(model: Model, inputs: Series) -> Floats:
    logits = model.logits(inputs)
    return logits[np.arange(len(logits)), model.target]
