"""Accuracy of networks that are trained again on series without some entries, removed as the maps rank them.

The maps of training and validation samples are made by the same method on the network that was explained, for their
true classes. With as many trainings for each map as there are shares these metrics take long.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.special import softmax

from ....datasets.spec import Split, TaskData
from ..arrays import Floats
from ..maps import Maps
from ..needs import Model, Series, Trainer
from ..signs import SIGNS, signed_map
from .asked_answers import SHARES, check_fidelity, check_retraining
from .masking import removal_order
from .replacement import replacement_of


def roar(
    maps: Maps,
    *,
    model: Model,
    data: TaskData,
    trainer: Trainer,
    shares: Sequence[float] = SHARES,
    replacement: str = "mean",
    sign: str = "absolute",
) -> Floats:
    """Return the mean over shares of 1[f(x without its largest share) = label], (batch,) in [0, 1]; f is trained again.

    Training, validation and explained samples lose the same share of their largest entries. Lower is better.

    Args:
        maps: the maps of the samples.
        model: the network that was explained.
        data: of the task.
        trainer: which explains the training samples, and trains.
        shares: of the entries, each in [0, 1].
        replacement: what takes an entry's place: "zero", "average", "mean", "sampled", "noise" or "carry-forward".
        sign: what becomes of a map before it is ordered: "signed", "absolute" or "positive".

    Raises:
        ParameterError: no share, or one outside [0, 1].
        UnknownNameError: another replacement or sign.

    Source: S. Hooker et al., A Benchmark for Interpretability Methods in Deep Neural Networks, NeurIPS 2019.
    """
    return _accuracy(maps, model, data, trainer, shares, replacement, sign, removes_largest=True)


def kar(
    maps: Maps,
    *,
    model: Model,
    data: TaskData,
    trainer: Trainer,
    shares: Sequence[float] = SHARES,
    replacement: str = "mean",
    sign: str = "absolute",
) -> Floats:
    """Return the mean over shares of 1[f(largest share of x alone) = label], (batch,) in [0, 1]; f is trained again.

    All but the share of the largest entries is removed. Higher is better.

    Raises:
        ParameterError: no share, or one outside [0, 1].
        UnknownNameError: another replacement or sign.

    Source: S. Hooker et al., A Benchmark for Interpretability Methods in Deep Neural Networks, NeurIPS 2019.
    """
    return _accuracy(maps, model, data, trainer, shares, replacement, sign, removes_largest=False)


def f_fidelity_plus(
    maps: Maps,
    *,
    model: Model,
    data: TaskData,
    trainer: Trainer,
    share: float = 0.2,
    trained: float = 0.5,
    replacement: str = "zero",
    sign: str = "absolute",
) -> Floats:
    """Return p_c(x) - p_c(x without its largest share) in [-1, 1], (batch,), of a network that knows removed entries.

    It is the architecture trained again on the training samples and as many copies that lack random entries, so that
    series without entries are nothing new to it; the source tunes the network on. c is the explained class. Higher is
    better.

    Args:
        maps: the maps of the samples.
        model: the network that was explained.
        data: of the task.
        trainer: which trains.
        share: of the entries, in [0, 1].
        trained: the largest share of random entries that a copy lacks, in [0, 1].
        replacement: what takes an entry's place: "zero", "average", "mean", "sampled", "noise" or "carry-forward".
        sign: what becomes of a map before it is ordered: "signed", "absolute" or "positive".

    Raises:
        ParameterError: a share outside [0, 1].
        UnknownNameError: another replacement or sign.

    Source: X. Zheng et al., F-Fidelity, ICLR 2025.
    """
    return _fidelity(maps, model, data, trainer, share, trained, replacement, sign, removes_largest=True)


def f_fidelity_minus(
    maps: Maps,
    *,
    model: Model,
    data: TaskData,
    trainer: Trainer,
    share: float = 0.2,
    trained: float = 0.5,
    replacement: str = "zero",
    sign: str = "absolute",
) -> Floats:
    """Return p_c(x) - p_c(x without its smallest share) in [-1, 1], (batch,), see `f_fidelity_plus`; lower is better.

    Raises:
        ParameterError: a share outside [0, 1].
        UnknownNameError: another replacement or sign.

    Source: X. Zheng et al., F-Fidelity, ICLR 2025.
    """
    return _fidelity(maps, model, data, trainer, share, trained, replacement, sign, removes_largest=False)


def _accuracy(
    maps: Maps,
    model: Model,
    data: TaskData,
    trainer: Trainer,
    shares: Sequence[float],
    replacement: str,
    sign: str,
    *,
    removes_largest: bool,
) -> Floats:
    check_retraining(shares=shares, replacement=replacement, sign=sign)
    ranked = {name: SIGNS[sign](_explained(trainer, getattr(data, name))) for name in ("train", "validation")}
    own, correct = signed_map(maps, sign), []
    for share in shares:

        def changed(inputs: Series, map_: Floats, seeds: Sequence[int], share: float = share) -> Series:
            order = removal_order(map_, seeds)
            is_largest = order < round(share * order[0].size)
            is_removed = is_largest if removes_largest else ~is_largest
            return replacement_of(replacement, inputs, data, seeds).without(is_removed)

        parts = {
            name: _with(getattr(data, name), changed(getattr(data, name).inputs, map_, range(len(map_))))
            for name, map_ in ranked.items()
        }
        answer = trainer.train(replace(data, train=parts["train"], validation=parts["validation"]))
        answers = answer(changed(model.inputs, own, model.seeds)).argmax(axis=1)
        correct.append((answers == model.labels).astype(np.float64))
    mean: Floats = np.stack(correct, axis=1).mean(axis=1)
    return mean


def _fidelity(
    maps: Maps,
    model: Model,
    data: TaskData,
    trainer: Trainer,
    share: float,
    trained: float,
    replacement: str,
    sign: str,
    *,
    removes_largest: bool,
) -> Floats:
    check_fidelity(share=share, trained=trained, replacement=replacement, sign=sign)
    answer = trainer.train(replace(data, train=_beside_lacking(data, trained, replacement)))
    order = removal_order(signed_map(maps, sign), model.seeds)
    count, entries = round(share * order[0].size), order[0].size
    is_removed = order < count if removes_largest else order >= entries - count
    lacking = replacement_of(replacement, model.inputs, data, model.seeds).without(is_removed)
    samples = np.arange(len(order))
    before, after = (softmax(answer(inputs), axis=1)[samples, model.target] for inputs in (model.inputs, lacking))
    drop: Floats = before - after
    return drop


def _beside_lacking(data: TaskData, most: float, replacement: str) -> Split:
    """Return the training samples, and copies that lack random entries, each a random share of at most so many."""
    split, seeds = data.train, range(len(data.train.inputs))
    streams = [np.random.default_rng([seed, 8]) for seed in seeds]
    is_removed = np.stack([stream.random(split.inputs.shape[1:]) < most * stream.random() for stream in streams])
    copies = replacement_of(replacement, split.inputs, data, seeds).without(is_removed)
    twice = {name: np.concatenate([getattr(split, name)] * 2) for name in ("labels", "truth")}
    return replace(split, inputs=np.concatenate([split.inputs, copies]), **twice)


def _explained(trainer: Trainer, split: Split) -> Floats:
    return trainer.explain(split.inputs, split.labels).astype(np.float64, order="C")


def _with(split: Split, inputs: Series) -> Split:
    return replace(split, inputs=inputs.astype(np.float32))
