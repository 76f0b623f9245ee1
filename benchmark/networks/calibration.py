"""Calibrate a planted signal: the strength at which a network learns it as well as the labels of the series."""

import functools
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import nn

from ...datasets.planted.planting import STRENGTH, check_planting, labelled, planted
from ...datasets.spec import TaskData
from ...errors import ParameterError, repr_of
from ...methods.attributions.passes.lending import one_at_a_time
from ..execution.devices import choose_device
from ..execution.plan import Seeds
from ..execution.training import facts_on_test
from ..statistics.intervals import is_at_chance
from ..statistics.level_search import find_level
from ..style.progress_bar import counted_progress
from ..suites.counts import check_count
from ..suites.run_options import MOST_SEEDS
from ..suites.training_recipe import Recipe, recipe_of
from .evaluate import Factory, trained

WEAKEST, STRONGEST = 1 / 64, 16.0  # standard deviations of a feature
TRIES = 8  # strengths
MOST_TRIES = 100

Tell = Callable[[str], None]


@dataclass(frozen=True, repr=False)
class Calibration:
    """The strength of a planted signal that a network learns as well as it should, to 10 %.

    Attributes:
        strength: the weakest tried at which it does; where none does, the one that comes nearest.
        accuracy: on test samples with that signal.
        wanted: the accuracy that was to be reached: the one on the labels, unless another was asked for.
        is_reached: whether it was.
        tried: strengths and their accuracies, in the order of trial.
    """

    strength: float
    accuracy: float
    wanted: float
    is_reached: bool
    tried: tuple[tuple[float, float], ...]

    def __repr__(self) -> str:
        return f"Calibration: {self.in_words()}"

    def in_words(self) -> str:
        """Return the strength, its accuracy, and whether that is what was wanted."""
        reached = f"of {self.wanted:.3f} wanted" if self.is_reached else f"below the {self.wanted:.3f} wanted"
        return f"strength {self.strength:g}, accuracy {self.accuracy:.3f} {reached}"


@one_at_a_time()
@torch.inference_mode(False)
@torch.enable_grad()
def calibrate_strength(
    network: Factory,
    series: ArrayLike,
    labels: ArrayLike | None = None,
    lengths: ArrayLike | None = None,
    *,
    accuracy: float | None = None,
    seeds: int = 1,
    tries: int = TRIES,
    training: Recipe | None = None,
    device: str = "cpu",
    shape: str = "box",
    length: int = 0,
    width: int = 0,
    window: Sequence[int] = (),
    validation_share: float = 0.15,
    test_share: float = 0.2,
) -> Calibration:
    """Return the strength at which a network learns a planted signal as well as the labels of the series.

    A stronger signal shows without any network, in `abs-input`, and a weaker one is not learned. The network is trained
    once on the labels, and once on each strength tried, with the splits, new classes and windows that `evaluate` draws.

    Args:
        network: function (features, classes) -> network, which is called and trained anew.
        series: (samples, time, features), as `planted` takes them; further `labels` and `lengths`.
        labels: (samples,), what the network is for.
        lengths: (samples,), steps that are no padding.
        accuracy: to be reached in place of the one on the labels, such as that of a network which is trained already.
        seeds: repetitions, over which accuracies are averaged.
        tries: strengths at most.
        training: the recipe.
        device: "cpu", "cuda" or "auto".
        shape: of the signal, as in `planted`; further `length`, `width`, `window` and the shares.
        length: time steps.
        width: features.
        window: one place for all samples.
        validation_share: of the samples.
        test_share: of the samples, on which accuracies are measured.

    Raises:
        ParameterError: an accuracy that guessing reaches, neither labels nor accuracy, or see `planted`.
        ShapeError, NonFiniteError, DataError: see `planted`.
        ContractError: the function makes no network to train.
    """
    if isinstance(network, nn.Module) or not callable(network):
        raise ParameterError(
            "calibrate_strength trains networks: it needs a function (features, classes) that makes one, such as their "
            f"class, got a {type(network).__name__}"
        )
    check_count("seeds", seeds, MOST_SEEDS)
    check_count("tries", tries, MOST_TRIES)
    if labels is None and accuracy is None:
        raise ParameterError("calibration needs labels, or the accuracy that is to be reached; give one of them")
    signal: dict[str, Any] = {"shape": shape, "length": length, "width": width, "window": window}
    shares: dict[str, Any] = {"validation_share": validation_share, "test_share": test_share}
    check_planting(strength=STRENGTH, **signal, **shares)
    given = _Series(
        network,
        (series, labels, lengths),
        signal,
        shares,
        seeds=seeds,
        training=recipe_of(training),
        device=choose_device(device),
    )
    planned = (tries + (accuracy is None)) * seeds
    with counted_progress("training the network", planned) as tell:
        wanted = given.accuracy_on_labels(tell) if accuracy is None else _checked(accuracy, given)
        accuracy_at = functools.partial(given.accuracy_at, tell=tell)
        found = find_level(accuracy_at, wanted, start=STRENGTH, lowest=WEAKEST, highest=STRONGEST, most=tries)
    return Calibration(found.level, found.value, wanted, found.is_reached, found.tried)


@dataclass(frozen=True)
class _Series:
    """Series with their labels and lengths, what is planted in them, and how a kind of network is trained on them."""

    network: Factory
    series: tuple[Any, Any, Any]
    signal: dict[str, Any]
    shares: dict[str, Any]
    seeds: int
    training: Recipe
    device: str

    def accuracy_on_labels(self, tell: Tell) -> float:
        """Return the mean accuracy of networks trained on the labels.

        Raises:
            ParameterError: guessing explains it.
        """
        load = functools.partial(labelled, *self.series, **self.shares)
        facts = list(self._facts(load, "on the labels", tell))
        accuracy, majority = (statistics.fmean(fact[name] for fact in facts) for name in ("accuracy", "majority"))
        tested = sum(fact["tested"] for fact in facts)
        if is_at_chance(round(accuracy * tested), tested, majority):
            raise ParameterError(
                f"the network must learn the labels, got an accuracy of {accuracy:.3f} where guessing reaches "
                f"{majority:.3f}; train it longer, or state the accuracy that is to be reached"
            )
        return accuracy

    def accuracy_at(self, strength: float, tell: Tell) -> float:
        """Return the mean accuracy of networks trained on the series with a signal of a strength."""
        series, labels, lengths = self.series

        def load(seed: int) -> TaskData:
            return planted(series, labels, lengths, seed=seed, strength=strength, **self.signal, **self.shares)

        return statistics.fmean(fact["accuracy"] for fact in self._facts(load, f"at strength {strength:g}", tell))

    def _facts(self, load: Callable[..., TaskData], where: str, tell: Tell) -> Iterator[Mapping[str, Any]]:
        for repetition in range(self.seeds):
            data = load(seed=Seeds.of(repetition).data)
            model = trained(self.network, "network", data, self.training, repetition, self.device)
            facts = facts_on_test(model, data, self.device)
            tell(f"accuracy {facts['accuracy']:.3f} {where}, seed {repetition}")
            yield facts


def _checked(accuracy: float, series: _Series) -> float:
    labels = series.series[1]
    chance = 1 / (2 if labels is None else len(np.unique(labels)))
    if not (isinstance(accuracy, float | int) and chance < accuracy <= 1):
        raise ParameterError(
            f"accuracy must be above {chance:.3f}, which guessing reaches, and at most 1, got {repr_of(accuracy)}"
        )
    return float(accuracy)
