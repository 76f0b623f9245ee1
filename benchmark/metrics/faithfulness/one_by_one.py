"""How the answers change while entries are removed one after the other, as TIMING computes it."""

from collections.abc import Sequence

import numpy as np

from ....datasets.spec import TaskData
from ....errors import ParameterError
from ..arrays import Floats
from ..maps import Maps
from ..needs import Model
from .asked_answers import Masked, check_masked, count_of

OVER = ("mean", "sum")


def cpd_timing(
    maps: Maps,
    *,
    model: Model,
    data: TaskData,
    entries: float = 50.0,
    over: str = "mean",
    replacement: str = "zero",
    sign: str = "absolute",
) -> Floats:
    """Return Σ_k (1/C) Σ_c |p_c(x_(k-1)) - p_c(x_k)| ≥ 0, (batch,), over the K largest entries, x_k being x without k.

    Higher where the entries matter, and the more the larger K is. Entries that tie are ordered at random, by the seeds.

    Args:
        maps: the maps of the samples.
        model: the network that was explained.
        data: of the task.
        entries: K, or below 1 the share of the entries, of which int(share · entries) are removed.
        over: the classes: the code takes the "mean", the paper the "sum".
        replacement: what takes an entry's place: "zero", "average", "mean", "sampled", "noise" or "carry-forward".
        sign: what becomes of a map before it is ordered: the scripts take "absolute"; "signed" and "positive" rank
            methods otherwise.

    Raises:
        ParameterError: no positive number of entries, or over something else.
        UnknownNameError: another replacement or sign.
    """
    return _changes(maps, model, data, entries, over, replacement, sign, largest=True)


def cpp_timing(
    maps: Maps,
    *,
    model: Model,
    data: TaskData,
    entries: float = 50.0,
    over: str = "mean",
    replacement: str = "zero",
    sign: str = "absolute",
) -> Floats:
    """Return `cpd:timing` over the K smallest entries, from the smallest up, (batch,) ≥ 0.

    Raises:
        ParameterError: no positive number of entries, or over something else.
        UnknownNameError: another replacement or sign.
    """
    return _changes(maps, model, data, entries, over, replacement, sign, largest=False)


def check_one_by_one(*, entries: float, over: str, replacement: str, sign: str) -> None:
    """Raise unless entries can be removed one by one so.

    Raises:
        ParameterError: no positive number of entries, or over something else.
        UnknownNameError: another replacement or sign.
    """
    if entries <= 0:
        raise ParameterError(f"entries must be a number or a share above 0, got {entries:g}")
    if over not in OVER:
        raise ParameterError(f"over must be {' or '.join(OVER)}, got '{over}'")
    check_masked(sign=sign, replacement=replacement, answer="predicted")


def steps_of(asked: Masked, places: Sequence[tuple[int, int]]) -> Floats:
    """Return |p_c(x_(k-1)) - p_c(x_k)|, (batch, steps, classes), x_k being x without the k-th range of places."""
    before, changes = asked.all_probabilities(0, 0), []
    for first, last in places:
        after = asked.all_probabilities(first, last)
        changes.append(np.abs(before - after))
        before = after
    return np.stack(changes, axis=1)


def _changes(
    maps: Maps,
    model: Model,
    data: TaskData,
    entries: float,
    over: str,
    replacement: str,
    sign: str,
    *,
    largest: bool,
) -> Floats:
    check_one_by_one(entries=entries, over=over, replacement=replacement, sign=sign)
    asked = Masked.of(maps, model, data, sign=sign, replacement=replacement, answer="predicted")
    count = asked.entries
    removed = count_of(entries, count)
    if not removed:
        return np.zeros(len(maps.truth))
    ranges = [(0, k) if largest else (count - k, count) for k in range(1, removed + 1)]
    changes = steps_of(asked, ranges)
    total: Floats = (changes.mean(axis=2) if over == "mean" else changes.sum(axis=2)).sum(axis=1)
    return total
