"""DeepLIFT through pooling, normalisation and attention layers: completeness, and oracles of their rules."""

import itertools

import pytest
import torch
from attribution_models import FEATURES, TIME, Formula, Scores, classes, output_change, series
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from saltbench.errors import NonFiniteError, UnsupportedOperationError
from saltbench.methods.attributions.deeplift.deeplift import deeplift
from saltbench.methods.attributions.deeplift.rules.maximum_rules import shares_of_the_way
from saltbench.methods.attributions.explain import attribute
from saltbench.methods.attributions.lrp.lrp import lrp

OTHER = torch.linspace(-1, 1, TIME * FEATURES, dtype=torch.float64).reshape(TIME, FEATURES)
KERNEL = torch.linspace(-1, 1, 2 * FEATURES * 3, dtype=torch.float64).reshape(2, FEATURES, 3)
MASK = torch.ones(TIME, TIME, dtype=torch.bool).tril()
BIAS = (OTHER @ OTHER.T).masked_fill(~MASK.tril(-1), -torch.inf)


def wide(x):
    """(batch, time, features) as (batch, 2, 2 · time, features), for pooling over two axes."""
    return torch.stack([x.repeat(1, 2, 1), torch.sin(3 * x).repeat(1, 2, 1).flip(1)], 1)


LAYERS = {
    "max-pool-1": lambda x: F.max_pool1d(x, 2),
    "max-pool-1-options": lambda x: F.max_pool1d(x.mT, kernel_size=3, stride=2, padding=1, dilation=2),
    "max-pool-1-ceiling": lambda x: F.max_pool1d(x.mT, 4, 3, ceil_mode=True),
    "max-pool-1-module": nn.MaxPool1d(3, stride=1, padding=1),
    "max-pool-1-torch": lambda x: torch.max_pool1d(x, 2, 1),
    "max-pool-2": lambda x: F.max_pool2d(wide(x), 2),
    "max-pool-2-options": lambda x: nn.MaxPool2d((3, 2), stride=(2, 1), padding=(1, 0), ceil_mode=True)(wide(x)),
    "max-pool-2-unbatched-channel": lambda x: F.max_pool2d(x, (2, 3), 1),
    "max-pool-3": lambda x: F.max_pool3d(wide(x).unflatten(2, (4, 3)), 2),
    "adaptive-max-pool-1": lambda x: F.adaptive_max_pool1d(x.mT, 4),
    "adaptive-max-pool-1-global": lambda x: nn.AdaptiveMaxPool1d(1)(x.mT),
    "adaptive-max-pool-2": lambda x: F.adaptive_max_pool2d(wide(x), (5, 3)),
    "amax": lambda x: x.amax(1) + x.amax((1, 2), keepdim=True)[:, 0] + torch.amax(x, dim=-1)[:, :FEATURES],
    "maximum": lambda x: torch.maximum(x, x.flip(1)) + torch.minimum(x, OTHER),
    "average-pool-2": lambda x: F.avg_pool2d(wide(x), 2) + F.adaptive_avg_pool2d(wide(x), (6, 2)),
    "convolution-2": lambda x: F.conv2d(wide(x), KERNEL[:, :2, None, :].expand(2, 2, 2, 3)),
    "transposed-convolution": lambda x: F.conv_transpose1d(x.mT, KERNEL.transpose(0, 1), stride=2),
    "batch-norm": lambda x: F.batch_norm(x, OTHER[:, 0], OTHER[:, 1] + 3, OTHER[:, 2], OTHER[:, 3]) ** 2,
    "layer-norm": lambda x: F.layer_norm(x, (TIME, FEATURES), OTHER, OTHER.flip(0)),
    "group-norm": lambda x: F.group_norm(x, 3, OTHER[:, 0], OTHER[:, 1]),
    "group-norm-module": lambda x: nn.GroupNorm(2, FEATURES, affine=False)(x.mT),
    "instance-norm": lambda x: F.instance_norm(x, weight=OTHER[:, 0], bias=OTHER[:, 1]),
    "instance-norm-running": lambda x: F.instance_norm(x, OTHER[:, 0], OTHER[:, 1] + 3, use_input_stats=False) ** 2,
    "rms-norm": lambda x: F.rms_norm(x, (FEATURES,), OTHER[0]),
    "attention": lambda x: F.scaled_dot_product_attention(x, x.flip(1), torch.tanh(x)),
    "attention-causal": lambda x: F.scaled_dot_product_attention(x, x, x, is_causal=True, scale=0.7),
    "attention-mask": lambda x: F.scaled_dot_product_attention(x, x, x, attn_mask=MASK),
    "attention-masked-rows": lambda x: F.scaled_dot_product_attention(x, x, x, attn_mask=MASK.tril(-1)),
    "attention-masked-bias": lambda x: F.scaled_dot_product_attention(x, x, x, attn_mask=BIAS),
    "attention-varying-bias": lambda x: F.scaled_dot_product_attention(x, x, x, attn_mask=x @ x.mT + BIAS),
    "attention-bias": lambda x: F.scaled_dot_product_attention(x, x, x, attn_mask=OTHER @ OTHER.T),
    "units": lambda x: F.silu(x) + F.gelu(x, approximate="tanh") + F.elu(x, 0.5) + F.hardswish(x) + F.hardsigmoid(x),
    "unit-modules": nn.Sequential(nn.SiLU(), nn.GELU(), nn.ELU(), nn.Mish(), nn.SELU(), nn.Softsign()),
}


@pytest.mark.parametrize("name", LAYERS)
def test_every_layer_keeps_completeness(name):
    inputs, baseline, target = series(4), series(4, seed=7), classes(4) % 2
    model = Formula(LAYERS[name]).eval()
    explained = deeplift(model, inputs, target, baseline)
    change = output_change(model, inputs, baseline, target)
    assert (explained.sum((1, 2)) - change).abs().max() <= 1e-12 * change.abs().max()
    assert change.abs().max() > 1e-3
    torch.testing.assert_close(
        explained[:1], deeplift(model, inputs[:1], target[:1], baseline[:1]), rtol=1e-12, atol=1e-13
    )


def slow_max(values, twins):
    """Contributions to max(values) - max(twins) by many small steps along the straight way."""
    steps = 200_000
    way = (torch.arange(steps, dtype=torch.float64) + 0.5) / steps
    on_top = (twins + way[:, None] * (values - twins)).argmax(1)
    return (values - twins) * torch.bincount(on_top, minlength=len(values)) / steps


@pytest.mark.parametrize("seed", range(4))
def test_a_maximum_is_shared_along_the_straight_way(seed):
    values, twins = torch.randn(2, 5, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    model = Scores(lambda x: x.amax(2))
    explained = deeplift(model, values[None, None], torch.tensor([0]), twins[None, None])
    torch.testing.assert_close(explained.flatten(), slow_max(values, twins), rtol=0, atol=1e-4)


def test_the_larger_of_two_is_the_rescale_rule_of_its_difference():
    both = torch.stack([series(3), series(3, seed=8)], 1).flatten(1, 2)
    baseline = torch.stack([series(3, seed=9), series(3, seed=10)], 1).flatten(1, 2)
    halves = lambda x: (x[:, :TIME], x[:, TIME:])  # noqa: E731 - both formulas below are one line
    target = classes(3) % 2
    direct = deeplift(Formula(lambda x: torch.maximum(*halves(x))), both, target, baseline)
    by_relu = deeplift(
        Formula(lambda x: halves(x)[0] + torch.relu(halves(x)[1] - halves(x)[0])), both, target, baseline
    )
    torch.testing.assert_close(direct, by_relu, rtol=1e-12, atol=1e-13)


@settings(deadline=None, max_examples=100, derandomize=True)
@given(
    st.lists(st.tuples(st.integers(-4, 4), st.integers(-4, 4), st.floats(-1, 1)), min_size=1, max_size=6),
    st.floats(1e-9, 1e3),
)
def test_shares_of_a_maximum_are_shares_whatever_ties(lines, scale):
    twins = torch.tensor([[float(a) for a, _, _ in lines]], dtype=torch.float64)
    values = torch.tensor([[b + scale * c * (a % 2) for a, b, c in lines]], dtype=torch.float64)
    shares = shares_of_the_way(values, twins)
    assert bool((shares >= 0).all())
    assert shares.sum().item() == pytest.approx(1, abs=1e-12)
    change = (values.max() - twins.max()).item()
    largest = max(1.0, values.abs().max().item(), twins.abs().max().item())
    assert (shares * (values - twins)).sum().item() == pytest.approx(change, abs=1e-12 * largest)


def test_the_order_of_operands_does_not_matter():
    values, twins = torch.randn(2, 4, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    shares = shares_of_the_way(values, twins)
    for order in itertools.permutations(range(4)):
        torch.testing.assert_close(shares_of_the_way(values[[*order]], twins[[*order]]), shares[[*order]])


class Attention(nn.Module):
    """Multi-head attention of a series over itself, flattened."""

    def __init__(self, **options):
        super().__init__()
        self.batch_first = options.get("batch_first", False)
        self.attention = nn.MultiheadAttention(FEATURES, 2, **options)
        self.masks = {}
        self.need_weights = False

    def forward(self, x):
        keys = torch.tanh(x)
        if not self.batch_first:
            x, keys = x.transpose(0, 1), keys.transpose(0, 1)
        attended, weights = self.attention(x, keys, keys.sin(), need_weights=self.need_weights, **self.masks)
        attended = attended if self.batch_first else attended.transpose(0, 1)
        return attended.flatten(1)[:, :3] + (0 if weights is None else weights.flatten(1)[:, :3])


def attention(**options):
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return Attention(**options).double().eval()


def residual(model, inputs, baseline, target):
    explained = attribute(deeplift, model, inputs, target, baseline=baseline)
    change = output_change(model, inputs, baseline, target)
    assert change.abs().max() > 1e-3
    return (explained.sum((1, 2)) - change).abs().max() / change.abs().max()


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("options", [{}, {"bias": False}, {"kdim": FEATURES, "vdim": FEATURES}])
@pytest.mark.parametrize("need_weights", [True, False])
def test_multi_head_attention_is_explained_completely(batch_first, options, need_weights):
    model = attention(batch_first=batch_first, **options)
    model.need_weights = need_weights
    assert residual(model, series(), series(seed=6), classes()) <= 1e-12


MASKS = {
    "rows": {"attn_mask": ~MASK.tril(-1)},
    "causal": {"attn_mask": ~MASK, "is_causal": True},
    "added": {"attn_mask": OTHER @ OTHER.T},
    "heads": {"attn_mask": torch.stack([~MASK, MASK.triu(1)]).repeat(2, 1, 1)},
    "none": {},
}


@pytest.mark.parametrize(("mask", "padded"), [("causal", False), ("causal", True), ("added", False), ("none", True)])
def test_multi_head_attention_is_explained_completely_under_masks(mask, padded):
    model = attention(batch_first=True)
    model.masks = MASKS[mask]
    if padded:
        # the model is called with any number of rows, so that the padding has to be the same for all
        padding = torch.zeros(TIME, dtype=torch.bool)
        padding[-2:] = True
        model.attention.register_forward_pre_hook(
            lambda _module, args, options: (args, {**options, "key_padding_mask": padding.expand(len(args[0]), -1)}),
            with_kwargs=True,
        )
    assert residual(model, series(), series(seed=6), classes()) <= 1e-12


def test_every_sample_and_head_may_have_a_mask_of_its_own():
    model, inputs, baseline, target = attention(batch_first=True), series(2), series(2, seed=6), classes(2)
    model.masks = MASKS["heads"]
    explained = deeplift(model, inputs, target, baseline)
    change = output_change(model, inputs, baseline, target)
    torch.testing.assert_close(explained.sum((1, 2)), change, rtol=1e-12, atol=1e-13)


def test_queries_whose_keys_are_all_masked_are_explained_as_the_network_answers_them():
    layer = attention(batch_first=True).attention
    model = Scores(
        lambda x: layer(x, x.tanh(), x.sin(), attn_mask=MASKS["rows"]["attn_mask"], need_weights=False)[0].sum(1)
    )
    assert residual(model, series(), series(seed=6), classes()) <= 1e-12


def test_a_sample_that_is_all_padding_attends_to_nothing():
    model, inputs, baseline, target = attention(batch_first=True), series(2), series(2, seed=6), classes(2)
    model.masks = {"key_padding_mask": torch.tensor([[False] * TIME, [True] * TIME])}
    explained = deeplift(model, inputs, target, baseline)
    change = output_change(model, inputs.requires_grad_(), baseline, target)
    torch.testing.assert_close(explained.sum((1, 2)), change, rtol=1e-12, atol=1e-13)
    assert torch.equal(explained[1], torch.zeros_like(explained[1]))


def test_rows_without_keys_are_as_undefined_as_in_the_network_where_weights_are_returned():
    model = attention(batch_first=True)
    model.masks, model.need_weights = MASKS["rows"], True
    assert model(series()).isnan().all()
    with pytest.raises(NonFiniteError, match="must be finite"):
        attribute(deeplift, model, series(), classes(), baseline=series(seed=6))


def test_an_unbatched_series_may_attend():
    inner = attention()

    def forward(x):
        return torch.stack([inner.attention(row, row, row)[0].flatten()[:3] for row in x.unbind(0)])

    together = attention(batch_first=True)
    expected = deeplift(
        Scores(lambda x: together.attention(x, x, x)[0].flatten(1)[:, :3]), series(), classes(), series(seed=6)
    )
    explained = deeplift(Scores(forward), series(), classes(), series(seed=6))
    torch.testing.assert_close(explained, expected, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("activation", ["relu", "gelu", F.silu])
@pytest.mark.parametrize("norm_first", [True, False])
def test_transformer_layers_are_explained_completely(activation, norm_first):
    with torch.random.fork_rng():
        torch.manual_seed(1)
        options = {"batch_first": True, "activation": activation, "norm_first": norm_first}
        layer = nn.TransformerEncoderLayer(FEATURES, 2, 8, **options)
        encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
    model = nn.Sequential(encoder, nn.Flatten()).double().eval()
    assert residual(model, series(), series(seed=6), classes()) <= 1e-12


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"add_bias_kv": True}, "multi_head_attention_forward with added keys and values"),
        ({"add_zero_attn": True}, "multi_head_attention_forward with added keys and values"),
    ],
)
def test_what_attention_cannot_do_is_refused(options, message):
    with pytest.raises(UnsupportedOperationError, match=rf"no rule for {message} \(in forward of MultiheadAttention"):
        attribute(deeplift, attention(**options), series(), classes())


def test_attention_with_dropout_is_refused():
    def attended(**options):
        return Formula(lambda x: F.scaled_dot_product_attention(x, x, x, **options))

    with pytest.raises(UnsupportedOperationError, match="scaled_dot_product_attention with dropout_p"):
        attribute(deeplift, attended(dropout_p=0.5), series(), classes() % 2)
    model = attention(dropout=0.5).train()
    with pytest.raises(UnsupportedOperationError, match="multi_head_attention_forward with dropout in training mode"):
        deeplift(model, series(), classes(), torch.zeros_like(series()))


@pytest.mark.parametrize(
    ("layer", "weight", "call", "message"),
    [
        (nn.MultiheadAttention(FEATURES, 2), "in_proj_weight", lambda x: (x, x, x), "multi_head_attention_forward"),
        (nn.LSTM(FEATURES, 3), "weight_ih_l0", lambda x: (x,), "lstm"),
        (nn.GRU(FEATURES, 3), "weight_hh_l0", lambda x: (x,), "gru"),
    ],
)
def test_weights_that_depend_on_the_input_are_refused(layer, weight, call, message):
    layer = layer.double().requires_grad_(False)

    def forward(x):
        varied = {weight: getattr(layer, weight) * x.mean()}
        return torch.func.functional_call(layer, varied, call(x))[0][:, -1, :3]

    with pytest.raises(UnsupportedOperationError, match=f"no rule for {message} with weights that depend on the input"):
        attribute(deeplift, Scores(forward), series(), classes())


@pytest.mark.parametrize("method", [deeplift, lrp])
@pytest.mark.parametrize(
    ("dropout", "shape"),
    [
        (nn.Dropout, (TIME, FEATURES)),
        (nn.Dropout1d, (TIME, FEATURES)),
        (nn.Dropout2d, (TIME, FEATURES, 1)),
        (nn.Dropout3d, (TIME, FEATURES, 1, 1)),
        (nn.AlphaDropout, (TIME, FEATURES)),
        (nn.FeatureAlphaDropout, (TIME, FEATURES)),
    ],
)
def test_dropout_in_evaluation_mode_changes_no_map(dropout, shape, method):
    layer = dropout(0.5).eval()
    explained, expected = (
        attribute(method, Formula(formula), series(), classes() % 2)
        for formula in (lambda x: layer(x.reshape(-1, *shape)).tanh(), torch.tanh)
    )
    assert torch.equal(explained, expected)


@pytest.mark.parametrize("method", [deeplift, lrp])
def test_recurrent_layers_under_autocast_of_their_own_are_refused(method):
    layer = nn.LSTM(FEATURES, 2, batch_first=True)

    def automatic(x):
        with torch.autocast("cpu", torch.bfloat16):
            return layer(x)[0][:, -1]

    with pytest.raises(UnsupportedOperationError, match=r"no rule for lstm under torch\.autocast"):
        attribute(method, Scores(automatic), series(3).float())
