"""Operations one by one: DeepLIFT is complete on each, LRP conserves what it can, and neither mixes samples."""

import pytest
import torch
from attribution_models import FEATURES, TIME, Formula, classes, output_change, series
from torch.nn import functional as F

from saltbench.methods.attributions.deeplift.deeplift import deeplift
from saltbench.methods.attributions.lrp.lrp import lrp, lrp_half, lrp_proportional

RELEVANCE = {"lrp": lrp, "lrp-half": lrp_half, "lrp-proportional": lrp_proportional}
OTHER = torch.linspace(-1, 1, TIME * FEATURES, dtype=torch.float64).reshape(TIME, FEATURES)
KERNEL = torch.linspace(-1, 1, 3 * FEATURES * 2, dtype=torch.float64).reshape(3, FEATURES, 2)
PLACES = torch.tensor([0, 0, 2])


def positive(x):
    return x.square() + 0.1


def each(function):
    """A function of each series by itself, which knows no batch."""
    return lambda x: torch.stack([function(one) for one in x])


def at(y, length):
    """What stands at a step that each series tells."""
    return y[torch.arange(len(y)), length]


# Without constants in sums: LRP conserves relevance
CONSERVING = {
    "max": lambda x: x.max(1).values + x.max(dim=1)[0] + torch.max(x, 1, keepdim=True)[0].squeeze(1),
    "min": lambda x: x.min(dim=2, keepdim=True)[0] + torch.min(input=x, dim=2, keepdim=True).values,
    "max-of-all": each(lambda x: x.max()[None] + torch.min(x)[None]),
    "max-of-two": lambda x: torch.max(x, x.flip(1)) + torch.min(x, other=x.flip(2)),
    "amin": lambda x: x.amin((1, 2))[:, None] + x.amin(1),
    "sort": lambda x: x.sort(1)[0] + torch.sort(x, dim=-1, descending=True).values + torch.msort(x),
    "topk": lambda x: x.topk(3, 1)[0].sum(1) + torch.topk(x, 2, dim=1, largest=False, sorted=False).values.sum(1),
    "order": lambda x: x.median(1).values + x.kthvalue(2, 1)[0] + torch.kthvalue(x, 5, dim=1, keepdim=True)[0][:, 0],
    "median-of-all": each(lambda x: x.median()[None] + x.flatten().quantile(0.3)[None]),
    "extremes": lambda x: torch.stack([*x.aminmax(dim=1)], 1) + torch.aminmax(x, dim=1, keepdim=True)[1],
    "clamped": lambda x: torch.clamp(x, min=x.flip(1)) + x.clamp(max=x.flip(2).square()),
    "normalised": lambda x: F.normalize(x, p=1, dim=1) + F.normalize(x, p=float("inf"), dim=2),
    "padded": lambda x: torch.nn.utils.rnn.pad_sequence([*x], batch_first=True),
    "mask-views": lambda x: (
        (x @ x.mT).masked_fill((x.sum(-1) > 0)[:, None], 0.0) @ x + torch.cumsum((x > 0).any(-1), 1)[..., None] * x
    ),
    "last-of-mask": lambda x: x.gather(
        1, ((x > 0).any(-1).sum(1) - 1).clamp(min=0)[:, None, None].expand(-1, 1, FEATURES)
    ),
    "mask-rows": lambda x: (x > 0)[:, 1:] * x[:, 1:] + (x > 0).gather(1, torch.zeros(len(x), 1, 4).long()) * x[:, 1:],
    "cumulative": lambda x: x.cummax(1)[0] + torch.cummin(x, dim=2).values,
    "quantiles": lambda x: torch.quantile(x, torch.tensor([0.1, 0.5, 0.77]).double(), 1).movedim(0, 1),
    "quantile": lambda x: x.quantile(0.3, 2, keepdim=True) + torch.quantile(x, q=1.0, dim=2, keepdim=True),
    "variance": lambda x: torch.var(x, (1, 2), correction=0)[:, None] + x.var(1) + x.std(1, unbiased=False),
    "moments": lambda x: torch.stack([*torch.var_mean(x, 1, keepdim=True), *torch.std_mean(x, 1, keepdim=True)], 1),
    "norms": lambda x: x.norm(dim=1) + x.norm(p=1, dim=1) + x.norm(3, 1) + torch.norm(x, float("inf"), 1),
    "vector-norms": lambda x: torch.linalg.norm(x, dim=1) + torch.linalg.vector_norm(x, 3, dim=1),
    "norm-of-all": each(lambda x: torch.stack([torch.linalg.norm(x), x.norm(), torch.linalg.vector_norm(x)])),
    "prod": lambda x: x.prod(1) + torch.prod(x, dim=1, keepdim=True)[:, 0],
    "prod-of-all": each(lambda x: x[:2].prod()[None]),
    "cumprod": lambda x: x.cumprod(1) + torch.cumprod(x, dim=-1),
    "log1p": lambda x: torch.log1p(x.exp()) + x.square().log1p(),
    "logarithms": lambda x: torch.logaddexp(x, x.flip(1)) + torch.logsumexp(x, (1, 2))[:, None, None],
    "logsumexp": lambda x: (
        torch.logcumsumexp(x, 1) + x.logsumexp(2, keepdim=True) + torch.logsumexp(input=x, dim=2)[..., None]
    ),
    "thresholds": lambda x: (
        F.threshold(x, 0.1, 0.5)
        + F.softshrink(x)
        + F.hardshrink(x, 0.2)
        + F.relu6(2 * x)
        + F.hardtanh(x)
        + F.tanhshrink(x)
    ),
    "shrink": lambda x: torch.nn.Softshrink(0.3)(x) + torch.nn.Hardshrink()(x) + torch.nn.Threshold(0.5, 0.0)(x),
    "elementwise": lambda x: torch.exp2(x) + torch.erfc(x) + torch.sinc(x) + x.deg2rad() + torch.special.expm1(x),
    "sawtooth": lambda x: x.remainder(0.7) + x.frac() + torch.fmod(x, 0.4) + torch.tan(x / 4) + torch.asin(x / 9),
    "glu": lambda x: F.glu(x) + F.glu(x.transpose(1, 2), dim=2).mean(1)[:, None, :2],
    "convolution-by-name": lambda x: F.conv1d(x.transpose(1, 2), weight=KERNEL, bias=None, stride=2),
    "linear-by-name": lambda x: (
        F.linear(input=x.mean(1), weight=OTHER[:3]) + F.linear(x, bias=None, weight=OTHER[:3])[:, 0]
    ),
    "products-by-name": lambda x: torch.bmm(x, mat2=x.sigmoid().mT) + torch.bmm(mat2=x.sigmoid().mT, input=x),
    "lerp": lambda x: torch.lerp(x, x.flip(1), 0.3) + x.lerp(end=x.flip(1), weight=0.2),
    "lerp-varying": lambda x: torch.lerp(x, x.flip(2), x.sigmoid()),
    "interpolate": lambda x: F.interpolate(x, scale_factor=1.5, mode="linear") + F.interpolate(x, size=6),
    "upsample": torch.nn.Upsample(scale_factor=2),
    "scatter": lambda x: (
        torch.zeros(x.shape).double().scatter(1, torch.tensor([[3], [1]]).repeat(len(x), 1, FEATURES), x[:, :2])
    ),
    "index_add": lambda x: x.index_add(1, PLACES, x[:, :3].sin(), alpha=2) + x.index_copy(1, PLACES[1:], x[:, :2]),
    "scatter_add": lambda x: x.scatter_add(1, torch.zeros(len(x), TIME, FEATURES).long(), x),
    "cosine": lambda x: (
        F.cosine_similarity(x, x.flip(1), dim=2) + torch.cosine_similarity(x, OTHER.expand_as(x), dim=-1)
    ),
    "distances": lambda x: F.pairwise_distance(x, x.flip(1), eps=0.0) + torch.cdist(x, 2 * x, p=1.0).sum(2),
    "bilinear": lambda x: F.bilinear(x, x.flip(1), OTHER[:2, :, None] * OTHER[:4]),
    "tensordot": lambda x: torch.tensordot(x, OTHER, dims=([1], [0])),
    "tensordot-varying": each(lambda x: torch.tensordot(x, x.sin(), ([0], [0]))),
    "linalg-matmul": lambda x: (
        torch.linalg.matmul(x, x.mT) + torch.linalg.multi_dot([x[0], OTHER.T, x[0]])[None, None, 0, 0]
    ),
    "einsum": lambda x: torch.einsum("bti,bsi->bts", x, x.exp()) + torch.einsum("...ti,...si->...ts", x, x.flip(1)),
    "einsum-three": lambda x: torch.einsum("bti,bti,bti->bt", x, x.sin(), x.exp()),
    "einsum-implicit": each(lambda x: torch.einsum("ti,si", [x, x.flip(0)]) + torch.einsum("...i,ji", x, x)),
    "vectors": each(
        lambda x: torch.outer(x[0], x[1]) + torch.dot(x[2], x[3]) + torch.inner(x[4], x[5]) * torch.mv(x.T, x[:, 0])
    ),
    "added-products": lambda x: (
        torch.baddbmm(x @ OTHER.T, x, x.mT, beta=0.5, alpha=2) + torch.addcmul(x, x, x.flip(1)).sum()
    ),
    "quotients": lambda x: torch.addcdiv(x, x, positive(x), value=2) + torch.hypot(x, x.flip(1)),
    "masks": lambda x: (x > 0).double() * x.sum(1, keepdim=True) + x * (x >= x.flip(1)) + torch.gt(x, 0.3) * x,
    "logic": lambda x: ((x > 0) & (x.flip(1) < 1) | ~(x > 0.5)).double() * x + x * torch.logical_xor(x > 0, x > 1),
    "logical": lambda x: torch.logical_and(x > 0, x.trunc()) * x + x.round().logical_or(x.flip(1) > 1) * x,
    "any": lambda x: (
        x[:, 0] * (x > 1.0).any(1).double() + x[:, 1] * (x > -1).all(1) + x[:, 2] * torch.any(x > 2, dim=1)
    ),
    "where": lambda x: torch.where(x > 0, x, x.sin()) + x.where(x.flip(1) > x, 2 * x) + torch.where(x.isnan(), 0.0, x),
    "masked_fill": lambda x: x.masked_fill(x < 0, 0.0) + torch.masked_fill(x, mask=x > 1, value=0.0),
    "lengths": lambda x: (
        (x > 0).sum(1) * x.mean(1) + x[:, 0] * torch.count_nonzero(x > 0, 1) + (x != 0).sum(1) * x[:, 1]
    ),
    "masked-mean": lambda x: x * ((x > 0) * x).sum(1, keepdim=True) / ((x > 0).sum(1, keepdim=True) + 1),
    "last": lambda x: at(x, (x[..., 0] > 0).sum(1) - 1) + at(x.sin(), (x > 1).any(2).sum(1).clamp(max=TIME - 1)),
    "gather": lambda x: x.gather(1, (x[..., :1] > 0).sum(1, keepdim=True).expand(-1, -1, FEATURES).clamp(max=5)),
    "rounding": lambda x: x * x.round().sigmoid() + (2 * x).floor() + x.sign() + x.trunc() + x // 0.5,
    "rounded-quotient": lambda x: torch.div(x, 0.7, rounding_mode="floor") + torch.div(x, 0.7, rounding_mode="trunc"),
    "nan_to_num": lambda x: torch.nan_to_num(2 * x) + x.nan_to_num(0.0),
    "types": lambda x: x * (x > 0).to(x.dtype) + x * (x > 0.5).type(torch.float64) + x * (x > -1).type_as(x),
    "branch": lambda x: x * 2 if (x < 100).all() and not x.isnan().any() and x.shape[0] else x,
    "largest-only": lambda x: x * (x == x.max(1, keepdim=True)[0]).double() + x * (x.max(2, keepdim=True)[0] <= x),
    "counts": lambda x: (x > 0).cumsum(1) * x + torch.stack([x > 0, x > 1], 1).sum(1) * x,
    "written-mask": lambda x: [mask := x > 0, mask.__iand__(x < 1), mask * x][-1],
    "chosen-mask": lambda x: torch.where(x > 0, x > 1, x < -1) * x + (x > 0).masked_fill(x > 1, False) * x,
    "one-of-two": lambda x: torch.cat([x > 0, x > 1], 1).double() * x.repeat(1, 2, 1),
}
# With constants, which keep their share, or which LRP refuses
OTHERS = {
    "comparison": lambda x: (x >= x.flip(1)).double() + (x > 0) * OTHER,
    "constants": lambda x: x.where(x.flip(1) > x, -1.0) + x.masked_fill(x < 0, 2.0) + F.threshold(x, 0.1, 0.5),
    "truth": lambda x: (x > 1.0).any(1).double() + (x > -1).all(2).double()[:, :4],
    "whole-numbers": lambda x: (3 * x).long().double() * x + x.int() + x.to(torch.int16),
    "embedding": lambda x: F.embedding((3 * x[..., 0]).long().clamp(0, 5), OTHER),
    "buckets": lambda x: torch.bucketize(x, torch.tensor([-1.0, 0.0, 1.0]).double()) * x,
    "bias": lambda x: F.bilinear(x, x.flip(1), OTHER[:2, :, None] * OTHER[:4], OTHER[:2, 0]),
    "powers": lambda x: torch.cdist(x, x.sin() + 1) + F.pairwise_distance(x, x.flip(1))[..., None],
}
OPERATIONS = {**CONSERVING, **OTHERS}
MIXING = {"linalg-matmul", "added-products", "sort"}  # of series


def given(name, seed=1):
    return series(1 if name in MIXING else 4, seed=seed)


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_complete(name):
    model, inputs, baseline = Formula(OPERATIONS[name]), given(name), given(name, seed=7)
    target = classes(len(inputs)) % 2
    explained = deeplift(model, inputs, target, baseline)
    change = output_change(model, inputs, baseline, target)
    assert change.abs().max() > 1e-3
    torch.testing.assert_close(explained.sum((1, 2)), change, rtol=1e-10, atol=1e-10)
    alone = deeplift(model, inputs[:1], target[:1], baseline[:1])
    torch.testing.assert_close(explained[:1], alone, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("name", OPERATIONS)
def test_no_change_owes_nothing(name):
    inputs, target = series(2), classes(2) % 2
    explained = deeplift(Formula(OPERATIONS[name]), inputs, target, inputs)
    assert torch.equal(explained, torch.zeros_like(inputs))


@pytest.mark.parametrize("method", RELEVANCE)
@pytest.mark.parametrize("name", CONSERVING)
def test_every_operation_conserves_relevance(name, method):
    model, inputs = Formula(CONSERVING[name]), given(name)
    target = classes(len(inputs)) % 2
    if name in ("thresholds", "shrink"):
        inputs = inputs.abs() + 1.1  # below thresholds there is no signal
    explained = RELEVANCE[method](model, inputs, target, epsilon=0.0)
    output = model(inputs).gather(1, target[:, None]).squeeze(1)
    torch.testing.assert_close(explained.sum((1, 2)), output, rtol=1e-9, atol=1e-9)
