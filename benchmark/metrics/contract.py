"""The contract that every metric keeps, as tests that anyone can run on one of their own.

In a test file of a third party, one line is all:

    TestMine = metric_contract(MY_METRIC)
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ...entry import resolve
from ...entry_contract import Contract, hold
from .contract_scene import Scene
from .maps import Maps
from .pooling import Pool
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
        taken = sorted([*inspect.signature(spec.load()).parameters][1:])
        stated = sorted([*spec.asked, *spec.parameters])
        hold(stated == taken, f"needs and parameters of {spec.name} must be its function's {taken}, got {stated}")

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    @pytest.mark.parametrize("shape", SHAPES, ids=str)
    def test_score_of_a_batch_is_that_of_its_samples(self, spec: MetricSpec, shape: Any, dtype: Any) -> None:
        if spec.is_pooled:
            pytest.skip("all samples have one score")
        scene = Scene.drawn(shape, dtype)
        scene.truth[0], scene.attributions[-1] = 0, 0
        alone = [self._scores(spec, scene.rows([sample]))[0] for sample in range(shape[0])]
        is_alone = np.array_equal(self._scores(spec, scene), alone, equal_nan=True)
        hold(is_alone, f"{spec.name} must score a sample whatever its batch, got other scores for each alone")

    def test_pooled_samples_can_be_drawn_again(self, spec: MetricSpec) -> None:
        if not spec.is_pooled:
            return  # each sample has a score of its own
        scene, counts = Scene.drawn((4, 9, 7)), np.array([2, 0, 1, 3])
        drawn = self._pool(spec, scene).resampled(np.stack([counts, np.ones(4)]))
        hold(drawn.shape == (2,), f"{spec.name} must give (2,), one score a draw, got {drawn.shape}")
        again = [self._pool(spec, scene.rows(rows)).score for rows in (np.repeat(range(4), counts).tolist(), range(4))]
        is_same = np.isclose(drawn[0] - drawn[1], again[0] - again[1], rtol=0, atol=1e-9, equal_nan=True)
        hold(bool(is_same), f"{spec.name} must score copies of samples as if given them, got other scores of a draw")

    @pytest.mark.parametrize("shape", SHAPES, ids=str)
    def test_scores_are_float64_in_the_stated_range(self, spec: MetricSpec, shape: Any) -> None:
        scores = self._scores(spec, Scene.drawn(shape))
        got, bounds = f"{scores.dtype} {scores.shape}", f"{spec.low:g} to {spec.high:g}"
        expected = (1,) if spec.is_pooled else shape[:1]
        hold(got == f"float64 {expected}", f"{spec.name} must give float64 {expected}, one score a sample, got {got}")
        defined = scores[~np.isnan(scores)]
        beyond = defined[(defined < spec.low) | (defined > spec.high * (1 + 1e-15))].tolist()
        hold(not beyond, f"{spec.name} must score within its stated {bounds}, got {beyond[:1]}; correct low and high")

    def test_no_map_is_better_than_the_truth(self, spec: MetricSpec) -> None:
        if spec.needs != ("map", "truth"):
            pytest.skip("more or less than map and truth are compared")
        if not spec.is_best_at_truth:
            pytest.skip("it says that other maps may score better than the truth")
        drawn = Scene.drawn((20, 9, 7))
        scene = replace(drawn, truth=np.round(drawn.truth))
        sign = 1 if spec.higher_is_better else -1
        gain = sign * (self._scores(spec, scene) - self._scores(spec, replace(scene, attributions=scene.truth)))
        is_best = bool((gain[~np.isnan(gain)] <= 1e-12).all())
        hold(is_best, f"{spec.name} must score no map above the truth itself, got a better one; correct its direction")

    def test_what_is_not_needed_does_not_matter(self, spec: MetricSpec) -> None:
        scene = Scene.drawn((4, 9, 7))
        others = {
            "map": replace(scene, attributions=scene.inputs),
            "truth": replace(scene, truth=1 - scene.truth[:, ::-1] ** 2),
        }
        for need, other in others.items():
            is_same = np.array_equal(self._scores(spec, other), self._scores(spec, scene), equal_nan=True)
            sentence = (
                f'{spec.name} must not depend on the {need}, got other scores of another; add "{need}" to its needs'
            )
            hold(need in spec.needs or is_same, sentence)

    def test_memory_layout_does_not_matter(self, spec: MetricSpec) -> None:
        scene = Scene.drawn((4, 9, 7))
        attributions, truth = np.asfortranarray(scene.attributions), np.repeat(scene.truth, 2, axis=1)[:, ::2]
        strided = self._scores(spec, replace(scene, attributions=attributions, truth=truth))
        is_same = np.array_equal(strided, self._scores(spec, scene), equal_nan=True)
        hold(is_same, f"{spec.name} must not depend on the order in memory, got other scores of strided arrays")

    def test_the_maps_are_left_as_they_were(self, spec: MetricSpec) -> None:
        scene = Scene.drawn((4, 9, 7))
        before = [array.copy() for array in scene.arrays]
        self._scores(spec, scene)
        for array, as_it_was in zip(scene.arrays, before, strict=True):
            is_kept = np.array_equal(array, as_it_was)
            hold(is_kept, f"{spec.name} must leave the maps as they were, got others; let it work on a copy")

    def test_chance_is_a_possible_score_of_every_sample(self, spec: MetricSpec) -> None:
        if spec.chance is None:
            pytest.skip("chance has no meaning here")
        chance = resolve(spec.chance)(Scene.drawn((6, 9, 7)).truth)
        hold(chance.shape == (6,), f"chance of {spec.name} must be (6,), one level a sample, got {chance.shape}")
        beyond = chance[~((chance >= spec.low) & (chance <= spec.high))].tolist()
        hold(not beyond, f"chance of {spec.name} must lie within {spec.low:g} to {spec.high:g}, got {beyond[:1]}")

    def _scores(self, spec: MetricSpec, scene: Scene) -> NDArray[np.float64]:
        if spec.is_pooled:
            return np.array([self._pool(spec, scene).score])
        metric: Callable[..., NDArray[np.float64]] = spec.load()
        return metric(self._maps(scene), **scene.asked(spec.asked), **self.configured(spec))

    def _pool(self, spec: MetricSpec, scene: Scene) -> Pool:
        metric: Callable[..., Pool] = spec.load()
        return metric([self._maps(scene)], **self.configured(spec))

    def _maps(self, scene: Scene) -> Maps:
        return Maps(scene.attributions, scene.truth, scene.output_difference)
