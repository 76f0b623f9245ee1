"""Rules for prefix attention as one operation, against those of the operations that define it."""

import itertools

import pytest
import torch

from saltbench.methods.architectures.input_cell import input_cell_lstm
from saltbench.methods.architectures.prefix_attention import prefix_attention, prefix_attention_per_hop
from saltbench.methods.attributions.deeplift.deeplift import deeplift
from saltbench.methods.attributions.deeplift.rules import rule_table as differences
from saltbench.methods.attributions.lrp import prefix_attention_rule
from saltbench.methods.attributions.lrp import rule_table as relevances
from saltbench.methods.attributions.lrp.lrp import lrp, lrp_half, lrp_proportional
from saltbench.methods.attributions.lrp.relevance_pass import Product, RelevancePass
from saltbench.methods.attributions.numerics.quadrature import nodes_for, quadrature
from saltbench.methods.attributions.passes.peak_memory import PeakMemory
from saltbench.methods.operations import Kind

HOPS, FEATURES, TIME, BATCH = 3, 4, 41, 3  # steps that no block divides
FUNCTIONS = {"mean": prefix_attention, "per-hop": prefix_attention_per_hop}


class Attending(torch.nn.Module):
    """A linear classifier of attention's mean over time, whose scores and values are functions of the series."""

    def __init__(self, function, scale=1.0, values=torch.nn.Identity, scores=torch.nn.Tanh):
        super().__init__()
        torch.manual_seed(0)
        self.function, self.scale = function, scale
        self.score = torch.nn.Sequential(torch.nn.Linear(FEATURES, 8), scores(), torch.nn.Linear(8, HOPS, bias=False))
        self.value = values()
        self.classifier = torch.nn.LazyLinear(2)

    def forward(self, inputs):
        attended = self.function(self.scale * self.score(inputs), self.value(inputs))
        return self.classifier(torch.tanh(attended.flatten(2)).mean(1))


class Constant(torch.nn.Module):
    def forward(self, inputs):
        return (
            torch.linspace(-1, 1, TIME * FEATURES, dtype=inputs.dtype)
            .view(1, TIME, FEATURES)
            .expand(len(inputs), -1, -1)
        )


class ConstantScores(torch.nn.Module):
    def forward(self, inputs):
        return torch.linspace(-1, 1, 8, dtype=inputs.dtype).expand(*inputs.shape[:2], 8)


def network(function, dtype=torch.float64, **options):
    model = Attending(function, **options).to(dtype)
    model(series(dtype))
    return model.eval().requires_grad_(False)


def series(dtype=torch.float64, seed=1):
    return torch.randn(BATCH, TIME, FEATURES, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(
        dtype
    )


def target():
    return torch.arange(BATCH) % 2


def explained(method, model, inputs, baseline, **options):
    return method(model, inputs, target(), *([baseline] if method is deeplift else []), **options)


@pytest.fixture
def by_definition(monkeypatch):
    """Return what explains without the rules for the fused operations."""

    def explain(*arguments, **options):
        with monkeypatch.context() as patch:
            for table, kind in itertools.product((differences.RULES, relevances.RULES), Kind):
                patch.delitem(table, kind)
            return explained(*arguments, **options)

    return explain


def assert_alike(found, expected, dtype):
    tolerance = {torch.float64: 1e-10, torch.float32: 1e-4}[dtype]
    assert float((found - expected).abs().max()) <= tolerance * float(expected.abs().max())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("scale", [0.0, 1e-6, 1.0, 40.0])
@pytest.mark.parametrize("method", [deeplift, lrp])
@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_maps_are_those_of_the_definition(function, method, scale, dtype, by_definition):
    model, inputs = network(function, dtype, scale=scale), series(dtype)
    half = inputs.clone()
    half[:, ::2] = 0
    for baseline in (torch.zeros_like(inputs), half, series(dtype, seed=2), inputs.clone()):
        given = method, model, inputs, baseline
        assert_alike(explained(*given), by_definition(*given), dtype)


@pytest.mark.parametrize("scale", [0.0, 1.0, 200.0])
@pytest.mark.parametrize("method", [lrp_half, lrp_proportional])
@pytest.mark.parametrize(("function", "epsilon"), [("mean", 0.0), ("per-hop", 0.0), ("per-hop", 0.001)])
def test_shared_relevance_is_that_of_the_definition_but_for_a_mean_without_epsilon(
    function, epsilon, method, scale, by_definition
):
    given = method, network(FUNCTIONS[function], scale=scale), series(), series()
    assert_alike(explained(*given, epsilon=epsilon), by_definition(*given, epsilon=epsilon), torch.float64)


@pytest.mark.parametrize("size", [1, 64, 2**20])
@pytest.mark.parametrize("product", [Product.HALF, Product.PROPORTIONAL])
def test_relevance_is_that_of_one_sum_of_products(product, size, monkeypatch):
    monkeypatch.setattr(prefix_attention_rule, "_BLOCK", size)
    time, epsilon, scores = 9, 0.01, torch.randn(2, 9, HOPS, generator=torch.Generator().manual_seed(3)).double()
    values, per_unit = series()[:2, :time], series(seed=4)[:2, :time]
    to_scores, to_values = torch.zeros_like(scores), torch.zeros_like(values)
    for sample, step in itertools.product(range(2), range(time)):
        attention = scores[sample, : step + 1].softmax(0)  # (earlier steps, hops)
        for earlier, feature in itertools.product(range(step + 1), range(FEATURES)):
            mean, value = attention[earlier].mean(), values[sample, earlier, feature]
            relevance = mean * value * per_unit[sample, step, feature]
            sizes = mean + value.abs() + epsilon
            shares = (0.5, 0.5) if product is Product.HALF else (mean / sizes, value.abs() / sizes)
            to_scores[sample, earlier] += relevance * shares[0] * attention[earlier] / attention[earlier].sum()
            to_values[sample, earlier, feature] += relevance * shares[1]
    mode = RelevancePass("LRP", {}, frozenset(), epsilon=epsilon, product=product)
    found = prefix_attention_rule._relevances(scores, mode)(values, per_unit)
    for part, expected in zip(found, (to_scores, to_values), strict=True):
        assert_alike(part, expected, torch.float64)


@pytest.mark.parametrize("method", [deeplift, lrp, lrp_half, lrp_proportional])
@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
@pytest.mark.parametrize("constant", [{"values": Constant}, {"scores": ConstantScores}], ids=["values", "scores"])
def test_one_of_scores_and_values_may_be_constant(constant, function, method, by_definition):
    given = method, network(function, **constant), series(), series(seed=2)
    assert_alike(explained(*given), by_definition(*given), torch.float64)


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_values_that_are_gates_are_left_to_the_definition(function, by_definition):
    model = network(function, values=torch.nn.ReLU)
    given = lrp, model, series(), series(seed=2)
    assert_alike(explained(*given), by_definition(*given), torch.float64)
    model.value = torch.nn.Sigmoid()
    assert_alike(explained(*given), by_definition(*given), torch.float64)


@pytest.mark.parametrize("scale", [1.0, 30.0, 200.0, 5000.0])
@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_deeplift_is_complete_however_far_scores_are_from_those_of_the_baseline(function, scale):
    model, inputs, baseline = network(function, scale=scale), series(), series(seed=2)
    outputs, absent = model(inputs), model(baseline)
    change = (outputs - absent).gather(1, target()[:, None])[:, 0]
    torch.testing.assert_close(deeplift(model, inputs, target(), baseline).sum((1, 2)), change, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("variant", ["mean", "flatten", "flatten-l2"])
@pytest.mark.parametrize("method", [deeplift, lrp, lrp_half, lrp_proportional])
def test_memory_is_linear_in_the_steps(method, variant, monkeypatch):
    monkeypatch.setattr(prefix_attention_rule, "_BLOCK", 2**12)  # many at these lengths, too
    torch.manual_seed(0)
    model = input_cell_lstm(features=FEATURES, classes=2, hops=HOPS, variant=variant).eval().requires_grad_(False)
    taken = []
    for time in (204, 408):
        inputs = torch.randn(1, time, FEATURES)
        with PeakMemory(torch.device("cpu")) as peak:
            method(model, inputs, torch.zeros(1, dtype=torch.int64), *([0 * inputs] if method is deeplift else []))
        taken.append(peak.bytes)
    assert taken[1] < 2.2 * taken[0]


@pytest.mark.parametrize("change", [0.0, 1e-8, 0.5, 4.0, 30.0, 90.0])
@pytest.mark.parametrize("precision", [1e-7, 1e-16])
def test_so_many_nodes_integrate_exponentials(change, precision):
    nodes, weights = (torch.tensor(part, dtype=torch.float64) for part in quadrature(nodes_for(change, precision, 128)))
    for x in (change, -change, change / 3):
        exact = torch.special.expm1(torch.tensor(x, dtype=torch.float64)) / x if x else 1.0
        assert abs(float((weights * (nodes * x).exp()).sum() / exact) - 1) < precision + 1e-14 * (1 + change)


def test_too_many_nodes_are_refused():
    assert nodes_for(1e4, 1e-7, 64) is None
    assert nodes_for(float("inf"), 1e-7, 64) is None
    assert nodes_for(float("nan"), 1e-7, 64) is None
