"""The contract that every metric keeps, as tests that anyone can run on one of their own.

In a test file of a third party, one line is all:

    TestMine = metric_contract(MY_METRIC)
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ...entry import resolve
from ...entry_contract import Contract, hold
from .maps import Maps
from .spec import MetricSpec

SHAPES = [(7, 13, 11), (3, 100, 100), (5, 1, 9), (5, 9, 1), (4, 1, 1)]


def metric_contract(*metrics: MetricSpec, parameters: Mapping[str, Mapping[str, Any]] | None = None) -> type:
    """Return a class of tests for metrics, for pytest to collect under a name that begins with Test.

    Args:
        metrics: the entries to test.
        parameters: by a metric's name, settings in place of its defaults.
    """
    return type("MetricContract", (_MetricContract,), {"specs": metrics, "parameters": parameters or {}})


class _MetricContract(Contract):
    def test_parameters_are_those_of_the_function(self, spec: MetricSpec) -> None:
        stated, taken = (sorted(names) for names in (spec.parameters, [*inspect.signature(spec.load()).parameters][1:]))
        hold(stated == taken, f"parameters of {spec.name} must be its function's {taken}, got {stated}")

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    @pytest.mark.parametrize("shape", SHAPES, ids=str)
    def test_score_of_a_batch_is_that_of_its_samples(self, spec: MetricSpec, shape: Any, dtype: Any) -> None:
        attributions, truth, difference = _sample(shape, dtype)
        truth[0], attributions[-1] = 0, 0
        alone = [self._scores(spec, *each)[0] for each in _one_by_one(attributions, truth, difference)]
        is_alone = np.array_equal(self._scores(spec, attributions, truth, difference), alone, equal_nan=True)
        hold(is_alone, f"{spec.name} must score a sample whatever its batch, got other scores for each alone")

    @pytest.mark.parametrize("shape", SHAPES, ids=str)
    def test_scores_are_float64_in_the_stated_range(self, spec: MetricSpec, shape: Any) -> None:
        scores = self._scores(spec, *_sample(shape))
        got, bounds = f"{scores.dtype} {scores.shape}", f"{spec.low:g} to {spec.high:g}"
        hold(got == f"float64 {shape[:1]}", f"{spec.name} must give float64 {shape[:1]}, one score a sample, got {got}")
        defined = scores[~np.isnan(scores)]
        beyond = defined[(defined < spec.low) | (defined > spec.high * (1 + 1e-15))].tolist()
        hold(not beyond, f"{spec.name} must score within its stated {bounds}, got {beyond[:1]}; correct low and high")

    def test_no_map_is_better_than_the_truth(self, spec: MetricSpec) -> None:
        if spec.needs_output:
            pytest.skip("the truth is not read")
        attributions, truth, _ = _sample((20, 9, 7))
        truth = np.round(truth)
        sign = 1 if spec.higher_is_better else -1
        gain = sign * (self._scores(spec, attributions, truth) - self._scores(spec, truth, truth))
        is_best = bool((gain[~np.isnan(gain)] <= 1e-12).all())
        hold(is_best, f"{spec.name} must score no map above the truth itself, got a better one; correct its direction")

    def test_memory_layout_does_not_matter(self, spec: MetricSpec) -> None:
        attributions, truth, difference = _sample((4, 9, 7))
        strided = np.asfortranarray(attributions), np.repeat(truth, 2, axis=1)[:, ::2]
        expected = self._scores(spec, attributions, truth, difference)
        is_same = np.array_equal(self._scores(spec, *strided, difference), expected, equal_nan=True)
        hold(is_same, f"{spec.name} must not depend on the order in memory, got other scores of strided arrays")

    def test_the_maps_are_left_as_they_were(self, spec: MetricSpec) -> None:
        given = _sample((4, 9, 7))
        before = [array.copy() for array in given]
        self._scores(spec, *given)
        for array, as_it_was in zip(given, before, strict=True):
            is_kept = np.array_equal(array, as_it_was)
            hold(is_kept, f"{spec.name} must leave the maps as they were, got others; let it work on a copy")

    def test_chance_is_a_possible_score_of_every_sample(self, spec: MetricSpec) -> None:
        if spec.chance is None:
            pytest.skip("chance has no meaning here")
        chance = resolve(spec.chance)(_sample((6, 9, 7))[1])
        hold(chance.shape == (6,), f"chance of {spec.name} must be (6,), one level a sample, got {chance.shape}")
        beyond = chance[~((chance >= spec.low) & (chance <= spec.high))].tolist()
        hold(not beyond, f"chance of {spec.name} must lie within {spec.low:g} to {spec.high:g}, got {beyond[:1]}")

    def _scores(self, spec: MetricSpec, *arrays: NDArray[Any]) -> NDArray[np.float64]:
        metric: Callable[..., NDArray[np.float64]] = spec.load()
        return metric(Maps(*arrays), **self.configured(spec))


def _sample(shape: tuple[int, int, int], dtype: Any = np.float64) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    rng = np.random.default_rng(4)
    attributions, truth = rng.standard_normal(shape).astype(dtype), rng.random(shape).astype(dtype)
    return attributions, truth, rng.standard_normal(shape[0]).astype(dtype)


def _one_by_one(*batches: NDArray[Any]) -> Iterator[tuple[NDArray[Any], ...]]:
    for sample in range(len(batches[0])):
        yield tuple(batch[sample : sample + 1] for batch in batches)
