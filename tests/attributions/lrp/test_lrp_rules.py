"""LRP's rules one by one: closed forms, conservation of every operation, and what is refused."""

import math
from functools import partial

import pytest
import torch
from attribution_models import FEATURES, TIME, Formula, Scores, classes, series
from torch import nn
from torch.nn import functional as F

from saltbench.errors import ParameterError, UnsupportedOperationError
from saltbench.methods.attributions.explain import attribute
from saltbench.methods.attributions.lrp.lrp import lrp, lrp_half, lrp_proportional

METHODS = {"lrp": lrp, "lrp-proportional": lrp_proportional, "lrp-half": lrp_half}
methods = pytest.mark.parametrize("name", METHODS)


def explain(formula, values, method=lrp, epsilon=0.0):
    """Relevance of a scalar function of one series of one step, as a list."""
    inputs = torch.tensor([[values]], dtype=torch.float64)
    model = Scores(lambda x: formula(*x[:, 0].unbind(1)).unsqueeze(1))
    return attribute(partial(method, epsilon=epsilon), model, inputs, torch.tensor([0])).flatten().tolist()


def test_a_sum_shares_in_proportion_to_its_terms_and_the_bias_keeps_its_own():
    # z = 3·2 + (-1)·4 + 10 = 12: R = (6, -4) of 12, and the bias keeps 10
    assert explain(lambda a, b: 3 * a - b + 10, [2.0, 4.0]) == pytest.approx([6.0, -4.0])


def test_epsilon_keeps_its_share_of_every_sum():
    # two sums: z = a + b = 2 and y = z + 4 = 6, R_z = 2/6.5·6, R_a = 3/2.5·R_z
    expected = 2 / 6.5 * 6 / 2.5
    explained = explain(lambda a, b: (a + b) + 4, [3.0, -1.0], epsilon=0.5)
    assert explained == pytest.approx([3 * expected, -expected])


def test_the_stabiliser_has_the_sign_of_the_sum():
    assert explain(lambda a, b: a + b, [-3.0, 1.0], epsilon=0.5) == pytest.approx([-3 * -2 / -2.5, 1 * -2 / -2.5])


def test_without_epsilon_a_sum_of_zero_shares_nothing():
    assert explain(lambda a, b: torch.sigmoid(a + b), [3.0, -3.0]) == [0.0, 0.0]


@pytest.mark.parametrize("function", [torch.tanh, torch.relu, F.gelu, F.silu, torch.exp, torch.sigmoid, torch.neg])
@methods
def test_activations_pass_relevance_on(name, function):
    output = function(torch.tensor(5.0, dtype=torch.float64)).item()
    explained = explain(lambda a, b: function(a + 4 * b), [1.0, 1.0], METHODS[name])
    assert explained == pytest.approx([output / 5, 4 * output / 5])


@pytest.mark.parametrize(
    "alike",
    [
        lambda constant, x: constant.to(x),
        lambda constant, x: constant.type_as(x),
        lambda constant, x: constant.expand_as(x),
        lambda constant, x: constant.view_as(x),
        lambda constant, x: constant.reshape_as(x),
    ],
)
@methods
def test_a_constant_brought_to_the_form_of_the_signal_stays_a_constant(name, alike):
    def formula(a, _):
        return a * alike(torch.full((len(a),), 3.0, dtype=a.dtype), a)

    assert explain(formula, [2.0, 1.0], METHODS[name]) == pytest.approx([6.0, 0.0])


def test_a_gate_takes_nothing_and_the_signal_all():
    output = 3 / (1 + math.exp(-2))
    assert explain(lambda a, b: torch.sigmoid(a) * b, [2.0, 3.0]) == pytest.approx([0.0, output])
    assert explain(lambda a, b: b * (1 - torch.sigmoid(-a)), [2.0, 3.0]) == pytest.approx([0.0, output])


def test_half_of_a_product_goes_to_each_factor():
    output = 3 / (1 + math.exp(-2))
    explained = explain(lambda a, b: torch.sigmoid(a) * b, [2.0, 3.0], lrp_half)
    assert explained == pytest.approx([output / 2, output / 2])


def test_the_proportional_rule_shares_a_product_by_the_size_of_its_factors():
    gate = 1 / (1 + math.exp(-2))
    explained = explain(lambda a, b: torch.sigmoid(a) * b, [2.0, 3.0], lrp_proportional)
    assert explained == pytest.approx([gate / (gate + 3) * 3 * gate, 3 / (gate + 3) * 3 * gate])
    stabilised = explain(lambda a, b: a * b, [1.0, -3.0], lrp_proportional, epsilon=0.5)
    assert stabilised == pytest.approx([1 / 4.5 * -3, 3 / 4.5 * -3])


def test_in_a_product_of_matrices_every_term_is_shared_on_its_own():
    # (1·2, 1·3) + (4·5, 4·-2): the shares of a₁ are 1/3 and 1/4, of a₂ 4/9 and 4/6
    def formula(a, b, c, d, e, f):
        rows, columns = torch.stack([a, b], -1)[:, None], torch.stack([c, d, e, f], -1).unflatten(-1, (2, 2))
        return (rows @ columns).sum((1, 2))

    explained = explain(formula, [1.0, 4.0, 2.0, 3.0, 5.0, -2.0], lrp_proportional)
    expected = [2 / 3 + 3 / 4, 4 / 9 * 20 + 4 / 6 * -8, 2 / 3 * 2, 3 / 4 * 3, 5 / 9 * 20, 2 / 6 * -8]
    assert explained == pytest.approx(expected)


@methods
def test_a_divisor_takes_nothing(name):
    assert explain(lambda a, b: a / b, [6.0, 3.0], METHODS[name]) == pytest.approx([2.0, 0.0])
    assert explain(lambda a, b: a * b.reciprocal(), [6.0, 3.0], METHODS[name]) == pytest.approx([2.0, 0.0])
    assert explain(lambda a, b: a * b**-2, [9.0, 3.0], METHODS[name]) == pytest.approx([1.0, 0.0])


def test_a_square_is_an_activation_however_it_is_written():
    for formula in (lambda a, b: a * a + 0 * b, lambda a, b: a.square() + 0 * b, lambda a, b: a**2 + 0 * b):
        assert explain(formula, [3.0, 1.0]) == pytest.approx([9.0, 0.0])


@methods
@pytest.mark.parametrize(
    "angle", [torch.atan2, lambda y, x: torch.complex(x, y).angle()], ids=["of two numbers", "of a complex number"]
)
def test_an_angle_is_owed_to_both_parts_as_their_size_is(name, angle):
    # R = θ, shared as in x² + y²
    expected = [math.atan2(3, 4) * share for share in (9 / 25, 16 / 25)]
    assert explain(lambda y, x: angle(y, x) + 0 * x, [3.0, 4.0], METHODS[name]) == pytest.approx(expected)


@methods
def test_a_masked_sum_owes_nothing_and_keeps_nothing_from_others(name):
    # scores that are masked before something is added to them, as in the gates of an mLSTM
    later = torch.ones(TIME, TIME, dtype=torch.bool).triu(1)
    gates = torch.arange(-1.0, FEATURES - 1, dtype=torch.float64)[:, None].expand(-1, TIME)

    def mixed(x, hidden):
        scores = torch.where(later, hidden, x @ gates) + x[..., :1]
        return torch.exp(scores - scores.amax(2, keepdim=True)) @ x

    inputs, target = series(3), classes(3) % 2
    maps = [METHODS[name](Formula(lambda x, h=hidden: mixed(x, h)), inputs, target) for hidden in (-torch.inf, -1e3)]
    assert maps[0].abs().max() > 0.01
    torch.testing.assert_close(*maps, rtol=1e-9, atol=1e-9)


@methods
def test_the_largest_takes_all(name):
    assert explain(torch.maximum, [5.0, 2.0], METHODS[name]) == [5.0, 0.0]
    assert explain(lambda a, b: torch.stack([a, b]).amax(0), [1.0, 2.0], METHODS[name]) == [0.0, 2.0]


def test_attention_weights_are_gates():
    # y = p₁·4 + p₂·2 with p = softmax(1, 0) of constant queries: values share as their weighted terms
    weights = [1 / (1 + math.exp(-1)), 1 / (1 + math.exp(1))]

    def attended(a, b):
        scores = torch.softmax(torch.stack([a - 3, b - 2], -1), -1)
        return (scores * torch.stack([a, b], -1)).sum(-1)

    assert explain(attended, [4.0, 2.0]) == pytest.approx([weights[0] * 4, weights[1] * 2])


def test_layer_norm_takes_the_standard_deviation_as_a_constant():
    # y₁ = (a - (a + b)/2)/s with s the standard deviation: R = (a/2, -b/2)/s, which sums to y₁
    explained = explain(lambda a, b: F.layer_norm(torch.stack([a, b], -1), (2,), eps=0.0)[..., 0], [5.0, 1.0])
    assert explained == pytest.approx([5 / 2 / 2, -1 / 2 / 2])


OTHER = torch.linspace(-1, 1, TIME * FEATURES, dtype=torch.float64).reshape(TIME, FEATURES)
BELOW = torch.ones(TIME, TIME, dtype=torch.bool).tril(-1)
KERNEL = torch.linspace(-1, 1, 2 * FEATURES * 3, dtype=torch.float64).reshape(2, FEATURES, 3)

# Without constants in sums, and with a gate in every product
CONSERVING = {
    "add": lambda x: torch.add(x, x[:, :1], alpha=2) - x.flip(1),
    "views": lambda x: x.reshape(len(x), -1).view(len(x), FEATURES, TIME).transpose(1, 2).contiguous().mT,
    "index": lambda x: torch.cat([x[:, -1], x[:, 1:3].flatten(1), x[..., 0]], 1),
    "chunks": lambda x: x.chunk(2, -1)[1] + torch.split(x, 2, 2)[0],
    "unbind": lambda x: torch.stack(x.unbind(1)[::-1], 1) * (OTHER + 3),
    "means": lambda x: x.mean(1) + x.sum(1) + x.cumsum(1)[:, -1],
    "pad": lambda x: F.pad(x, (1, 0, 2, 0)),
    "pooling": lambda x: F.avg_pool1d(x, 2) + F.adaptive_avg_pool1d(x, 2),
    "max-pooling": lambda x: F.max_pool1d(x, 3, 1, 1) + F.adaptive_max_pool1d(x, FEATURES),
    "largest": lambda x: torch.maximum(x, x.flip(1)) + torch.minimum(x, x.flip(1)) + x.amax(1, keepdim=True),
    "linear": lambda x: F.linear(x, OTHER),
    "convolution": lambda x: F.conv1d(x.transpose(1, 2), KERNEL, padding=1),
    "convolution-2": lambda x: F.conv2d(x[:, None], KERNEL[:, None, :2, :2]),
    "transposed-convolution": lambda x: F.conv_transpose1d(x.transpose(1, 2), KERNEL.transpose(0, 1)),
    "scale": lambda x: x * 3 / 7 * (OTHER + 3) / (OTHER + 2),
    "gate": lambda x: torch.sigmoid(x.flip(1)) * x + (1 - F.hardsigmoid(x)) * x.tanh(),
    "gated-matmul": lambda x: torch.softmax(x @ x.mT, -1) @ x + torch.exp(x) @ x.mT @ OTHER,
    "gated-einsum": lambda x: torch.einsum("bti,bsi->bts", x, x.sigmoid()),
    "baddbmm": lambda x: torch.baddbmm(x @ OTHER.T, x.sigmoid(), x.mT, beta=0.5, alpha=2),
    "softmax-by-hand": lambda x: x * (x.exp() / x.exp().sum(1, keepdim=True)),
    "divide": lambda x: x / (x.flip(1).square() + 1),
    "activations": lambda x: F.gelu(x) + F.silu(x) + x.tanh() + F.elu(x) + F.leaky_relu(x) + x.abs(),
    "logits": lambda x: torch.log_softmax(x, 2),
    "layer-norm": lambda x: F.layer_norm(x, (FEATURES,), OTHER[0]),
    "group-norm": lambda x: F.group_norm(x.transpose(1, 2), 2, OTHER[0]),
    "instance-norm": lambda x: F.instance_norm(x.transpose(1, 2), weight=OTHER[0]),
    "rms-norm": lambda x: F.rms_norm(x, (FEATURES,), OTHER[0]),
    "normalize": lambda x: F.normalize(x, dim=2),
    "batch-norm": lambda x: F.batch_norm(x, torch.zeros(TIME).double(), OTHER[:, 0] + 2, OTHER[:, 1]),
    "dropout": lambda x: F.dropout(x, 0.5, training=False),
    "attention-masked-rows": lambda x: F.scaled_dot_product_attention(x, x.flip(1), x, attn_mask=BELOW),
    "attention": lambda x: F.scaled_dot_product_attention(x, x.flip(1), x, is_causal=True),
}


@methods
@pytest.mark.parametrize("operation", CONSERVING)
def test_every_operation_conserves_relevance(name, operation):
    inputs, target = series(4), classes(4) % 2
    model = Formula(CONSERVING[operation])
    explained = METHODS[name](model, inputs, target, epsilon=0.0)
    output = model(inputs).gather(1, target[:, None]).squeeze(1)
    torch.testing.assert_close(explained.sum((1, 2)), output, rtol=1e-10, atol=1e-11)
    alone = METHODS[name](model, inputs[:1], target[:1], epsilon=0.0)
    torch.testing.assert_close(explained[:1], alone, rtol=1e-10, atol=1e-11)


def attention_model(batch_first=True, **options):
    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.attention = nn.MultiheadAttention(FEATURES, 2, batch_first=batch_first, bias=False, **options)

        def forward(self, x):
            x = x if batch_first else x.transpose(0, 1)
            attended, weights = self.attention(x, x, x, need_weights=True)
            attended = attended if batch_first else attended.transpose(0, 1)
            return attended.flatten(1)[:, :2] + 0 * weights.mean()

    with torch.random.fork_rng():
        torch.manual_seed(1)
        return Attention().double()


@methods
@pytest.mark.parametrize("batch_first", [True, False])
def test_multi_head_attention_conserves_relevance(name, batch_first):
    model, inputs, target = attention_model(batch_first), series(4), classes(4) % 2
    explained = attribute(partial(METHODS[name], epsilon=0.0), model, inputs, target)
    output = model(inputs).gather(1, target[:, None]).squeeze(1).detach()
    torch.testing.assert_close(explained.sum((1, 2)), output, rtol=1e-10, atol=1e-11)


@methods
def test_attention_rows_without_keys_pass_no_relevance(name):
    attention = nn.MultiheadAttention(FEATURES, 2, batch_first=True, bias=False).double()
    model = Scores(lambda x: attention(x, x, x, attn_mask=~BELOW, need_weights=False)[0][:, :2].sum(2))
    explained = METHODS[name](model, series(4), torch.tensor([0, 1, 0, 1]), epsilon=0.0)
    output = model(series(4).requires_grad_())[[0, 1, 2, 3], [0, 1, 0, 1]].detach()
    torch.testing.assert_close(explained.sum((1, 2)), output, rtol=1e-10, atol=1e-11)
    assert output[[0, 2]].tolist() == [0.0, 0.0]


def test_transformer_layers_are_explained_with_scores_left_out():
    with torch.random.fork_rng():
        torch.manual_seed(1)
        layer = nn.TransformerEncoderLayer(FEATURES, 2, 8, batch_first=True, activation="gelu").double().eval()
    model, inputs, target = nn.Sequential(layer, nn.Flatten()), series(4), classes(4)
    explained = attribute(lrp, model, inputs, target)
    assert explained.abs().max() > 0.01
    torch.testing.assert_close(explained[:2], attribute(lrp, model, inputs[:2], target[:2]), rtol=1e-10, atol=1e-12)


REFUSED = {
    "dropout": (lambda x: F.dropout(x, 0.5, training=True), "dropout in training mode"),
    "cast": (lambda x: x.long().double(), "long"),
    "integer": (lambda x: x.to(torch.int64).double(), "to with a result of type torch.int64"),
    "number": (lambda x: x * x[0, 0, 0].item(), "item"),
    "batch-statistics": (lambda x: F.batch_norm(x, None, None, training=True), "batch_norm with statistics or weights"),
    "norm-weights": (lambda x: F.layer_norm(x, (FEATURES,), x[0, 0]), "layer_norm with weights that depend"),
    "two-exponents": (lambda x: torch.pow(x.abs() + 1, x), "pow of 2 varying operands"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_rule_is_refused_by_name_and_place(name):
    formula, message = REFUSED[name]
    with pytest.raises(UnsupportedOperationError, match=f"LRP has no rule for ({message})") as caught:
        lrp(Formula(formula), series(2), torch.tensor([0, 1]))
    assert "in forward of Formula, attribution_models.py line" in str(caught.value)
    is_flat = name in ("cast", "integer", "number")
    instead = "a perturbation method, such as feature-ablation" if is_flat else "another method, such as integrated-gra"
    assert f"choose {instead}" in str(caught.value)
    assert "\n" not in str(caught.value)


@methods
@pytest.mark.parametrize("epsilon", [-0.1, math.inf, math.nan])
def test_epsilon_is_checked(name, epsilon):
    with pytest.raises(ParameterError, match=f"epsilon must be a finite number of at least 0, got {epsilon}"):
        METHODS[name](Formula(lambda x: x), series(2), torch.tensor([0, 1]), epsilon=epsilon)


@methods
def test_a_constant_output_owes_nothing_to_the_input(name):
    constant = Scores(lambda x: torch.ones(len(x), 2))
    explained = attribute(METHODS[name], constant, series(2), torch.tensor([0, 1]))
    assert torch.equal(explained, torch.zeros_like(explained))


def test_single_precision_is_close_to_double():
    model = Formula(CONSERVING["gate"])
    single = attribute(lrp, model.float(), series(4).float(), classes(4) % 2)
    assert single.dtype == torch.float32
    torch.testing.assert_close(single.double(), attribute(lrp, model, series(4), classes(4) % 2), rtol=1e-3, atol=1e-4)
