"""LRP of products without a gate, beside the papers' formulas written out, and of gates however they are written."""

import math

import pytest
import torch
from attribution_models import FEATURES, TIME, Formula, Scores, classes, series
from torch.nn import functional as F

from saltbench.errors import UnsupportedOperationError
from saltbench.methods.attributions.lrp.lrp import lrp, lrp_half, lrp_proportional

METHODS = {"lrp": lrp, "lrp-proportional": lrp_proportional, "lrp-half": lrp_half}
methods = pytest.mark.parametrize("name", METHODS)
WIDTH = 5


def weights(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


W_GATE, W_UP, W_DOWN = weights(WIDTH, FEATURES), weights(WIDTH, FEATURES, seed=1), weights(3, WIDTH, seed=2)


def explain(formula, values, method=lrp):
    """Relevance of a scalar function of one series of one step, as a list."""
    inputs = torch.tensor([[values]], dtype=torch.float64)
    model = Scores(lambda x: formula(*x[:, 0].unbind(1)).unsqueeze(1))
    return method(model, inputs, torch.tensor([0]), epsilon=0.0).flatten().tolist()


@methods
def test_two_signals_share_their_product(name):
    # half of 15 to each, or 3/8 and 5/8 of it
    expected = [15 * 3 / 8, 15 * 5 / 8] if name == "lrp-proportional" else [7.5, 7.5]
    assert explain(lambda a, b: a * b, [3.0, 5.0], METHODS[name]) == pytest.approx(expected)


@methods
def test_three_factors_share_their_product(name):
    expected = [30 * 3 / 10, 30 * 5 / 10, 30 * 2 / 10] if name == "lrp-proportional" else [10.0] * 3
    for formula in (
        lambda a, b, c: torch.stack([a, b, c]).prod(0),
        lambda a, b, c: torch.stack([a, b, c]).cumprod(0)[2],
        lambda a, b, c: torch.einsum("i,i,i->i", a, b, c),
    ):
        assert explain(formula, [3.0, 5.0, 2.0], METHODS[name]) == pytest.approx(expected)


def test_gates_of_three_factors_take_nothing():
    output = 6 / (1 + math.exp(-2))
    formula = "bi,bi,bi->b"
    found = explain(
        lambda a, b, c: torch.einsum(formula, a[:, None].sigmoid(), b[:, None], c[:, None]), [2.0, 3.0, 2.0]
    )
    assert found == pytest.approx([0.0, output / 2, output / 2])


GELUS = {
    "tanh": lambda x: 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "tanh-turned": lambda x: (torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x.pow(3))) + 1.0) * 0.5 * x,
    "erf": lambda x: x * 0.5 * (1.0 + torch.erf(x / math.sqrt(2))),
    "sigmoid": lambda x: x * torch.sigmoid(1.702 * x),
    "silu": lambda x: x * torch.sigmoid(x),
    "mish": lambda x: x * torch.sigmoid(x).mul(1.0),
    "minus": lambda x: x * (1 - torch.tanh(-x)),
    "ones": lambda x: x * (torch.ones(FEATURES).double() + torch.tanh(x)),
}


@pytest.mark.parametrize("name", GELUS)
def test_a_unit_that_is_written_out_is_the_activation_that_it_is(name):
    # relevance passes as through F.gelu: what arrives leaves
    class Passing(torch.nn.Module):
        def __init__(self, unit):
            super().__init__()
            self.unit = unit

        def forward(self, x):
            return self.unit(x @ W_GATE.T[:, :FEATURES]).mean(1) @ W_DOWN[:, :FEATURES].T

    inputs, target = series(3), classes(3)
    explained = lrp(Passing(GELUS[name]), inputs, target, epsilon=0.0)
    output = Passing(GELUS[name])(inputs)
    hidden = GELUS[name](inputs @ W_GATE.T[:, :FEATURES]) / TIME
    # R of each entry of the unit, and of each input by its share in the sum before
    at_unit = hidden * W_DOWN[target][:, None, :FEATURES]
    before = inputs @ W_GATE.T[:, :FEATURES]
    expected = torch.einsum("btj,bti,ij->bti", at_unit / before, inputs, W_GATE.T[:, :FEATURES])
    torch.testing.assert_close(explained, expected, rtol=1e-9, atol=1e-10)
    total = output.gather(1, target[:, None])[:, 0]
    torch.testing.assert_close(explained.sum((1, 2)), total, rtol=1e-9, atol=1e-10)


def test_squashed_signals_are_no_switches():
    assert explain(lambda a, b: torch.tanh(a) * b, [1.0, 3.0]) == pytest.approx([math.tanh(1) * 1.5] * 2)
    shared = explain(lambda a, b: (2 + torch.tanh(a)) * b, [1.0, 3.0])
    assert shared[1] == pytest.approx((2 + math.tanh(1)) * 1.5)


def swiglu(x):
    return ((F.silu(x @ W_GATE.T) * (x @ W_UP.T)).mean(1)) @ W_DOWN.T


@pytest.mark.parametrize("name", ["lrp", "lrp-half"])
def test_swiglu_is_attnlrps(name):
    """AttnLRP: ε-rule for linear maps, R_x = R_y for SiLU, R/2 for each factor of the product."""
    inputs, target = series(3), classes(3)
    expected = torch.zeros_like(inputs)
    for sample, series_ in enumerate(inputs):
        for step, x in enumerate(series_):
            gate, up = W_GATE @ x, W_UP @ x
            for j in range(WIDTH):
                at_product = F.silu(gate[j]) * up[j] / TIME * W_DOWN[target[sample], j]
                for i in range(FEATURES):
                    expected[sample, step, i] += x[i] * W_GATE[j, i] / gate[j] * at_product / 2
                    expected[sample, step, i] += x[i] * W_UP[j, i] / up[j] * at_product / 2
    explained = METHODS[name](Scores(swiglu), inputs, target, epsilon=0.0)
    torch.testing.assert_close(explained, expected, rtol=1e-9, atol=1e-10)


def test_a_product_of_matrices_is_attnlrps():
    """AttnLRP, equation of bilinear products: R_A[j, i] = Σ_p A[j, i] V[i, p] / (2 O[j, p]) · R[j, p]."""
    inputs, target = series(2), torch.tensor([0, 1])
    model = Formula(lambda x: x @ (x @ W_GATE[:FEATURES].T).mT)
    read = torch.cos(torch.arange(2.0 * TIME * TIME, dtype=torch.float64)).reshape(TIME, TIME, 2)
    expected = torch.zeros_like(inputs)
    for sample, x in enumerate(inputs):
        values = W_GATE[:FEATURES] @ x.T
        found = x @ values
        relevance = found * read[..., target[sample]]
        to_first, to_second = torch.zeros_like(x), torch.zeros_like(values)
        for j in range(TIME):
            for i in range(FEATURES):
                for p in range(TIME):
                    share = x[j, i] * values[i, p] / (2 * found[j, p]) * relevance[j, p]
                    to_first[j, i] += share
                    to_second[i, p] += share
        for p in range(TIME):
            for i in range(FEATURES):
                to_first[p] += W_GATE[i] * x[p] / values[i, p] * to_second[i, p]
        expected[sample] = to_first
    explained = lrp(model, inputs, target, epsilon=0.0)
    torch.testing.assert_close(explained, expected, rtol=1e-9, atol=1e-9)


def scan(x, steps, inward, outward):
    """h_t = exp(Δ_t A) h_{t-1} + Δ_t B_t u_t and y_t = C_t · h_t, a state of 2 for each feature."""
    decay = -torch.tensor([0.5, 1.5], dtype=torch.float64)
    state, outputs = x.new_zeros(len(x), FEATURES, 2), []
    for t in range(TIME):
        moved = (steps[:, t, :, None] * inward[:, t, None]) * x[:, t, :, None]
        state = torch.exp(steps[:, t, :, None] * decay) * state + moved
        outputs.append((state * outward[:, t, None]).sum(-1))
    return torch.stack(outputs, 1)


def mamba(x, constant, gate):
    """The block of MambaLRP: SiLU, a selective scan, and a gate; `constant` and `gate` say how relevance passes."""
    hidden = x @ W_GATE[:FEATURES].T
    unit = hidden * constant(torch.sigmoid(hidden))
    parameters = F.softplus(unit), unit @ W_UP[:2].T, unit @ W_UP[2:4].T
    scanned = scan(unit, *map(constant, parameters))
    return gate(scanned, F.silu(x @ W_UP[:FEATURES].T))


def halved(scanned, switch):
    """MambaLRP: the product, of whose gradient half passes."""
    product = scanned * switch
    return product / 2 + product.detach() / 2


def test_a_block_of_mamba_with_detached_parameters_is_mambalrps():
    """MambaLRP is input × gradient of the network in which gates and parameters are constants."""
    inputs, target = series(3), classes(3) % 2

    def silu(x):
        return x * torch.sigmoid(x).detach()

    def of_the_paper(x):
        hidden = x @ W_GATE[:FEATURES].T
        unit = silu(hidden)
        parameters = F.softplus(unit), unit @ W_UP[:2].T, unit @ W_UP[2:4].T
        scanned = scan(unit, *(part.detach() for part in parameters))
        return halved(scanned, silu(x @ W_UP[:FEATURES].T))

    rows = inputs.clone().requires_grad_()
    Formula(of_the_paper)(rows).gather(1, target[:, None]).sum().backward()
    model = Formula(lambda x: mamba(x, torch.Tensor.detach, torch.mul))
    torch.testing.assert_close(lrp(model, inputs, target, epsilon=0.0), inputs * rows.grad, rtol=1e-8, atol=1e-9)


@methods
def test_a_block_of_mamba_as_it_is_conserves_relevance(name):
    inputs, target = series(3), classes(3) % 2
    model = Formula(lambda x: mamba(x, lambda part: part, torch.mul))
    explained = METHODS[name](model, inputs, target, epsilon=0.0)
    output = model(inputs).gather(1, target[:, None])[:, 0]
    torch.testing.assert_close(explained.sum((1, 2)), output, rtol=1e-8, atol=1e-8)


BLOCKS = {
    "swiglu": swiglu,
    "gmlp": lambda x: ((x @ W_GATE.T) * (weights(TIME, TIME, seed=4) @ (x @ W_UP.T))).mean(1) @ W_DOWN.T,
    "squeeze-and-excite": lambda x: (x * torch.relu(x.mean(1, keepdim=True) @ W_GATE[:FEATURES].T)).sum(1)[:, :3],
    "squeeze-and-excite-sigmoid": lambda x: (x * torch.sigmoid(x.mean(1, keepdim=True))).sum(1)[:, :3],
    "two-gates": lambda x: (x.sigmoid() * x.flip(1).sigmoid()).sum(1)[:, :3],
    "einsum": lambda x: torch.einsum("bti,bsi,ij->bj", x, x.flip(1), W_GATE.T[:, :3]),
    "linear-attention": lambda x: ((F.elu(x) @ W_GATE.T) @ ((x @ W_UP.T).mT @ x)).mean(1)[:, :3],
    "varying-weights": lambda x: torch.stack([F.linear(one, one[:3]) for one in x]).mean(1),
}  # fmt: skip


@methods
@pytest.mark.parametrize("block", BLOCKS)
def test_products_without_a_gate_conserve_relevance(name, block):
    inputs, target, model = series(3), classes(3), Scores(BLOCKS[block])
    explained = METHODS[name](model, inputs, target, epsilon=0.0)
    output = model(inputs).gather(1, target[:, None])[:, 0]
    torch.testing.assert_close(explained.sum((1, 2)), output, rtol=1e-8, atol=1e-9)
    alone = METHODS[name](model, inputs[:1], target[:1], epsilon=0.0)
    torch.testing.assert_close(explained[:1], alone, rtol=1e-9, atol=1e-10)


# x and y, (batch, steps, features) each, to (batch, steps, steps)
TERMS = {
    "einsum": lambda x, y: torch.einsum("bti,bsi->bts", x, y),
    "einsum-ellipsis": lambda x, y: torch.einsum("...ti,...si->...ts", x, y),
    "einsum-implicit": lambda x, y: torch.stack([torch.einsum("ti,ui", a, b) for a, b in zip(x, y, strict=True)]),
    "matmul": lambda x, y: x @ y.mT,
    "linalg": lambda x, y: torch.linalg.matmul(x, y.mT),
    "bmm": lambda x, y: torch.bmm(x, y.mT),
    "baddbmm": lambda x, y: torch.baddbmm(torch.zeros(()).double(), x, y.mT),
    "linear": lambda x, y: torch.stack([F.linear(a, b) for a, b in zip(x, y, strict=True)]),
    "tensordot": lambda x, y: torch.stack([torch.tensordot(a, b, ([1], [1])) for a, b in zip(x, y, strict=True)]),
    "inner": lambda x, y: torch.stack([torch.inner(a, b) for a, b in zip(x, y, strict=True)]),
}


@pytest.mark.parametrize("name", TERMS)
def test_the_proportional_rule_shares_every_term_of_a_contraction_on_its_own(name):
    contracted = TERMS[name]
    inputs, target = series(2), torch.tensor([0, 1])
    second = weights(TIME, TIME, seed=5)
    read = torch.cos(torch.arange(2.0 * TIME * TIME, dtype=torch.float64)).reshape(TIME, TIME, 2)
    model = Formula(lambda x: contracted(x, second @ x))
    expected = torch.zeros_like(inputs)
    for sample, x in enumerate(inputs):
        y = second @ x
        to_y = torch.zeros_like(y)
        for t in range(TIME):
            for s in range(TIME):
                terms = x[t] * y[s] * read[t, s, target[sample]]
                shares = x[t].abs() / (x[t].abs() + y[s].abs())
                expected[sample, t] += shares * terms
                to_y[s] += (1 - shares) * terms
        expected[sample] += torch.einsum("si,st,ti->ti", to_y / y, second, x)
    explained = lrp_proportional(model, inputs, target, epsilon=0.0)
    torch.testing.assert_close(explained, expected, rtol=1e-8, atol=1e-8)


def test_a_convolution_with_varying_weights_has_no_terms_to_share():
    model = Formula(lambda x: F.conv1d(x.mT[:1], x.mT[:1, :, :2]))
    with pytest.raises(UnsupportedOperationError, match="LRP has no rule for conv1d of two varying operands"):
        lrp_proportional(model, series(1), torch.tensor([0]))
    explained = lrp(model, series(1), torch.tensor([0]), epsilon=0.0)
    torch.testing.assert_close(explained.sum(), model(series(1))[0, 0], rtol=1e-9, atol=1e-9)


def test_a_diagonal_of_a_factor_has_no_terms_to_share():
    model = Formula(lambda x: torch.stack([torch.einsum("ii,ij->i", one @ one.T, one) for one in x]))
    with pytest.raises(UnsupportedOperationError, match="LRP has no rule for einsum of two varying operands"):
        lrp_proportional(model, series(1), torch.tensor([0]))


def test_a_sum_of_exponentials_shares_as_its_terms():
    found = explain(lambda a, b: torch.logsumexp(torch.stack([a, b]), 0), [2.0, 1.0])
    output, share = math.log(math.exp(2) + math.exp(1)), 1 / (1 + math.exp(-1))
    assert found == pytest.approx([share * output, (1 - share) * output])
    assert explain(torch.logaddexp, [2.0, 1.0]) == pytest.approx(found)
    assert explain(lambda a, b: torch.stack([a, b]).logcumsumexp(0)[1], [2.0, 1.0]) == pytest.approx(found)


@methods
def test_comparisons_and_detached_factors_are_constants(name):
    assert explain(lambda a, b: a * (b > 0), [2.0, 3.0], METHODS[name]) == pytest.approx([2.0, 0.0])
    assert explain(lambda a, b: a * b.detach(), [2.0, 3.0], METHODS[name]) == pytest.approx([6.0, 0.0])
    assert explain(lambda a, b: torch.where(b > 0, a, -b), [2.0, 3.0], METHODS[name]) == pytest.approx([2.0, 0.0])
