"""Series with the pattern of their class, of every kind of TimeX."""

from dataclasses import dataclass

import numpy as np

from ...entry import unknown
from ...errors import ParameterError, UnknownNameError
from ..preprocessing import require_sizes
from ..processes.narma import Floats, Narma
from ..spec import Split, TaskData
from .patterns import (
    Pattern,
    Put,
    Slopes,
    counted_spikes,
    frequent_pairs,
    frequent_shapes,
    low_variance,
    matching_plateaus,
    one_spike,
    several_spikes,
    tracked_wave,
)

REMOVED = 0.15  # of the time steps of the irregular kind


@dataclass(frozen=True)
class Kind:
    """One of the kinds.

    Attributes:
        put: the pattern of a class into a series.
        classes: how many there are.
        noise: standard deviation of the background's noise.
        shortest: number of time steps that always hold the pattern.
        fewest: number of features that do.
        is_narma: whether the background is NARMA of order 2 below the noise.
        is_irregular: whether time steps are removed.
    """

    put: Put
    classes: int
    noise: float
    shortest: int
    fewest: int = 1
    is_narma: bool = True
    is_irregular: bool = False


APART = Slopes((15, 30), 5)
KINDS = {
    "freqshapes": Kind(frequent_shapes, 4, 0.25, 19, is_narma=False),
    "freqshapes-ud": Kind(frequent_pairs, 4, 0.25, 23, is_narma=False),
    "seqcomb-uv": Kind(Slopes((10, 20), 10), 4, 0.01, 75),
    "seqcomb-mv": Kind(APART, 4, 0.01, 115, 2),
    "seqcomb-mv-irregular": Kind(APART, 4, 0.01, 115, 2, is_irregular=True),
    "seqcomb-uv-inline": Kind(Slopes((15, 25), 15, in_line=True), 4, 1.0, 95, is_narma=False),
    "seqcomb-uv-fixed": Kind(Slopes((10, 20), 10, first=(10, 20)), 4, 0.01, 50),
    "lowvar": Kind(low_variance, 4, 1.0, 61, 2),
    "lowvar-match": Kind(matching_plateaus, 3, 1.0, 62, 2),
    "trigtrack": Kind(tracked_wave, 4, 0.25, 3, 2, is_narma=False),
    "spike-count": Kind(counted_spikes, 4, 0.001, 5, 2),
    "simple-spike": Kind(one_spike, 3, 0.001, 2),
    "redundant-spike": Kind(several_spikes, 3, 0.001, 20),
}


def patterned(seed: int, *, kind: str, time: int, features: int, train: int, validation: int, test: int) -> TaskData:
    """Return N(0, σ), on NARMA of order 2 for some kinds, with the pattern of each sample's class.

    Classes have as many samples each, in random order, the last one the remainder. The truth is the pattern. Of
    seqcomb-mv-irregular, 15 % of the time steps are removed: 0 in all features, where the source writes −1e8 for its
    network to mask.

    Args:
        seed: of the data; the source has none that works.
        kind: of the patterns.
        time: number of time steps.
        features: number of features.
        train: number of training samples.
        validation: number of validation samples.
        test: number of test samples.

    Raises:
        ParameterError: a size that leaves no room for the pattern, is below one or beyond memory, or fewer training
            samples than classes.
        UnknownNameError: another kind.

    Source: Queen et al., Encoding Time-Series Explanations through Self-Supervised Model Behavior Consistency (TimeX),
    NeurIPS 2023, as its code has it.
    """
    check_patterned(kind=kind, time=time, features=features, train=train, validation=validation, test=test)
    chosen, rng = KINDS[kind], np.random.default_rng(seed)
    sensor = int(rng.integers(features))

    def split(count: int) -> Split:
        labels = rng.permutation(np.minimum(np.arange(count) // max(count // chosen.classes, 1), chosen.classes - 1))
        series = _background(rng, (count, time, features), chosen)
        truth = np.zeros(series.shape)
        for label, values, marks in zip(labels.tolist(), series, truth, strict=True):
            chosen.put(rng, label, Pattern(values, marks, sensor))
        if chosen.is_irregular:
            kept = rng.random((count, time, 1)) >= REMOVED
            series, truth = series * kept, truth * kept
        return Split(series.astype(np.float32), labels, truth.astype(np.float32))

    splits = split(train), split(validation), split(test)
    return TaskData(*splits, classes=chosen.classes)


def check_patterned(*, kind: str, time: int, features: int, train: int, validation: int, test: int) -> None:
    """Raise unless `patterned` can draw such series.

    Raises:
        ParameterError, UnknownNameError: as `patterned`.
    """
    if kind not in KINDS:
        raise UnknownNameError(unknown("kind", kind, KINDS))
    require_sizes(time, features, train=train, validation=validation, test=test)
    chosen = KINDS[kind]
    sizes = (("time", time, chosen.shortest), ("features", features, chosen.fewest), ("train", train, chosen.classes))
    for name, size, least in sizes:
        if size < least:
            raise ParameterError(f"{name} must be at least {least} for {kind}, got {size}")


def _background(rng: np.random.Generator, shape: tuple[int, int, int], kind: Kind) -> Floats:
    noise = kind.noise * rng.standard_normal(shape)
    if not kind.is_narma:
        return noise
    count, time, features = shape
    return noise + Narma(2).draw(rng, (count, features, time)).transpose(0, 2, 1)
