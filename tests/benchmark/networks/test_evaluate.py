"""saltbench.evaluate: the leaderboard of any network, trained or not, without a results folder."""

import numpy as np
import pytest
import torch
from evaluated_networks import SMALL, evaluated, lstm, method, own_data, row
from torch import nn

import saltbench
from saltbench.benchmark.suites.training_recipe import Recipe
from saltbench.errors import ParameterError


def test_the_leaderboard_has_a_row_for_each_method_and_reference():
    table = evaluated(methods=["saliency", "deeplift"], name="mine")
    assert list(table.columns[:5]) == ["task", "architecture", "method", "status", "reason"]
    assert set(table.status) == {"ok"}
    assert row(table, "saliency")["architecture"] == "mine"
    assert row(table, "oracle")["architecture"] == ""
    assert row(table, "oracle")["weighted_jaccard"] == 1.0
    assert row(table, "oracle")["average_precision_chance_corrected"] == pytest.approx(1.0)
    assert abs(row(table, "deeplift")["completeness_residual"]) < 1e-4
    assert np.isnan(row(table, "saliency")["completeness_residual"])


def test_a_network_is_evaluated_as_it_is_and_left_as_it_was():
    model = lstm().train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    first, second = evaluated(model), evaluated(model)
    assert first.equals(second)
    assert model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_a_function_is_trained_anew_for_each_seed():
    table = evaluated(lstm, seeds=2, training=Recipe(epochs=25, learning_rate=0.05, batch=20))
    saliency = row(table, "saliency")
    assert (saliency["seeds"], saliency["samples"]) == (2, 40)
    assert saliency["accuracy"] > 0.9
    assert saliency["at_chance"] is False
    assert saliency["average_precision_low"] < saliency["average_precision"] < saliency["average_precision_high"]


@pytest.mark.parametrize("caller", [torch.no_grad, torch.inference_mode])
def test_the_mode_that_the_caller_is_in_does_not_matter(caller):
    options = {"methods": ["saliency", "deeplift"], "training": Recipe(epochs=1)}
    expected = evaluated(lstm, **options)
    with caller():
        assert evaluated(lstm, **options).equals(expected)


def test_a_network_that_counts_its_calls_is_left_as_it_was():
    class Counted(nn.Module):
        def __init__(self):
            super().__init__()
            self.model = lstm()
            self.register_buffer("calls", torch.zeros(()))

        def forward(self, inputs):
            self.calls += 1
            return self.model(inputs)

    model = Counted()
    assert set(evaluated(model, ["saliency", "deeplift", "occlusion"]).status) == {"ok"}
    assert model.calls == 0


def test_an_untrained_network_is_at_chance():
    torch.manual_seed(0)
    assert row(evaluated(), "saliency")["at_chance"] is True


def test_the_gradient_is_scored_like_any_map():
    from saltbench.benchmark.execution.plan import Seeds
    from saltbench.benchmark.metrics.maps import Maps

    model, registries = lstm(), saltbench.load_registries()
    data = registries.tasks.get("box/latter").load()(
        Seeds.of(0).data, **registries.tasks.get("box/latter").configure(SMALL["box/latter"])
    )
    inputs = torch.tensor(data.test.inputs[:20])
    maps = saltbench.explain(model, inputs, torch.tensor(data.test.labels[:20]), method="saliency")
    expected = registries.metrics.get("average_precision").load()(Maps(maps.numpy(), data.test.truth[:20])).mean()
    assert row(evaluated(model), "saliency")["average_precision"] == pytest.approx(expected)


def test_data_of_ones_own_are_a_task():
    table = evaluated(task=own_data(), parameters={})
    assert set(table.task) == {"data"}
    assert row(table, "saliency")["samples"] == 12


class Centring(nn.Module):
    """Works in place on series whose first number is at least the limit."""

    def __init__(self, limit):
        super().__init__()
        self.model, self.limit = lstm(), limit

    def forward(self, inputs):
        is_centred = inputs[:, :1, :1] >= self.limit
        inputs -= is_centred * inputs.mean(1, keepdim=True)
        return self.model(inputs)


def test_a_network_that_works_in_place_is_refused_and_the_data_stay_as_they_were():
    data = own_data()
    before = data.test.inputs.copy()
    with pytest.raises(ParameterError, match="the model must leave its inputs as they are, got them changed in place"):
        evaluated(Centring(-np.inf), task=data, parameters={})
    assert np.array_equal(data.test.inputs, before)


def test_a_network_that_works_in_place_on_some_samples_fails_and_the_data_stay_as_they_were():
    data = own_data()
    before = data.test.inputs.copy()
    model = Centring(data.test.inputs[0, 0, 0] + 1e-3)
    table = evaluated(model, task=data, parameters={})
    assert row(table, "saliency")["status"] == "failed"
    assert "must leave its inputs as they are" in row(table, "saliency")["reason"]
    assert np.array_equal(data.test.inputs, before)


def test_a_method_that_does_not_apply_is_skipped_and_one_that_raises_fails_and_the_others_stay():
    class Inverted(nn.Module):
        def __init__(self):
            super().__init__()
            self.classifier = nn.Linear(5, 2)

        def forward(self, inputs):
            return self.classifier(torch.linalg.pinv(inputs)[:, :, 0])

    def broken(inputs):
        raise ValueError("no\nmap")

    table = evaluated(Inverted(), methods=["saliency", "deeplift", method(broken, "broken")])
    assert row(table, "saliency")["status"] == "ok"
    assert row(table, "deeplift")["status"] == "skipped"
    assert "pinv" in row(table, "deeplift")["reason"]
    assert np.isnan(row(table, "deeplift")["weighted_jaccard"])
    assert row(table, "broken")["status"] == "failed"
    assert "ValueError: no map" in row(table, "broken")["reason"]


def test_a_reference_method_may_be_named_among_the_others():
    table = evaluated(methods=["oracle", "saliency"])
    assert table.method.tolist()[:2] == ["oracle", "saliency"]
    assert not table.method.duplicated().any()


def raising(maps):
    raise KeyError("no score")


def metric(name="mine", factory=raising, chance=None):
    return saltbench.MetricSpec(
        name=name,
        version=1,
        description="",
        reference="",
        factory=factory,
        low=0,
        high=1,
        higher_is_better=True,
        chance=chance,
    )


@pytest.mark.parametrize(
    "broken",
    [
        metric(),
        metric(chance=lambda truth: np.zeros(len(truth))),
        metric(factory=lambda maps: np.zeros(len(maps.truth)), chance=raising),
    ],
    ids=["without chance", "with chance", "of chance"],
)
@pytest.mark.parametrize("seeds", [1, 2])
def test_a_metric_that_raises_fails_every_row_and_says_why(broken, seeds):
    table = evaluated(metrics=["roc_auc", broken], seeds=seeds)
    assert set(table.status) == {"failed"}
    assert table.reason.str.contains("KeyError: 'no score' \\(test_evaluate.py").all()
    assert table[["roc_auc", "mine"]].isna().all(axis=None)


def test_a_repetition_that_fails_spoils_its_row_alone():
    calls = []

    def once(inputs):
        calls.append(1)
        if len(calls) > 1:
            raise ValueError("enough")
        return inputs

    table = evaluated(methods=[method(once), "saliency"], seeds=2)
    assert row(table, "mine")["status"] == "failed"
    assert row(table, "saliency")["samples"] == 40


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16])
def test_a_network_of_another_precision_gets_the_series_in_it(dtype):
    torch.manual_seed(0)
    model = lstm()
    methods = ["saliency", "gradient-shap", "oracle"]
    expected, found = evaluated(model, methods), evaluated(model.to(dtype), methods)
    assert set(found.status) == {"ok"}
    assert row(found, "saliency")["average_precision"] == pytest.approx(
        row(expected, "saliency")["average_precision"], rel=0.02
    )


def test_a_network_in_bfloat16_is_evaluated():
    table = evaluated(lstm().bfloat16(), ["saliency", "integrated-gradients"])
    assert set(table.status) == {"ok"}
    assert np.isfinite(row(table, "integrated-gradients")["completeness_residual"])


def test_a_function_may_make_a_network_of_another_precision():
    table = evaluated(lambda features, classes: lstm(features, classes).double(), training=Recipe(epochs=1))
    assert set(table.status) == {"ok"}


def test_what_a_method_does_to_network_and_samples_reaches_no_other():
    def vandal(model, inputs, target, background):
        with torch.no_grad():
            for damaged in (*model.parameters(), inputs, background):
                damaged.mul_(0)
        raise ValueError("and gone")

    model, methods = lstm(), ["saliency", "gradient-shap"]
    sound, damaged = evaluated(model, methods), evaluated(model, [method(vandal, "vandal"), *methods])
    assert row(damaged, "vandal")["status"] == "failed"
    assert damaged[damaged.method != "vandal"].reset_index(drop=True).equals(sound)
