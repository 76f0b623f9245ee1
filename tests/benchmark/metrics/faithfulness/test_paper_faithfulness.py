"""Faithfulness by the papers' names: slow definitions, replacements, chance on the same network, and edges."""

import numpy as np
import pytest
from golden_values import INPUTS, MAPS, PREDICTED, VALUES, Network, maps_of
from hypothesis import given, settings
from hypothesis import strategies as st

from saltbench import Maps, Split, TaskData, evaluate, load_registries
from saltbench.benchmark.metrics.faithfulness.asked_answers import sizes_of
from saltbench.benchmark.metrics.faithfulness.correlation import infidelity
from saltbench.benchmark.metrics.faithfulness.replacement import NAMES, replacement_of
from saltbench.errors import ParameterError, UnknownNameError

METRICS = {metric.name: metric for metric in load_registries().metrics if "faithfulness" in metric.tags}
ASKING = [metric for metric in METRICS.values() if "model" in metric.needs]
SEEDS = range(4)
ROWS = "infidelity(n_perturb_samples=3, row j of the 12 repeated rows gets .1cos(j+2t+3f)"


def data():
    rng = np.random.default_rng(7)
    inputs = rng.standard_normal((6, 8, 5)).astype(np.float32)
    split = Split(inputs, np.arange(6) % 3, np.zeros_like(inputs))
    return TaskData(split, split, split, 3)


def scored(name, maps, network=None, **parameters):
    metric = METRICS[name]
    asked = {"model": network or Network(), "data": data()}
    return metric.load()(maps, **{need: asked[need] for need in metric.asked}, **metric.configure(parameters))


def without(sample, places):
    changed = INPUTS[sample].ravel().copy()
    changed[places] = 0
    return changed.reshape(1, 8, 5)


@pytest.mark.parametrize("name", ["distinct", "signed", "informative"])
def test_curves_against_slow_arithmetic(name):
    network, attributions = Network(), np.abs(MAPS[name].reshape(4, 40))
    sizes = sizes_of(40, 7)
    for sample in range(4):
        order = np.argsort(-attributions[sample])
        p = [network.probabilities(without(sample, order[:size]))[0, PREDICTED[sample]] for size in sizes]
        q = [network.probabilities(without(sample, order[size:]))[0, PREDICTED[sample]] for size in sizes]
        for metric, curve in (("deletion", p), ("insertion", q)):
            area = sum((sizes[i + 1] - sizes[i]) / 40 * (curve[i] + curve[i + 1]) / 2 for i in range(len(sizes) - 1))
            assert scored(metric, maps_of(name), steps=7)[sample] == pytest.approx(area, abs=1e-12)


def test_the_sum_over_classes_is_that_of_the_mean_by_their_number():
    mean, total = (scored("cpd:timing", maps_of("signed"), over=over, entries=5.0) for over in ("mean", "sum"))
    np.testing.assert_allclose(total, 3 * mean, rtol=1e-12)
    # all entries one by one, from either end, end at the same series
    assert (scored("cpd:timing", maps_of("signed"), entries=1000.0) > mean).all()
    assert scored("cpd:timing", maps_of("signed"), entries=0.001).tolist() == [0.0] * 4


@pytest.mark.parametrize("name", ["distinct", "signed", "informative", "scaled"])
@pytest.mark.parametrize(
    ("values", "draws", "normalise"),
    [
        ("infidelity(n_perturb_samples=1, perturbation .1cos(n+2t+3f), target=1)", 1, False),
        (f"{ROWS}, normalize=False, target=1)", 3, False),
        (f"{ROWS}, normalize=True, target=1)", 3, True),
    ],
)
def test_infidelity_is_that_of_captum(name, values, draws, normalise):
    row, t, f = np.ogrid[: 4 * draws, :8, :5]
    changes = (0.1 * np.cos(row + 2 * t + 3 * f)).reshape(4, draws, 8, 5).swapaxes(0, 1)
    found = infidelity(maps_of(name), Network(np.ones(4, int)), changes, normalise=normalise)
    np.testing.assert_allclose(found, VALUES[f"changes/captum-0.9.0/{values}"][name], atol=1e-10)


def test_the_gradient_of_a_linear_network_has_no_infidelity_and_a_scaled_one_none_when_normalised():
    class Linear(Network):
        def logits(self, inputs):
            return np.stack([inputs.sum(axis=(1, 2)), -inputs.sum(axis=(1, 2)), 0 * inputs[:, 0, 0]], axis=1)

    network = Linear(np.zeros(4, int))
    ones = np.ones_like(INPUTS)
    np.testing.assert_allclose(scored("infidelity:captum", Maps(ones, ones), network), 0, atol=1e-20)
    assert (scored("infidelity:captum", Maps(3 * ones, ones), network) > 0.1).all()
    scaled = scored("infidelity:captum", Maps(3 * ones, ones), network, normalise=True)
    np.testing.assert_allclose(scaled, 0, atol=1e-20)


def test_noise_on_what_counts_moves_the_answer_more():
    counts = np.zeros_like(INPUTS)
    counts[:, 2, :3] = 1

    class Local(Network):
        def logits(self, inputs):
            there = inputs[:, 2, :3].sum(axis=1)
            return np.stack([there, -there, 0 * there], axis=1)

    maps = Maps(counts, counts)
    options = {"share": 3 / 40, "draws": 20}
    assert (scored("pgi:openxai", maps, Local(), **options) > 0.001).all()
    assert scored("pgu:openxai", maps, Local(), **options).tolist() == [0.0] * 4
    with pytest.raises(ParameterError, match="column must be one of 3 classes, or -1 for the explained one, got 3"):
        scored("pgi:openxai", maps, Local(), column=3)
    explained = scored("pgi:openxai", maps, Local(np.full(4, 2)), column=-1, **options)
    assert not np.array_equal(explained, scored("pgi:openxai", maps, Local(), **options))


def filled(name, is_removed):
    inputs = INPUTS.astype(np.float32)
    changed = replacement_of(name, inputs, data(), SEEDS).without(is_removed)
    assert changed.dtype == np.float32
    np.testing.assert_array_equal(changed[~is_removed], inputs[~is_removed])
    return inputs, changed


def test_each_replacement_is_what_its_name_says():
    is_removed = np.zeros(INPUTS.shape, bool)
    is_removed[:, 3:5, 1] = True
    training = data().train.inputs
    for name in NAMES:
        inputs, changed = filled(name, is_removed)
        found = changed[:, 3:5, 1]
        if name == "zero":
            assert (found == 0).all()
        elif name == "average":
            np.testing.assert_allclose(found, np.repeat(inputs[:, :, 1].mean(axis=1)[:, None], 2, axis=1), rtol=1e-5)
        elif name == "mean":
            np.testing.assert_allclose(found, np.tile(training[:, 3:5, 1].mean(axis=0), (4, 1)), rtol=1e-5)
        elif name == "sampled":
            assert all(any((training[:, 3:5, 1] == one).all(axis=1)) for one in found)
        elif name == "carry-forward":
            np.testing.assert_array_equal(found, np.repeat(inputs[:, 2:3, 1], 2, axis=1))
        else:
            assert name == "noise"
            assert len(np.unique(found)) == found.size


def test_where_no_step_is_kept_before_the_average_is_carried():
    is_removed = np.zeros(INPUTS.shape, bool)
    is_removed[:, 0, 2] = True
    inputs, changed = filled("carry-forward", is_removed)
    np.testing.assert_allclose(changed[:, 0, 2], inputs[:, :, 2].mean(axis=1), rtol=1e-5)


def test_noise_has_the_training_samples_mean_and_deviation():
    many = np.zeros((2000, 8, 5), np.float32)
    drawn = replacement_of("noise", many, data(), range(2000)).without(np.ones(many.shape, bool))
    training = data().train.inputs
    np.testing.assert_allclose(drawn.mean(axis=0), training.mean(axis=0), atol=0.15)
    np.testing.assert_allclose(drawn.std(axis=0), training.std(axis=0), rtol=0.1)


@settings(deadline=None, max_examples=30, derandomize=True)
@given(entries=st.integers(1, 60), steps=st.integers(1, 80))
def test_steps_go_from_nothing_to_everything(entries, steps):
    sizes = sizes_of(entries, steps)
    assert (sizes[0], sizes[-1]) == (0, entries)
    assert sizes == sorted(set(sizes))
    assert len(sizes) == min(entries, steps) + 1


@pytest.mark.parametrize("metric", ASKING, ids=lambda metric: metric.name)
def test_impossible_settings_are_refused_before_anything_runs(metric):
    wrong = {
        **dict.fromkeys(("share", "deviation"), -0.5),
        **dict.fromkeys(("steps", "draws", "subsets"), 0),
        **dict.fromkeys(("replacement", "sign", "answer", "over"), "another"),
        "column": -2,
        "shares": [0.1, 2.0],
        "trained": 1.5,
        "entries": type(metric.parameters.get("entries", 1))(-1),
    }
    for name in metric.parameters:
        if name != "normalise":
            with pytest.raises((ParameterError, UnknownNameError), match=rf"^{metric.name}: "):
                metric.configure({name: wrong[name]})


def test_sums_of_sets_that_do_not_vary_have_no_correlation():
    flat = Maps(np.ones_like(INPUTS), np.ones_like(INPUTS))
    assert np.isnan(scored("faithfulness_estimate:quantus", flat)).all()
    assert np.isnan(scored("faithfulness_correlation:quantus", flat)).all()


def test_drops_without_a_positive_entry_are_none():
    negative = Maps(-np.ones_like(INPUTS), np.ones_like(INPUTS))
    assert scored("aucse_top:interpret-time", negative).tolist() == [0.0] * 4
    assert scored("aucse_f:interpret-time", negative).tolist() == [0.0] * 4
    assert np.isnan(scored("tic:interpret-time", negative)).all()


def test_information_content_of_one_entry_and_of_all():
    one = np.zeros((1, 2, 5))
    one[0, 0, 0] = 3
    assert scored("tic:interpret-time", Maps(one, one * 0)) == pytest.approx(0.95)
    assert scored("tic:interpret-time", Maps(np.ones_like(one), one * 0)) == pytest.approx(0.5)


def test_the_largest_positive_entries_drop_more_than_the_smallest():
    weights = np.broadcast_to(np.cos(0.9 * np.arange(8)[:, None] + 1.7 * np.arange(5)), INPUTS.shape)

    class Linear(Network):
        def logits(self, inputs):
            total = (weights[: len(inputs)] * inputs).sum(axis=(1, 2))
            return np.stack([total, -total, 0 * total], axis=1)

    network = Linear(np.zeros(4, int))
    maps = Maps(weights * INPUTS, np.ones_like(INPUTS))
    options = {"replacement": "zero", "answer": "explained"}
    top = scored("aucse_top:interpret-time", maps, network, **options)
    combined = scored("aucse_f:interpret-time", maps, network, **options)
    assert (top > 0).all()
    assert ((combined > 0) & (combined <= 0.5)).all()


def test_a_random_map_stands_beside_each_score_in_a_leaderboard():
    import torch

    class Total(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = torch.nn.Linear(3, 2)

        def forward(self, inputs):
            return self.linear(inputs.sum(dim=1))

    box = {"layouts": [[[0, 4, 0, 2]]], "time": 4, "features": 3, "train": 40, "validation": 10, "test": 12}
    names = ["comprehensiveness:tint", "roc_auc"]
    methods = ["saliency", "smoothgrad"]
    table = evaluate(Total(), "box/latter", methods, metrics=names, samples=10, parameters={"box/latter": box})
    assert list(table.columns)[-2:] == ["roc_auc_chance_corrected", "comprehensiveness:tint_chance"]
    rows = table.set_index("method")
    chance = rows.loc[methods, "comprehensiveness:tint_chance"]
    assert np.isfinite(chance).all()
    # the same random maps on the same network, whatever the method
    assert chance["saliency"] == chance["smoothgrad"]
    assert np.isnan(rows.loc["oracle", "comprehensiveness:tint_chance"])


def test_only_what_asks_the_network_is_compared_with_a_random_map():
    from dataclasses import replace

    with pytest.raises(ParameterError, match="must need the model and no explainer to be compared with a random map"):
        replace(METRICS["tic:interpret-time"], has_random_chance=True)
