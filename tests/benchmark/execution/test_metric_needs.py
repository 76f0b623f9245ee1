"""What a metric says that it needs is what it is given, and what it asks is answered or refused in one sentence."""

import dataclasses
import math
import random
import re

import numpy as np
import pytest
import torch

from saltbench import MetricSpec, evaluate, load_registries
from saltbench.benchmark.execution.asked import Asked
from saltbench.benchmark.execution.explaining import Explained, Question
from saltbench.benchmark.execution.scoring import score
from saltbench.benchmark.execution.stored.maps import StoredMap
from saltbench.benchmark.metrics.ranking import Ranking
from saltbench.datasets.spec import Split, TaskData
from saltbench.errors import ContractError, NonFiniteError, ParameterError, ShapeError

ABOUT = {
    "version": 1,
    "description": "d",
    "reference": "r",
    "higher_is_better": True,
    "low": -math.inf,
    "high": math.inf,
}
BOX = {"layouts": [[[0, 4, 0, 2]]], "time": 4, "features": 3, "train": 40, "validation": 10, "test": 12}


def metric(factory=len, **changes):
    return MetricSpec(**{"name": "mine", "factory": factory, **ABOUT, **changes})


def test_needs_stand_in_one_order_and_say_what_is_asked():
    spec = metric(needs=["data", "map", "model"])
    assert spec.needs == ("map", "model", "data")
    assert spec.asked == ("model", "data")
    assert metric().needs == ("map", "truth")
    assert metric().asked == ()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"needs": ("map", "modell")},
            "'mine' must need some of map, truth, .*unknown need 'modell'; did you mean 'model'",
        ),
        ({"needs": ("output",)}, "unknown need 'output'; known: data, explainer, map, model, trainer, truth"),
        ({"needs": (1,)}, "unknown need '1'"),
        ({"needs": "map"}, r"must need some of .*, got 'map'; write a tuple such as \(\"map\", \"truth\"\)"),
        ({"needs": ()}, r"must need some of .*, got \(\); write a tuple"),
        (
            {"needs": ("map", "model"), "chance": len},
            "map and truth alone to have a chance level, got needs map, model;",
        ),
        ({"needs": ("map",), "chance": len}, "alone to have a chance level, got needs map; leave chance out"),
    ],
)
def test_mistakes_of_a_spec(changes, message):
    with pytest.raises(ParameterError, match=message):
        metric(**changes)


class Counting(torch.nn.Module):
    """Logits that depend on the first feature; it tells in which mode and type it was asked."""

    def __init__(self, dtype=torch.float32):
        super().__init__()
        self.linear = torch.nn.Linear(3, 2, dtype=dtype)
        weights = torch.tensor([[0.5, -1.0, 2.0], [1.0, 0.25, -0.75]])
        self.linear.load_state_dict({"weight": weights, "bias": torch.tensor([0.125, -0.5])})
        self.seen = []

    def forward(self, inputs):
        self.seen.append((self.training, inputs.dtype, torch.is_grad_enabled()))
        return self.linear(inputs.sum(dim=1))


def asked(network, method="saliency", batch=5):
    rng = np.random.default_rng(0)
    inputs, truth = rng.standard_normal((batch, 4, 3)).astype(np.float32), np.ones((batch, 4, 3), np.float32)
    split = Split(inputs, np.arange(batch) % 2, truth)
    data = TaskData(split, split, split, 2)
    explained = Explained.of(data, batch, "cpu")
    spec = load_registries().methods.get(method)
    question = Question.about(network, explained, "true", "logit")
    return Asked(spec, spec.configure({}), network, question, explained, data, 3), inputs


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_the_network_answers_in_its_own_type_without_gradients_and_is_left_as_it_was(dtype):
    network = Counting(dtype).train()
    given, inputs = asked(network)
    model = given.arguments(("model",))["model"]
    network.seen.clear()
    logits, probabilities = model.logits(inputs[:2]), model.probabilities(inputs[:2])
    assert network.seen == [(False, dtype, False)] * 2
    assert network.training
    with torch.no_grad():
        expected = network.linear(torch.from_numpy(inputs[:2]).to(dtype).sum(dim=1)).double()
    np.testing.assert_array_equal(logits, expected.numpy())
    np.testing.assert_array_equal(probabilities, expected.softmax(dim=1).numpy())
    assert model.target.tolist() == [0, 1, 0, 1, 0]
    assert len(set(model.seeds)) == 5
    for array in (model.inputs, model.target):
        with pytest.raises(ValueError, match="read-only"):
            array[:] = 0


def test_the_method_explains_changed_inputs_with_the_same_classes_and_seeds():
    network = Counting()
    given, inputs = asked(network, "smoothgrad")
    explainer = given.arguments(("explainer",))["explainer"]
    first, again = explainer(inputs), explainer(inputs)
    np.testing.assert_array_equal(first, again)
    # the mean of |gradient| under noise, of samples of class 1
    expected = network.linear.weight.detach()[1].abs()
    np.testing.assert_allclose(first[1::2], np.broadcast_to(expected, (2, 4, 3)), rtol=1e-5)


@pytest.mark.parametrize("need", ["model", "explainer"])
@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            lambda inputs: inputs[:, :2],
            ShapeError,
            r"takes .* of series \(4, 3\), got \(5, 2, 3\); let the metric k",
        ),
        (lambda inputs: inputs[0], ShapeError, r"of series \(4, 3\), got \(4, 3\)"),
        (lambda inputs: inputs * np.nan, NonFiniteError, "takes finite series, got NaN or infinity"),
    ],
)
def test_series_that_cannot_be_asked_about(need, change, error, message):
    given, inputs = asked(Counting())
    found = given.arguments((need,))[need]
    with pytest.raises(error, match=message):
        (found.logits if need == "model" else found)(change(inputs))


def test_each_sample_is_explained_with_its_own_class_and_no_other_number_of_them():
    given, inputs = asked(Counting())
    with pytest.raises(ShapeError, match=r"the explainer takes 5 of series \(4, 3\), got \(2, 4, 3\)"):
        given.arguments(("explainer",))["explainer"](inputs[:2])


def test_a_network_that_answers_by_nan_is_named():
    network = Counting()
    given, inputs = asked(network)
    with torch.no_grad():
        network.linear.weight.fill_(1e38)
    with pytest.raises(NonFiniteError, match="the network answers the series that a metric asks about by NaN or infin"):
        given.arguments(("model",))["model"].logits(inputs * 1e3)


def test_the_data_are_those_of_the_task_and_cannot_be_changed():
    given, inputs = asked(Counting())
    data = given.arguments(("data",))["data"]
    np.testing.assert_array_equal(data.train.inputs, inputs)
    with pytest.raises(ValueError, match="read-only"):
        data.train.inputs[:] = 0


def test_a_metric_that_raises_fails_its_cells_with_the_reason_and_reference_rows_are_empty():
    def broken(maps, *, model):
        raise ValueError("no such answer")

    needy = metric(broken, needs=("map", "model"))
    table = evaluate(Counting(), "box/latter", ["saliency"], metrics=[needy], parameters={"box/latter": BOX})
    found = table.set_index("method")
    assert found.status["saliency"] == "failed"
    assert "ValueError: no such answer" in found.reason["saliency"]
    assert found.status["oracle"] == "ok"  # it was not asked
    assert math.isnan(found.mine["oracle"])
    fine = dataclasses.replace(needy, factory=lambda maps, *, model: model.logits(model.inputs)[:, 0])
    assert evaluate(Counting(), "box/latter", ["saliency"], metrics=[fine], parameters={"box/latter": BOX}).mine[0] != 0


@pytest.mark.parametrize(
    "shared",
    [
        lambda maps: maps.attributions,
        lambda maps: maps.truth,
        lambda maps: maps.output_difference,
        lambda maps: maps.magnitude,
        lambda maps: maps.scaled,
        lambda maps: maps.relevance,
        *(lambda maps, name=field.name: getattr(maps.ranking, name) for field in dataclasses.fields(Ranking)),
    ],
)
def test_a_metric_cannot_write_what_others_see(shared):
    def writing(maps):
        shared(maps)[...] = 0
        return np.zeros(len(maps.truth))

    made = StoredMap(np.ones((2, 4, 3), np.float32), np.zeros(2, np.int64), np.ones(2), {})
    truth = np.ones((2, 4, 3), np.float32)
    with pytest.raises(ValueError, match="read-only"):
        score(made, made.target, truth, [(metric(writing), {})], lambda names: {})


def scored(factory):
    made = StoredMap(np.ones((2, 4, 3), np.float32), np.zeros(2, np.int64), None, {})
    truth = np.ones((2, 4, 3), np.float32)
    return score(made, made.target, truth, [(metric(factory), {})], lambda names: {})["mine"]


@pytest.mark.parametrize(
    ("draw", "generator"),
    [
        (lambda: np.random.rand(2), "numpy.random"),  # noqa: NPY002 - what is refused
        (lambda: torch.rand(2).numpy(), "PyTorch's generator on cpu"),
        (lambda: np.array([random.random(), 0.5]), "Python's random"),
    ],
)
def test_a_metric_whose_scores_hang_on_global_random_numbers_is_refused(draw, generator):
    message = (
        f"metric 'mine' must give the same maps the same scores, got others under .* of {re.escape(generator)}; draw"
    )
    with pytest.raises(ContractError, match=message):
        scored(lambda maps: draw())


def test_a_metric_may_draw_from_generators_of_its_own_or_draw_what_changes_no_score():
    assert (
        scored(lambda maps: np.random.default_rng(3).random(2)).tolist() == np.random.default_rng(3).random(2).tolist()
    )
    assert scored(lambda maps: np.random.rand(2) * 0).tolist() == [0, 0]  # noqa: NPY002

    def seeding(maps):
        torch.manual_seed(5)
        return torch.rand(2).double().numpy()

    assert scored(seeding).tolist() == scored(seeding).tolist()
