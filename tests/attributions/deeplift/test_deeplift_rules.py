"""DeepLIFT's rules one by one: closed forms, and completeness of every operation."""

import math

import pytest
import torch
from attribution_models import FEATURES, TIME, Formula, Scores, classes, output_change, series
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from saltbench.methods.attributions.deeplift.deeplift import deeplift
from saltbench.methods.attributions.explain import attribute


def explain(formula, values, reference=None, dtype=torch.float64):
    """Attributions of a scalar function of one series of one step, as a list."""
    inputs = torch.tensor([[values]], dtype=dtype)
    baseline = torch.zeros_like(inputs) if reference is None else torch.tensor([[reference]], dtype=dtype)
    model = Scores(lambda x: formula(*x[:, 0].unbind(1)).unsqueeze(1))
    return attribute(deeplift, model, inputs, torch.tensor([0]), baseline=baseline).flatten().tolist()


def test_linear_functions_multiply_by_their_weights():
    assert explain(lambda a, b: 3 * a - b / 4 + 7, [2.0, 8.0], [1.0, 4.0]) == pytest.approx([3.0, -1.0])


def test_a_sigmoid_is_rescaled():
    expected = 1 / (1 + math.exp(-2.5)) - 1 / (1 + math.exp(0.5))
    assert explain(lambda a, b: torch.sigmoid(a + 2 * b), [0.5, 1.0], [-0.5, 0.0]) == pytest.approx(
        [expected / 3, 2 * expected / 3]
    )


def test_a_product_is_split_evenly():
    # Δ(ab) = 5·7 - 1·2 = 33 = (5 - 1)·(7 + 2)/2 + (7 - 2)·(5 + 1)/2
    assert explain(lambda a, b: a * b, [5.0, 7.0], [1.0, 2.0]) == pytest.approx([18.0, 15.0])


def test_a_square_is_the_product_with_itself():
    assert explain(lambda a, b: a * a + b.square(), [3.0, 3.0], [1.0, 1.0]) == pytest.approx([8.0, 8.0])


QUOTIENTS = {
    "a/b": lambda a, b: a / b,
    "1/b": lambda a, b: a * (1 / b),
    "reciprocal": lambda a, b: b.reciprocal() * a,
    "moved": lambda a, b: a * b.reciprocal().unsqueeze(0)[0],
    "power": lambda a, b: a * b**-1,
    "powers": lambda a, b: a * torch.pow(b, exponent=-1.0),
    "rsqrt": lambda a, b: a * b.square().rsqrt(),
}


@pytest.mark.parametrize("form", QUOTIENTS)
def test_a_quotient_is_the_even_split_of_its_product_with_the_denominator(form):
    # q = 6/3 and q′ = 4/1: Δa = 6 - 4 = Δq·(3 + 1)/2 + (3 - 1)·(2 + 4)/2, so that Δq = (2 - 2·3)/2 = 1 - 3
    assert explain(QUOTIENTS[form], [6.0, 3.0], [4.0, 1.0]) == pytest.approx([1.0, -3.0])


def test_a_quotient_whose_denominator_changes_sign_is_split_evenly_as_a_product():
    # 6/1 - 2/-1 = 8 = (6 - 2)·(1 - 1)/2 + (1 + 1)·(6 + 2)/2
    assert explain(lambda a, b: a / b, [6.0, 1.0], [2.0, -1.0]) == pytest.approx([0.0, 8.0])


def test_a_softmax_of_two_has_a_closed_form():
    # y₁ = exp(x₁ - L), L = log(exp x₁ + exp x₂): the change of L is shared as the changes of the exponentials
    changes = [math.exp(1.0) - 1, math.exp(2.0) - 1]
    change_of_l = math.log(math.exp(1.0) + math.exp(2.0)) - math.log(2.0)
    shares = [change_of_l * change / sum(changes) for change in changes]
    slope_of_exp = (1 / (1 + math.exp(1.0)) - 0.5) / (1.0 - change_of_l)
    expected = [slope_of_exp * (1.0 - shares[0]), -slope_of_exp * shares[1]]
    assert explain(lambda a, b: torch.softmax(torch.stack([a, b]), 0)[0], [1.0, 2.0]) == pytest.approx(expected)


@pytest.mark.parametrize("height", [1.0, 30.0, 600.0])
def test_contributions_to_a_softmax_grow_no_faster_than_its_scores(height):
    explained = explain(lambda a, b: torch.softmax(torch.stack([a, b]), 0)[0], [height, height - 1])
    assert max(map(abs, explained)) <= height
    assert sum(explained) == pytest.approx(1 / (1 + math.exp(-1)) - 0.5, abs=1e-13 * height)


@pytest.mark.parametrize(
    ("formula", "values", "expected"),
    [
        # Shrikumar et al. 2017, figure 1: saturation, where gradients vanish
        (lambda a, b: 1 - torch.relu(1 - a - b), [1.0, 1.0], [0.5, 0.5]),
        # figure 2: a ReLU with bias -10, where gradient × input jumps from 0 to 10
        (lambda a, b: torch.relu(a - 10) + 0 * b, [10.001, 1.0], [0.001, 0.0]),
        # section 3.5.1: min(a, b) = a - relu(a - b), all credit to the smaller under rescale
        (lambda a, b: a - torch.relu(a - b), [10.0, 6.0], [0.0, 6.0]),
        (lambda a, b: a - torch.relu(a - b), [6.0, 10.0], [6.0, 0.0]),
    ],
)
def test_toy_examples_of_the_paper(formula, values, expected):
    assert explain(formula, values) == pytest.approx(expected)


OTHER = torch.linspace(-1, 1, TIME * FEATURES, dtype=torch.float64).reshape(TIME, FEATURES)
MASK = torch.ones(TIME, TIME, dtype=torch.bool).triu(1)
KERNEL = torch.linspace(-1, 1, 2 * FEATURES * 3, dtype=torch.float64).reshape(2, FEATURES, 3)


def positive(x):
    return x.square() + 0.1


OPERATIONS = {
    "add": lambda x: torch.add(x, x[:, :1], alpha=2),
    "subtract": lambda x: 1 - x - OTHER,
    "negative": lambda x: -x,
    "views": lambda x: x.reshape(len(x), -1).view(len(x), FEATURES, TIME).transpose(1, 2).contiguous().mT,
    "permute": lambda x: x.permute(0, 2, 1).flip(1).clone(),
    "index": lambda x: torch.cat([x[:, -1], x[:, 1:3].flatten(1), x[..., 0]], 1),
    "chunks": lambda x: x.chunk(2, -1)[1] + torch.split(x, 2, 2)[0],
    "unbind": lambda x: torch.stack(x.unbind(1)[::-1], 1) * OTHER,
    "iterate": lambda x: torch.stack([row[0] for row in x]),
    "select": lambda x: x.select(1, 2) + x.narrow(1, 0, 1).squeeze(1) + x.index_select(1, torch.tensor([1]))[:, 0],
    "gather": lambda x: x.gather(1, torch.zeros(len(x), 1, FEATURES, dtype=torch.int64)),
    "expand": lambda x: x.unsqueeze(1).expand(-1, 2, -1, -1),
    "cumsum": lambda x: x.cumsum(1),
    "triangle": lambda x: (x @ OTHER.T).tril(),
    "mask": lambda x: x.masked_fill(OTHER > 0, 3.0),
    "where": lambda x: torch.where(OTHER > 0, x, x.mean(1, keepdim=True)),
    "pad": lambda x: F.pad(x, (1, 0, 2, 0), value=1.5),
    "pooling": lambda x: F.avg_pool1d(x, 2) + F.adaptive_avg_pool1d(x, 2),
    "linear": lambda x: F.linear(x, OTHER, OTHER[:, 0]),
    "linear-of-weight": lambda x: F.linear(OTHER, x[0]).flatten()[None],
    "convolution": lambda x: F.conv1d(x.transpose(1, 2), KERNEL, padding=1),
    "double": lambda x: x.to(torch.float64).double(),
    "mul": lambda x: x * x.flip(1) * x.cumsum(1),
    "mul-broadcast": lambda x: x * x.mean(1, keepdim=True),
    "matmul": lambda x: x @ x.mT,
    "bmm": lambda x: torch.bmm(x, torch.tanh(x).transpose(1, 2)),
    "baddbmm": lambda x: torch.baddbmm(x @ OTHER.T, x, x.mT, beta=0.5, alpha=2),
    "einsum": lambda x: torch.einsum("bti,bsi,sj->btj", x, torch.sin(x), OTHER),
    "einsum-list": lambda x: torch.einsum("bti,bsi->bts", [x, x]),
    "divide": lambda x: x / positive(x.flip(1)),
    "divide-by-constant": lambda x: x / (OTHER + 2),
    "divide-constant": lambda x: 2 / positive(x),
    "power": lambda x: x**3 + 2**x + positive(x) ** 0.7,
    "sigmoid": lambda x: torch.sigmoid(x) + F.logsigmoid(x),
    "tanh": torch.tanh,
    "exp-log": lambda x: torch.exp(x) + torch.log(positive(x)) + torch.expm1(x),
    "roots": lambda x: positive(x).sqrt() + positive(x).rsqrt() + positive(x).reciprocal(),
    "smooth-units": lambda x: F.gelu(x) + F.silu(x) + F.softplus(x) + F.mish(x),
    "trigonometry": lambda x: torch.sin(x) + x.cos() + torch.erf(x) + torch.atan(x),
    "kinks": lambda x: torch.relu(x) + F.relu(x - 1) + F.leaky_relu(x) + x.abs() + F.elu(x) + F.relu6(2 * x),
    "clamp": lambda x: x.clamp(-0.5, 0.5) + F.hardtanh(x) + x.clamp_min(0.1),
    "softmax": lambda x: F.softmax(x, dim=1) * x,
    "softmax-masked": lambda x: (x @ OTHER.T).masked_fill(MASK, -torch.inf).softmax(-1) @ x,
    "log-softmax": lambda x: torch.log_softmax(x, 2),
    "logsumexp": lambda x: torch.logsumexp(x, 1) + x.logsumexp(2, keepdim=True).sum((1, 2))[:, None],
    "logcumsumexp": lambda x: torch.logcumsumexp(20 * x, 1),
    "layer-norm": lambda x: F.layer_norm(x, (FEATURES,), OTHER[0], OTHER[1]),
    "normalize": lambda x: F.normalize(x + 1, dim=2),
    "dropout": lambda x: F.dropout(x, 0.5, training=False) * x,
    "metadata": lambda x: x * x.shape[1] * x.size(2) * len(x.shape) + torch.zeros_like(x) + torch.full_like(x, 2.0),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_keeps_completeness(name):
    batched = name not in {"iterate", "linear-of-weight"}
    batch = 4 if batched else 1
    inputs, baseline, target = series(batch), series(batch, seed=7), classes(batch) % 2
    model = Formula(OPERATIONS[name])
    change = output_change(model, inputs, baseline, target)
    explained = deeplift(model, inputs, target, baseline)
    torch.testing.assert_close(explained.sum((1, 2)), change, rtol=1e-12, atol=1e-12)
    assert change.abs().max() > 1e-3
    if batched:
        alone = deeplift(model, inputs[:1], target[:1], baseline[:1])
        torch.testing.assert_close(explained[:1], alone, rtol=1e-12, atol=1e-12)


LINEAR = ["add", "subtract", "views", "permute", "index", "chunks", "unbind", "select", "gather", "expand"]


@pytest.mark.parametrize("name", [*LINEAR, "cumsum", "triangle", "mask", "where", "pad", "pooling", "convolution"])
def test_linear_operations_are_gradient_times_difference(name):
    inputs, target = series(4).requires_grad_(), classes(4) % 2
    model = Formula(OPERATIONS[name])
    gradient = torch.autograd.grad(model(inputs).gather(1, target[:, None]).sum(), inputs)[0]
    explained = attribute(deeplift, model, inputs, target)
    torch.testing.assert_close(explained, (inputs * gradient).detach(), rtol=1e-12, atol=1e-12)


UNIVARIATE = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "exp": torch.exp,
    "gelu": F.gelu,
    "log": lambda x: torch.log(x + 6),  # at x = -5.6 the least
    "reciprocal": lambda x: 1 / (x + 6),
    "relu": torch.relu,
    "abs": torch.abs,
    "elu": F.elu,
}


@pytest.mark.parametrize("name", UNIVARIATE)
@settings(deadline=None, max_examples=60, derandomize=True)
@given(reference=st.floats(-3, 3), exponent=st.floats(-18, 0.4), sign=st.sampled_from([-1, 1]))
def test_rescale_is_complete_and_finite_however_small_the_change(name, reference, exponent, sign):
    function = UNIVARIATE[name]
    x = reference + sign * 10**exponent
    (explained,) = explain(function, [x], [reference])
    change = function(torch.tensor([x, reference], dtype=torch.float64)).diff().item()
    assert explained == pytest.approx(-change, rel=1e-9, abs=2e-15)


@pytest.mark.parametrize(("function", "derivative"), [(torch.tanh, 1 - math.tanh(0.3) ** 2), (torch.relu, 1.0)])
@pytest.mark.parametrize("change", [1e-3, 1e-6, 1e-9, 1e-12])
def test_the_multiplier_of_a_small_change_is_the_derivative(function, derivative, change):
    x = 0.3 + change
    (explained,) = explain(function, [x], [0.3])
    assert explained / (x - 0.3) == pytest.approx(derivative, rel=max(2 * change, 1e-9))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("beta", [-20, 0.2, 1, 20, 1000, 1e6])
def test_softplus_is_complete_however_sharp_its_bend(beta, dtype):
    changes = torch.logspace(-6, 0, 50, dtype=dtype)
    reference = torch.linspace(-2, 2, 50, dtype=dtype) / abs(beta)
    steps = torch.stack([reference + sign * changes for sign in (-1, 1)]).flatten()
    for call in (lambda x: F.softplus(x, beta), lambda x: F.softplus(x, beta=beta), nn.Softplus(beta)):
        model = Scores(lambda x: call(x[:, 0]))  # noqa: B023 - called at once
        inputs, baseline = steps[:, None, None], reference.repeat(2)[:, None, None]
        explained = deeplift(model, inputs, torch.zeros(100, dtype=torch.int64), baseline).flatten()
        values, twins = (F.softplus(x.double(), beta).flatten() for x in (inputs, baseline))
        eps, missed = torch.finfo(dtype).eps, (explained - (values - twins)).abs()
        assert bool((missed <= eps ** (2 / 3) * (values - twins).abs() + 4 * eps * (values.abs() + twins.abs())).all())


def test_singular_functions_use_a_relative_tolerance():
    (explained,) = explain(torch.log, [1.5e-7], [1e-7])
    assert explained == pytest.approx(math.log(1.5), rel=1e-12)


INFINITELY_STEEP = {
    "root": torch.sqrt,
    "norm": lambda x: x.square().sum(1).sqrt(),
    "power": lambda x: x.abs().pow(0.3),
}


@pytest.mark.parametrize("name", INFINITELY_STEEP)
def test_what_does_not_change_where_the_derivative_is_infinite_owes_nothing(name):
    inputs, baseline, target = series(4).abs(), series(4, seed=7).abs(), classes(4) % 2
    inputs[:2, :, 1] = baseline[:2, :, 1] = 0.0
    inputs[3] = baseline[3] = 0.0
    model = Formula(INFINITELY_STEEP[name])
    explained = attribute(deeplift, model, inputs, target, baseline=baseline)
    change = output_change(model, inputs, baseline, target)
    torch.testing.assert_close(explained.sum((1, 2)), change, rtol=1e-12, atol=1e-12)
    assert not explained[inputs == baseline].any()


@pytest.mark.parametrize("formula", [torch.exp, lambda x: torch.softmax(x, 1)], ids=["exp", "softmax"])
def test_masked_scores_take_no_part(formula):
    mask = torch.zeros(TIME, FEATURES, dtype=torch.bool)
    mask[2, 1] = True
    model = Formula(lambda x: formula(x.masked_fill(mask, -torch.inf)))
    inputs, target = series(2), torch.tensor([0, 1])
    explained = attribute(deeplift, model, inputs, target)
    assert explained[:, mask].abs().max() == 0
    change = output_change(model, inputs, torch.zeros_like(inputs), target)
    torch.testing.assert_close(explained.sum((1, 2)), change, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("height", [200, 2000])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    "formula",
    [
        lambda height, x: torch.softmax(height * x, 1),
        lambda height, x: torch.log_softmax(height * x, 1),
        lambda height, x: torch.logsumexp(height * x, 1),
        lambda height, x: torch.logcumsumexp(height * x, 1),
        lambda height, x: F.scaled_dot_product_attention(x, x, x, scale=height),
    ],
    ids=["softmax", "log-softmax", "logsumexp", "logcumsumexp", "attention"],
)
def test_scores_far_from_the_baselines_neither_overflow_nor_underflow(formula, dtype, height):
    model = Formula(lambda x: formula(height, x))
    inputs, target = series(2).to(dtype), torch.tensor([0, 1])
    for near, far in ((inputs, torch.zeros_like(inputs)), (torch.zeros_like(inputs), inputs), (inputs, -inputs)):
        explained = deeplift(model, near, target, far)
        change = output_change(model, near, far, target)
        # to about the rounding of one score
        assert (explained.sum((1, 2)) - change).abs().max() <= 16 * torch.finfo(dtype).eps * height


@pytest.mark.parametrize("height", [1.0, 50.0, 100.0, 700.0, 1e4])
def test_a_sum_of_exponentials_of_any_height_has_a_closed_form(height):
    # log Σ exp of (h, h - 1) from (0, 0): its change is shared as 1 - exp(-h) to exp(-1) - exp(-h)
    changes = [1 - math.exp(-height), math.exp(-1) - math.exp(-height)]
    change_of_l = height + math.log1p(math.exp(-1)) - math.log(2)
    explained = explain(lambda a, b: torch.logsumexp(torch.stack([a, b]), 0), [height, height - 1])
    assert explained == pytest.approx([change_of_l * change / sum(changes) for change in changes], rel=1e-12)


def test_single_precision_is_complete_to_rounding():
    model, inputs, target = Formula(OPERATIONS["smooth-units"]), series(4).float(), classes(4) % 2
    explained = attribute(deeplift, model, inputs, target)
    change = output_change(model, inputs, torch.zeros_like(inputs), target)
    torch.testing.assert_close(explained.sum((1, 2)), change, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("requires_grad", [False, True])
def test_a_constant_output_owes_nothing_to_the_input(requires_grad):
    model = Scores(lambda x: torch.ones(len(x), 2, requires_grad=requires_grad))
    explained = attribute(deeplift, model, series(2), torch.tensor([0, 1]))
    assert torch.equal(explained, torch.zeros_like(explained))
