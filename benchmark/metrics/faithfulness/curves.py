"""Curves of the answer over the share of entries that are removed or kept, and the areas under them."""

import numpy as np
from scipy.integrate import simpson

from ....datasets.spec import TaskData
from ..arrays import Floats, by_entry, trapezoid
from ..maps import Maps
from ..needs import Model
from ..signs import signed_map
from .asked_answers import Masked, check_entries, check_steps, count_of, sizes_of

LEAST = 1e-12  # a probability by which others are divided


def deletion(
    maps: Maps,
    *,
    model: Model,
    data: TaskData,
    steps: int = 20,
    replacement: str = "zero",
    sign: str = "absolute",
    answer: str = "predicted",
) -> Floats:
    """Return ∫ p(x without its q largest entries) dq in [0, 1], (batch,), over shares q from 0 to 1: lower is better.

    The trapezoid rule joins as many steps, all at once removed at each; the network is not trained again.

    Args:
        maps: the maps of the samples.
        model: the network that was explained.
        data: of the task.
        steps: of the curve, at least 1; no more than there are entries.
        replacement: what takes an entry's place: "zero", "average", "mean", "sampled", "noise" or "carry-forward".
        sign: what becomes of a map before it is ordered: "signed", "absolute" or "positive".
        answer: whose probability counts, that of the "predicted" class or of the "explained" one.

    Raises:
        ParameterError: steps below 1.
        UnknownNameError: another replacement, sign or answer.
    """
    check_steps(steps=steps, replacement=replacement, sign=sign, answer=answer)
    asked = Masked.of(maps, model, data, replacement=replacement, sign=sign, answer=answer)
    sizes = sizes_of(asked.entries, steps)
    return trapezoid(asked.curve(sizes), np.array(sizes) / asked.entries)


def insertion(
    maps: Maps,
    *,
    model: Model,
    data: TaskData,
    steps: int = 20,
    replacement: str = "zero",
    sign: str = "absolute",
    answer: str = "predicted",
) -> Floats:
    """Return ∫ p(q largest entries of x alone) dq in [0, 1], (batch,), over shares q from 0 to 1: higher is better.

    Raises:
        ParameterError: steps below 1.
        UnknownNameError: another replacement, sign or answer than those of `deletion`.
    """
    check_steps(steps=steps, replacement=replacement, sign=sign, answer=answer)
    asked = Masked.of(maps, model, data, replacement=replacement, sign=sign, answer=answer)
    sizes = sizes_of(asked.entries, steps)
    kept = np.stack([asked.probability(size, asked.entries) for size in sizes], axis=1)
    return trapezoid(kept, np.array(sizes) / asked.entries)


def pixel_flipping_quantus(
    maps: Maps,
    *,
    model: Model,
    data: TaskData,
    entries: float = 0.05,
    replacement: str = "zero",
    sign: str = "signed",
    answer: str = "predicted",
) -> Floats:
    """Return ∫ p(x without its k·entries largest) dk ≥ 0, (batch,), over steps k of unit width.

    It grows with the number of steps, unlike `deletion`, and leaves the answer to the whole series out.

    Args:
        maps: the maps of the samples.
        model: the network that was explained.
        data: of the task.
        entries: removed at each step, or below 1 the share of them; at least one. The package's default is 1.
        replacement: what takes an entry's place, see `deletion`.
        sign: what becomes of a map before it is ordered: "signed", "absolute" or "positive".
        answer: whose probability counts, that of the "predicted" class or of the "explained" one.

    Raises:
        ParameterError: no positive number of entries.
        UnknownNameError: another replacement, sign or answer.
    """
    check_entries(entries=entries, replacement=replacement, sign=sign, answer=answer)
    asked = Masked.of(maps, model, data, replacement=replacement, sign=sign, answer=answer)
    each = max(1, count_of(entries, asked.entries))
    sizes = [min(size, asked.entries) for size in range(each, asked.entries + each, each)]
    return trapezoid(asked.curve(sizes))


def aucse_top_interpret_time(
    maps: Maps,
    *,
    model: Model,
    data: TaskData,
    steps: int = 10,
    replacement: str = "noise",
    answer: str = "predicted",
) -> Floats:
    """Return ∫ (p(x) - p(x without its q largest)) / p(x) dq ≤ 1, (batch,), q up to the share of positive entries.

    Simpson's rule joins as many steps. Higher where the map finds what counts; 0 without a positive entry.

    Args:
        maps: the maps of the samples, of which positive entries count.
        model: the network that was explained.
        data: of the task.
        steps: of the curve, at least 1.
        replacement: what takes an entry's place: the source takes normal noise.
        answer: whose probability counts, that of the "predicted" class or of the "explained" one.

    Raises:
        ParameterError: steps below 1.
        UnknownNameError: another replacement or answer.

    Source: H. Turbé et al., Evaluation of post-hoc interpretability methods in time-series classification, Nature
    Machine Intelligence 5, 2023.
    """
    return _drops(maps, model, data, steps, replacement, answer)[0]


def aucse_f_interpret_time(
    maps: Maps,
    *,
    model: Model,
    data: TaskData,
    steps: int = 10,
    replacement: str = "noise",
    answer: str = "predicted",
) -> Floats:
    """Return S (1 - B) / (S + 1 - B), (batch,), at most 0.5: S is `aucse_top:interpret-time`, B that of the smallest.

    B removes the smallest positive entries first. NaN where S + 1 - B is not positive.

    Raises:
        ParameterError: steps below 1.
        UnknownNameError: another replacement or answer.
    """
    top, bottom = _drops(maps, model, data, steps, replacement, answer)
    both = top + 1 - bottom
    scores: Floats = np.divide(top * (1 - bottom), both, out=np.full(len(both), np.nan), where=both > 0)
    return scores


def tic_interpret_time(maps: Maps) -> Floats:
    """Return ∫ share of the positive relevance in the q largest entries dq in [0, 1], (batch,), over q from 0 to 1.

    Higher where few entries hold the relevance; it asks no network. NaN without a positive entry.
    """
    ordered = -np.sort(-np.maximum(by_entry(signed_map(maps, "positive")), 0), axis=1)
    sums = np.pad(np.cumsum(ordered, axis=1), ((0, 0), (1, 0)))
    shares = np.divide(sums, sums[:, -1:], out=np.full(sums.shape, np.nan), where=sums[:, -1:] > 0)
    area: Floats = trapezoid(shares) / ordered.shape[1]
    return area


def _drops(
    maps: Maps, model: Model, data: TaskData, steps: int, replacement: str, answer: str
) -> tuple[Floats, Floats]:
    """Return the areas of relative drops when the largest, and when the smallest positive entries go, (batch,) each."""
    check_steps(steps=steps, replacement=replacement, answer=answer)
    asked = Masked.of(maps, model, data, replacement=replacement, sign="positive", answer=answer)
    positive = np.count_nonzero(by_entry(signed_map(maps, "positive")), axis=1)
    whole = np.maximum(asked.probability(), LEAST)
    removed = np.round(np.linspace(0, 1, steps + 1)[:, None] * positive).astype(int)
    ends = positive[:, None, None]
    areas = []
    for largest in (True, False):
        curve = []
        for sizes in removed[:, :, None, None]:
            is_first = asked.order < sizes
            is_last = (asked.order >= ends - sizes) & (asked.order < ends)
            curve.append(1 - asked.without(is_first if largest else is_last) / whole)
        areas.append(simpson(np.stack(curve, axis=1), dx=1 / steps, axis=1) * positive / asked.entries)
    return areas[0], areas[1]
