"""Networks that answer with one number: a value, such as a forecast, or the one logit of two classes."""

import pytest
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

import saltbench
from saltbench.benchmark.execution.training import standing
from saltbench.benchmark.suites.training_recipe import Recipe
from saltbench.errors import ParameterError, ShapeError, UnsupportedOperationError

TIME, FEATURES, SAMPLES = 12, 3, 4


class Forecast(nn.Module):
    """One number of a series, (batch, 1), or (batch,) where it is squeezed."""

    def __init__(self, *, squeezed=False, start=0.0, features=FEATURES):
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.recurrent = nn.LSTM(features, 6, batch_first=True)
            self.output = nn.Linear(6, 1)
        self.squeezed, self.start = squeezed, start
        self.double().eval()

    def forward(self, inputs):
        found = self.output(self.recurrent(inputs)[0][:, -1]) + self.start
        return found.squeeze(1) if self.squeezed else found


def series():
    return torch.randn(SAMPLES, TIME, FEATURES, generator=torch.Generator().manual_seed(3), dtype=torch.float64)


def change(model):
    with torch.no_grad():
        return (model(series()) - model(torch.zeros_like(series()))).reshape(-1)


def slope(model):
    cells = series().requires_grad_()
    return torch.autograd.grad(model(cells).sum(), cells)[0]


COMPLETE = {
    "integrated-gradients": ({"steps": 200}, 1e-4),
    "deeplift": ({}, 1e-10),
    "shapley-sampling": ({"permutations": 2}, 1e-10),
    "kernel-shap": ({"coalitions": 300}, 1e-10),
}
# What is explained of a model, and the sign with which its one number is
QUESTIONS = {"value": ("value", None, 1), "class-1": ("single-logit", 1, 1), "class-0": ("single-logit", 0, -1)}
questions = pytest.mark.parametrize("question", QUESTIONS)


@pytest.mark.parametrize("squeezed", [False, True])
@pytest.mark.parametrize("method", COMPLETE)
@questions
def test_complete_maps_sum_to_the_change_of_the_number(question, method, squeezed):
    output, target, sign = QUESTIONS[question]
    parameters, tolerance = COMPLETE[method]
    model = Forecast(squeezed=squeezed)
    maps = saltbench.explain(saltbench.adapted(model, output=output), series(), target, method=method, **parameters)
    torch.testing.assert_close(maps.sum((1, 2)), sign * change(model), rtol=tolerance, atol=tolerance)


@questions
def test_gradients_are_those_of_the_number(question):
    output, target, sign = QUESTIONS[question]
    model = saltbench.adapted(Forecast(), output=output)
    found = saltbench.explain(model, series(), target, method="saliency")
    torch.testing.assert_close(found, slope(Forecast()).abs())
    found = saltbench.explain(model, series(), target, method="input-x-gradient")
    torch.testing.assert_close(found, sign * slope(Forecast()) * series())


def test_relevance_starts_from_the_value():
    model = Forecast()
    found = saltbench.explain(saltbench.adapted(model, output="value"), series(), method="lrp")
    same = saltbench.explain(saltbench.adapted(model, output="single-logit"), series(), 1, method="lrp")
    assert found.abs().max() > 0
    torch.testing.assert_close(found, same)


def test_the_probabilities_of_a_single_logit_are_its_sigmoid():
    adapted = saltbench.adapted(Forecast(), output="single-logit")
    for target, sign in ((1, 1), (0, -1)):
        found = saltbench.explain(adapted, series(), target, method="input-x-gradient", output="probability")
        cells = series().requires_grad_()
        (expected,) = torch.autograd.grad(torch.sigmoid(sign * Forecast()(cells)).sum(), cells)
        torch.testing.assert_close(found, expected * series())


def test_without_a_target_the_sign_of_the_single_logit_says_the_class():
    model = Forecast(start=0.2)
    adapted = saltbench.adapted(model, output="single-logit")
    classes = (model(series())[:, 0] > 0).long()
    assert 0 < classes.sum() < SAMPLES
    predicted = saltbench.explain(adapted, series(), method="input-x-gradient")
    assert torch.equal(predicted, saltbench.explain(adapted, series(), classes, method="input-x-gradient"))


@pytest.mark.parametrize("squeezed", [False, True])
def test_an_output_of_one_number_is_told_how_to_be_explained(squeezed):
    advice = (
        r"adapted\(model, output='value'\) explains a number, .*output='single-logit'\) makes two classes of one log"
    )
    with pytest.raises(ShapeError, match=advice):
        saltbench.explain(Forecast(squeezed=squeezed), series())


@pytest.mark.parametrize("target", [0, [0] * SAMPLES, None])
def test_a_value_is_the_only_class(target):
    model = saltbench.adapted(Forecast(), output="value")
    assert torch.equal(saltbench.explain(model, series(), target), saltbench.explain(model, series()))


@pytest.mark.parametrize("target", [1, -1, [0, 1, 0, 0]])
def test_a_value_has_no_other_class(target):
    with pytest.raises(ParameterError, match="target must be 0 or None, the model returns one value"):
        saltbench.explain(saltbench.adapted(Forecast(), output="value"), series(), target)


def test_a_value_of_one_is_no_probability():
    model = saltbench.adapted(Forecast(start=1.0), output="value")
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    assert model(series()).tolist() == [[1.0]] * SAMPLES
    assert not saltbench.explain(model, series(), method="saliency").any()


def test_a_value_has_no_probability_and_no_distribution():
    model = saltbench.adapted(Forecast(), output="value")
    with pytest.raises(ParameterError, match="output must be 'logit' for a model that returns a value, got 'probabi"):
        saltbench.explain(model, series(), output="probability")
    with pytest.raises(UnsupportedOperationError, match="fit needs a network that tells classes apart"):
        saltbench.explain(model.float(), series().float(), method="fit", background=series().float())


def test_a_value_is_not_evaluated():
    def make(features, _classes):
        return saltbench.adapted(Forecast(features=features).float(), output="value")

    for model in (make(100, 2), make):
        with pytest.raises(ParameterError, match="evaluate needs a network that tells a task's classes apart, got one"):
            saltbench.evaluate(model, "box/latter", methods=["saliency"], samples=2)


def test_the_loss_of_a_single_logit_is_its_binary_cross_entropy():
    labels = torch.tensor([0, 1, 1, 0])
    found = standing(saltbench.adapted(Forecast(), output="single-logit"), series(), labels)
    logits = Forecast()(series())[:, 0]
    assert found.loss == pytest.approx(binary_cross_entropy_with_logits(logits, labels.double()).item())
    assert found.accuracy == ((logits > 0).long() == labels).double().mean()


def test_a_single_logit_is_trained_as_the_logits_of_its_probabilities():
    def halved(features, _classes):
        return Halved(Forecast(features=features).float())

    def adapted(features, _classes):
        return saltbench.adapted(Forecast(features=features).float(), output="single-logit")

    options = {"methods": ["saliency"], "samples": 4, "metrics": ["average_precision"], "training": Recipe(epochs=2)}
    options["parameters"] = {"box/latter": {"time": 10, "features": 4, "layouts": [[[5, 10, 0, 2]]], "train": 40}}
    expected, found = (saltbench.evaluate(make, "box/latter", **options) for make in (halved, adapted))
    assert found.accuracy.equals(expected.accuracy)
    assert found.average_precision.to_list() == pytest.approx(expected.average_precision.to_list())


class Halved(nn.Module):
    """Two logits with the probabilities of one."""

    def __init__(self, single):
        super().__init__()
        self.single = single

    def forward(self, inputs):
        half = self.single(inputs) / 2
        return torch.cat([-half, half], 1)
