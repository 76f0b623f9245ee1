"""Networks that answer a series with many numbers: forecasts, labels, and classes at each step."""

import numpy as np
import pytest
import torch
from explained_alone import METHODS, random
from few_passes import FEWER
from torch import nn

import saltbench
from saltbench.errors import MissingPackageError, ParameterError, ShapeError, UnsupportedOperationError

TIME, FEATURES, SAMPLES, HORIZONS, VARIABLES, CLASSES = 8, 3, 4, 5, 2, 3
SERIES, BACKGROUND = random(SAMPLES, TIME, FEATURES), random(6, TIME, FEATURES, seed=2)


class Forecaster(nn.Module):
    """Forecasts (batch, horizons, variables), by a recurrent layer."""

    def __init__(self):
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.recurrent = nn.GRU(FEATURES, 6, batch_first=True)
            self.output = nn.Linear(6, HORIZONS * VARIABLES)
        self.double().eval()

    def forward(self, inputs):
        return self.output(self.recurrent(inputs)[0][:, -1]).unflatten(1, (HORIZONS, VARIABLES))


class Labels(nn.Module):
    """Logits of labels, (batch, labels), or what a function makes of them."""

    def __init__(self, form=lambda z: z):
        super().__init__()
        self.forecaster, self.form = Forecaster(), form

    def forward(self, inputs):
        return self.form(self.forecaster(inputs)[..., 0])


class Steps(nn.Module):
    """Logits (batch, time, classes), at each step those of a recurrent layer, or what a function makes of them."""

    def __init__(self, form=lambda z: z, bidirectional=False):
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(3)
            self.recurrent = nn.LSTM(FEATURES, 6, batch_first=True, bidirectional=bidirectional)
            self.output = nn.Linear(12 if bidirectional else 6, CLASSES)
        self.form = form
        self.double().eval()

    def forward(self, inputs):
        return self.form(self.output(self.recurrent(inputs)[0]))


class Only(nn.Module):
    """One of a network's outputs, chosen by hand, as a value."""

    def __init__(self, model, choose):
        super().__init__()
        self.model, self.choose = model, choose

    def forward(self, inputs):
        return self.choose(self.model(inputs))[:, None]


def explained(model, method, target=None, **others):
    options = {"background": BACKGROUND, "seed": 5, **FEWER.get(method, {}), **others}
    try:
        return saltbench.explain(model, SERIES, target, method=method, **options)
    except MissingPackageError as error:
        pytest.skip(str(error))


def alone(model, choose, method, **others):
    return explained(saltbench.adapted(Only(model, choose), output="value"), method, **others)


COMPLETE = {
    "integrated-gradients": ({"steps": 100}, 1e-6),
    "deeplift": ({}, 1e-10),
    "shapley-sampling": ({"permutations": 2}, 1e-10),
    "kernel-shap": ({"coalitions": 300}, 1e-10),
}


@pytest.mark.parametrize("form", ["target", "item", "horizon"])
@pytest.mark.parametrize("method", COMPLETE)
def test_the_map_of_a_forecast_sums_to_its_change(method, form):
    parameters, tolerance = COMPLETE[method]
    model = Forecaster()
    item, target = {"target": (None, (3, 1)), "item": ((3, 1), None), "horizon": (3, 1)}[form]
    maps = explained(saltbench.adapted(model, item=item, output="value"), method, target, **parameters)
    with torch.no_grad():
        change = (model(SERIES) - model(0 * SERIES))[:, 3, 1]
    torch.testing.assert_close(maps.sum((1, 2)), change, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("method", sorted(METHODS.keys() - {"attention", "fit"}))
def test_one_of_many_values_has_the_map_that_it_has_alone(method):
    found = explained(saltbench.adapted(Forecaster(), output="value"), method, (2, 0))
    torch.testing.assert_close(found, alone(Forecaster(), lambda v: v[:, 2, 0], method), rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("method", sorted(METHODS.keys() - {"attention", "fit"}))
def test_one_step_has_the_map_that_it_has_alone(method):
    found = explained(Steps(bidirectional=True), method, (4, 1))
    expected = alone(Steps(bidirectional=True), lambda z: z[:, 4, 1], method)
    torch.testing.assert_close(found, expected, rtol=1e-7, atol=1e-10)
    assert found[:, 5:].any()


def test_the_linear_forecast_has_its_weights():
    weights = random(HORIZONS, VARIABLES, TIME, FEATURES, seed=7)

    class Linear(nn.Module):
        def forward(self, inputs):
            return torch.einsum("btf,hvtf->bhv", inputs, weights)

    model = saltbench.adapted(Linear(), output="value")
    found = saltbench.explain(model, SERIES, targets=[(h, v) for h in range(HORIZONS) for v in range(VARIABLES)])
    torch.testing.assert_close(found, SERIES * weights.flatten(0, 1)[:, None])


def test_an_item_leads_through_what_a_network_returns():
    class Nested(nn.Module):
        def forward(self, inputs):
            return {"state": inputs, "forecast": [Forecaster()(inputs)]}

    expected = explained(saltbench.adapted(Forecaster(), output="value"), "saliency", (2, 0))
    for item, target in [
        (("forecast", 0, 2, 0), None),
        (("forecast", 0), (2, 0)),
        (("forecast", 0, slice(1, 4)), (1, 0)),
    ]:
        model = saltbench.adapted(Nested(), item=item, output="value")
        assert torch.equal(explained(model, "saliency", target), expected)


def test_several_targets_stand_behind_each_other():
    model = saltbench.adapted(Labels(), output="multi-label")
    found = saltbench.explain(model, SERIES, targets=[0, 4, [0, 1, 2, 3]], method="input-x-gradient")
    assert found.shape == (3, SAMPLES, TIME, FEATURES)
    for one, target in zip(found, [0, 4, [0, 1, 2, 3]], strict=True):
        assert torch.equal(one, saltbench.explain(model, SERIES, target, method="input-x-gradient"))


def test_several_targets_of_several_inputs_are_in_their_structure():
    class Both(nn.Module):
        def forward(self, series, static):
            return series.sum(1)[:, :2] * static

    static = random(SAMPLES, 2, seed=9)
    found = saltbench.explain(Both(), {"series": SERIES, "static": static}, targets=[0, 1], method="input-x-gradient")
    assert {name: part.shape for name, part in found.items()} == {
        "series": (2, SAMPLES, TIME, FEATURES),
        "static": (2, SAMPLES, 2),
    }
    pair = saltbench.explain(Both(), (SERIES, static), targets=[0, 1], method="input-x-gradient")
    assert torch.equal(pair[1], found["static"])


def slope(function, target):
    cells = SERIES.clone().requires_grad_()
    return torch.autograd.grad(function(cells)[:, target].sum(), cells)[0]


@pytest.mark.parametrize("form", ["multi-label", "multi-label-probabilities"])
def test_labels_are_explained_by_log_odds_or_probability(form):
    model = saltbench.adapted(
        Labels(torch.sigmoid if form == "multi-label-probabilities" else lambda z: z), output=form
    )
    found = explained(model, "input-x-gradient", 2)
    torch.testing.assert_close(found, SERIES * slope(Labels(), 2))
    found = explained(model, "input-x-gradient", 2, output="probability")
    torch.testing.assert_close(found, SERIES * slope(Labels(torch.sigmoid), 2))


def test_one_label_may_be_left_out_of_the_target():
    model = saltbench.adapted(Labels(lambda z: z[:, 2]), output="multi-label")
    torch.testing.assert_close(explained(model, "input-x-gradient"), SERIES * slope(Labels(), 2))


def test_the_probability_at_a_step_is_that_among_its_classes():
    for model in (Steps(), saltbench.adapted(Steps(lambda z: z.softmax(2)), output="probabilities")):
        found = explained(model, "input-x-gradient", (-2, 1), output="probability")
        torch.testing.assert_close(found, SERIES * slope(lambda x: Steps()(x).softmax(2)[:, TIME - 2], 1))


def test_the_single_logit_of_a_step_makes_two_classes():
    model = saltbench.adapted(Steps(lambda z: z[..., :1]), output="single-logit")
    gradient = slope(lambda x: Steps()(x)[:, 3], 0)
    torch.testing.assert_close(explained(model, "input-x-gradient", (3, 0)), -SERIES * gradient)
    torch.testing.assert_close(explained(model, "input-x-gradient", (3, 1)), SERIES * gradient)


def test_steps_and_classes_may_be_one_for_each_sample():
    steps, classes = [0, 7, 3, -1], np.array([2, 0, 1, 1])
    found = explained(Steps(), "saliency", (steps, classes))
    for sample, (step, name) in enumerate(zip(steps, classes.tolist(), strict=True)):
        assert torch.equal(found[sample], explained(Steps(), "saliency", (step, name))[sample])


def test_no_class_is_the_one_predicted_at_the_step():
    steps = [0, 7, 3, 3]
    with torch.no_grad():
        predicted = Steps()(SERIES)[torch.arange(SAMPLES), steps].argmax(1)
    assert 0 < len(predicted.unique()) <= CLASSES
    found = explained(Steps(), "saliency", (steps, None))
    assert torch.equal(found, explained(Steps(), "saliency", (steps, predicted)))


@pytest.mark.parametrize(
    ("model", "target", "message"),
    [
        (Steps(), None, r"a tuple of 2, such as \(step, class\), since .* are \(batch, 8, 3\), got None"),
        (Steps(), 1, r"a tuple of 2, such as \(step, class\), .*, got 1"),
        (Steps(), (1, 2, 0), r"a tuple of 2, such as \(step, class\), .*, got \(1, 2, 0\)"),
        (Steps(), torch.zeros(4, 2), r"a tuple of 2, such as \(step, class\), .*, got a tensor \(4, 2\)"),
        (Steps(), (8, 0), r"whole numbers within \(8, 3\), .*, got 8"),
        (Steps(), (0, -4), r"whole numbers within \(8, 3\), .*, got -4"),
        (Steps(), (0.5, 0), r"whole numbers within \(8, 3\), .*, got 0.5"),
        (Steps(), (None, 0), r"whole numbers within \(8, 3\), .*, got None"),
        (saltbench.adapted(Forecaster(), output="value"), (1, None), "target must name one of the outputs, since none"),
        (
            saltbench.adapted(Labels(), output="multi-label"),
            None,
            "target must name one of the outputs, since none of th",
        ),
        (
            saltbench.adapted(Labels(), output="value"),
            None,
            "target must name one of the outputs, .*, got None for 5 of",
        ),
        (
            saltbench.adapted(Labels(), output="multi-label-probabilities"),
            0,
            r"output='multi-label-probabilities'\) needs probabilities in 0 … 1, got others; if they are logits, give",
        ),
    ],
)
def test_a_target_that_names_no_output_is_refused_in_one_line(model, target, message):
    with pytest.raises(ParameterError, match=message) as caught:
        explained(model, "saliency", target)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("targets", [[], "01", 3, {0: 1}])
def test_targets_are_several(targets):
    with pytest.raises(ParameterError, match="targets must be several targets, in place of target, got"):
        explained(Labels(), "saliency", targets=targets)
    with pytest.raises(ParameterError, match="targets must be several targets, in place of target, got"):
        explained(Labels(), "saliency", 1, targets=[0, 1])


def test_a_step_for_each_sample_has_their_number():
    with pytest.raises(ShapeError, match=r"target must hold numbers, or \(4,\) of them, one a sample, got \(3,\)"):
        explained(Steps(), "saliency", ([0, 1, 2], 0))


def test_what_needs_one_row_of_classes_says_how_to_take_them():
    with pytest.raises(ShapeError, match=r"adapted\(model, item=-1\) takes those of the last step, and saltbench"):
        saltbench.randomisation_check(Steps(), SERIES)
    with pytest.raises(ParameterError, match="evaluate needs a network that tells a task's classes apart, got one"):
        saltbench.evaluate(saltbench.adapted(Labels(), output="multi-label"), "box/latter", samples=2)
    with pytest.raises(ParameterError, match="target must name one of the outputs, since none of them is predicted"):
        saltbench.randomisation_check(saltbench.adapted(Labels(), output="multi-label"), SERIES)


@pytest.mark.parametrize(
    ("model", "target"), [(Steps(), (0, 1)), (saltbench.adapted(Labels(), output="multi-label"), 1)]
)
def test_a_method_of_distributions_needs_classes(model, target):
    with pytest.raises(UnsupportedOperationError, match="fit needs a network that tells classes apart, whose distrib"):
        explained(model, "fit", target)
