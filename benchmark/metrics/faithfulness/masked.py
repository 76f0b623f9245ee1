"""What is left of an answer without a map's largest entries, or with them alone, as time_interpret computes it.

x is the series, S its int(share · entries) largest entries and p the probability of the class; all of S is removed at
once and the network is not trained again. Entries that tie are ordered at random, by the seeds of the samples.
"""

import numpy as np

from ....datasets.spec import TaskData
from ..arrays import Floats
from ..maps import Maps
from ..needs import Model
from .asked_answers import Masked, check_share

LEAST = float(np.finfo(np.float64).tiny)  # a probability whose logarithm is finite


def comprehensiveness_tint(
    maps: Maps,
    *,
    model: Model,
    data: TaskData,
    share: float = 0.2,
    replacement: str = "zero",
    sign: str = "signed",
    answer: str = "predicted",
) -> Floats:
    """Return p(x) - p(x without S) in [-1, 1], (batch,): higher where the map finds what the answer needs.

    Args:
        maps: the maps of the samples.
        model: the network that was explained.
        data: of the task.
        share: of the entries, in [0, 1].
        replacement: what takes an entry's place: "zero", "average", "mean", "sampled", "noise" or "carry-forward".
        sign: what becomes of a map before it is ordered: "signed", "absolute" or "positive".
        answer: whose probability counts, that of the "predicted" class or of the "explained" one.

    Raises:
        ParameterError: a share outside [0, 1].
        UnknownNameError: another replacement, sign or answer.
    """
    check_share(share=share, replacement=replacement, sign=sign, answer=answer)
    asked = Masked.of(maps, model, data, replacement=replacement, sign=sign, answer=answer)
    drop: Floats = asked.probability() - asked.probability(0, int(share * asked.entries))
    return drop


def sufficiency_tint(
    maps: Maps,
    *,
    model: Model,
    data: TaskData,
    share: float = 0.2,
    replacement: str = "zero",
    sign: str = "signed",
    answer: str = "predicted",
) -> Floats:
    """Return p(x) - p(S alone) in [-1, 1], (batch,): lower where the map finds what the answer needs.

    The int((1 - share) · entries) smallest entries are removed.

    Raises:
        ParameterError: a share outside [0, 1].
        UnknownNameError: another replacement, sign or answer than those of `comprehensiveness:tint`.
    """
    check_share(share=share, replacement=replacement, sign=sign, answer=answer)
    asked = Masked.of(maps, model, data, replacement=replacement, sign=sign, answer=answer)
    smallest = int((1 - share) * asked.entries)
    drop: Floats = asked.probability() - asked.probability(asked.entries - smallest, asked.entries)
    return drop


def log_odds_tint(
    maps: Maps,
    *,
    model: Model,
    data: TaskData,
    share: float = 0.2,
    replacement: str = "zero",
    sign: str = "signed",
    answer: str = "predicted",
) -> Floats:
    """Return log p(x without S) - log p(x), (batch,): lower where the map finds what the answer needs.

    Raises:
        ParameterError: a share outside [0, 1].
        UnknownNameError: another replacement, sign or answer than those of `comprehensiveness:tint`.
    """
    check_share(share=share, replacement=replacement, sign=sign, answer=answer)
    asked = Masked.of(maps, model, data, replacement=replacement, sign=sign, answer=answer)
    odds: Floats = _log(asked.probability(0, int(share * asked.entries))) - _log(asked.probability())
    return odds


def cross_entropy_tint(
    maps: Maps,
    *,
    model: Model,
    data: TaskData,
    share: float = 0.2,
    replacement: str = "zero",
    sign: str = "signed",
    answer: str = "predicted",
) -> Floats:
    """Return -log p(x without S) ≥ 0, (batch,): higher where the map finds what the answer needs.

    Raises:
        ParameterError: a share outside [0, 1].
        UnknownNameError: another replacement, sign or answer than those of `comprehensiveness:tint`.
    """
    check_share(share=share, replacement=replacement, sign=sign, answer=answer)
    asked = Masked.of(maps, model, data, replacement=replacement, sign=sign, answer=answer)
    return np.maximum(-_log(asked.probability(0, int(share * asked.entries))), 0.0)


def accuracy_tint(
    maps: Maps,
    *,
    model: Model,
    data: TaskData,
    share: float = 0.2,
    replacement: str = "zero",
    sign: str = "signed",
    answer: str = "predicted",
) -> Floats:
    """Return whether p(x without S) ≥ 0.5, (batch,), 1 or 0: lower where the map finds what the answer needs.

    Of more than two classes one below a half can still be the most probable.

    Raises:
        ParameterError: a share outside [0, 1].
        UnknownNameError: another replacement, sign or answer than those of `comprehensiveness:tint`.
    """
    check_share(share=share, replacement=replacement, sign=sign, answer=answer)
    asked = Masked.of(maps, model, data, replacement=replacement, sign=sign, answer=answer)
    return (asked.probability(0, int(share * asked.entries)) >= 0.5).astype(np.float64)


def _log(probability: Floats) -> Floats:
    return np.log(np.maximum(probability, LEAST))
